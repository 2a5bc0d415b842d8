// A document that stands alone: its explanation, and the operations to compute it again at other values.

import type { Local as Operations, Num, Page, Part, Request, Row, Start, State, WhatIf } from "../api";
import { digits, single, toNumber } from "../numbers";
import { withStep, type Range } from "../state/range";
import { Refusal, type Engine } from "./engine";

/** The digits that the picture shows of a number, and of the ends of a range. */
const LETTERS = 5;
const LETTERS_OF_RANGE = 3;
/** The learning rate where nothing says a better one. */
const USUAL_RATE = 0.1;
/** Second derivatives at two distances that differ by more than this part are of no smooth curve, if what that
 * makes of a gradient is more than this part of it: of a 0 all is noise. */
const [CORNER, LEAST_CORNER] = [1e-2, 1e-4];

type Inputs = Record<string, number>;

const num = (x: number): Num => Number.isFinite(x) ? x : Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";

export class Local implements Engine {
  readonly changes: "values" | "none";
  readonly #page: Page;
  readonly #operations: Operations | undefined;

  constructor(page: Page, operations: Operations | undefined) {
    this.#page = page;
    this.#operations = operations;
    this.changes = operations ? "values" : "none";
  }

  /** The state that the document shows. */
  state(): State {
    const { expression, inputs, output, target, language, sweep } = this.#page;
    const at = Object.fromEntries(inputs.flatMap(({ name, value }) => value === null ? [] : [[name, value]]));
    // Half the squared error is of a number, the cross-entropy of scores.
    const wanted: Partial<State> = target === null ? {} : output.shape.length > 0 ? { cross_entropy: target } : { target: single(target) ?? undefined };
    return { e: expression, at, lang: language, ...wanted, ...sweep ? { tab: "curve", sweep: sweep.name } : {} };
  }

  /** The ranges of curves that somebody asked for. */
  windows(): Record<string, Range> {
    const { sweep } = this.#page, [first, last] = [sweep?.points[0], sweep?.points.at(-1)];
    return sweep && first && last ? { [sweep.name]: withStep(first.at, last.at) } : {};
  }

  start = async (): Promise<Start> => ({ version: "", instance: "", state: this.state(), line: null, network: null });
  functions = async () => [];

