// What the library tells a page of a computation. The server answers with it, and a document that stands
// alone carries it; the page decides nothing of it anew.

/** A number as JSON has it: infinity and NaN are words. */
export type Num = number | "inf" | "-inf" | "nan";

/** A number, or nested arrays of numbers. Arrays of more than 64 elements come as `null` beside their shape. */
export type Values = Num | Values[];

export interface Mistake {
  message: string;
  /** Where in the expression, in characters: the first, and the one behind the last. */
  span?: [number, number];
  /** `array`: the expression is an array, which has no gradient as it is. */
  kind?: "array";
  /** The values that were taken, of a request that says `fit`. */
  at?: Record<string, Values>;
}

/** `POST /api/v1/explain`. Everything but the expression may be left out. */
export interface Request {
  expression: string;
  at?: Record<string, Values>;
  /** Values, changes and a sweep of names that the expression lacks are left out; names without a value are 1. */
  fit?: boolean;
  /** Puts half the squared error on top. */
  target?: number;
  /** A class or a distribution: puts the cross-entropy on top. */
  cross_entropy?: Values;
  wrt?: string[];
  nudge?: Record<string, Values>;
  /** An input to draw the curve of. */
  sweep?: { name: string; from: number; to: number; points?: number };
  lr?: number;
  descend?: number;
  hessian?: boolean;
  goal?: number;
  language?: "en" | "ko";
  /** The step of which the story tells, and as which a picture is written; all where it is left out. */
  step?: number;
  /** Every box shows what it is made of. */
  unfold?: boolean;
  /** Boxes that show what they are made of, by their `fold`. */
  open?: string[];
}

/** The answer to it. */
export interface Page {
  language: "en" | "ko";
  expression: string;
  /** What the gradients are of, `L` or `f`, and its node. */
  root: { name: string; node: number; value: Num; shape: number[] };
  /** The expression's own value. */
  output: { name: string; node: number; value: Values | null; shape: number[] };
  target: Values | null;
  drawing: Drawing;
  /** What happens in each step; `story[0]` is before the first. `story.length - 1 === drawing.steps`. */
  story: Step[];
  nodes: Node[];
  /** What can be changed: the names of the expression. */
  inputs: Input[];
  /** By the size of their gradients, the largest first. */
  ranking: string[];
  /** Gradient × value: the effect of +100 % to first order. */
  elasticities: { name: string; value: Num }[];
  partials: { name: string; formula: string | null; value: Values | null }[];
  what_if: WhatIf[];
  what_if_left_out: number;
  /** Second derivatives of the root by the inputs that are numbers, in the order of `inputs`' gradients; `null` where they are many. */
  curvature: { names: string[]; values: Num[][] } | null;
  sweep: { name: string; at: number; points: { at: number; value: Num; tangent: Num }[] } | null;
  /** Whether second derivatives can be asked for. */
  has_hessian: boolean;
  /** Second derivatives of the output, with their formulas. */
  hessian: { names: string[]; values: Num[][]; formulas?: (string | null)[][] } | null;
  descent: {
    lr: number;
    /** Whether the rate was chosen from the curvature. */
    chosen: boolean;
    predicted: Num;
    /** The rate beyond which a step climbs. */
    limit: Num | null;
    /** The inputs stand in the order of the page's; `null` for a large array. */
    points: { step: number; inputs: (Values | null)[]; loss: Num; gradient_norm: Num }[];
  } | null;
  goals: { name: string; goal: Num; value: Num | null; change: Num | null; by_rounding?: boolean; is_flat?: boolean; searched: [Num, Num] }[];
  /** What is worth saying of the whole: a number that is not finite, a gradient that vanishes. */
  notes: string[];
}

/** A node of the graph. */
export interface Node {
  id: number;
  op: string;
  label: string;
  named: boolean;
  scope: string;
  operands: number[];
  shape: number[];
  value: Values | null;
  /** The value in few letters, as the picture shows it. */
  short: string;
  gradient: Values | null;
  gradient_short: string | null;
  /** What it computes, as MathML without its outermost element. */
  formula: string | null;
  notes?: string[];
  /** For each operand that a gradient goes to. */
  backward: {
    operand: number;
    /** The node below that receives it, where changes of shape are skipped. */
    to: number;
    local: Values | null;
    local_short: string | null;
    product: Values | null;
    product_short: string;
    /** The local derivative as MathML, or how whole arrays are passed on. */
    rule: string | null;
    /** The part of this use in all that arrives below, from 0 to 1. */
    share: number;
  }[];
}

export interface Input {
  name: string;
  node: number | null;
  shape: number[];
  value: Values | null;
  gradient: Values | null;
  /** Whether it only says which class or position is meant. */
  is_choice: boolean;
}

