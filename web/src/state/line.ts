// A state as a line: `c1.`, then base64url of its JSON, deflated.

import { toJson } from "../numbers";
import type { State } from "../api";

const MARK = "c1.";
const MOST = 8192;
/** What a line may unpack to, as the program has it. */
const MOST_JSON = 64 << 10;

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MOST_JSON) throw new Error("too large");
    parts.push(value);
  }
  const all = new Uint8Array(size);
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

/** The line; `null` where the state is larger than a line may be. */
export async function toLine(state: State): Promise<string | null> {
  const json = new TextEncoder().encode(toJson(state));
  if (json.length > MOST_JSON) return null;
  const bytes = await through(json, new CompressionStream("deflate-raw"));
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const line = MARK + btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return line.length <= MOST ? line : null;
}

/** The state that a line says, wherever in a text the line stands; `null` where it says none. */
export async function fromLine(text: string): Promise<State | null> {
  const line = /(?:^|[#\s'"])c1\.([\w-]*)/.exec(text)?.[1];
  if (line === undefined || line.length > MOST) return null;
  try {
    const bytes = Uint8Array.from(atob(line.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    const json = await through(bytes, new DecompressionStream("deflate-raw"));
    const state: unknown = JSON.parse(new TextDecoder().decode(json));
    return isState(state) ? state : null;
  } catch {
    return null;
  }
}

const isText = (x: unknown) => typeof x === "string", isYes = (x: unknown) => typeof x === "boolean";
const isNumber = (x: unknown) => typeof x === "number";
const isCount = (x: unknown) => typeof x === "number" && Number.isInteger(x) && x >= 0;
const isValues = (x: unknown): boolean => typeof x === "number" || Array.isArray(x) && x.every(isValues);
const isOne = (...of: string[]) => (x: unknown) => typeof x === "string" && of.includes(x);

/** What a state has, and of which kind. */
const KINDS: Record<keyof State, (x: unknown) => boolean> = {
  e: isText, example: isCount, target: isNumber, cross_entropy: isValues, step: isCount, sweep: isText,
  at: (x) => typeof x === "object" && x !== null && !Array.isArray(x) && Object.values(x).every(isValues),
  tab: isOne("what-if", "curve", "paths", "hessian", "down"), quiz: isYes, lesson: isText, lang: isOne("en", "ko"),
  unfold: isYes, open: (x) => Array.isArray(x) && x.every(isText),
};

function isState(state: unknown): state is State {
  if (typeof state !== "object" || state === null || !("e" in state)) return false;
  return Object.entries(state).every(([key, value]) => Object.hasOwn(KINDS, key) && KINDS[key as keyof State](value));
}
