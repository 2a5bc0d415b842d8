// Asks as the state changes, one question at a time. While a slider moves, each answer is shown and then the
// latest question asked, so that the picture follows; a question about something else ends the one before.

import { effect, signal, untracked } from "@preact/signals";
import type { Mistake, Page, Told } from "../api";
import { Lost, Refusal, Stale, type Engine } from "../engine/engine";
import { engine, isLost, isStale, isUntold, mistake, page, question, take, waiting, wantedStep, type Question } from "./store";

/** The time after which a server that did not answer is asked again. */
const PATIENCE = 1000;
/** Asks, until there is an answer or a mistake. */
async function answered(by: Engine, asked: Question, signal: AbortSignal): Promise<[Page, Told | null]> {
  if (!("example" in asked)) return [await by.explain(asked, signal), null];
  if (!by.example) throw new Refusal({ message: "no run is shown here" });
  const { screen, told } = await by.example(asked, signal);
  return [screen, told];
}

/** Tells why nothing was answered. */
export function fail(error: unknown): void {
  if (error instanceof Lost) isLost.value = true;
  else if (error instanceof Refusal) refuse(error.mistake);
  else if (error instanceof Stale) isStale.value = true;
  else mistake.value = { message: String(error) };
}

/** What cannot be computed may need other values, arrays maybe, of names that no answer has had yet. */
function refuse(why: Mistake): void {
  mistake.value = why;
  const known = new Set(page.peek()?.inputs.map(({ name }) => name));
  if (why.at) waiting.value = Object.fromEntries(Object.entries(why.at).filter(([name]) => !known.has(name)));
}

/** What a question is about: the values may be others. */
function subject(question: Question): string {
  return JSON.stringify("example" in question ? [question.example, question.language] : [question.expression, question.language]);
}

/** Answers as the state changes; the latest question wins. */
export function follow(by: Engine): void {
  engine.value = by;
  const again = signal(0);
  by.watch?.((is) => {
    [isLost.value, isStale.value] = [is === "lost", is === "stale" || is === "lost" && isStale.peek()];
    if (is === "found") again.value += 1;
  });
  let running: { asked: Question; stop: AbortController } | null = null;
  /** The question that the page answers, and the last that was asked, with its step. */
  let [settled, last] = ["", ""];

  /** The question that is due, if there is one. */
  const due = () => {
    const text = question.peek();
    const step = wantedStep.peek();
    const key = `${step} ${text}`;
    return (text !== settled || isUntold.peek()) && key !== last ? { text, step, key } : null;
  };

  const run = async () => {
    for (let next = due(); next; next = due()) {
      const { text, step, key } = next, asked = JSON.parse(text) as Question, stop = new AbortController();
      running = { asked, stop };
      last = key;
      try {
        const answer = await answered(by, { ...asked, step }, stop.signal);
        if (stop.signal.aborted) {
          last = "";
          continue;
        }
        settled = text;
        take(answer);
      } catch (error) {
        // What is asked for by now may be right.
        if (stop.signal.aborted || question.peek() !== text) {
          last = "";
          continue;
        }
        settled = text;
        fail(error);
        if (error instanceof Lost) setTimeout(() => { again.value += 1; }, PATIENCE);
      } finally {
        running = null;
      }
    }
  };

  let known = again.peek();
  effect(() => {
    void question.value, void isUntold.value, void wantedStep.value;
    if (again.value !== known) [known, settled, last] = [again.value, "", ""];
    untracked(() => {
      if (!running) void run();
      else if (subject(running.asked) !== subject(JSON.parse(question.peek()) as Question)) running.stop.abort();
    });
  });
}
