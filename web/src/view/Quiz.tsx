import { useEffect, useRef, useState } from "preact/hooks";
import { digits, shown } from "../numbers";
import { begin, done, end, explained, judge, present, questions, score, settle, similar, type Question, type Verdict } from "../quiz/quiz";
import { change, engine, freshRanges } from "../state/store";
import { typedAnswer } from "../typed";
import { words } from "../words";

function Ask({ question }: { question: Question }) {
  const w = words.value;
  const [text, setText] = useState(""), [verdict, setVerdict] = useState<Verdict | null>(null), [tries, setTries] = useState(0);
  const field = useRef<HTMLInputElement>(null), onward = useRef<HTMLButtonElement>(null);
  const [isShown, setShown] = useState(false);
  const isOver = verdict === "right" || isShown;
  useEffect(() => (isOver ? onward : field).current?.focus({ preventScroll: true }), [isOver]);
  const { kind, gate, to, upstream, local, right, parts } = question;
  const check = (event: Event) => {
    event.preventDefault();
    const given = field.current?.value ?? text;
    const found = judge(question, typedAnswer(given));
    setText(given);
    setVerdict(found);
    if (found !== "none" && found !== "right") setTries(tries + 1);
  };
  const sum = parts.map((x) => x < 0 ? `(${digits(x)})` : digits(x)).join(" + ");
  const solution = kind === "sum" ? `${sum} = ${digits(right)}` : w.solution(digits(upstream), local < 0 ? `(${digits(local)})` : digits(local), digits(right));
  return (
    <form onSubmit={check}>
      <p class="ask"><b>{kind === "sum" ? w.quizSum(to) : w.quizPart(gate, to)}</b></p>
      <p class="soft">{kind === "sum" ? w.quizUses(parts.map((x) => shown(x)).join(", ")) : w.quizHint(digits(upstream))} {w.quizDigits}</p>
      <div class="field-row">
        <input ref={field} inputMode="decimal" autocomplete="off" aria-label={w.answer} placeholder={w.answer} value={text} readOnly={isOver}
          aria-invalid={verdict !== null && verdict !== "right"} onInput={(event) => setText(event.currentTarget.value)} />
        {!isOver && <button class="main" type="submit">{w.check}</button>}
        {!isOver && tries > 0 && <button type="button" onClick={() => setShown(true)}>{w.showIt}</button>}
        {isOver && <button ref={onward} class="main" type="button" onClick={() => settle(question, verdict === "right" && tries === 0)}>{w.onward} →</button>}
      </div>
      <div role="status">
        {verdict !== null && !isShown && <p class={verdict === "right" ? "good" : "bad"}>{explained(question, verdict, typedAnswer(text), w)}</p>}
        {isOver && <p class="numbers">{solution}</p>}
      </div>
    </form>
  );
}

/** Arrays are not asked for: an expression like theirs is offered. */
function OfArrays() {
  const w = words.value, { e, at } = similar.value;
  return <>
    <p>{w.quizNumbers}</p>
    {engine.value?.changes === "all" && <p><button class="main" onClick={() => {
      freshRanges();
      change({ e, at, quiz: true, target: undefined, cross_entropy: undefined, example: undefined, lesson: undefined, open: undefined, unfold: undefined });
    }}>{w.quizExample(e)}</button></p>}
  </>;
}

/** Asks for the gradients, gate by gate. */
export function Quiz() {
  const w = words.value, { right, of } = score.value, question = present.value;
  return (
    <section class="card quiz" aria-labelledby="quiz-title">
      <h2 id="quiz-title">{w.quiz} {questions.value.length > 0 && <span class="tag">{done.value.size} / {questions.value.length}</span>}</h2>
      {questions.value.length === 0 ? <OfArrays />
        : question ? <>{done.value.size === 0 && <p>{w.quizStart}</p>}<Ask key={question.key} question={question} /></>
        : <p><b>{w.quizDone}</b></p>}
      {of > 0 && <p class="soft">{w.score(right, of)}</p>}
      <p class="row-end">
        {questions.value.length > 0 && !question && <button onClick={begin}>{w.quizAgain}</button>}
        <button onClick={end}>{w.endQuiz}</button>
      </p>
    </section>
  );
}
