// Along which uses a gradient came, and in what parts.

import type { Node, Page } from "../api";

type Backward = Node["backward"][number];

export interface Use {
  gate: Node;
  passed: Backward;
}

export const useKey = (gate: number, operand: number) => `${gate}:${operand}`;

const lookedUp = new WeakMap<Page, Map<number, Use[]>>();

/** For each node the uses that its gradient comes from; looked up once for each answer. */
export function usesOf(page: Page): Map<number, Use[]> {
  const old = lookedUp.get(page);
  if (old) return old;
  const uses = new Map<number, Use[]>();
  lookedUp.set(page, uses);
  for (const gate of page.nodes)
    for (const passed of gate.backward) {
      const known = uses.get(passed.to);
      known ? known.push({ gate, passed }) : uses.set(passed.to, [{ gate, passed }]);
    }
  return uses;
}

export interface Flow {
  nodes: Map<number, number>;
  uses: Map<string, number>;
}

/** The parts of a node's gradient on every use and node above it, from 0 to 1. */
export function flow(page: Page, node: number): Flow {
  const from = usesOf(page);
  const nodes = new Map([[node, 1]]), uses = new Map<string, number>();
  for (const { id } of page.nodes) {
    const part = nodes.get(id);
    if (part === undefined) continue;
    for (const { gate, passed } of from.get(id) ?? []) {
      const key = useKey(gate.id, passed.operand);
      uses.set(key, (uses.get(key) ?? 0) + part * passed.share);
      nodes.set(gate.id, (nodes.get(gate.id) ?? 0) + part * passed.share);
    }
  }
  return { nodes, uses };
}

/** The uses from the root down to a node, always along the largest share; none where the page lacks a node in between. */
export function chain(page: Page, node: number): Use[] {
  const from = usesOf(page), links: Use[] = [];
  for (let at = node; at !== page.root.node;) {
    const uses = from.get(at);
    if (!uses?.[0]) return [];
    const largest = uses.reduce((best, use) => use.passed.share > best.passed.share ? use : best, uses[0]);
    links.push(largest);
    at = largest.gate.id;
  }
  return links.reverse();
}

/** The signs of the blocks that uses lead through, from one end to the other; several uses inside one are one. */
export function through(page: Page, uses: Use[]): { symbol: string; uses: Use[] }[] {
  const places = new Map(page.drawing.blocks.flatMap(({ role, node, inside }, at) =>
    role === "result" ? [] : [node, ...inside ?? []].map((one): [number, number] => [one, at])));
  const found: { symbol: string; uses: Use[]; at: number }[] = [];
  for (const use of uses) {
    const at = places.get(use.gate.id) ?? -1, last = found.at(-1);
    if (last && at >= 0 && last.at === at) last.uses.push(use);
    else found.push({ symbol: page.drawing.blocks[at]?.symbol ?? use.gate.op, uses: [use], at });
  }
  return found;
}

/** A way from a node up to the root: a use, and how it goes on from its gate. */
interface Way {
  use: Use | null;
  rest: Way | null;
  share: number;
}

/** All ways of a node: the largest, and how many there are; more than any integer holds, maybe. */
interface Ways {
  best: Way[];
  count: number;
}

const MOST_WAYS = 5;
const walked = new WeakMap<Page, Map<number, Ways>>();

/** The ways of every node, from the root down: the best of a node go on as the best of a gate that uses it. */
function waysOf(page: Page): Map<number, Ways> {
  const old = walked.get(page);
  if (old) return old;
  const from = usesOf(page), all = new Map<number, Ways>([[page.root.node, { best: [{ use: null, rest: null, share: 1 }], count: 1 }]]);
  walked.set(page, all);
  for (const { id } of [...page.nodes].reverse()) {
    if (all.has(id)) continue;
    const uses = from.get(id) ?? [];
    const ways = uses.flatMap((use) => (all.get(use.gate.id)?.best ?? []).map((rest): Way => ({ use, rest, share: rest.share * use.passed.share })));
    ways.sort((one, other) => other.share - one.share || 0);
    all.set(id, { best: ways.slice(0, MOST_WAYS), count: uses.reduce((sum, { gate }) => sum + (all.get(gate.id)?.count ?? 0), 0) });
  }
  return all;
}

export interface Path {
  /** From the node up to the root. */
  uses: Use[];
  share: number;
}

/** The paths with the largest shares from a node to the root, and how many there are. */
export function paths(page: Page, node: number): { best: Path[]; count: number } {
  const { best, count } = waysOf(page).get(node) ?? { best: [], count: 0 };
  const path = (way: Way): Path => {
    const uses = [];
    for (let at: Way | null = way; at?.use; at = at.rest) uses.push(at.use);
    return { uses, share: way.share };
  };
  return { best: best.map(path), count };
}
