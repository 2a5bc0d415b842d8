// The quiz: what each gate passes back, and what the uses of a value add up to. It also knows, for the page
// outside of a quiz as well, which numbers may be seen.

import { batch, computed, effect, signal } from "@preact/signals";
import type { Block, Node, Page, State } from "../api";
import { useKey } from "../graph/flow";
import { digits, single } from "../numbers";
import { change, goTo, isScalar, lastStep, nodes, page, state, step } from "../state/store";
import type { Words } from "../words/en";

export interface Question {
  key: string;
  kind: "part" | "sum";
  /** The step that it belongs to, and the block that it is about. */
  step: number;
  gate: string;
  to: string;
  right: number;
  upstream: number;
  local: number;
  /** What is added up. */
  parts: number[];
}

/** A wrong answer's reasons. */
export type Verdict = "right" | "sign" | "upstream" | "local" | "part" | "sum" | "other" | "otherSum" | "none";

/** How far an answer may be off, as a part of it: three digits are enough. */
const TOLERANCE = 2e-3;

/** Longer labels are told by their sign. */
const LONGEST = 20;

const named = (label: string | undefined, symbol: string) => label !== undefined && label.length <= LONGEST ? label : symbol;

/** A gate by its sign in the picture and, where that is no word, its name in the steps. */
const gateName = ({ symbol, inside }: Block, op: string | undefined) => op !== undefined && !inside && /^\P{L}+$/u.test(symbol) ? `${symbol} (${op})` : symbol;

/** In the order in which the picture goes back: what a gate passes on, then what becomes whole by that. */
function questionsOf(page: Page): Question[] {
  const known = new Map(page.nodes.map((node) => [node.id, node]));
  const found: Question[] = [];
  for (let at = 1; at <= page.drawing.steps; at++) {
    const block = page.drawing.blocks.findIndex((one) => one.backward === at && one.role !== "result");
    if (block >= 0) found.push(...passedOn(page, known, block, at), ...addedUp(page, known, block, at));
  }
  return found;
}

/** What a gate passes on to each value that it takes. */
function passedOn({ drawing: { blocks, wires } }: Page, known: Map<number, Node>, block: number, step: number): Question[] {
  const gate = blocks[block], node = known.get(gate?.node ?? -1), upstream = single(node?.gradient);
  if (!gate || upstream === null) return [];
  return wires.flatMap((wire): Question[] => {
    const from = blocks[wire.from];
    if (wire.to !== block || wire.gradient === null || (wire.several?.length ?? 0) > 0 || !from) return [];
    const uses = wire.uses.map(([id, operand]) => known.get(id)?.backward.find((use) => use.operand === operand));
    const products = uses.map((use) => single(use?.product)).filter((x) => x !== null);
    if (products.length === 0 || products.length < uses.length) return [];
    const right = products.reduce((sum, x) => sum + x, 0);
    const own = gate.inside || uses.length > 1 ? null : single(uses[0]?.local);
    return [{
      key: wire.uses.map(([id, operand]) => useKey(id, operand)).join(" "), kind: "part", step,
      gate: gateName(gate, node?.op), to: named(known.get(from.node)?.label, from.caption || from.symbol), right, upstream,
      local: own ?? (upstream === 0 ? 0 : right / upstream), parts: [],
    }];
  });
}

/** What the uses of values add up to that have all been met by now. */
function addedUp({ drawing, nodes: all }: Page, known: Map<number, Node>, block: number, step: number): Question[] {
  return drawing.blocks.flatMap((shared): Question[] => {
    const node = known.get(shared.node), right = single(node?.gradient);
    if (shared.total === null || shared.total_step !== step || !node || right === null) return [];
    const parts = all.flatMap((gate) => gate.backward.filter((use) => use.to === node.id).map((use) => single(use.product) ?? NaN));
    return [{ key: `sum:${node.id}`, kind: "sum", step, gate: drawing.blocks[block]?.symbol ?? "", to: node.label, right, upstream: NaN, local: NaN, parts }];
  });
}

export const questions = computed(() => page.value && isScalar.value ? questionsOf(page.value) : []);
/** The questions that are answered, and those that were at the first try. */
export const done = signal<ReadonlySet<string>>(new Set());
export const score = signal({ right: 0, of: 0 });
export const present = computed(() => questions.value.find(({ key }) => !done.value.has(key)) ?? null);
export const isOn = computed(() => state.value.quiz ?? false);

/** Whether it is this wire that is asked for. */
export const isAsked = (keys: string[]) => isOn.value && present.value?.key === keys.join(" ");

/** The last step that may be seen. */
export const frontier = computed(() => {
  const { steps } = page.value?.drawing ?? { steps: 0 };
  return isOn.value && present.value ? present.value.step - 1 : steps;
});

export function begin(): void {
  batch(() => {
    [done.value, score.value] = [new Set(), { right: 0, of: 0 }];
    change({ quiz: true });
    change({ step: frontier.value });
  });
}

