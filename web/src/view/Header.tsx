import { useRef, useState } from "preact/hooks";
import type { State } from "../api";
import { prepare } from "../lessons";
import { begin, end } from "../quiz/quiz";
import { change, engine, language, page, state, view } from "../state/store";
import { theme, type Theme } from "../state/theme";
import { words } from "../words";
import { ExportMenu } from "./ExportMenu";
import { ShareDialog } from "./ShareDialog";

/** The same state with nothing in it. */
const blank = (state: State): Partial<State> => Object.fromEntries(Object.keys(state).map((key) => [key, undefined]));

export function Header() {
  const w = words.value;
  /** What was looked at before the lessons. */
  const kept = useRef<State | null>(null);
  const [open, setOpen] = useState<"share" | "export" | null>(null);
  const canAsk = engine.value?.changes === "all";
  const isQuiz = state.value.quiz ?? false;
  const toGraph = () => {
    view.value = "graph";
    const { lang } = state.value;
    if (state.value.lesson) prepare(undefined);
    if (state.value.lesson) kept.current ? change({ ...blank(state.value), ...kept.current, lang }) : change({ lesson: undefined });
    kept.current = null;
  };
  const toLessons = () => {
    if (!state.value.lesson) kept.current = state.value;
    view.value = "lessons";
    if (isQuiz) end();
  };
  return (
    <header>
      <a class="skip" href="#graph" onClick={(event) => { event.preventDefault(); document.getElementById("graph")?.focus(); }}>{w.skip}</a>
      <h1>{w.name}</h1>
      {canAsk && <nav aria-label={w.views}>
        <button aria-current={view.value === "graph" ? "page" : undefined} onClick={toGraph}>{w.graph}</button>
        <button aria-current={view.value === "lessons" ? "page" : undefined} onClick={toLessons}>{w.lessons}</button>
      </nav>}
      <div class="end">
        {canAsk && <div class="switch" role="group" aria-label={w.language}>
          <button lang="en" aria-pressed={language.value === "en"} onClick={() => change({ lang: "en" })}>English</button>
          <button lang="ko" aria-pressed={language.value === "ko"} onClick={() => change({ lang: "ko" })}>한국어</button>
        </div>}
        <select aria-label={w.theme} title={w.theme} value={theme.value} onChange={(event) => { theme.value = event.currentTarget.value as Theme; }}>
          {(["system", "light", "dark"] as const).map((one) => <option key={one} value={one}>{w.themes[one]}</option>)}
        </select>
        <button onClick={() => setOpen("share")}>{w.share}</button>
        <span class="menu-place">
          <button aria-expanded={open === "export"} disabled={!page.value} onClick={() => setOpen(open === "export" ? null : "export")}>{w.export}</button>
          {open === "export" && <ExportMenu close={() => setOpen(null)} />}
        </span>
        <button aria-pressed={isQuiz} disabled={!page.value} onClick={isQuiz ? end : begin}>{w.quiz}</button>
      </div>
      {open === "share" && <ShareDialog close={() => setOpen(null)} />}
    </header>
  );
}
