// Numbers as the library writes them.

import type { Num, Values } from "./api";

/** A number as the contract's words have it, as a number. */
export function toNumber(x: Num): number {
  return typeof x === "number" ? x : x === "nan" ? NaN : x === "inf" ? Infinity : -Infinity;
}

/** A value, where it is a single number. */
export function single(values: Values | null | undefined): number | null {
  return values === null || values === undefined || Array.isArray(values) ? null : toNumber(values);
}

/** More digits than a number has that lies in the middle between two shorter ones. */
const ALL = 100;

/** A number cut to so many digits. In the middle between two it is the even one, as the library has it. */
function rounded(x: number, count: number): number {
  const [mantissa = "", exponent] = x.toExponential(ALL).split("e");
  const point = mantissa.indexOf(".") + 1, kept = mantissa.slice(0, point + count - 1);
  const isTie = /^50*$/.test(mantissa.slice(point + count - 1)) && /[02468]\.?$/.test(kept);
  return isTie ? Number(`${kept}e${exponent}`) : Number(x.toExponential(count - 1));
}

/** A number with so many digits that count, without zeros that say nothing. */
export function digits(x: number, count = 6): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x < 0 ? "−inf" : "inf";
  if (x === 0) return "0";
  const size = Math.abs(x), isPlain = size >= 1e-4 && size < 1e7;
  // Digits before the point are all told.
  const text = isPlain ? String(rounded(x, Math.max(count, Math.floor(Math.log10(size)) + 1))) : rounded(x, count).toExponential().replace("+", "");
  return text.replaceAll("-", "−");
}

export function shown(x: Num | null | undefined, count = 6): string {
  return x === null || x === undefined ? "–" : digits(toNumber(x), count);
}

/** A text that no value has. */
const MINUS_ZERO = "\u0000-0";

/** As JSON, which JavaScript writes without the sign of −0. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) => Object.is(one, -0) ? MINUS_ZERO : one);
  return text.replaceAll(JSON.stringify(MINUS_ZERO), "-0.0");
}

/** With a plus where it is positive. */
export function signed(x: Num | null | undefined, count = 6): string {
  const text = shown(x, count);
  return x !== null && x !== undefined && toNumber(x) > 0 ? `+${text}` : text;
}

/** Numbers in their brackets. */
export function listed(values: Values | null, count = 4): string {
  if (values === null) return "…";
  return Array.isArray(values) ? `[${values.map((one) => listed(one, count)).join(", ")}]` : shown(values, count);
}

export function percent(share: number): string {
  return `${digits(share * 100, share < 0.1 ? 2 : 3)} %`;
}
