import type { Part, Row } from "../api";
import { digits, toNumber } from "../numbers";
import { step, story } from "../state/store";
import { words } from "../words";
import { MathMl } from "./MathMl";
import { Scroll } from "./Scroll";

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A part of an equation as MathML. */
function mathOf(part: Part): string {
  if ("math" in part) return part.math;
  if ("text" in part) return `<mtext>${escaped(part.text)}</mtext>`;
  const text = digits(toNumber(part.value));
  return `<mn>${part.factor && text.startsWith("−") ? `(${text})` : text}</mn>`;
}

function Words({ parts }: { parts: Part[] }) {
  return <>{parts.map((part, at) => "text" in part
    ? part.text
    : <MathMl key={at} text={mathOf(part)} inline />)}</>;
}

const isPlus = (part: Part) => "math" in part && part.math === "<mo>+</mo>";

/** The terms of a side that is a sum. */
function terms(side: Part[]): Part[][] {
  const found: Part[][] = [[]];
  for (const part of side) isPlus(part) ? found.push([part]) : found.at(-1)?.push(part);
  return found;
}

/** Sides with `=` between them; it may break before each, and a sum before each term. */
function Equation({ sides }: { sides: Part[][] }) {
  return <div class="equation">{sides.map((side, at) => terms(side).map((term, place) =>
    <MathMl key={`${at}:${place}`} text={(at > 0 && place === 0 ? "<mo>=</mo>" : "") + term.map(mathOf).join("")} />))}</div>;
}

export function StoryRow({ row }: { row: Row }) {
  switch (row.kind) {
    case "words": return <p><Words parts={row.parts} /></p>;
    case "equation": return <Equation sides={row.sides} />;
    case "note": return <p class="note">{row.text}</p>;
    case "legend": return <p class="soft small">{row.text}</p>;
    case "table": return (
      <details class="terms">
        <summary>{row.title}</summary>
        <Scroll label={row.title}>
          <table><tbody>{row.rows.map((cells, at) =>
            <tr key={at}>{cells.map((parts, cell) => <td key={cell}><Words parts={parts} /></td>)}</tr>)}</tbody></table>
        </Scroll>
        {row.more && <p class="soft small">{row.more}</p>}
      </details>
    );
  }
}

/** What happens in this step. */
export function Story() {
  const told = story.value[step.value];
  if (!told) return null;
  const w = words.value;
  return (
    <section class="card story" aria-labelledby="story-title">
      <h2 id="story-title">{w.thisStep} <span class={`tag ${told.direction}`}>{w.directions[told.direction]}</span></h2>
      <Scroll label={w.thisStep} isLive>{told.rows.map((row, at) => <StoryRow key={`${step.value}:${at}`} row={row} />)}</Scroll>
    </section>
  );
}
