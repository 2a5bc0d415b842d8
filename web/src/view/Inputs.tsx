import { useEffect, useState } from "preact/hooks";
import type { Input, Values } from "../api";
import { digits, listed, shown, single, toNumber, typed } from "../numbers";
import { isGradientSeen } from "../quiz/quiz";
import { tidy, widened } from "../state/range";
import { chosen, engine, page, rangeOf, ranges, setInput } from "../state/store";
import { words } from "../words";
import { Scroll } from "./Scroll";

/** A field of one number; what is no number stays in it, marked, and changes nothing. */
export function NumberField({ value, label, set, id }: { value: number; label: string; set: (x: number) => void; id?: string }) {
  const [text, setText] = useState(digits(value, 8));
  const isLocked = engine.value?.changes === "none";
  useEffect(() => {
    if (typed(text) !== value) setText(digits(value, 8));
  }, [value]);
  return <input {...id ? { id } : {}} class="number" inputMode="decimal" autocomplete="off" value={text} aria-label={label} readOnly={isLocked}
    aria-invalid={typed(text) === null}
    onInput={(event) => {
      setText(event.currentTarget.value);
      const x = typed(event.currentTarget.value);
      if (x !== null) set(x);
    }}
    onBlur={() => typed(text) === null && setText(digits(value, 8))} />;
}

/** A slider, whose range grows where it is pushed to an end. */
function Slider({ id, name, value, set, of }: { id: string; name: string; value: number; set: (x: number) => void; of?: string }) {
  const w = words.value, range = rangeOf(id, value);
  const isLocked = engine.value?.changes === "none";
  const isWhole = Number.isFinite(value);
  const grow = (x: number) => {
    const end = x >= range.to ? "to" : x <= range.from ? "from" : null;
    if (end) ranges.value = { ...ranges.value, [id]: widened(range, end) };
  };
  return (
    <div class="slider">
      <input type="range" min={range.from} max={range.to} step="any" value={isWhole ? value : range.from} disabled={isLocked}
        aria-label={w.slider(name)} aria-valuetext={digits(value)}
        onInput={(event) => {
          const raw = Number(event.currentTarget.value);
          const x = raw >= range.to ? range.to : raw <= range.from ? range.from : tidy(Math.round(raw / range.step) * range.step);
          set(x);
        }}
        onKeyDown={(event) => {
          const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
          if (way === undefined) return;
          event.preventDefault();
          const x = tidy(value + way * range.step);
          if (x > range.to || x < range.from) grow(x);
          set(x);
        }}
        onChange={(event) => grow(Number(event.currentTarget.value))} />
      <span class="ends"><span>{digits(range.from)}</span>{of && <span>{of}</span>}<span>{digits(range.to)}</span></span>
    </div>
  );
}

type Place = number[];

/** An element as the library names it. */
const elementName = (name: string, place: Place) => `${name}[${place.join(",")}]`;

function at(values: Values, place: Place): Values {
  return place.reduce<Values>((inner, index) => (Array.isArray(inner) ? inner[index] ?? NaN as never : inner), values);
}

function replaced(values: Values, [first, ...rest]: Place, x: number): Values {
  if (first === undefined || !Array.isArray(values)) return x;
  return values.map((one, index) => index === first ? replaced(one, rest, x) : one);
}

/** An array's elements; the slider is that of the one that was picked. */
function Grid({ input, values }: { input: Input; values: Values[] }) {
  const { name, gradient } = input;
  const isMatrix = values.length > 0 && values.every((row) => Array.isArray(row));
  const rows = isMatrix ? values as Values[][] : [values];
  const [place, setPlace] = useState<Place>(isMatrix ? [0, 0] : [0]);
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
              <NumberField value={Array.isArray(x) ? NaN : toNumber(x)} label={elementName(name, where)} set={(x) => set(where, x)} />
              {own !== null && input.node !== null && isGradientSeen(input.node) && <small class="backward">{digits(own, 4)}</small>}
            </td>
          );
        })}</tr>
      ))}</tbody></table></Scroll>
      {!Array.isArray(picked) && <Slider id={`${name}:${place}`} name={elementName(name, place)} value={toNumber(picked)} set={(x) => set(place, x)} of={elementName(name, place)} />}
    </>
  );
}

function One({ input }: { input: Input }) {
  const w = words.value, { name, value, gradient, node, shape } = input, root = page.value?.root.name ?? "f";
  const x = single(value), isSeen = node !== null && isGradientSeen(node);
  const isLit = node !== null && chosen.value === node;
  const isGrid = Array.isArray(value) && shape.length <= 2;
  return (
    <div class={`input${isLit ? " lit" : ""}`}>
      <div class="input-row">
        <button class="name" aria-pressed={isLit} title={w.lightUp(name)} disabled={node === null}
          onClick={() => { chosen.value = isLit ? null : node; }}>{name}</button>
        {shape.length > 0 && <span class="soft small">[{shape.join(", ")}]</span>}
        {x !== null && <NumberField value={x} label={name} set={(x) => setInput(name, x)} />}
        {!isGrid && x === null && <span class="soft">{listed(value)}</span>}
      </div>
      {x !== null && !input.is_choice && <Slider id={name} name={name} value={x} set={(x) => setInput(name, x)} />}
      {isGrid && <Grid input={input} values={value} />}
      {x !== null && gradient !== null && <p class="gradient">d{root}/d{name} = {isSeen ? <b>{shown(single(gradient))}</b> : "…"}</p>}
    </div>
  );
}

export function Inputs() {
  const answer = page.value;
  if (!answer || answer.inputs.length === 0) return null;
  return (
    <section class="card" aria-labelledby="inputs-title">
      <h2 id="inputs-title">{words.value.inputs}</h2>
      {answer.inputs.map((input) => <One key={input.name} input={input} />)}
    </section>
  );
}
