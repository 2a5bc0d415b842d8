import { useEffect, useRef } from "preact/hooks";
import { Refusal, type Format } from "../engine/engine";
import { save, toPng, toSvg, TooLarge } from "../graph/export";
import { fail } from "../state/follow";
import { engine, notice, request, state } from "../state/store";
import { words } from "../words";

const OF_SERVER: [Format, string][] = [["svg", "SVG"], ["latex", "LaTeX"], ["json", "JSON"], ["html", "HTML"], ["dot", "DOT"], ["mermaid", "Mermaid"]];

/** Files of what is shown; what only the program writes is hidden where it is not. */
export function ExportMenu({ close }: { close: () => void }) {
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    (menu.current?.firstElementChild as HTMLElement | null)?.focus();
    const away = (event: Event) => { if (!menu.current?.parentElement?.contains(event.target as Element)) close(); };
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, []);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const items = [...menu.current?.children ?? []] as HTMLElement[];
    items[(items.indexOf(document.activeElement as HTMLElement) + way + items.length) % items.length]?.focus();
  };
  const by = engine.value;
  const fromServer = async (format: Format) => {
    try {
      const { text, name, media } = await by!.export!(request.value, format, state.value);
      save(new Blob([text], { type: media }), name);
    } catch (error) {
      if (error instanceof Refusal) notice.value = error.message;
      else fail(error);
    }
    close();
  };
  const png = async () => {
    try {
      save(await toPng(), "graph.png");
    } catch (error) {
      if (error instanceof TooLarge) notice.value = words.value.noPng;
      else fail(error);
    }
    close();
  };
  const svg = () => { save(new Blob([toSvg()], { type: "image/svg+xml" }), "graph.svg"); close(); };
  return (
    <div class="menu" role="menu" ref={menu} onKeyDown={onKey}>
      <button role="menuitem" onClick={png}>PNG</button>
      {by?.export ? OF_SERVER.map(([format, name]) => <button key={format} role="menuitem" onClick={() => fromServer(format)}>{name}</button>)
        : <button role="menuitem" onClick={svg}>SVG</button>}
    </div>
  );
}
