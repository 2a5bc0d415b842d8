import type { Page } from "../api";
import { paths, through, type Use } from "../graph/flow";
import { digits, percent, shown, single, toNumber } from "../numbers";
import { chosen, page } from "../state/store";
import { words } from "../words";
import { Bar } from "./Bar";

/** What a path gives of the gradient: the product of its local derivatives, where they are numbers. */
function product(uses: Use[]): number | null {
  const locals = uses.map(({ passed }) => single(passed.local));
  return locals.includes(null) ? null : locals.reduce((all: number, one) => all * (one ?? NaN), 1);
}

/** The largest paths of one input, and how many more there are. */
function Ways({ answer, name, node }: { answer: Page; name: string; node: number }) {
  const { best, count } = paths(answer, node), others = count - best.length;
  return (
    <>
      {best.map(({ uses, share }, at) => (
        <div key={at} class="path"><span class="way">{name}{through(answer, uses).map(({ symbol }, at) => <span key={at}> → {symbol}</span>)} → {answer.root.name}</span><Bar share={share} /><span class="numbers">{product(uses) !== null && <b class="backward">{digits(product(uses) ?? NaN, 4)}</b>} {percent(share)}</span></div>
      ))}
      {others > 0 && <p class="soft small">{words.value.morePaths(others)}</p>}
    </>
  );
}

/** By which ways the gradient came, and which input matters. */
export function Paths() {
  const w = words.value, answer = page.value;
  if (!answer) return null;
  const { root } = answer;
  const inputs = answer.inputs.filter((input) => input.node !== null && input.gradient !== null);
  const one = inputs.find(({ node }) => node === chosen.value);
  const effects = answer.elasticities.map(({ name, value }) => ({ name, effect: toNumber(value) })).sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const largest = Math.max(...effects.map(({ effect }) => Math.abs(effect)), 0);
  return (
    <div class="halves">
      <div>
        <p class="soft">{w.pathsWords}</p>
        {(one ? [one] : inputs).map(({ name, node }) => (
          <section key={name} class="paths">
            <h3><button class="name" aria-pressed={chosen.value === node} title={w.lightUp(name)} onClick={() => { chosen.value = chosen.value === node ? null : node; }}>{name}</button> <span class="soft">{w.pathsOf(name, root.name)}</span></h3>
            <Ways answer={answer} name={name} node={node ?? -1} />
          </section>
        ))}
      </div>
      {effects.length > 0 && (
        <section>
          <h3>{w.whichMatters}</h3>
          {effects.map(({ name, effect }) => (
            <div key={name} class="path"><span>{name}</span><Bar share={largest === 0 ? 0 : Math.abs(effect) / largest} /><span class="numbers">{shown(effect)}</span></div>
          ))}
          <p class="soft">{w.gradientTimesValue}</p>
        </section>
      )}
    </div>
  );
}
