// One minus sign on the whole page: where the library writes the hyphen of programs, letters get a minus sign.

/** A hyphen before a number, or in its exponent; not one within a name. */
const HYPHEN = /(?<![\p{L}\p{N}_"”\])])-(?=[\d.∞]|inf|nan)|(?<=\d[eE])-(?=\d)/gu;
/** What is no text for people: it is asked with, looked up by, or typed again. */
const KEPT = new Set(["expression", "name", "names", "op", "scope", "fold", "language", "key", "kind"]);

/** Puts minus signs into the texts of an answer that nobody else holds. */
export function withSigns<T>(told: T): T {
  if (typeof told !== "object" || told === null) return told;
  const inside = told as Record<string, unknown>;
  for (const key in inside) {
    const value = inside[key];
    if (typeof value === "string") {
      if (value.includes("-") && !KEPT.has(key)) inside[key] = value.replace(HYPHEN, "−");
    } else if (typeof value === "object" && value !== null && !KEPT.has(key)) withSigns(value);
  }
  return told;
}
