import { computed } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Block as Shape, Drawing } from "../api";
import { Camera, type Side } from "../graph/camera";
import { flow, useKey } from "../graph/flow";
import { percent } from "../numbers";
import { isAsked, isGradientSeen, isOn, isRevealed } from "../quiz/quiz";
import { chosen, engine, nodes, page, pointed, state, step, story, toggleBox } from "../state/store";
import { words } from "../words";
import { Block } from "./Block";
import { Details } from "./Details";
import { NodeTable } from "./NodeTable";
import { useSearch } from "./Search";
import { Steps } from "./Steps";
import { Wire } from "./Wire";

const flowing = computed(() => page.value && chosen.value !== null ? flow(page.value, chosen.value) : null);

/** For each block how many wires lie between it and the result. */
const levels = computed(() => {
  const { blocks, wires } = page.value?.drawing ?? { blocks: [], wires: [] };
  const level = blocks.map(() => 1);
  for (const { from, to } of [...wires].sort((a, b) => b.to - a.to || b.from - a.from))
    level[from] = Math.max(level[from] ?? 1, (level[to] ?? 1) + 1);
  return level;
});

/** The block that an arrow key leads to: along a wire, or to the next one above or below. */
function neighbour({ blocks, wires }: Drawing, at: number, key: string): number | undefined {
  const height = (block: number) => blocks[block]?.y ?? 0;
  const among = (found: number[]) => found.sort((a, b) => height(a) - height(b));
  if (key === "ArrowLeft") return among(wires.filter((wire) => wire.to === at).map((wire) => wire.from))[0];
  if (key === "ArrowRight") return among(wires.filter((wire) => wire.from === at).map((wire) => wire.to))[0];
  if (key === "Home") return 0;
  if (key === "End") return blocks.length - 1;
  const here = blocks[at];
  if (!here || (key !== "ArrowUp" && key !== "ArrowDown")) return undefined;
  const way = key === "ArrowUp" ? -1 : 1;
  const column = blocks.map((_, other) => other)
    .filter((other) => Math.abs((blocks[other]?.x ?? 0) - here.x) < 60 && (height(other) - here.y) * way > 0);
  const next = among(column)[way > 0 ? 0 : column.length - 1];
  return next ?? (at + way >= 0 && at + way < blocks.length ? at + way : undefined);
}

