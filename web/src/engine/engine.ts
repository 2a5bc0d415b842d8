// Whoever answers what the page asks: the server, or a document that stands alone.

import type { Example, ExampleRequest, FunctionEntry, Mistake, Page, Request, Start, State } from "../api";

export type Format = "svg" | "latex" | "html" | "json" | "dot" | "mermaid";

export interface Exported {
  text: string;
  name: string;
  media: string;
}

export interface Engine {
  /** What may be changed: anything, the inputs' values alone, or nothing. */
  readonly changes: "all" | "values" | "none";
  start(): Promise<Start>;
  /** The answer; a question that a newer one has overtaken is aborted through its signal. */
  explain(request: Request, signal: AbortSignal): Promise<Page>;
  /** A run's network on an example; missing where there is no run. */
  example?(request: ExampleRequest, signal: AbortSignal): Promise<Example>;
  functions(): Promise<FunctionEntry[]>;
  /** Missing where there is nobody who writes files. */
  export?(asked: Request | ExampleRequest, format: Format, state: State): Promise<Exported>;
  /** Calls back whenever the engine is lost, found again, or another than before. */
  watch?(told: (is: Watched) => void): void;
}

export type Watched = "lost" | "found" | "stale";

/** What is wrong with what was asked. */
export class Refusal extends Error {
  constructor(readonly mistake: Mistake) {
    super(mistake.message);
  }
}

/** Nobody answers. */
export class Lost extends Error {}

/** Who answers is another than before, and does not know this page. */
export class Stale extends Error {}
