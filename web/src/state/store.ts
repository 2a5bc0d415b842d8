// What the page shows: the state that can be shared, and the library's answer to it.

import { batch, computed, signal } from "@preact/signals";
import type { About, ExampleRequest, FunctionEntry, Mistake, Page, Request, State, Step, Told, Values } from "../api";
import type { Engine } from "../engine/engine";
import { keptPlaces } from "../graph/places";
import { single, toJson, toNumber } from "../numbers";
import { around, isBeyond, scaled, type Range } from "./range";
import { withSigns } from "./signs";

export type Tab = NonNullable<State["tab"]>;

export const APPLE: State = { e: "x * m * t", at: { x: 100, m: 2, t: 1.1 }, target: 219 };

/** Steps of a way down, and points of a curve. */
const STEPS_DOWN = 12;
const POINTS = 121;
/** A curve reaches so many times as far as where its tangent would turn, and is at least so small a part of the slider. */
const REACH = 6;
const SMALLEST_PART = 0.01;

export const engine = signal<Engine | null>(null);
export const state = signal<State>(APPLE);
export const page = signal<Page | null>(null);
/** What happens in each step; of a large graph's step it is told once that is looked at. */
export const story = signal<Step[]>([]);
/** The run's network that can be shown, and what it makes of the example that is. */
export const network = signal<About | null>(null);
export const told = signal<Told | null>(null);
export const mistake = signal<Mistake | null>(null);
/** Names of an expression that cannot be computed yet, beyond those of the last answer: they need other values. */
export const waiting = signal<Record<string, Values>>({});
export const isLost = signal(false);
/** Whether who answers does not know this page any more. */
export const isStale = signal(false);
/** Said once, to everybody: a line that could not be read, something copied. */
export const notice = signal("");
export const functions = signal<FunctionEntry[]>([]);
export const view = signal<"graph" | "lessons">("graph");

/** The node that somebody chose, and the one that is pointed at or in focus. */
export const chosen = signal<number | null>(null);
export const pointed = signal<number | null>(null);

/** The ranges of the sliders, by name and element; they stay until a value leaves them. */
export const ranges = signal<Record<string, Range>>({});
/** The ranges of curves, by name; likewise. */
export const windows = signal<Record<string, Range>>({});
/** The learning rate of the way down, where one was chosen; changes other than the usual ones. */
export const rate = signal<number | null>(null);
export const nudges = signal<Record<string, number>>({});

export const language = computed<"en" | "ko">(() => state.value.lang ?? "en");
export const tab = computed<Tab>(() => state.value.tab ?? "what-if");
export const lastStep = computed(() => page.value?.drawing.steps ?? 0);
/** A step beyond any last one. */
const LAST = 2 ** 31;
/** The step that is wanted. Without one of its own a state shows everything; in a quiz nothing. */
export const wantedStep = computed(() => Math.min(state.value.step ?? (state.value.quiz ? 0 : LAST), LAST));
export const step = computed(() => Math.min(wantedStep.value, lastStep.value));
/** Whether the step that is looked at is not told yet. */
export const isUntold = computed(() => story.value[step.value]?.rows.length === 0);
export const nodes = computed(() => new Map(page.value?.nodes.map((node) => [node.id, node])));
/** Whether every value is a number. */
export const isScalar = computed(() => page.value?.nodes.every((node) => node.shape.length === 0) ?? false);
/** The inputs that are single numbers: what a curve can be drawn of. */
export const numbers = computed(() => page.value?.inputs.filter((input) => input.shape.length === 0 && !input.is_choice) ?? []);
/** The input of the curve. */
export const swept = computed(() => {
  const names = numbers.value.map((input) => input.name);
  const wanted = state.value.sweep;
  return wanted !== undefined && names.includes(wanted) ? wanted : names[0] ?? null;
});

export function change(part: Partial<State>): void {
  state.value = { ...state.value, ...part };
}

export function setInput(name: string, value: Values): void {
  change({ at: { ...state.value.at, [name]: value } });
}

/** Sliders and curves begin anew around the values, as for an expression that is another. */
export function freshRanges(): void {
  [ranges.value, windows.value] = [{}, {}];
}

export function goTo(to: number): void {
  const at = Math.min(Math.max(to, 0), lastStep.value);
  change({ step: at === lastStep.value && !state.value.quiz ? undefined : at });
}

/** Opens a box of the picture, or closes it again. */
export function toggleBox(fold: string): void {
  const open = state.value.open ?? [];
  const now = open.includes(fold) ? open.filter((one) => one !== fold) : [...open, fold];
  chosen.value = null;
  change({ open: now.length > 0 ? now : undefined, step: undefined });
}

/** The range of an input's slider, or of an element's. */
export function rangeOf(key: string, value: number): Range {
  const known = ranges.value[key];
  return known && value >= known.from && value <= known.to && !isBeyond(known, value) ? known : around(value);
}

