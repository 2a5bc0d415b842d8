import { computed } from "@preact/signals";
import { digits, listed, shown, signed, single, toNumber } from "../numbers";
import { engine, numbers, page, rate } from "../state/store";
import { words } from "../words";
import { Plot, type Line } from "./Plot";
import { Scroll } from "./Scroll";
import { Typed } from "./Typed";

/** The slider covers this many powers of ten below the limit. */
const POWERS = 3;

/** The way down over the single input that there is, on its curve. */
const onCurve = computed(() => {
  const { sweep, descent, inputs: all } = page.value ?? {};
  if (!sweep || !descent || !all || numbers.value.length !== 1) return null;
  const walked = descent.points.flatMap(({ inputs, loss }) => {
    const x = single(inputs[all.findIndex(({ name }) => name === sweep.name)] ?? null);
    return x === null || !Number.isFinite(toNumber(loss)) ? [] : [{ x, y: null as number | null, down: toNumber(loss) as number | null }];
  });
  const [low, high] = [sweep.points[0]?.at ?? 0, sweep.points.at(-1)?.at ?? 0];
  const points = [...sweep.points.map(({ at, value }) => ({ x: at, y: Number.isFinite(toNumber(value)) ? toNumber(value) : null, down: null as number | null })), ...walked.filter(({ x }) => x >= low && x <= high)];
  points.sort((a, b) => a.x - b.x);
  // The curve is not broken by the points on it.
  for (const point of points) point.y ??= point.down;
  return { name: sweep.name, points };
});

/** Against the gradient, step by step. */
export function Down() {
  const w = words.value, answer = page.value, descent = answer?.descent;
  if (!answer || !descent) return <p><Typed text={engine.value?.changes === "none" ? w.noDescentHere : answer?.inputs.length === 0 ? w.noInputs : w.noDescent} /></p>;
  const root = answer.root.name, limit = descent.limit === null ? null : toNumber(descent.limit);
  const top = Math.log10((limit ?? descent.lr * 10) * 1.5);
  const losses = descent.points.map(({ loss }) => toNumber(loss)), finite = losses.map((y) => Number.isFinite(y) ? y : null);
  const drawn = onCurve.value;
  const lines: Line[] = drawn
    ? [{ label: w.curve, tone: "forward", ys: drawn.points.map(({ y }) => y), wide: 2 }, { label: w.step, tone: "backward", ys: drawn.points.map(({ down }) => down), kind: "points" }]
    : [{ label: root, tone: "backward", ys: finite, kind: "line-points" }];
  const moved = answer.inputs.map(({ name, is_choice }, at) => ({ name, is_choice, at })).filter(({ is_choice }) => !is_choice);
  const isBeyond = limit !== null && descent.lr > limit;
  return (
    <>
      <div class="rate">
        <label for="rate">{w.rate}</label>
        <input id="rate" type="range" min={top - POWERS} max={top} step="any" value={Math.log10(descent.lr)} aria-valuetext={digits(descent.lr)}
          onInput={(event) => { rate.value = Number((10 ** Number(event.currentTarget.value)).toPrecision(2)); }} />
        <output for="rate" class="numbers">{digits(descent.lr)}</output>
        {rate.value !== null && <button onClick={() => { rate.value = null; }}>{w.usual}</button>}
      </div>
      <p class={isBeyond ? "bad" : "soft"}>{isBeyond ? `${w.beyond} ` : ""}{limit !== null && w.limit(digits(limit, 4))} {descent.chosen && limit !== null && `${w.rate}: ${w.rateChosen}.`} {w.predicted(signed(descent.predicted))}</p>
      <Plot title={drawn ? `${root}(${drawn.name})` : w.lossByStep(root)} xLabel={drawn?.name ?? w.step} xs={drawn ? drawn.points.map(({ x }) => x) : descent.points.map(({ step }) => step)} lines={lines} />
      <Scroll label={w.tabs.down}><table>
        <thead><tr><th scope="col">{w.step}</th>{moved.map(({ name }) => <th key={name} scope="col">{name}</th>)}<th scope="col">{root}</th><th scope="col">{w.length}</th></tr></thead>
        <tbody>{descent.points.map(({ step, inputs, loss, gradient_norm }) => (
          <tr key={step}><th scope="row">{step}</th>{moved.map(({ name, at }) => <td key={name}>{listed(inputs[at] ?? null, 6)}</td>)}<td><b>{shown(loss)}</b></td><td class="backward">{shown(gradient_norm, 4)}</td></tr>
        ))}</tbody>
      </table></Scroll>
    </>
  );
}
