import { useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { digits } from "../numbers";
import { scheme } from "../state/theme";

export interface Line {
  label: string;
  tone: "forward" | "backward" | "now";
  ys: (number | null)[];
  kind?: "line" | "dash" | "points" | "line-points";
  wide?: number;
}

interface Props {
  title: string;
  xLabel: string;
  xs: number[];
  lines: Line[];
  /** The heights that must be seen; lines may leave them. */
  within?: [number, number];
}

const TALL = 300;

/** Lines over numbers; a table for those who do not see them stands beside it, by whoever draws. */
export function Plot({ title, xLabel, xs, lines, within }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const look = JSON.stringify([scheme.value, xLabel, lines.map(({ label, tone, kind }) => [label, tone, kind])]);
  const bounds = useRef(within);
  bounds.current = within;
  const data = [xs, ...lines.map(({ ys }) => ys)] as uPlot.AlignedData;
  useLayoutEffect(() => {
    const box = place.current;
    if (!box) return;
    const colour = (name: string) => getComputedStyle(box).getPropertyValue(`--${name}`).trim();
    const axis: uPlot.Axis = {
      stroke: colour("soft"), font: "13px system-ui, sans-serif",
      grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 },
      values: (_, ticks) => ticks.map((x) => digits(x, 6)),
    };
    plot.current = new uPlot({
      // Lines that are nearly level do not go in steps.
      pxAlign: 0,
      width: box.clientWidth || 300, height: TALL, legend: { show: false }, cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false },
        y: { range: (_, low, high) => {
          const [from, to] = bounds.current ?? [low ?? 0, high ?? 1];
          const room = (to - from || Math.abs(to) || 1) * 0.07;
          return [from - room, to + room];
        } },
      },
      axes: [{ ...axis, label: xLabel, labelFont: "13px system-ui, sans-serif", labelSize: 22 }, { ...axis, size: 70 }],
      series: [{}, ...lines.map(({ label, tone, kind = "line", wide = 2 }): uPlot.Series => ({
        label, stroke: colour(tone), width: kind === "points" ? 0 : wide, ...kind === "dash" ? { dash: [7, 5] } : {}, spanGaps: false,
        points: { show: kind === "points" || kind === "line-points", size: kind === "points" ? 12 : 7, fill: colour(tone), stroke: colour(tone) },
      }))],
    }, data, box);
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: box.clientWidth, height: TALL }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [look]);
  useLayoutEffect(() => plot.current?.setData(data), [xs, lines]);
  return (
    <figure class="plot">
      <figcaption>{title}<span class="keys">{lines.map(({ label, tone, kind = "line" }) =>
        <span key={label} class={`key ${tone} ${kind}`}>{label}</span>)}</span></figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  );
}
