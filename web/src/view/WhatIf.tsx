import { useState } from "preact/hooks";
import { digits, listed, percent, shown, signed, single, toNumber } from "../numbers";
import { engine, nudges, numbers, page } from "../state/store";
import type { Trouble } from "../typed";
import { words } from "../words";
import { NumberField, TroubleLine } from "./Fields";
import { Scroll } from "./Scroll";
import type { WhatIf as Row } from "../api";

/** How near a forecast is called right. */
const NEAR = 0.02;
const MOST_LETTERS = 16;

function Forecast({ told, truth }: { told: Row["second_order"]; truth: Row["change"] }) {
  if (told === null) return <td class="soft">–</td>;
  const isNear = Math.abs(toNumber(told) - toNumber(truth)) <= NEAR * Math.abs(toNumber(truth));
  return <td class={isNear ? "good" : "bad"}>{signed(told)} <span aria-hidden="true">{isNear ? "✓" : "✗"}</span></td>;
}

/** What is said of the rows, each once. */
function verdicts(rows: Row[]): [string, string[]][] {
  const said = new Map<string, string[]>();
  for (const { name, verdict } of rows) if (verdict) said.set(verdict, [...said.get(verdict) ?? [], name]);
  return [...said];
}

/** A change that is an array, in few letters. */
function few(delta: Row["delta"]): string {
  const text = listed(delta);
  return text.length > MOST_LETTERS ? "[…]" : text;
}

/** What a change really does, beside what the derivatives foretell. */
export function WhatIf() {
  const w = words.value, answer = page.value;
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  if (!answer) return null;
  if (answer.what_if.length === 0) return <p>{w.noWhatIf}</p>;
  const [hasLoss, hasOutput] = [answer.what_if.some(({ loss }) => loss !== null), answer.what_if.some(({ output }) => output !== null)];
  const { output, root } = answer;
  return (
    <>
      <Scroll label={w.tabs["what-if"]}>
        <table class="what-if">
          <thead><tr>
            <th scope="col">{w.change}</th>{hasOutput && <th scope="col">{w.then(output.name)}</th>}{hasLoss && <th scope="col">{w.then(root.name)}</th>}
            <th scope="col">{w.trueChange}</th><th scope="col" title={w.near(percent(NEAR))}>{w.gradientSays}</th><th scope="col" title={w.near(percent(NEAR))}>{w.withCurvature}</th>
          </tr></thead>
          <tbody>{answer.what_if.map((row) => {
            const delta = single(row.delta);
            return (
              <tr key={row.name}>
                <th scope="row"><span class="delta">{row.name} {delta === null ? <span title={listed(row.delta)}>+ {few(row.delta)}</span>
                  : engine.value?.changes !== "all" || !numbers.value.some(({ name }) => name === row.name) ? `${delta < 0 ? "−" : "+"} ${digits(Math.abs(delta))}`
                  : <>+ <NumberField value={delta} label={w.changeOf(row.name)} say={setTrouble} set={(x) => { nudges.value = { ...nudges.value, [row.name]: x }; }} /></>}</span></th>
                {hasOutput && <td>{shown(row.output)}</td>}{hasLoss && <td>{shown(row.loss)}</td>}
                <td><b>{signed(row.change)}</b></td>
                <Forecast told={row.first_order} truth={row.change} /><Forecast told={row.second_order} truth={row.change} />
              </tr>
            );
          })}</tbody>
        </table>
      </Scroll>
      <TroubleLine trouble={trouble} kept={null} />
      <p class="soft small near">{w.near(percent(NEAR))}</p>
      <ul class="verdicts">{verdicts(answer.what_if).map(([verdict, names]) => <li key={verdict}><b>{names.join(", ")}</b> {verdict}</li>)}</ul>
      {answer.what_if_left_out ? <p class="soft">{w.leftOut(answer.what_if_left_out)}</p> : null}
    </>
  );
}
