import type { Num } from "../api";
import { shown } from "../numbers";
import { page } from "../state/store";
import { words } from "../words";
import { MathMl } from "./MathMl";
import { Scroll } from "./Scroll";

/** The second derivatives, with their formulas. */
export function Hessian() {
  const w = words.value, answer = page.value;
  if (!answer) return null;
  const { output, root, hessian, curvature } = answer;
  const hasLoss = output.node !== root.node;
  if (!hessian?.names.length && !curvature?.names.length) return <p>{w.noHessian}</p>;
  return (
    <>
      <p class="soft">{w.hessianWords}</p>
      {hessian && <Matrix of={output.name} {...hessian} />}
      {curvature && (hasLoss || !hessian) && <Matrix of={root.name} {...curvature} />}
    </>
  );
}

function Matrix({ of, names, values, formulas }: { of: string; names: string[]; values: Num[][]; formulas?: (string | null)[][] }) {
  return (
    <>
      <Scroll label={words.value.tabs.hessian}><table class="hessian">
        <thead><tr><th scope="col">∂²{of}</th>{names.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>{names.map((name, row) => (
          <tr key={name}><th scope="row">{name}</th>{values[row]?.map((x, column) => {
            const formula = formulas?.[row]?.[column];
            return <td key={column}><b>{shown(x)}</b>{formula && <MathMl text={formula} inline />}</td>;
          })}</tr>
        ))}</tbody>
      </table></Scroll>
    </>
  );
}
