// The server's answers. Its token comes in the address's fragment, is moved out of there at once, and goes
// along with every request.

import type { FunctionEntry, Page, Request, Start } from "../api";
import { Lost, Refusal, type Engine, type Exported, type Format } from "./engine";

const TOKEN = "chainrule-token";
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
    body: JSON.stringify(body),
  };
  const response = await ask(path, signal ? { ...init, signal } : init);
  const json = await response.json().catch(() => null);
  if (!response.ok) throw new Refusal(json?.error ?? { message: `${response.status} ${response.statusText}` });
  return json as T;
}

export class Server implements Engine {
  readonly changes = "all";

  start = () => answer<Start>("start");
  explain = (request: Request, signal: AbortSignal) => answer<Page>("explain", request, signal);
  functions = () => answer<FunctionEntry[]>("functions");
  export = (request: Request, format: Format) => answer<Exported>("export", { request, format });

  /** Reads the stream of events as long as somebody looks, and begins anew where it breaks. */
  watch(told: (is: "lost" | "found", isNew: boolean) => void): void {
    let instance: string | null = null, isLost = false, stop = new AbortController();
    const follow = async () => {
      while (!document.hidden) {
        stop = new AbortController();
        try {
          await readEvents(stop.signal, (event, data) => {
            if (event !== "hello") return;
            const { instance: now } = JSON.parse(data) as { instance: string };
            const isNew = instance !== null && instance !== now;
            if (isLost || isNew) told("found", isNew);
            [instance, isLost] = [now, false];
          });
        } catch (error) {
          if (stop.signal.aborted) return;
          if (error instanceof Refusal) return;
        }
        // A stream that ends is asked for again; only a server that is silent then is lost.
        if (await ask("start").then(() => true, () => false)) {
          if (isLost) told("found", false);
          isLost = false;
        } else {
          if (!isLost) told("lost", false);
          isLost = true;
        }
        await new Promise((resolve) => setTimeout(resolve, PATIENCE));
      }
    };
    document.addEventListener("visibilitychange", () => document.hidden ? stop.abort() : void follow());
    void follow();
  }
}

async function readEvents(signal: AbortSignal, told: (event: string, data: string) => void): Promise<void> {
  const response = await ask("events", { signal });
  if (!response.ok || !response.body) throw new Refusal({ message: response.statusText });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { done, value } = await reader.read();
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
