// A state as a line: `c1.`, then base64url of its JSON, deflated.

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
  const json = new TextEncoder().encode(JSON.stringify(state));
  if (json.length > MOST_JSON) return null;
  const bytes = await through(json, new CompressionStream("deflate-raw"));
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const line = MARK + btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return line.length <= MOST ? line : null;
}

/** The state that a line says, wherever in a text the line stands; `null` where it says none. */
export async function fromLine(text: string): Promise<State | null> {
  const line = /(?:^|#|\s)c1\.([\w-]*)/.exec(text)?.[1];
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

/** What a state has; the program refuses others too. */
const KEYS: Record<keyof State, true> = {
  e: true, example: true, at: true, target: true, cross_entropy: true, step: true, tab: true, sweep: true,
  quiz: true, lesson: true, lang: true, unfold: true, open: true,
};

function isState(state: unknown): state is State {
  if (typeof state !== "object" || state === null || !("e" in state) || typeof state.e !== "string") return false;
  if (Object.keys(state).some((key) => !(key in KEYS))) return false;
  const at = "at" in state ? state.at : {};
  return typeof at === "object" && at !== null;
}
