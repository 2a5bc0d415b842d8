import { useLayoutEffect, useRef } from "preact/hooks";
import type { Node } from "../api";
import type { Camera } from "../graph/camera";
import { isGradientSeen, isPassedSeen, isValueSeen, labelOf } from "../quiz/quiz";
import { nodes, page, pointed } from "../state/store";
import { words } from "../words";
import { MathMl } from "./MathMl";

/** For each operand: upstream × local = product. */
export function Products({ node }: { node: Node }) {
  const w = words.value, root = page.value?.root.name ?? "f";
  const shown = node.backward.filter(({ operand }) => isPassedSeen(node.id, operand));
  if (shown.length === 0) return null;
  return (
    <table class="products">
      <thead><tr><th scope="col">{w.goesTo}</th><th scope="col">{w.upstream}</th><th scope="col">× {w.local}</th><th scope="col">= d{root}/d·</th></tr></thead>
      <tbody>{shown.map(({ operand, to, local_short, rule, product_short }) => (
        <tr key={operand}>
          <th scope="row">{labelOf(to)}</th>
          <td class="backward">{node.gradient_short}</td>
          <td class="forward">{rule && <MathMl text={rule} inline />}{rule && local_short ? " = " : ""}{local_short}</td>
          <td class="backward"><b>{product_short}</b></td>
        </tr>
      ))}</tbody>
    </table>
  );
}

/** What a node that is pointed at takes and gives; beside it in the picture. */
export function Details({ camera }: { camera: { current: Camera | null } }) {
  const box = useRef<HTMLDivElement>(null);
  const id = pointed.value, node = id === null ? undefined : nodes.value.get(id);
  const block = page.value?.drawing.blocks.find((block) => block.node === id);
  useLayoutEffect(() => {
    if (!box.current || !block || !camera.current) return;
    const { offsetWidth, offsetHeight, offsetParent } = box.current;
    const { clientWidth = 0, clientHeight = 0 } = offsetParent ?? {};
    const [x] = camera.current.place(block.x, block.y);
    const [, below] = camera.current.place(block.x, block.y + block.tall / 2);
    const [, above] = camera.current.place(block.x, block.y - block.tall / 2);
    const left = Math.max(8, Math.min(x - offsetWidth / 2, clientWidth - offsetWidth - 8));
    const top = below + 34 + offsetHeight <= clientHeight ? below + 34 : Math.max(8, above - 26 - offsetHeight);
    box.current.style.translate = `${left}px ${top}px`;
  });
  if (!node || !block) return null;
  const w = words.value, root = page.value?.root.name ?? "f";
  return (
    <div class="details" ref={box} role="tooltip">
      <p><b>{node.label}</b> {node.op !== node.label && <span class="soft">{node.op}{node.shape.length > 0 ? ` [${node.shape.join(", ")}]` : ""}</span>}</p>
      {isValueSeen(node.id) && <p>{node.formula && node.operands.length > 0 ? <><MathMl text={node.formula} inline /> = </> : `${w.value} `}<b class="forward">{node.short}</b></p>}
      {isGradientSeen(node.id) && node.gradient_short && <p>d{root}/d {node.label.length < 12 ? node.label : "·"} = <b class="backward">{node.gradient_short}</b></p>}
      <Products node={node} />
      {node.notes?.map((note) => <p class="note">{note}</p>)}
    </div>
  );
}