function Picture({ camera, found, beyond }: { camera: { current: Camera | null }; found: Set<number>; beyond: (sides: Side[]) => void }) {
  const drawing = page.value?.drawing;
  const svg = useRef<SVGSVGElement>(null), inner = useRef<SVGGElement>(null);
  const [focus, setFocus] = useState(0);
  const size = drawing ? `${drawing.wide} ${drawing.tall}` : "";
  // In a quiz it is about the wire that is asked for.
  const asked = !isOn.value ? undefined : drawing?.wires.find(({ uses }) => uses.length > 0 && isAsked(uses.map(([gate, operand]) => useKey(gate, operand))));
  const now = asked ? { x: (asked.left + asked.right) / 2, y: asked.y } : drawing?.blocks[story.value[step.value]?.block ?? -1];
  useLayoutEffect(() => {
    if (svg.current && inner.current) camera.current = new Camera(svg.current, inner.current, beyond);
    let undo: (() => void) | null = null;
    const before = () => { undo = inner.current ? camera.current?.onPaper(inner.current) ?? null : null; }, after = () => { undo?.(); undo = null; };
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  useLayoutEffect(() => {
    if (!svg.current || !drawing) return;
    const around = now ?? { x: 0, y: drawing.tall / 2 };
    const fit = () => camera.current?.isMoved || camera.current?.fit(drawing.wide, drawing.tall, around);
    if (camera.current) camera.current.isMoved = false;
    fit();
    const watch = new ResizeObserver(fit);
    watch.observe(svg.current);
    return () => watch.disconnect();
  }, [size]);
  // What a step is about comes into sight.
  useEffect(() => {
    if (now && state.value.step !== undefined) camera.current?.show(now.x, now.y);
  }, [now?.x, now?.y, step.value]);

  if (!drawing) return <svg ref={svg} class="picture"><g ref={inner} /></svg>;
  const at = step.value, lit = flowing.value, w = words.value;
  const present = story.value[at]?.block ?? null;
  const onKey = (event: KeyboardEvent, block: Shape) => {
    if (event.key === "Enter" || event.key === " ") chosen.value = chosen.value === block.node ? null : block.node;
    else if (event.key === "+" && block.fold && engine.value?.changes === "all") toggleBox(block.fold);
    else if (event.key === "Escape") [chosen.value, pointed.value] = [null, null];
    else {
      const next = neighbour(drawing, drawing.blocks.indexOf(block), event.key);
      if (next === undefined) return;
      setFocus(next);
      (inner.current?.querySelectorAll(".block")[next] as SVGGElement | undefined)?.focus();
      const { x, y } = drawing.blocks[next] ?? block;
      camera.current?.show(x, y);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <svg ref={svg} class={`picture${lit ? " choosing" : ""}`} onClick={(event) => { if (event.target === svg.current) chosen.value = null; }}>
      <g ref={inner}>
        <g>{drawing.wires.map((wire, index) => {
          const keys = wire.uses.map(([gate, operand]) => useKey(gate, operand));
          // The last wire enters no gate: it carries what its own node has.
          const shares = keys.length > 0 ? keys.map((key) => lit?.uses.get(key) ?? 0) : [lit?.nodes.get(wire.node) ?? 0];
          const share = lit ? Math.min(1, shares.reduce((sum, one) => sum + one, 0)) : null;
          const isKnown = wire.gradient !== null && isRevealed(keys, wire.backward);
          return <Wire key={index} wire={wire} hasValue={wire.forward <= at} gradient={isKnown ? wire.gradient : isAsked(keys) ? "?" : null}
            share={share} shareText={share !== null && share > 0 && share < 0.9995 ? percent(share) : null}
            isNow={present !== null && (at === wire.backward && wire.to === present || at === wire.forward && wire.from === present && at > 0)} />;
        })}</g>
        <g role="tree" aria-label={`${w.picture}. ${w.pictureHint}`}>{drawing.blocks.map((block, index) => {
          const node = nodes.value.get(block.node);
          const isTotal = block.total !== null && isRevealed([`sum:${block.node}`], block.total_step);
          // A name begins with what is seen, so that it can be spoken.
          const seen = [block.symbol, block.caption, isTotal ? block.total : ""].filter(Boolean).join(" ");
          const value = block.forward <= at && node ? `, ${w.value} ${node.short}` : "";
          const gradient = node?.gradient_short && isGradientSeen(node.id) ? `, ${w.gradient} ${node.gradient_short}` : "";
          return <Block key={index} block={block} level={levels.value[index] ?? 1} label={`${seen}${block.tip && block.tip !== block.symbol ? `: ${block.tip}` : ""}${value}${gradient}`}
            isNow={present === index} isLit={chosen.value === block.node} isFound={found.has(index)} isFocusable={focus === index || index === 0 && focus >= drawing.blocks.length}
            total={isTotal ? block.total : null} onKey={onKey} />;
        })}</g>
      </g>
    </svg>
  );
}

/** Opens the box that was chosen, and closes those that are open. */
function Boxes() {
  const w = words.value, open = state.value.open ?? [];
  if (engine.value?.changes !== "all" || state.value.unfold) return null;
  const box = page.value?.drawing.blocks.find(({ node, fold }) => fold !== undefined && node === chosen.value);
  if (!box?.fold && open.length === 0) return null;
  return (
    <span class="boxes">
      {box?.fold && <button onClick={() => toggleBox(box.fold ?? "")}>⊞ {w.openBox(box.symbol)}</button>}
      {open.map((fold) => <button key={fold} aria-label={w.closeBox(fold)} title={w.closeBox(fold)} onClick={() => toggleBox(fold)}>{fold} ✕</button>)}
    </span>
  );
}

const ARROWS: Record<Side, string> = { left: "‹", right: "›", top: "‹", bottom: "›" };

/** The library's drawing, with what moves through it. */
export function Graph() {
  const camera = useRef<Camera | null>(null);
  const [isTable, setTable] = useState(false), [beyond, setBeyond] = useState<Side[]>([]);
  const { found, field } = useSearch((x, y) => camera.current?.show(x, y));
  const drawing = page.value?.drawing, w = words.value;
  const fit = () => drawing && camera.current?.fit(drawing.wide, drawing.tall);
  const hasNorms = drawing?.wires.some(({ value, gradient }) => value.includes("‖") || gradient?.includes("‖")) ?? false;
  return (
    <section class="card stage" id="graph" tabIndex={-1} aria-label={w.picture}>
      <div class="tools">
        {field}
        <Boxes />
        <span class="end">
          <button class="icon" aria-label={w.zoomOut} title={w.zoomOut} onClick={() => camera.current?.by(1 / 1.4)}>−</button>
          <button class="icon" aria-label={w.zoomIn} title={w.zoomIn} onClick={() => camera.current?.by(1.4)}>+</button>
          <button class={beyond.length > 0 && !isTable ? "wanted" : ""} title={w.fitHint} onClick={fit}>{w.fit}</button>
          <button aria-pressed={isTable} onClick={() => setTable(!isTable)}>{isTable ? w.picturesAgain : w.table}</button>
        </span>
      </div>
      <div class={`canvas${isTable ? " gone" : ""}`}>
        <Picture camera={camera} found={found} beyond={(sides) => setBeyond((old) => String(old) === String(sides) ? old : sides)} />
        {beyond.map((side) => <button key={side} class={`beyond ${side}`} aria-label={w.goOn[side]} title={w.goOn[side]} onClick={() => camera.current?.go(side)}><span>{ARROWS[side]}</span></button>)}
        <Details camera={camera} />
      </div>
      {isTable && <NodeTable />}
      {!isTable && <p class="legend"><span class="forward">{w.forwardLegend}</span> <span class="backward">{w.backwardLegend(page.value?.root.name ?? "f")}</span>
        {hasNorms && <span class="soft">{w.normsLegend}</span>}</p>}
      <Steps />
    </section>
  );
}
