import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Num, Told } from "../api";
import { digits, shown, toNumber } from "../numbers";
import { APPLE, change, freshRanges, mistake, network, page, state, told } from "../state/store";
import { words } from "../words";
import { Scroll } from "./Scroll";

/** Classes whose probabilities are listed. */
const MOST_CLASSES = 10;

/** A square of so many numbers, or none. */
const sideOf = (numbers: Num[]): number | null => {
  const side = Math.round(Math.sqrt(numbers.length));
  return side > 2 && side * side === numbers.length ? side : null;
};

/** Numbers as pixels: those of an example in ink, those of a gradient in its two colours. */
function Pixels({ numbers, side, isGradient, label }: { numbers: Num[]; side: number; isGradient: boolean; label: string }) {
  const place = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const pen = place.current?.getContext("2d");
    if (!pen) return;
    const largest = Math.max(...numbers.map((x) => Math.abs(toNumber(x))), 1e-300);
    const colours = getComputedStyle(document.documentElement);
    const ink = (x: number) => colours.getPropertyValue(isGradient ? x > 0 ? "--backward" : "--forward" : "--ink");
    pen.clearRect(0, 0, side, side);
    numbers.forEach((one, at) => {
      const x = toNumber(one);
      pen.globalAlpha = Math.min(Math.abs(x) / largest, 1);
      pen.fillStyle = ink(x);
      pen.fillRect(at % side, Math.floor(at / side), 1, 1);
    });
  });
  return <figure><canvas ref={place} width={side} height={side} role="img" aria-label={label} /><figcaption class="soft small">{label}</figcaption></figure>;
}

function className({ classes }: Told, at: number): string {
  return classes?.[at] ?? String(at);
}

/** A probability as people say it. */
const percent = (x: number): string => x > 0 && x < 0.001 ? "< 0.1 %" : `${digits(x * 100, 3)} %`;

/** What the network says of the example, and what is right. */
function Says({ says }: { says: Told }) {
  const w = words.value, { label, predicted, probabilities, wanted } = says;
  if (Array.isArray(predicted))
    return <p>{w.saysValues(predicted.map((x) => digits(toNumber(x))).join(", "), (wanted ?? []).map((x) => digits(toNumber(x))).join(", "))}</p>;
  const ranked = (probabilities ?? []).map((x, at) => ({ at, x: toNumber(x) })).sort((a, b) => b.x - a.x);
  const right = label ?? -1;
  return (
    <>
      <p class={predicted === right ? "good" : "bad"}>{w.saysClass(predicted === null ? "?" : className(says, predicted), className(says, right))}</p>
      <Scroll label={w.probabilities}><table class="shares"><tbody>{ranked.slice(0, MOST_CLASSES).map(({ at, x }) => (
        <tr key={at} class={at === right ? "right" : ""}><th scope="row">{className(says, at)}</th>
          <td class="bar-place"><meter min={0} max={1} value={x} aria-label={className(says, at)} /></td><td>{percent(x)}</td></tr>
      ))}</tbody></table></Scroll>
    </>
  );
}

/** Features that are listed one by one. */
const MOST_FEATURES = 30;

/** A name that may break behind its underscores. */
function Broken({ name }: { name: string }) {
  return <>{name.split(/(?<=_)/).map((part, at) => <Fragment key={at}>{at > 0 && <wbr />}{part}</Fragment>)}</>;
}

/** What the network sees, by the names of the features. */
function Features({ says }: { says: Told }) {
  const w = words.value, { input, saliency, features } = says;
  if (input.length === 0 || input.length > MOST_FEATURES) return null;
  return (
    <Scroll label={w.input}><table class="features">
      <thead><tr><th scope="col">{w.feature}</th><th scope="col">{w.value}</th><th scope="col">{w.gradient}</th></tr></thead>
      <tbody>{input.map((x, at) => (
        <tr key={at}><th scope="row"><Broken name={features?.[at] ?? String(at)} /></th><td>{shown(x, 4)}</td><td>{shown(saliency[at], 3)}</td></tr>
      ))}</tbody>
    </table></Scroll>
  );
}

