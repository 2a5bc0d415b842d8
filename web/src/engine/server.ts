// The server's answers. Its token comes in the address's fragment, is moved out of there at once, and goes
// along with every request.

import type { Example, ExampleRequest, FunctionEntry, Page, Request, Start, State } from "../api";
import { toJson } from "../numbers";
import { Lost, Refusal, Stale, type Engine, type Exported, type Format, type Watched } from "./engine";

const TOKEN = "chainrule-token";
const CHANNEL = "chainrule-events";
const PATIENCE = 1000;

/** Takes the token out of the address and keeps it for this tab; returns what else the fragment said. */
export function takeToken(): string {
  const fragment = location.hash.slice(1);
  const parts = fragment.split("&");
  const token = parts.find((part) => part.startsWith("token="));
  if (token === undefined) return fragment;
  sessionStorage.setItem(TOKEN, decodeURIComponent(token.slice("token=".length)));
  const rest = parts.filter((part) => part !== token).join("&");
  history.replaceState(history.state, "", rest === "" ? location.pathname : `#${rest}`);
  return rest;
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${sessionStorage.getItem(TOKEN) ?? ""}`);
  try {
    return await fetch(`/api/v1/${path}`, { ...init, headers, cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Lost();
  }
}

async function answer<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: toJson(body),
  };
  const response = await ask(path, signal ? { ...init, signal } : init);
  const json = await response.json().catch(() => null);
  if (response.status === 401) throw new Stale();
  if (!response.ok) throw new Refusal(json?.error ?? { message: `${response.status} ${response.statusText}` });
  return json as T;
}

export class Server implements Engine {
  readonly changes = "all";

  start = () => answer<Start>("start");
  explain = (request: Request, signal: AbortSignal) => answer<Page>("explain", request, signal);
  example = (request: ExampleRequest, signal: AbortSignal) => answer<Example>("example", request, signal);
  functions = () => answer<FunctionEntry[]>("functions");
  // A document stands alone and asks nobody, so that a network's opens as it is.
  export = (asked: Request | ExampleRequest, format: Format, state: State) =>
    answer<Exported>("export", "example" in asked ? { example: asked, format } : { request: asked, format, state });

  /** One tab of a browser reads the stream of events, and tells the others. */
  watch(told: (is: Watched) => void): void {
    const others = new BroadcastChannel(CHANNEL);
    others.onmessage = ({ data }) => told(data as Watched);
    const say = (is: Watched) => (told(is), others.postMessage(is));
    // A tab of an earlier start goes, so that one of the present start reads.
    void navigator.locks.request(CHANNEL, () => follow(say)).then(() => told("stale"));
  }
}

/** Reads the stream of events, and begins anew where it breaks; a server that is silent then is lost. It ends
 * where the server is another than before. */
async function follow(say: (is: Watched) => void): Promise<void> {
  for (let instance: string | null = null, isLost = false; ;) {
    try {
      await readEvents((event, data) => {
        if (event !== "hello") return;
        const { instance: now } = JSON.parse(data) as { instance: string };
        if (isLost || instance !== null && instance !== now) say("found");
        [instance, isLost] = [now, false];
      });
    } catch (error) {
      if (error instanceof Stale) return;
      if (error instanceof Lost && !isLost) say("lost");
      isLost ||= error instanceof Lost;
    }
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  }
}

async function readEvents(told: (event: string, data: string) => void): Promise<void> {
  const response = await ask("events");
  if (response.status === 401) throw new Stale();
  if (!response.ok || !response.body) throw new Refusal({ message: response.statusText });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    // A stream that breaks off has lost its server; one that ends is asked for again.
    const { done, value } = await reader.read().catch(() => { throw new Lost(); });
    if (done) return;
    text += value;
    const events = text.split(/\r?\n\r?\n/);
    text = events.pop() ?? "";
    for (const lines of events) {
      const field = (name: string) =>
        lines.split(/\r?\n/).filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim()).join("\n");
      if (field("data") !== "") told(field("event"), field("data"));
    }
  }
}
