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

/** The uses from the root down to a node, always along the largest share. */
export function chain(page: Page, node: number): Use[] {
  const from = usesOf(page), links: Use[] = [];
  for (let at = node; links.length < page.nodes.length;) {
    const uses = from.get(at);
    if (!uses?.[0]) break;
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

/** How many paths there are from a node to the root; more than any integer holds, maybe. */
export function countPaths(page: Page, node: number): number {
  const from = usesOf(page), counts = new Map([[page.root.node, 1]]);
  for (const { id } of [...page.nodes].reverse())
    if (id !== page.root.node) counts.set(id, (from.get(id) ?? []).reduce((sum, { gate }) => sum + (counts.get(gate.id) ?? 0), 0));
  return counts.get(node) ?? 0;
}

export interface Path {
  /** From the node up to the root. */
  uses: Use[];
  share: number;
}

const MOST_LOOKED_AT = 5000;

/** The paths with the largest shares from a node to the root. */
export function paths(page: Page, node: number, most: number): Path[] {
  const from = usesOf(page), found: Path[] = [];
  const open: (Path & { end: number })[] = [{ uses: [], share: 1, end: node }];
  for (let looked = 0; open.length > 0 && found.length < most && looked < MOST_LOOKED_AT; looked++) {
    const best = open.reduce((best, one, at) => one.share > (open[best]?.share ?? -1) ? at : best, 0);
    const [path] = open.splice(best, 1);
    if (!path) break;
    if (path.end === page.root.node) {
      found.push({ uses: path.uses, share: path.share });
      continue;
    }
    for (const use of from.get(path.end) ?? [])
      open.push({ uses: [...path.uses, use], share: path.share * use.passed.share, end: use.gate.id });
  }
  return found;
}