/** The feature that a weight multiplies: of the first layer's the row's. */
function featureOf({ features }: Told, first: string | null, parameter: string, index: number[]): string | null {
  return features && parameter === first && index.length === 2 ? features[index[0] ?? -1] ?? null : null;
}

/** The run, and which of its examples is shown. */
export function ExampleCard() {
  const w = words.value, about = network.value, example = state.value.example ?? 0, says = told.value;
  const last = (about?.examples ?? 1) - 1;
  /** What was typed, as long as there is no such example. */
  const [typed, setTyped] = useState<string | null>(null);
  useEffect(() => setTyped(null), [example]);
  const show = (text: string) => {
    const to = Number(text), isThere = text !== "" && Number.isInteger(to) && to >= 0 && to <= last;
    setTyped(isThere ? null : text);
    if (isThere) change({ example: to });
  };
  const side = says && sideOf(says.input);
  return (
    <section class="card example" aria-labelledby="example-title">
      <h2 id="example-title">{w.network}</h2>
      {about && <p class="soft small">{w.ofRun(about.run, about.parameters)}</p>}
      <label class="field"><span>{w.example}</span>
        <input type="number" min={0} max={last} step={1} value={typed ?? example} aria-invalid={typed !== null} onInput={(event) => show(event.currentTarget.value)} /></label>
      <p class="row-end">
        <button disabled={example <= 0} onClick={() => change({ example: example - 1 })}>← {w.previousExample}</button>
        <button disabled={example >= last} onClick={() => change({ example: example + 1 })}>{w.nextExample} →</button>
      </p>
      {about && <p class="soft small">{w.ofPart(last, about.part === null ? null : w.parts[about.part])}</p>}
      <div role="status">{typed !== null && typed !== "" && <p class="bad small">{w.noExample(last, example)}</p>}{mistake.value && <><p class="bad">{mistake.value.message}</p>{about && <p>{w.runGone(about.run)}</p>}</>}</div>
      {says && side && <div class="pixels">
        <Pixels numbers={says.input} side={side} isGradient={false} label={w.input} />
        <Pixels numbers={says.saliency} side={side} isGradient label={w.saliency} />
      </div>}
      {says && !side && <Features says={says} />}
      {says && <Says says={says} />}
      <p class="row-end"><button onClick={() => { freshRanges(); change({ ...APPLE, example: undefined, step: undefined, open: undefined }); }}>{w.toExpression}</button></p>
    </section>
  );
}

/** The weights and features that matter most for the loss of the example. */
export function Weights() {
  const w = words.value, says = told.value;
  if (!says) return null;
  // The layer that the input goes into.
  const first = page.value?.nodes.find(({ operands, shape }) => operands.length === 0 && shape.length === 2 && shape[0] === says.input.length)?.label ?? null;
  return (
    <section class="card weights" aria-labelledby="weights-title">
      <h2 id="weights-title">{w.weights}</h2>
      <Scroll label={w.weights}><table>
        <thead><tr><th scope="col">{w.weight}</th><th scope="col">{w.value}</th><th scope="col">{w.gradient}</th><th scope="col">{w.effect}</th></tr></thead>
        <tbody>{says.weights.map(({ parameter, index, value, gradient, effect }) => (
          <tr key={`${parameter}${index}`}><th scope="row">{parameter}[{index.join(", ")}]{featureOf(says, first, parameter, index) && <span class="soft"> {featureOf(says, first, parameter, index)}</span>}</th><td>{digits(toNumber(value))}</td>
            <td class="backward">{digits(toNumber(gradient))}</td><td>{digits(toNumber(effect))}</td></tr>
        ))}</tbody>
      </table></Scroll>
      <p class="soft small">{w.effectHint}</p>
    </section>
  );
}
