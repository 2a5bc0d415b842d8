import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Block } from "../api";
import { nodes, page } from "../state/store";
import { words } from "../words";

/** Letters as they are compared: a keyboard has no minus sign. */
const plain = (text: string) => text.toLowerCase().replaceAll("−", "-");

/** The field that finds blocks of the picture: how many there are, and one after the other by Enter. */
export function useSearch(show: (x: number, y: number) => void): { found: Set<number>; field: JSX.Element } {
  const w = words.value, drawing = page.value?.drawing;
  const [wanted, setWanted] = useState(""), [at, setAt] = useState(0);
  const text = plain(wanted.trim());
  const having = (texts: (block: Block) => string[]) => text === "" || !drawing ? [] : drawing.blocks.flatMap((block, index) =>
    texts(block).some((one) => plain(one).includes(text)) ? [index] : []);
  // What a block computes is told with all that it is computed from: it counts where no sign or name does.
  const named = having(({ symbol, caption, node }) => [symbol, caption, nodes.value.get(node)?.scope ?? ""]);
  const all = named.length > 0 ? named : having(({ tip }) => [tip]);
  const here = Math.min(at, all.length - 1), block = drawing?.blocks[all[here] ?? -1];
  useEffect(() => { if (block) show(block.x, block.y); }, [text, here]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") setWanted("");
    if (event.key !== "Enter" || all.length === 0) return;
    event.preventDefault();
    setAt((here + (event.shiftKey ? all.length - 1 : 1)) % all.length);
  };
  const field = (
    <span class="search">
      <input type="search" value={wanted} placeholder={w.search} aria-label={w.search} title={w.searchHint} aria-describedby="found"
        onInput={(event) => { setWanted(event.currentTarget.value); setAt(0); }} onKeyDown={onKey} />
      <span id="found" role="status" class={all.length === 0 ? "bad small" : "soft small"}>{text === "" || !drawing ? "" : all.length === 0 ? w.noneFound : w.foundOf(here + 1, all.length)}</span>
    </span>
  );
  // The one that Enter came to is marked alone.
  return { found: new Set(all[here] === undefined || at === 0 ? all : [all[here] ?? -1]), field };
}
