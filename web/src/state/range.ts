// The range of a slider: round numbers around a value.

export interface Range {
  from: number;
  to: number;
  step: number;
  /** Whether somebody pushed a slider beyond it. */
  isGrown?: true;
}

/** The smallest of 1, 2, 5, 10 … that is not below `x`. */
function roundUp(x: number): number {
  const power = 10 ** Math.floor(Math.log10(x));
  const times = [1, 2, 5, 10].find((times) => times * power >= x * (1 - 1e-9)) ?? 10;
  return times * power;
}

const STEPS = 400;
/** As far as a range may reach: its length is a number as well. */
const MOST = 8e307;

const within = (x: number) => Math.min(Math.max(x, -MOST), MOST);

/** From nothing to twice the value, or both sides of a small one. */
export function around(value: number): Range {
  const size = Number.isFinite(value) && value !== 0 ? roundUp(within(value === 0 ? 0 : Math.abs(value) * 2)) : 2;
  const [from, to] = Math.abs(value) < 4 ? [-size, size] : value > 0 ? [0, size] : [-size, 0];
  return withStep(from, to);
}

/** Twice as wide at the end that a slider was pushed to. */
export function widened({ from, to }: Range, at: "from" | "to"): Range {
  const wide = to - from;
  return { ...at === "to" ? withStep(from, to + wide) : withStep(from - wide, to), isGrown: true };
}

/** A range is at least this part of the value that it is around, and at most so many times as wide as it usually is. */
const [NARROWEST, WIDEST] = [1e-6, 1e9];

/** Narrower or wider, around a value; as it was where it would be no more to look at. */
export function scaled(range: Range, value: number, by: number): Range {
  const half = roundUp((range.to - range.from) * by / 2), usual = around(value);
  const fits = half >= NARROWEST * Math.max(Math.abs(value), 1e-300) && !isBeyond({ ...range, from: -half, to: half }, value);
  return fits || by > 1 && half < usual.to - usual.from ? withStep(value - half, value + half) : range;
}

/** Whether a range is so wide that a value and its neighbours are one place of it. */
export function isBeyond({ from, to }: Range, value: number): boolean {
  const usual = around(value);
  return (to - from) / (usual.to - usual.from) > WIDEST;
}

/** From one number to another. */
export function withStep(from: number, to: number): Range {
  const [low, high] = [within(from), within(to)];
  return { from: tidy(low), to: tidy(high), step: tidy(roundUp((high - low) / STEPS)) };
}

/** Without the last bits' dust. */
export function tidy(x: number): number {
  return Number(x.toPrecision(12));
}
