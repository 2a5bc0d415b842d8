import { shown } from "../numbers";
import { page } from "../state/store";
import { words } from "../words";
import { MathMl } from "./MathMl";
import { Scroll } from "./Scroll";

/** The second derivatives, with their formulas. */
export function Hessian() {
  const w = words.value, answer = page.value, found = answer?.hessian ?? answer?.curvature;
  if (!answer || !found || found.names.length === 0) return <p>{w.noHessian}</p>;
  const formulas = answer.hessian?.formulas;
  return (
    <>
      <p class="soft">{w.hessianWords}</p>
      <Scroll label={w.tabs.hessian}><table class="hessian">
        <thead><tr><th scope="col">∂²{answer.root.name}</th>{found.names.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>{found.names.map((name, row) => (
          <tr key={name}><th scope="row">{name}</th>{found.values[row]?.map((x, column) => {
            const formula = formulas?.[row]?.[column];
            return <td key={column}><b>{shown(x)}</b>{formula && <MathMl text={formula} inline />}</td>;
          })}</tr>
        ))}</tbody>
      </table></Scroll>
    </>
  );
}
