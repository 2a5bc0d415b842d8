import { useEffect, useRef, useState } from "preact/hooks";
import { LESSONS, openLesson } from "../lessons";
import type { Lesson } from "../lessons/lesson";
import { told, written } from "../lessons/told";
import { isNear } from "../quiz/quiz";
import { typedAnswer } from "../typed";
import { change, engine, language, page, state, view } from "../state/store";
import { words } from "../words";
import { settled } from "../words/josa";

/** A text with the page's numbers in it; in Korean with the particles that they want. */
function Filled({ text }: { text: string }) {
  const parts = text.split(/(\{[^}]*\}|`[^`]*`)/);
  const number = (part: string | undefined) => part?.startsWith("{") ? written(page.value, part.slice(1, -1)) : null;
  return <>{parts.map((part, at) => {
    const shown = number(part), before = number(parts[at - 1]);
    if (shown !== null) return <b key={at} class={part.startsWith("{g") ? "backward" : "forward"}>{shown}</b>;
    if (part.startsWith("`")) return <code key={at}>{part.slice(1, -1)}</code>;
    return before === null ? part : settled(before, part);
  })}</>;
}

function Question({ lesson }: { lesson: Lesson }) {
  const w = words.value, { question, choices, why } = lesson[language.value], { answer } = lesson;
  const [given, setGiven] = useState(""), [picked, setPicked] = useState<number | null>(null);
  const [is, setIs] = useState<"right" | "wrong" | "shown" | null>(null);
  const right = typeof answer === "object" ? answer.choice : page.value && told(page.value, answer);
  // Of other numbers another answer is right.
  useEffect(() => setIs((before) => before === "shown" ? before : null), [right]);
  const check = (event: Event) => {
    event.preventDefault();
    if (typeof answer === "object") return setIs(picked === answer.choice ? "right" : "wrong");
    const x = typedAnswer(given);
    setIs(typeof right === "number" && x !== null && isNear(x, right, lesson.tolerance) ? "right" : "wrong");
  };
  return (
    <form class="question" onSubmit={check}>
      <h3>{w.question}</h3>
      {choices && typeof answer === "object" ? (
        <fieldset>
          <legend><Filled text={question} /></legend>
          {choices.map((choice, at) => <label key={at} class="check"><input type="radio" name={lesson.id} checked={picked === at} onChange={() => { setPicked(at); setIs(null); }} /> {choice}</label>)}
          <button type="submit" disabled={picked === null}>{w.check}</button>
        </fieldset>
      ) : (
        <>
          <p><Filled text={question} /></p>
          <div class="field-row">
            <input inputMode="decimal" autocomplete="off" aria-label={w.answer} placeholder={w.answer} value={given} onInput={(event) => { setGiven(event.currentTarget.value); setIs(null); }} />
            <button type="submit">{w.check}</button>
          </div>
        </>
      )}
      <div role="status">
        {is === "right" && <p class="good">{w.right} <Filled text={why} /></p>}
        {is === "wrong" && <p class="bad">{w.notRight} <button type="button" onClick={() => setIs("shown")}>{w.showAnswer}</button></p>}
        {is === "shown" && <p><Filled text={why} /></p>}
      </div>
    </form>
  );
}

/** A guided course: each chapter is a state of this page. */
export function Lessons() {
  const w = words.value;
  const at = LESSONS.findIndex(({ id }) => id === state.value.lesson), lesson = LESSONS[at];
  const title = useRef<HTMLHeadingElement>(null), wasOpen = useRef(state.value.lesson);
  useEffect(() => {
    if (!lesson && LESSONS[0]) openLesson(LESSONS[0]);
    if (lesson && wasOpen.current !== undefined && wasOpen.current !== lesson.id) title.current?.focus();
    wasOpen.current = lesson?.id;
  }, [lesson]);
  if (!lesson) return null;
  // A document that stands alone has the expression of one chapter.
  const isWhole = engine.value?.changes === "all";
  const text = lesson[language.value], [before, after] = [LESSONS[at - 1], LESSONS[at + 1]];
  return (
    <section class="card lesson" aria-labelledby="lesson-title">
      {isWhole && <nav class="chapters" aria-label={w.lessons}>
        <ol>{LESSONS.map((one, index) => (
          <li key={one.id}><button aria-current={one.id === lesson.id ? "step" : undefined} onClick={() => openLesson(one)} title={one[language.value].title} aria-label={`${index + 1}. ${one[language.value].title}`}>{index + 1}</button></li>
        ))}</ol>
      </nav>}
      <div class="lesson-text">
        <p class="soft small">{w.chapter(at + 1, LESSONS.length)}</p>
        <h2 id="lesson-title" class="big" ref={title} tabIndex={-1}>{text.title}</h2>
        {text.paragraphs.map((paragraph, index) => <p key={index}><Filled text={paragraph} /></p>)}
      </div>
      <div class="lesson-do">
        <h3>{w.try}</h3>
        <p><Filled text={text.try} /></p>
        <Question key={lesson.id} lesson={lesson} />
        <p class="row-end">
          <button onClick={() => openLesson(lesson)}>{w.reload}</button>
          {isWhole && before && <button onClick={() => openLesson(before)}>← {w.previousChapter}</button>}
          {isWhole && after ? <button class="main" onClick={() => openLesson(after)}>{w.nextChapter} →</button>
            : <button class="main" onClick={() => { view.value = "graph"; change({ lesson: undefined }); }}>{w.leaveLesson}</button>}
        </p>
      </div>
    </section>
  );
}