/** An expression of numbers that has the gates of one of arrays. */
export const similar = computed((): Pick<State, "e" | "at"> => {
  const operations = new Set(page.value?.nodes.map(({ op }) => op));
  if ([...operations].some((op) => op.includes("softmax"))) return { e: "-log(exp(a) / (exp(a) + exp(b)))", at: { a: 2, b: 1 } };
  if (operations.has("matmul")) return { e: "sigmoid(x1 * w1 + x2 * w2 + b)", at: { x1: 1, x2: 2, w1: 0.5, w2: -0.25, b: 0.1 } };
  return { e: "x * x + 2 * x * y", at: { x: 3, y: -2 } };
});

export function end(): void {
  change({ quiz: undefined, step: undefined });
}

/** A quiz that was shared, or whose expression has changed, begins at its first gate. */
export function keepQuiz(): void {
  let [of, steps] = ["", 0];
  effect(() => {
    const now = isOn.value ? `${page.value?.expression}` : "", there = page.value?.drawing.steps ?? 0;
    if (now !== of && now !== "" && page.value) begin();
    // A box that was opened or closed has changed the steps.
    else if (now !== "" && (there !== steps || state.value.step === undefined)) change({ step: frontier.value });
    [of, steps] = [now, there];
  });
}

export function settle(question: Question, isRight: boolean): void {
  batch(() => {
    done.value = new Set([...done.value, question.key]);
    score.value = { right: score.value.right + Number(isRight), of: score.value.of + 1 };
    goTo(present.value ? present.value.step - 1 : question.step);
  });
}

/** Whether an answer is near enough; what is not finite must be the same. */
export const isNear = (answer: number, x: number, tolerance = TOLERANCE) => Number.isFinite(x) && Number.isFinite(answer)
  ? Math.abs(answer - x) <= tolerance * Math.max(Math.abs(x), 1e-9) : Object.is(answer, x);

export function judge(question: Question, answer: number | null): Verdict {
  if (answer === null) return "none";
  const is = (x: number) => isNear(answer, x);
  const { right, upstream, local, parts, kind } = question;
  if (is(right)) return "right";
  if (is(-right)) return "sign";
  if (kind === "sum") {
    if (parts.some(is)) return "part";
    return is(parts.reduce((product, x) => product * x, 1)) ? "sum" : "otherSum";
  }
  if (is(local)) return "upstream";
  return is(upstream) ? "local" : "other";
}

export function explained({ local, upstream, parts }: Question, verdict: Verdict, answer: number | null, w: Words): string {
  switch (verdict) {
    case "right": return w.right;
    case "upstream": return w.wrong.upstream(digits(local));
    case "local": return w.wrong.local(digits(upstream));
    case "part": return w.wrong.part(digits(parts.find((x) => answer !== null && isNear(answer, x)) ?? NaN));
    default: return w.wrong[verdict];
  }
}

const asked = computed(() => new Set(questions.value.flatMap(({ key }) => key.split(" "))));
const answered = computed(() => new Set([...done.value].flatMap((key) => key.split(" "))));

/** Whether what became known at a step may be seen: in a quiz only what is answered. */
export function isRevealed(keys: string[], at: number | null | undefined): boolean {
  if (isOn.value && keys.some((key) => asked.value.has(key)))
    return keys.every((key) => !asked.value.has(key) || answered.value.has(key));
  // What no step of the picture tells is known when all is.
  return (at ?? lastStep.value) <= step.value;
}

/** The steps at which nodes have passed on, and have received, their gradient. */
const stepsOf = computed(() => {
  const passes = new Map<number, number>(), receives = new Map<number, number>();
  const { blocks, wires } = page.value?.drawing ?? { blocks: [], wires: [] };
  for (const [index, { node, inside, backward, role, total_step }] of blocks.entries()) {
    const last = Math.max(-1, ...wires.filter((wire) => wire.from === index).map((wire) => wire.backward ?? -1));
    for (const one of [node, ...inside ?? []]) {
      if (backward !== null && role !== "result") passes.set(one, backward);
      const at = one === node ? total_step ?? last : backward ?? -1;
      if (at >= 0 && role !== "result") receives.set(one, at);
    }
  }
  return { passes, receives };
});

export const passStep = (node: number) => stepsOf.value.passes.get(node) ?? null;
export const gradientStep = (node: number) => stepsOf.value.receives.get(node) ?? null;
export const isGradientSeen = (node: number) => isRevealed([`sum:${node}`], gradientStep(node));
export const isPassedSeen = (node: number, operand: number) => isRevealed([useKey(node, operand)], passStep(node));
export const isValueSeen = (node: number) => (stepsOfValues.value.get(node) ?? 0) <= step.value;

const stepsOfValues = computed(() => new Map(page.value?.drawing.blocks.flatMap(({ node, inside, forward }) =>
  [node, ...inside ?? []].map((one): [number, number] => [one, forward]))));

export const labelOf = (node: number) => nodes.value.get(node)?.label ?? String(node);
