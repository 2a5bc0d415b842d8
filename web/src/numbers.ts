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

/** A number with so many digits that count, without zeros that say nothing. */
export function digits(x: number, count = 6): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x < 0 ? "−inf" : "inf";
  const size = Math.abs(x);
  const decimals = Math.min(100, Math.max(0, count - 1 - Math.floor(Math.log10(size))));
  const text = size === 0 ? "0"
    : size >= 1e-4 && size < 1e7 ? String(Number(x.toFixed(decimals)))
    : Number(x.toExponential(count - 1)).toExponential().replace("+", "");
  return text.replaceAll("-", "−");
}

export function shown(x: Num | null | undefined, count = 6): string {
  return x === null || x === undefined ? "–" : digits(toNumber(x), count);
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
