import { Fragment } from "preact";
import { chain, through, type Use } from "../graph/flow";
import { digits, percent, single } from "../numbers";
import { isGradientSeen, labelOf } from "../quiz/quiz";
import { chosen, isScalar, nodes, page, step, story } from "../state/store";
import { words } from "../words";

/** More factors than these are left out in the middle. */
const MOST_FACTORS = 8;

/** What a block multiplies by: its local derivative, or the product of those inside. */
function Factor({ symbol, uses }: { symbol: string; uses: Use[] }) {
  const local = uses.reduce((product, { passed }) => product * (single(passed.local) ?? NaN), 1);
  return <><i aria-hidden="true">·</i><span class="factor forward"><small>{symbol}</small>{local < 0 ? `(${digits(local)})` : digits(local)}</span></>;
}

/** The product of local derivatives down to a node, along the largest share. */
function One({ node }: { node: number }) {
  const answer = page.value, own = nodes.value.get(node);
  if (!answer || !own) return null;
  const w = words.value, links = chain(answer, node), root = answer.root.name;
  if (links.length === 0) return null;
  const share = links.reduce((part, { passed }) => part * passed.share, 1);
  const product = links.reduce((part, { passed }) => part * (single(passed.local) ?? NaN), 1);
  // Where nothing arrives, or nothing finite, there are no parts.
  const isAll = !(share > 0) || share > 1 - 1e-9;
  const factors = through(answer, links), cut = factors.length > MOST_FACTORS;
  const shown = cut ? [...factors.slice(0, MOST_FACTORS / 2), ...factors.slice(-MOST_FACTORS / 2)] : factors;
  const name = own.label;
  const gradient = own.gradient_short ?? "";
  return (
    <div class="one-chain">
      <h3>{w.wholeChain(name)}</h3>
      <div class="chain">
        <span class="factor backward"><small>d{root}/d{root}</small>1</span>
        {shown.map((factor, at) => <Fragment key={at}>
          {cut && at === MOST_FACTORS / 2 && <><i>·</i><span class="factor">…</span></>}
          <Factor {...factor} />
        </Fragment>)}
        <i aria-hidden="true">=</i>
        <span class="factor result">{isAll ? gradient : digits(product)}</span>
      </div>
      {!isAll && <p class="soft small">{w.chainPart(percent(share))}</p>}
      {isAll && own.operands.length === 0 && /\d/.test(gradient) && <p>{gradient === "0" ? w.chainFlat(root, name) : w.chainWords(root, name, gradient.replace("−", ""), gradient.startsWith("−"))}</p>}
    </div>
  );
}

/** The running chain: to the node that was chosen, or to what the present gate passes to. */
export function Chain() {
  const answer = page.value;
  if (!answer || !isScalar.value) return null;
  const told = story.value[step.value];
  const gate = told?.block === null || told?.direction !== "backward" ? undefined
    : answer.drawing.blocks[told?.block ?? -1];
  const inside = gate ? [gate.node, ...gate.inside ?? []] : [];
  const received = inside.flatMap((id) => nodes.value.get(id)?.backward.map(({ to }) => to) ?? []).filter((to) => !inside.includes(to));
  const wanted = chosen.value !== null && chosen.value !== answer.root.node ? [chosen.value] : [...new Set(received)].slice(0, 3);
  const known = wanted.filter((id) => isGradientSeen(id) && nodes.value.get(id)?.gradient_short);
  if (known.length === 0) return null;
  return <section class="card chains" aria-label={words.value.wholeChain(known.map(labelOf).join(", "))}>{known.map((id) => <One key={id} node={id} />)}</section>;
}
