import type { Wire as Line } from "../api";
import { head, line } from "../graph/line";

interface Props {
  wire: Line;
  hasValue: boolean;
  gradient: string | null;
  /** The part of the chosen node's gradient that it carries; none where nothing is chosen. */
  share: number | null;
  shareText: string | null;
  isNow: boolean;
}

const SIZE = 13;
/** Letters of most fonts are narrower than this part of their size. */
const LETTER = 0.6;

/** An array in letters smaller than these is cut instead. */
const SMALLEST = 9.5;

/** An array, as far as it fits between the neighbours in letters that can be read. */
function cut(text: string, room: number): string {
  const most = Math.floor(room / (SMALLEST * LETTER));
  return text.startsWith("[") && text.length > most ? `${text.slice(0, Math.max(most - 1, 4))}…` : text;
}

/** The text's size with which it fits between the neighbours. */
function size(text: string, room: number): number {
  const wide = text.length * SIZE * LETTER;
  return wide <= room ? SIZE : Math.max(7, SIZE * room / wide);
}

export function Wire({ wire, hasValue, gradient, share, shareText, isNow }: Props) {
  const x = (wire.left + wire.right) / 2, room = wire.right - wire.left;
  const value = cut(wire.value, room), passed = gradient === null ? null : cut(gradient, room);
  const classes = ["wire", wire.is_constant && "constant", isNow && "now", share !== null && (share > 0 ? "lit" : "dim")];
  return (
    <g class={classes.filter(Boolean).join(" ")} aria-hidden="true">
      {share !== null && share > 0 && <path class="flow" d={line(wire)} stroke-width={2 + 8 * Math.min(share, 1)} />}
      <path class="line" d={line(wire)} />
      <path class="head" d={head(wire)} />
      {hasValue && <text class="v" x={x} y={wire.y - 6} font-size={size(value, room)}>{value}</text>}
      {passed !== null && <text class="g" x={x} y={wire.y + 16} font-size={size(passed, room)}>{passed}</text>}
      {shareText !== null && <text class="s" x={x} y={wire.y + 30}>{shareText}</text>}
    </g>
  );
}
