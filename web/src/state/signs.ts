// One minus sign on the whole page: the library writes programs' hyphen in what it tells in letters.

/** A hyphen before a number, or in its exponent; not one within a name. */
const HYPHEN = /(?<![\p{L}\p{N}_"”\])])-(?=[\d.∞]|inf|nan)|(?<=\d[eE])-(?=\d)/gu;
/** What is no text for people: it is asked with, looked up by, or typed again. */
const KEPT = new Set(["expression", "name", "names", "op", "scope", "fold", "language", "key", "kind"]);

export const withMinus = (text: string): string => text.includes("-") ? text.replace(HYPHEN, "−") : text;

/** An answer with minus signs in its texts. */
export function withSigns<T>(told: T): T {
  if (typeof told === "string") return withMinus(told) as T;
  if (Array.isArray(told)) return told.map((one) => withSigns(one)) as T;
  if (typeof told !== "object" || told === null) return told;
  return Object.fromEntries(Object.entries(told).map(([key, value]) => [key, KEPT.has(key) ? value : withSigns(value)])) as T;
}
