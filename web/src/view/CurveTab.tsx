import { computed } from "@preact/signals";
import { digits, single, toNumber } from "../numbers";
import { scaled } from "../state/range";
import { change, engine, numbers, page, swept, windowOf, windows } from "../state/store";
import { words } from "../words";
import { Plot, type Line } from "./Plot";

const curve = computed(() => {
  const answer = page.value, sweep = answer?.sweep;
  if (!answer || !sweep) return null;
  const input = answer.inputs.find(({ name }) => name === sweep.name);
  const index = answer.curvature?.names.indexOf(sweep.name) ?? -1;
  const slope = single(input?.gradient ?? null), bend = answer.curvature?.values[index]?.[index];
  const finite = (y: number) => Number.isFinite(y) ? y : null;
  const root = toNumber(answer.root.value);
  const xs = sweep.points.map(({ at }) => at), ys = sweep.points.map(({ value }) => finite(toNumber(value)));
  // The place of the touching point stands among the others.
  const by = (x: number) => bend === undefined || slope === null ? null : finite(root + slope * (x - sweep.at) + toNumber(bend) / 2 * (x - sweep.at) ** 2);
  const all = xs.map((x, at) => ({ x, y: ys[at] ?? null, tangent: finite(toNumber(sweep.points[at]?.tangent ?? NaN)), parabola: by(x), here: null as number | null }));
  all.push({ x: sweep.at, y: finite(root), tangent: finite(root), parabola: finite(root), here: finite(root) });
  all.sort((a, b) => a.x - b.x);
  const known = ys.filter((y) => y !== null);
  return { sweep, all, within: known.length > 0 ? [Math.min(...known), Math.max(...known)] as [number, number] : undefined, slope, bend };
});

/** The result over one input, with the line and the parabola that touch it here. */
export function CurveTab() {
  const w = words.value, answer = page.value, drawn = curve.value;
  if (numbers.value.length === 0) return <p>{w.noCurve}</p>;
  if (!answer) return null;
  const isFixed = engine.value?.changes === "none";
  const zoom = (by: number) => {
    if (!drawn) return;
    const { name, at } = drawn.sweep;
    windows.value = { ...windows.value, [name]: scaled(windowOf(name, at), at, by) };
  };
  const column = (name: "y" | "tangent" | "parabola" | "here") => drawn?.all.map((point) => point[name]) ?? [];
  const lines: Line[] = [
    { label: w.curve, tone: "forward", ys: column("y"), wide: 3 },
    { label: w.tangent, tone: "backward", ys: column("tangent"), kind: "dash" },
    ...drawn?.bend === undefined ? [] : [{ label: w.parabola, tone: "now", ys: column("parabola"), kind: "dash" } satisfies Line],
    { label: w.here, tone: "backward", ys: column("here"), kind: "points" },
  ];
  const root = answer.root.name;
  return (
    <>
      <div class="field inline"><label for="swept">{w.curveOf}</label>
        <select id="swept" disabled={isFixed} value={swept.value ?? ""} onChange={(event) => change({ sweep: event.currentTarget.value })}>
          {numbers.value.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select>
        {drawn && !isFixed && <span class="field-row zoom">
          <button onClick={() => zoom(1 / 4)}>{w.closer}</button><button onClick={() => zoom(4)}>{w.wider}</button>
        </span>}</div>
      {drawn && <Plot title={`${root}(${drawn.sweep.name})`} xLabel={drawn.sweep.name} xs={drawn.all.map(({ x }) => x)} lines={lines} {...drawn.within ? { within: drawn.within } : {}} />}
      {drawn && <p class="numbers">{drawn.sweep.name} = {digits(drawn.sweep.at)}, {root} = {digits(toNumber(answer.root.value))}
        {drawn.slope !== null && <>, <span class="backward">d{root}/d{drawn.sweep.name} = {digits(drawn.slope)}</span></>}
        {drawn.bend !== undefined && <>, <span class="now">d²{root}/d{drawn.sweep.name}² = {digits(toNumber(drawn.bend))}</span></>}</p>}
    </>
  );
}