export interface WhatIf {
  name: string;
  delta: Values | null;
  output: Num | null;
  output_change: Num | null;
  loss: Num | null;
  loss_change: Num | null;
  /** The true change of the root. */
  change: Num;
  first_order: Num;
  /** `null` where a document that stands alone cannot tell. */
  second_order: Num | null;
  verdict: string;
}

/** What happens in a step of the forward or the backward pass. */
export interface Step {
  /** The block of the drawing that works; none before the first step. */
  block: number | null;
  direction: "start" | "forward" | "seed" | "backward";
  /** None where another step alone was asked for. */
  rows: Row[];
}

/** A line of a story. Sides of an equation stand with `=` between them, and break before it. */
export type Row =
  | { kind: "words"; parts: Part[] }
  | { kind: "equation"; sides: Part[][] }
  | { kind: "note"; text: string }
  | { kind: "legend"; text: string }
  /** Terms of a long sum, a row each: folded until somebody opens it. */
  | { kind: "table"; title: string; rows: Part[][][]; more: string | null };

/** Words, symbols, or a number that a page may keep right by its key. */
export type Part =
  | { text: string }
  | { math: string }
  /** `v:node` a value, `g:node` a gradient, `l:gate:operand` a local derivative, `p:gate:operand` what is passed on, `f:node` the output's gradient. */
  | { key: string; value: Num; /** A factor: in parentheses where negative. */ factor?: boolean };

/** The picture, in pixels from the upper left; `crates/chainrule-explain/src/picture/drawing.rs` says more. */
export interface Drawing {
  wide: number;
  tall: number;
  root: string;
  steps: number;
  blocks: Block[];
  wires: Wire[];
}
export interface Block {
  role: "input" | "constant" | "gate" | "fold" | "repeat" | "result";
  symbol: string;
  caption: string;
  tip: string;
  value: string | null;
  node: number;
  inside?: number[];
  /** What opens the box, for `Request.open`. */
  fold?: string;
  total: string | null;
  total_step: number | null;
  forward: number;
  backward: number | null;
  x: number; y: number; wide: number; tall: number;
}
export interface Wire {
  from: number;
  to: number;
  node: number;
  uses: [number, number][];
  several?: number[];
  is_constant: boolean;
  value: string;
  gradient: string | null;
  forward: number;
  backward: number | null;
  left: number; right: number; y: number;
  start: [number, number];
  bends: { from: [number, number]; to: [number, number] }[];
  end: [number, number];
}

/** What a document that stands alone needs to recompute: only where everything is a number. */
export interface Local {
  /** Of each operation: its value by the operands; and by the operands and the value, the derivative by each operand. */
  operations: ((...x: number[]) => number)[][];
  /** For each node of the page, in order, its operation among them; `null` for what is given. */
  of_nodes: (number | null)[];
  /** For each node whether a gradient of 0 may come from a branch that was not taken: whatever the slope, it stays 0. */
  routed: boolean[];
}

/** `POST /api/v1/example`: the run's network on an example, counted from 0. */
export interface ExampleRequest {
  example: number;
  language?: "en" | "ko";
  step?: number;
  unfold?: boolean;
  open?: string[];
}

/** The answer to it. */
export interface Example {
  screen: Page;
  told: Told;
}

/** What a network makes of an example. */
export interface Told {
  /** The true class. */
  label?: number;
  /** The class that it predicts, or the values. */
  predicted: number | null | Num[];
  probabilities?: Num[];
  /** The true values. */
  wanted?: Num[];
  loss: Num;
  input: Num[];
  /** The gradient of the loss by each feature. */
  saliency: Num[];
  /** Names of classes and of features, where there are any. */
  classes?: string[];
  features?: string[];
  /** The weights with the largest effect on the loss. */
  weights: { parameter: string; index: number[]; value: Num; gradient: Num; effect: Num }[];
}

/** The run's network, where the program was started with a run. */
export interface About {
  run: string;
  part: "train" | "validation" | "test" | null;
  examples: number;
  parameters: number;
}

/** What can be looked at, and shared as a line. */
export interface State {
  /** The expression; empty where a network is shown. */
  e: string;
  /** The example on which a run's network is shown. */
  example?: number;
  at?: Record<string, Values>;
  target?: number;
  cross_entropy?: Values;
  step?: number;
  tab?: "what-if" | "curve" | "paths" | "hessian" | "down";
  sweep?: string;
  quiz?: boolean;
  lesson?: string;
  lang?: "en" | "ko";
  unfold?: boolean;
  open?: string[];
}

/** `GET /api/v1/start`: what the program was started with. */
export interface Start { version: string; instance: string; state: State | null; line: string | null; network: About | null }

/** `GET /api/v1/functions`: the language of expressions, for completion. */
export interface FunctionEntry { name: string; arguments: string; formula: string; derivative: string; example: string }
