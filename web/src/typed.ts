// What somebody types into a field, as numbers; or what is wrong with it.

import type { Values } from "./api";

/** What keeps a text from being a number or an array; the page's words say each in a sentence. */
export type Trouble = "empty" | "noNumber" | "tooLarge" | "tooSmall" | "ragged" | "open";
export type Read<T> = { found: T } | { trouble: Trouble };

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^[+-]?(inf|infinity|∞)$/i;
/** As deep as the program takes arrays. */
const DEEPEST = 8;

const plain = (text: string) => text.trim().replaceAll("−", "-");

/** A number. A comma could be one of decimals or of thousands, and so is neither. */
export function readNumber(text: string): Read<number> {
  const written = plain(text);
  if (written === "") return { trouble: "empty" };
  if (INFINITE.test(written)) return { trouble: "tooLarge" };
  if (!NUMBER.test(written)) return { trouble: "noNumber" };
  const x = Number(written);
  if (!Number.isFinite(x)) return { trouble: "tooLarge" };
  return x === 0 && /[1-9]/.test(written.replace(/e.*/i, "")) ? { trouble: "tooSmall" } : { found: x };
}

/** What somebody typed, as a number; `null` where it is none. */
function typed(text: string): number | null {
  const read = readNumber(text);
  return "found" in read ? read.found : null;
}

/** An answer: a number, a quotient such as 1/3, or one that is not finite. */
export function typedAnswer(text: string): number | null {
  const written = plain(text).toLowerCase();
  if (/^[+-]?nan$/.test(written)) return NaN;
  if (INFINITE.test(written)) return written.startsWith("-") ? -Infinity : Infinity;
  const [above, below, more] = written.split("/");
  if (below === undefined) return typed(written);
  const [x, y] = [typed(above ?? ""), typed(below)];
  return x === null || y === null || more !== undefined ? null : x / y;
}

/** Whether a text says an array by its brackets: then it may be taken while somebody types. */
export const isBracketed = (text: string) => text.trim().startsWith("[");

/** A single comma may be a decimal one, and some may stand between thousands: such a text is no list. */
const UNCLEAR = /^[^,\s]*,[^,\s]*$|^[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?$/;

/** A number or an array: in brackets, or as numbers with spaces or commas between them, a row each line. */
export function readValues(text: string): Read<Values> {
  if (isBracketed(text)) return readBrackets(plain(text));
  const one = readNumber(text);
  if ("found" in one || one.trouble === "empty" || UNCLEAR.test(plain(text))) return one;
  const rows = plain(text).split(/[\n;]+/).map((row) => row.trim()).filter((row) => row !== "");
  const cells = rows.map((row) => row.split(row.includes("\t") ? /\t+/ : /[\s,]+/).filter((cell) => cell !== ""));
  if (cells.length === 1 && cells[0]?.length === 1) return one;
  const read = cells.map((row) => row.map(readNumber));
  for (const cell of read.flat()) if ("trouble" in cell) return cell;
  const numbers = read.map((row) => row.map((cell) => "found" in cell ? cell.found : NaN));
  // A column of numbers is a list as well.
  return checked(numbers.length === 1 || numbers.every((row) => row.length === 1) ? numbers.flat() : numbers);
}

function readBrackets(text: string): Read<Values> {
  const open: Values[][] = [[]];
  for (const [token] of text.matchAll(/[[\]]|[^[\]\s,;]+/g)) {
    if (token === "[") {
      if (open.length > DEEPEST) return { trouble: "noNumber" };
      open.push([]);
    } else if (token === "]") {
      const [inner, outer] = [open.pop(), open.at(-1)];
      if (!inner || !outer) return { trouble: "open" };
      if (inner.length === 0) return { trouble: "empty" };
      outer.push(inner);
    } else {
      const read = readNumber(token);
      if ("trouble" in read) return read;
      open.at(-1)?.push(read.found);
    }
  }
  const [all, ...others] = open[0] ?? [];
  return open.length !== 1 || all === undefined || others.length > 0 || !Array.isArray(all) ? { trouble: "open" } : checked(all);
}

/** An array, where all its rows are of one shape. */
function checked(values: Values[]): Read<Values> {
  const shape = (of: Values): string => Array.isArray(of) ? `${of.length}(${of.every((one) => shape(one) === shape(of[0] ?? 0)) ? shape(of[0] ?? 0) : "?"})` : "";
  return shape(values).includes("?") ? { trouble: "ragged" } : { found: values };
}

/** An array as it is typed: to be copied elsewhere, so with the hyphens and the digits that programs read. */
export function asText(values: Values): string {
  if (!Array.isArray(values)) return Object.is(values, -0) ? "-0" : String(values).replace("e+", "e");
  const isMatrix = values.every((row) => Array.isArray(row));
  return `[${values.map(asText).join(isMatrix ? ",\n " : ", ")}]`;
}