/** The range of an input's curve. */
export function windowOf(name: string, value: number): Range {
  const known = windows.value[name];
  return known && value >= known.from && value <= known.to && !isBeyond(known, value) ? known : rangeOf(name, value);
}

/** A curve's range in which its tangent parts from it visibly: by the curvature, within the slider's range. */
function fitting(answer: Page, name: string, value: number): Range {
  const all = rangeOf(name, value), at = answer.curvature?.names.indexOf(name) ?? -1;
  const bend = answer.curvature?.values[at]?.[at];
  const slope = single(answer.inputs.find((input) => input.name === name)?.gradient);
  const half = REACH * Math.abs((slope ?? NaN) / (bend === undefined ? NaN : toNumber(bend)));
  const part = 2 * half / (all.to - all.from);
  return part > 0 && part < 1 ? scaled(all, value, Math.max(part, SMALLEST_PART)) : all;
}

function requestOf(): Request {
  const { e, at, target, cross_entropy, lang, unfold, open } = state.value;
  const request: Request = { expression: e, at: mentioned(e, [...Object.entries(at ?? {}), ...earlier]), fit: true, language: lang ?? "en" };
  if (target !== undefined) request.target = target;
  if (cross_entropy !== undefined) request.cross_entropy = cross_entropy;
  if (unfold) request.unfold = true;
  if (open && open.length > 0) request.open = open;
  if (Object.keys(nudges.value).length > 0) request.nudge = nudges.value;
  const name = swept.value, value = name === null ? null : single(at?.[name]);
  // A chapter may tell of the way down.
  const isDown = (tab.value === "down" || state.value.lesson !== undefined) && !state.value.quiz, isCurve = tab.value === "curve" && !state.value.quiz;
  if (name !== null && value !== null && (isCurve || isDown && numbers.value.length === 1)) {
    const { from, to } = windowOf(name, value);
    request.sweep = { name, from, to, points: POINTS };
  }
  if (tab.value === "hessian") request.hessian = true;
  if (isDown) {
    request.descend = STEPS_DOWN;
    if (rate.value !== null) request.lr = rate.value;
  }
  return request;
}

/** The values that names had, for when they come back. */
const earlier = new Map<string, Values>();

/** The values, the first of each name, that an expression may take: which it does, the library knows. */
function mentioned(e: string, values: [string, Values][]): Record<string, Values> {
  const found: Record<string, Values> = {};
  for (const [name, value] of values) if (e.includes(name)) found[name] ??= value;
  return found;
}

function exampleOf(example: number): ExampleRequest {
  const { lang, unfold, open } = state.value;
  const request: ExampleRequest = { example, language: lang ?? "en" };
  if (unfold) request.unfold = true;
  if (open && open.length > 0) request.open = open;
  return request;
}

export type Question = Request | ExampleRequest;

/** What is asked, as text: the same question is asked once. */
export const question = computed(() => {
  const { example } = state.value;
  return toJson(example === undefined ? requestOf() : exampleOf(example));
});
/** Whether a run's network is shown, not an expression. */
export const isNetwork = computed(() => state.value.example !== undefined);
export const request = computed(() => JSON.parse(question.value) as Question);

/** Shows an answer. */
export function take([plain, by]: [Page, Told | null]): void {
  const answer = withSigns(plain);
  batch(() => {
    const old = page.peek();
    [told.value, story.value, waiting.value] = [by, answer.story, {}];
    page.value = old ? { ...answer, drawing: keptPlaces(old.drawing, answer.drawing) } : answer;
    [mistake.value, isLost.value, isStale.value] = [null, false, false];
    if (!answer.nodes.some((node) => node.id === chosen.peek())) chosen.value = null;
    if (!answer.nodes.some((node) => node.id === pointed.peek())) pointed.value = null;
    if (by) return;
    nameInputs(answer);
    keepRanges(answer);
  });
}

/** The state names every input and no other, so that a shared line does. */
function nameInputs({ inputs }: Page): void {
  const given = state.peek().at ?? {};
  for (const [name, value] of Object.entries(given)) earlier.set(name, value);
  const all = Object.fromEntries(inputs.flatMap(({ name, value }) => {
    const known = given[name] ?? value;
    return known === null || known === undefined ? [] : [[name, known]];
  }));
  if (JSON.stringify(all) !== JSON.stringify(given)) change({ at: all });
}

/** Sliders and curves reach as far as before, unless a value has left them. */
function keepRanges(answer: Page): void {
  const [kept, seen] = [{ ...ranges.peek() }, { ...windows.peek() }];
  for (const { name, value } of answer.inputs) {
    const x = single(value), known = seen[name];
    if (x === null) continue;
    kept[name] = rangeOf(name, x);
    if (!known || x < known.from || x > known.to) seen[name] = fitting(answer, name, x);
  }
  if (JSON.stringify(kept) !== JSON.stringify(ranges.peek())) ranges.value = kept;
  if (JSON.stringify(seen) !== JSON.stringify(windows.peek())) windows.value = seen;
}
