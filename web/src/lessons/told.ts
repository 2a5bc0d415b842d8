// Numbers of the page that a text tells, by name.

import type { Page } from "../api";
import { digits, listed, single, toNumber } from "../numbers";

/** `v x` the value of x, `g x` its gradient, `d x` a change of it, `t x` the true effect of that, `q x` the
 * quotient of the two, `l x` the local derivative of the gate x by its first operand, `loss` the root, `out` the output, `target` what it shall be, `after` the root after a step down, `limit` and
 * `rate` of the way down. */
export type Told = `${"v" | "g" | "l" | "d" | "t" | "q"} ${string}` | "loss" | "out" | "target" | "after" | "limit" | "rate";

/** A number, or an array in few letters. */
export function told(page: Page, what: string): number | string | null {
  const [kind = "", ...rest] = what.split(" "), name = rest.join(" ");
  const node = page.nodes.find(({ label }) => label === name), change = page.what_if.find((row) => row.name === name);
  const delta = single(change?.delta);
  switch (kind) {
    case "v": return node ? single(node.value) ?? listed(node.value) : null;
    case "g": return node ? single(node.gradient) ?? listed(node.gradient) : null;
    case "l": return single(node?.backward[0]?.local);
    case "d": return delta;
    case "t": return change ? toNumber(change.change) : null;
    case "q": return change && delta ? toNumber(change.change) / delta : null;
    case "loss": return toNumber(page.root.value);
    case "target": return single(page.target);
    case "out": return single(page.output.value) ?? null;
    case "after": return page.descent?.points[1] ? toNumber(page.descent.points[1].loss) : null;
    case "limit": return page.descent?.limit === null || !page.descent ? null : toNumber(page.descent.limit);
    case "rate": return page.descent?.lr ?? null;
    default: return null;
  }
}

export function written(page: Page | null, what: string): string {
  const found = page && told(page, what);
  return typeof found === "number" ? digits(found) : found ?? "…";
}
