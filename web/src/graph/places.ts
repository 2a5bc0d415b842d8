// A picture's places stay as long as only its numbers change.

import type { Drawing } from "../api";

function structure(drawing: Drawing): string {
  const blocks = drawing.blocks.map(({ role, symbol, node, inside }) => [role, symbol, node, inside?.length]);
  const wires = drawing.wires.map(({ from, to, node, uses }) => [from, to, node, uses]);
  return JSON.stringify([drawing.steps, blocks, wires]);
}

/** The new drawing, in the old one's places where it is of the same structure. */
export function keptPlaces(old: Drawing, now: Drawing): Drawing {
  if (structure(old) !== structure(now)) return now;
  return {
    ...now,
    wide: old.wide,
    tall: old.tall,
    blocks: now.blocks.map((block, at) => {
      const { x, y, wide, tall } = old.blocks[at] ?? block;
      return { ...block, x, y, wide, tall };
    }),
    wires: now.wires.map((wire, at) => {
      const { left, right, y, start, bends, end } = old.wires[at] ?? wire;
      return { ...wire, left, right, y, start, bends, end };
    }),
  };
}
