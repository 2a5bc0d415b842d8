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

/** From nothing to twice the value, or both sides of a small one. */
export function around(value: number): Range {
  const size = Number.isFinite(value) && value !== 0 ? roundUp(Math.abs(value) * 2) : 2;
  const [from, to] = Math.abs(value) < 4 ? [-size, size] : value > 0 ? [0, size] : [-size, 0];
  return withStep(from, to);
}

/** Twice as wide at the end that a slider was pushed to. */
export function widened({ from, to }: Range, at: "from" | "to"): Range {
  const wide = to - from;
  return { ...at === "to" ? withStep(from, to + wide) : withStep(from - wide, to), isGrown: true };
}

/** Narrower or wider, around a value. */
export function scaled({ from, to }: Range, value: number, by: number): Range {
  const half = roundUp((to - from) * by / 2);
  return withStep(value - half, value + half);
}

/** From one number to another. */
export function withStep(from: number, to: number): Range {
  const step = roundUp((to - from) / STEPS);
  return { from: tidy(from), to: tidy(to), step: tidy(step) };
}

/** Without the last bits' dust. */
export function tidy(x: number): number {
  return Number(x.toPrecision(12));
}
