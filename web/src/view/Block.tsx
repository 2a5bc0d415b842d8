import type { Block as Shape } from "../api";
import { chosen, engine, pointed, toggleBox } from "../state/store";

interface Props {
  block: Shape;
  level: number;
  label: string;
  isNow: boolean;
  isLit: boolean;
  isFound: boolean;
  isFocusable: boolean;
  /** The sum of its uses' gradients, where it is known by now. */
  total: string | null;
  onKey: (event: KeyboardEvent, block: Shape) => void;
}

const RADIUS = 19;

function Outline({ role, x, y, wide, tall }: Shape) {
  const [left, top] = [x - wide / 2, y - tall / 2];
  if (role === "gate" && wide <= 2 * RADIUS) return <circle class="outline" cx={x} cy={y} r={wide / 2} />;
  if (role === "constant" || role === "result") return <rect class="outline bare" x={left} y={top} width={wide} height={tall} rx="6" />;
  return (
    <>
      {(role === "fold" || role === "repeat") && <rect class="outline behind" x={left + 4} y={top - 4} width={wide} height={tall} rx="9" />}
      <rect class="outline" x={left} y={top} width={wide} height={tall} rx="9" />
    </>
  );
}

export function Block({ block, level, label, isNow, isLit, isFound, isFocusable, total, onKey }: Props) {
  const { role, symbol, caption, node, x, y, tall } = block;
  const classes = ["block", role, isNow && "now", isLit && "lit", isFound && "found"].filter(Boolean).join(" ");
  const below = y + tall / 2;
  return (
    <g class={classes} role="treeitem" aria-level={level} aria-label={label} aria-selected={isLit}
      tabIndex={isFocusable ? 0 : -1} data-node={node}
      onPointerEnter={() => { pointed.value = node; }}
      onPointerLeave={() => { pointed.value = null; }}
      onFocus={() => { pointed.value = node; }}
      onBlur={() => { pointed.value = null; }}
      onClick={() => { chosen.value = chosen.value === node ? null : node; }}
      onDblClick={() => { if (block.fold && engine.value?.changes === "all") toggleBox(block.fold); }}
      onKeyDown={(event) => onKey(event, block)}>
      <Outline {...block} />
      <text class="symbol" x={x} y={y} dy=".35em">{symbol}</text>{" "}
      {caption && <text class="caption" x={x} y={below + 15}>{caption}</text>}{" "}
      {total !== null && <text class="total" x={x} y={below + (caption ? 32 : 17)}>{total}</text>}
    </g>
  );
}
