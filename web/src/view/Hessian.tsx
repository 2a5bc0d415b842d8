import type { Num } from "../api";
import { listed, shown } from "../numbers";
import { engine, numbers, page } from "../state/store";
import { words } from "../words";
import { MathMl } from "./MathMl";
import { Scroll } from "./Scroll";
import { Typed } from "./Typed";

/** More formulas than these are not for reading. */
const MOST = 40;

/** The derivatives, with their formulas. */
export function Hessian() {
  const w = words.value, answer = page.value;
  if (!answer) return null;
  const { output, root, hessian, curvature } = answer;
  const hasLoss = output.node !== root.node;
  const isSecond = hessian?.names.length || curvature?.names.length;
  return (
    <>
      <Partials />
      <h3>{w.second}</h3>
      <p class="soft"><Typed text={isSecond ? w.hessianWords : numbers.value.length === 0 ? w.noHessian : engine.value?.changes !== "all" ? w.noHessianHere : w.noHessianOf(numbers.value.length)} /></p>
      {hessian && <Matrix of={output.name} {...hessian} />}
      {curvature && (hasLoss || !hessian) && <Matrix of={root.name} {...curvature} />}
    </>
  );
}

/** The first derivatives of the output, as formulas. */
function Partials() {
  const w = words.value, answer = page.value;
  if (!answer || answer.partials.length === 0) return null;
  return (
    <section class="partials">
      <h3>{w.partials(answer.output.name)}</h3>
      <dl>{answer.partials.slice(0, MOST).map(({ name, formula, value }) => (
        <div key={name}><dt class="backward">∂{answer.output.name}/∂{name}</dt><dd>{formula && <>= <MathMl text={formula} inline /> </>}= <b>{listed(value)}</b></dd></div>
      ))}</dl>
    </section>
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