  explain = async (request: Request): Promise<Page> => {
    const page = this.#page;
    if (request.expression !== page.expression) throw new Refusal({ message: "this document shows its own expression alone" });
    if (!this.#operations) return page;
    const given = Object.fromEntries(page.inputs.map(({ name, value }) => [name, single(request.at?.[name] ?? value) ?? NaN]));
    return new Computed(page, this.#operations, given).page(request);
  };
}

/** A computation at some values. */
class Computed {
  readonly values: Map<number, number>;
  readonly gradients: Map<number, number>;
  /** Every number, by its key: see `Part`. */
  readonly numbers = new Map<string, number>();

  constructor(readonly old: Page, readonly operations: Operations, readonly inputs: Inputs) {
    this.values = this.#forward();
    this.gradients = this.#backward(old.root.node, true);
    for (const [id, x] of this.values) this.numbers.set(`v:${id}`, x);
    for (const [id, x] of this.gradients) this.numbers.set(`g:${id}`, x);
    for (const [id, x] of this.#backward(old.output.node, false)) this.numbers.set(`f:${id}`, x);
  }

  #forward(): Map<number, number> {
    const values = new Map<number, number>();
    const names = new Map(this.old.inputs.map(({ name, node }) => [node, name]));
    this.old.nodes.forEach((node, at) => {
      const operation = this.operations.operations[this.operations.of_nodes[at] ?? -1];
      const name = names.get(node.id);
      const given = name === undefined ? single(node.value) ?? NaN : this.inputs[name] ?? NaN;
      values.set(node.id, operation?.[0] ? operation[0](...node.operands.map((id) => values.get(id) ?? NaN)) : given);
    });
    return values;
  }

  /** The gradients of a node; a 0 below a branch that was not taken stays 0, whatever the slope. */
  #backward(root: number, isKept: boolean): Map<number, number> {
    const gradients = new Map([[root, 1]]);
    for (let at = this.old.nodes.length - 1; at >= 0; at--) {
      const node = this.old.nodes[at], operation = this.operations.operations[this.operations.of_nodes[at] ?? -1];
      const upstream = node && gradients.get(node.id);
      if (!node || !operation || upstream === undefined) continue;
      const known = [...node.operands, node.id].map((id) => this.values.get(id) ?? NaN);
      node.operands.forEach((id, operand) => {
        const slope = operation[operand + 1]?.(...known) ?? NaN;
        const product = this.operations.routed[at] && upstream === 0 ? 0 : upstream * slope;
        if (isKept) this.numbers.set(`l:${node.id}:${operand}`, slope).set(`p:${node.id}:${operand}`, product);
        gradients.set(id, (gradients.get(id) ?? 0) + product);
      });
    }
    return gradients;
  }

  at(changed: Inputs): Computed {
    return new Computed(this.old, this.operations, { ...this.inputs, ...changed });
  }

  root(): number {
    return this.values.get(this.old.root.node) ?? NaN;
  }

  gradientOf(name: string): number {
    const node = this.old.inputs.find((input) => input.name === name)?.node;
    return node === null || node === undefined ? 0 : this.gradients.get(node) ?? 0;
  }

  page(request: Request): Page {
    const { old } = this;
    const names = old.curvature?.names ?? [];
    // As long as nothing has moved, what the library said is exact.
    const curvature = this.#isMoved() ? this.#curvature(names) : (old.curvature?.values ?? []).map((row) => row.map(toNumber));
    const gradient = (name: string) => this.gradientOf(name);
    const changed = { inputs: old.inputs, ranking: old.ranking };
    changed.inputs = old.inputs.map((input) => ({
      ...input, value: num(this.inputs[input.name] ?? NaN),
      gradient: input.gradient === null ? null : num(gradient(input.name)),
    }));
    // Of equal ones the first input stands first.
    changed.ranking = old.inputs.map(({ name }) => name).filter((name) => old.ranking.includes(name)).sort((a, b) => Math.abs(gradient(b)) - Math.abs(gradient(a)));
    const output = this.values.get(old.output.node);
    return {
      ...old, ...changed,
      root: { ...old.root, value: num(this.root()) },
      output: { ...old.output, value: output === undefined ? null : num(output) },
      drawing: this.#drawing(),
      story: old.story.map((step) => ({ ...step, rows: step.rows.filter((row) => !this.#isMoved() || row.kind !== "note").map((row) => this.#row(row)) })),
      nodes: this.#nodes(),
      elasticities: old.elasticities.map(({ name }) => ({ name, value: num(gradient(name) * (this.inputs[name] ?? NaN)) })),
      partials: old.partials.map((partial) => {
        const node = old.inputs.find(({ name }) => name === partial.name)?.node;
        const value = this.numbers.get(`f:${node}`);
        return { ...partial, value: value === undefined ? partial.value : num(value) };
      }),
      what_if: old.what_if.map((row) => this.#whatIf(row, request, curvature[names.indexOf(row.name)]?.[names.indexOf(row.name)] ?? NaN)),
      curvature: old.curvature && { names, values: curvature.map((row) => row.map(num)) },
      // It is the output's; without a target that is the root.
      hessian: !this.#isMoved() ? old.hessian : old.hessian && old.output.node === old.root.node ? { ...old.hessian, values: curvature.map((row) => row.map(num)) } : null,
      sweep: this.#sweep(request),
      descent: this.#descent(request, (one, other) => curvature[names.indexOf(one)]?.[names.indexOf(other)], old.inputs.filter(({ gradient, is_choice }) => gradient !== null && !is_choice).map(({ name }) => name)),
      goals: [], notes: this.#isMoved() ? [] : old.notes,
    };
  }

  #isMoved(): boolean {
    return this.old.inputs.some(({ name, value }) => single(value) !== this.inputs[name]);
  }

  #nodes(): Page["nodes"] {
    const all = new Map<number, number>();
    for (const node of this.old.nodes) for (const { operand, to } of node.backward) {
      const product = Math.abs(this.numbers.get(`p:${node.id}:${operand}`) ?? 0);
      all.set(to, (all.get(to) ?? 0) + product);
    }
    return this.old.nodes.map((node) => {
      const value = this.values.get(node.id) ?? NaN, gradient = this.gradients.get(node.id);
      const isReached = node.gradient !== null && gradient !== undefined;
      const { notes: _, ...kept } = node;
      return {
        ...(this.#isMoved() ? kept : node), value: num(value), short: digits(value, LETTERS),
        gradient: isReached ? num(gradient) : null, gradient_short: isReached ? digits(gradient, LETTERS) : null,
        backward: node.backward.map((use) => {
          const local = this.numbers.get(`l:${node.id}:${use.operand}`) ?? NaN, product = this.numbers.get(`p:${node.id}:${use.operand}`) ?? NaN;
          const sum = all.get(use.to) ?? 0;
          return { ...use, local: num(local), local_short: digits(local, LETTERS), product: num(product), product_short: digits(product, LETTERS),
            share: sum > 0 ? Math.abs(product) / sum : 0 };
        }),
      };
    });
  }

  /** One number, or the range of several. */
  #range(numbers: number[]): string {
    const [low, high] = [digits(Math.min(...numbers), LETTERS_OF_RANGE), digits(Math.max(...numbers), LETTERS_OF_RANGE)];
    return low === high ? low : `${low}…${high}`;
  }

  #drawing(): Page["drawing"] {
    const value = (id: number) => this.numbers.get(`v:${id}`) ?? NaN, gradient = (id: number) => this.numbers.get(`g:${id}`) ?? 0;
    const { drawing } = this.old;
    return {
      ...drawing,
      blocks: drawing.blocks.map((block) => ({
        ...block,
        value: block.value === null ? null : digits(value(block.node)),
        total: block.total === null ? null : `Σ ${digits(gradient(block.node), LETTERS)}`,
      })),
      wires: drawing.wires.map((wire) => {
        const passed = wire.uses.length === 0 ? gradient(wire.node)
          : wire.uses.reduce((sum, [gate, operand]) => sum + (this.numbers.get(`p:${gate}:${operand}`) ?? 0), 0);
        const several = wire.several ?? [];
        return {
          ...wire,
          value: wire.value === "" ? "" : several.length > 0 ? this.#range(several.map(value)) : digits(value(wire.node), LETTERS),
          gradient: wire.gradient === null ? null : several.length > 0 ? this.#range(several.map(gradient)) : digits(passed, LETTERS),
        };
      }),
    };
  }

  #part(part: Part): Part {
    return "key" in part ? { ...part, value: num(this.numbers.get(part.key) ?? 0) } : part;
  }

  #row(row: Row): Row {
    switch (row.kind) {
      case "words": return { ...row, parts: row.parts.map((part) => this.#part(part)) };
      case "equation": return { ...row, sides: row.sides.map((side) => side.map((part) => this.#part(part))) };
      case "table": return { ...row, rows: row.rows.map((cells) => cells.map((parts) => parts.map((part) => this.#part(part)))) };
      default: return row;
    }
  }

  /** The change of the gradients nearby, twice, so that the error of the first is taken from the second. */
  #curvature(names: string[]): number[][] {
    const slopes = (of: string, by: number) => {
      const x = this.inputs[of] ?? NaN, [up, down] = [this.at({ [of]: x + by }), this.at({ [of]: x - by })];
      return names.map((name) => {
        const [high, low] = [up.gradientOf(name), down.gradientOf(name)];
        return { slope: (high - low) / (2 * by), size: Math.max(Math.abs(high), Math.abs(low)) };
      });
    };
    const rows = names.map((name) => {
      const by = 1e-3 * Math.max(Math.abs(this.inputs[name] ?? 0), 1e-2);
      const [near, far] = [slopes(name, by), slopes(name, 2 * by)];
      return near.map(({ slope: x, size }, at) => {
        const wide = far[at]?.slope ?? NaN, apart = Math.abs(x - wide);
        // Where the two differ a corner lies between them: there is nothing to tell.
        if (apart > CORNER * Math.max(Math.abs(x), Math.abs(wide)) && apart * by > LEAST_CORNER * size) return NaN;
        return Number(((4 * x - wide) / 3).toPrecision(8));
      });
    });
    return rows.map((row, at) => row.map((x, other) => (x + (rows[other]?.[at] ?? x)) / 2));
  }

  #whatIf(row: WhatIf, { nudge }: Request, bend: number): WhatIf {
    const delta = single(nudge?.[row.name] ?? row.delta) ?? NaN;
    const then = this.at({ [row.name]: (this.inputs[row.name] ?? NaN) + delta });
    const output = then.values.get(this.old.output.node) ?? NaN, before = this.values.get(this.old.output.node) ?? NaN;
    const first = this.gradientOf(row.name) * delta, hasLoss = row.loss !== null;
    const isOld = !this.#isMoved() && nudge?.[row.name] === undefined;
    // Of large graphs nobody computed how they bend.
    const second = isOld ? row.second_order : Number.isNaN(bend) ? null : num(first + bend * delta * delta / 2);
    return {
      ...row, delta: num(delta), output: num(output), output_change: num(output - before),
      loss: hasLoss ? num(then.root()) : null, loss_change: hasLoss ? num(then.root() - this.root()) : null,
      change: num(then.root() - this.root()), first_order: num(first), second_order: second,
      verdict: isOld ? row.verdict : "",
    };
  }

  #sweep({ sweep }: Request): Page["sweep"] {
    if (!sweep) return null;
    const { name, from, to, points = 121 } = sweep, at = this.inputs[name] ?? NaN, slope = this.gradientOf(name);
    const xs = Array.from({ length: points }, (_, index) => from + (to - from) * index / (points - 1));
    return { name, at, points: xs.map((x) => ({ at: x, value: num(this.at({ [name]: x }).root()), tangent: num(this.root() + slope * (x - at)) })) };
  }

  #descent({ descend, lr }: Request, bend: (one: string, other: string) => number | undefined, names: string[]): Page["descent"] {
    if (!descend || names.length === 0) return null;
    const gradient = (from: Computed) => names.map((name) => from.gradientOf(name));
    const here = gradient(this), squared = here.reduce((sum, g) => sum + g * g, 0);
    // Of many inputs nobody computed how they bend: then no rate is known to be too large.
    const bent = names.reduce((sum, one, row) => sum + names.reduce((inner, other, column) => inner + (here[row] ?? 0) * (here[column] ?? 0) * (bend(one, other) ?? 0), 0), 0);
    const rate = lr ?? this.old.descent?.lr ?? (bent > 0 ? Number((squared / bent).toPrecision(1)) : USUAL_RATE);
    const points = [];
    for (let step = 0, at: Computed = this; step <= descend; step++) {
      const slope = gradient(at);
      points.push({
        step, loss: num(at.root()), gradient_norm: num(Math.hypot(...slope)),
        inputs: this.old.inputs.map(({ name }) => num(at.inputs[name] ?? NaN)),
      });
      at = at.at(Object.fromEntries(names.map((name, index) => [name, (at.inputs[name] ?? NaN) - rate * (slope[index] ?? 0)])));
    }
    return { lr: rate, chosen: false, predicted: num(-rate * squared), limit: bent > 0 ? num(2 * squared / bent) : null, points };
  }
}

