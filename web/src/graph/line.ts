// The line of a wire as a path.

import type { Wire } from "../api";

/** The length of an arrow's head. */
const HEAD = 8;

export function line({ start, bends, end }: Wire): string {
  let path = `M${start[0]} ${start[1]}`;
  for (const { from, to } of bends) {
    const middle = (from[0] + to[0]) / 2;
    path += `H${from[0]}`;
    path += from[1] === to[1] ? `H${to[0]}` : `C${middle} ${from[1]} ${middle} ${to[1]} ${to[0]} ${to[1]}`;
  }
  return `${path}H${end[0] - HEAD + 1}`;
}

export function head({ end: [x, y] }: Wire): string {
  return `M${x} ${y}l${-HEAD} ${-HEAD / 2}v${HEAD}z`;
}
