import { digits } from "../numbers";
import { around, tidy, widened } from "../state/range";
import { engine, rangeOf, ranges } from "../state/store";
import { words } from "../words";

/** A slider, whose range grows where it is pushed to an end, and is as before by a double click there. */
export function Slider({ id, name, value, set, of }: { id: string; name: string; value: number; set: (x: number) => void; of?: string }) {
  const w = words.value, range = rangeOf(id, value);
  const isLocked = engine.value?.changes === "none";
  const isWhole = Number.isFinite(value);
  const keep = (kept: typeof range) => { ranges.value = { ...ranges.value, [id]: kept }; };
  const grow = (x: number) => {
    const end = x >= range.to ? "to" : x <= range.from ? "from" : null;
    if (end) keep(widened(range, end));
  };
  const reset = () => keep(around(value));
  return (
    <div class="slider">
      <input type="range" min={range.from} max={range.to} step="any" value={isWhole ? value : range.from} disabled={isLocked}
        aria-label={w.slider(name)} aria-valuetext={digits(value)}
        onInput={(event) => {
          const raw = Number(event.currentTarget.value);
          const x = raw >= range.to ? range.to : raw <= range.from ? range.from : tidy(Math.round(raw / range.step) * range.step);
          // The range must not follow the value while somebody drags.
          if (ranges.value[id] !== range) keep(range);
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
      <span class="ends" onDblClick={isLocked ? undefined : reset}><span>{digits(range.from)}</span>
        {range.isGrown ? <button class="reset" onClick={reset} title={w.resetRange} aria-label={`${w.resetRange}: ${name}`}>↺</button> : of && <span>{of}</span>}
        <span>{digits(range.to)}</span></span>
    </div>
  );
}
