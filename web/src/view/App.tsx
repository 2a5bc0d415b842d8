import { useEffect } from "preact/hooks";
import { frontier } from "../quiz/quiz";
import { engine, goTo, isLost, isNetwork, isStale, language, mistake, network, notice, page, state, step, view } from "../state/store";
import { words } from "../words";
import { Chain } from "./Chain";
import { ExampleCard, Weights } from "./ExampleCard";
import { ExpressionField } from "./ExpressionField";
import { Graph } from "./Graph";
import { Header } from "./Header";
import { Inputs } from "./Inputs";
import { Lessons } from "./Lessons";
import { Quiz } from "./Quiz";
import { Story } from "./Story";
import { Tabs } from "./Tabs";
import { Typed } from "./Typed";

/** Whether a key belongs to what has the focus. */
function isTaken(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, dialog, [role=tree], [role=tablist], [role=menu]") !== null;
}

function onKey(event: KeyboardEvent): void {
  if (isTaken(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const to = { ArrowRight: step.value + 1, ArrowLeft: step.value - 1, Home: 0, End: frontier.value }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  goTo(Math.min(to, frontier.value));
}

function Notes() {
  const notes = page.value?.notes ?? [];
  if (notes.length === 0) return null;
  return <section class="card notes"><h2>{words.value.notes}</h2>{notes.map((note) => <p key={note} class="note">{note}</p>)}</section>;
}

/** In place of everything, until there is an answer: what to wait for, or to do. */
function Nothing() {
  const w = words.value;
  if (isStale.value) return <section class="card alone" role="alert"><h2 class="big">{w.noAccess}</h2><p><Typed text={w.noAccessWords} /></p></section>;
  if (isLost.value) return <section class="card alone" role="alert"><p><Typed text={w.lostAtFirst} /></p></section>;
  return mistake.value ? null : <p class="loading" role="status">{w.loading}</p>;
}

export function App() {
  const w = words.value, isQuiz = state.value.quiz ?? false, isLesson = view.value === "lessons";
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => { document.documentElement.lang = language.value; }, [language.value]);
  const title = isNetwork.value ? network.value?.run ?? "" : state.value.e;
  useEffect(() => { document.title = `${title} · chainrule`; }, [title]);
  return (
    <>
      <Header />
      <div role="status" class="banners">
        {isLost.value && page.value && <p class="banner">{w.lost}</p>}
        {isStale.value && page.value && <p class="banner">{w.stale}</p>}
        {engine.value?.changes === "none" && <p class="banner"><Typed text={w.readOnly} /></p>}
        {notice.value && <p class="banner">{notice.value} <button aria-label={w.close} title={w.close} onClick={() => { notice.value = ""; }}>✕</button></p>}
      </div>
      {!page.value && (isStale.value || isLost.value) ? <main class="none"><Nothing /></main> : <main class={isLesson ? "with-lesson" : ""}>
        {isLesson && <div class="course"><Lessons /></div>}
        <div class="given">{isNetwork.value ? <ExampleCard /> : <><ExpressionField /><Inputs /></>}</div>
        <div class="middle">
          <Graph />
          {isNetwork.value ? <Weights /> : !isQuiz && page.value && <Tabs />}
        </div>
        <div class="told">{isQuiz && <Quiz />}<Story /><Chain /><Notes /></div>
        {!page.value && <Nothing />}
      </main>}
    </>
  );
}
