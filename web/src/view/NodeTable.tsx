import { isGradientSeen, isValueSeen, labelOf } from "../quiz/quiz";
import { chosen, page } from "../state/store";
import { words } from "../words";

/** The whole graph as a table: the picture for those who do not see it. */
export function NodeTable() {
  const w = words.value, answer = page.value;
  if (!answer) return null;
  return (
    <div class="scroll node-table" tabIndex={0} role="region" aria-label={w.table}>
      <table>
        <thead><tr>
          {[w.node, w.operation, w.operands, w.value, w.gradient].map((title) => <th scope="col" key={title}>{title}</th>)}
        </tr></thead>
        <tbody>{answer.nodes.map((node) => (
            <tr key={node.id} class={chosen.value === node.id ? "lit" : ""}>
              <th scope="row">{node.label}{node.scope && <span class="soft"> {node.scope}</span>}</th>
              <td>{node.op}</td>
              <td>{node.operands.map((id) => labelOf(id)).join(", ")}</td>
              <td class="forward">{isValueSeen(node.id) ? node.short : "…"}</td>
              <td class="backward">{node.gradient_short === null ? "–" : isGradientSeen(node.id) ? node.gradient_short : "…"}</td>
            </tr>
          ))}</tbody>
      </table>
    </div>
  );
}
