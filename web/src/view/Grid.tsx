import { useState } from "preact/hooks";
import type { Input, Values } from "../api";
import { digits, single, toNumber } from "../numbers";
import { isGradientSeen } from "../quiz/quiz";
import { setInput } from "../state/store";
import { NumberField, type Say } from "./Fields";
import { Scroll } from "./Scroll";
import { Slider } from "./Slider";

type Place = number[];

/** An element as the library names it. */
const elementName = (name: string, place: Place) => `${name}[${place.join(",")}]`;

function at(values: Values, place: Place): Values | undefined {
  return place.reduce<Values | undefined>((inner, index) => Array.isArray(inner) ? inner[index] : undefined, values);
}

function replaced(values: Values, [first, ...rest]: Place, x: number): Values {
  if (first === undefined || !Array.isArray(values)) return x;
  return values.map((one, index) => index === first ? replaced(one, rest, x) : one);
}

/** An array's elements; the slider is that of the one that was picked. */
export function Grid({ input, values, say }: { input: Input; values: Values[]; say: Say }) {
  const { name, gradient } = input;
  const isMatrix = values.length > 0 && values.every((row) => Array.isArray(row));
  const rows = isMatrix ? values as Values[][] : [values];
  const [wanted, setPlace] = useState<Place>([]);
  const first = isMatrix ? [0, 0] : [0];
  // An array that has another shape by now may have no such place.
  const place = wanted.length === first.length && at(values, wanted) !== undefined ? wanted : first;
  const picked = at(values, place);
  const set = (where: Place, x: number) => setInput(name, replaced(values, where, x));
  return (
    <>
      <Scroll label={name}><table class="grid" aria-label={name}><tbody>{rows.map((row, r) => (
        <tr key={r}>{row.map((x, c) => {
          const where = isMatrix ? [r, c] : [c];
          const own = gradient === null ? null : single(at(gradient, where));
          return (
            <td key={c} class={String(where) === String(place) ? "picked" : ""} onFocusIn={() => setPlace(where)}>
              <NumberField value={Array.isArray(x) ? NaN : toNumber(x)} label={elementName(name, where)} set={(x) => set(where, x)} say={say} />
              {own !== null && input.node !== null && isGradientSeen(input.node) && <small class="backward">{digits(own, 4)}</small>}
            </td>
          );
        })}</tr>
      ))}</tbody></table></Scroll>
      {picked !== undefined && !Array.isArray(picked) && <Slider id={`${name}:${place}`} name={elementName(name, place)} value={toNumber(picked)} set={(x) => set(place, x)} of={elementName(name, place)} />}
    </>
  );
}
