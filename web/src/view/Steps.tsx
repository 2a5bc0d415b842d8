import { frontier } from "../quiz/quiz";
import { goTo, lastStep, state, step, story } from "../state/store";
import { words } from "../words";

/** Forward and backward, one gate at a time. */
export function Steps() {
  const w = words.value, at = step.value, last = lastStep.value;
  const direction = story.value[at]?.direction ?? "start";
  const isEnd = at === last, isHeld = at >= frontier.value;
  const seed = story.value.findIndex((one) => one.direction === "seed" || one.direction === "backward");
  const isQuiz = state.value.quiz ?? false;
  return (
    <div class="steps" role="group" aria-label={w.steps}>
      <button class="icon" onClick={() => goTo(0)} disabled={at === 0} aria-label={w.first} title={w.first}>⇤</button>
      <button onClick={() => goTo(at - 1)} disabled={at === 0}>← {w.back}</button>
      {isEnd && !isQuiz
        ? <button class="main" onClick={() => goTo(0)}>↺ {w.again}</button>
        : <button class="main" onClick={() => goTo(Math.min(at + 1, frontier.value))} disabled={isHeld}>{w.next} →</button>}
      <button class="icon" onClick={() => goTo(frontier.value)} disabled={isHeld} aria-label={w.last} title={w.last}>⇥</button>
      <Track at={at} last={last} seed={seed} />
      <span class="where">{at === 0 ? w.atStart : <><b class={direction}>{w.directions[direction]}</b> · {w.atStep(at, last)}</>}</span>
    </div>
  );
}

/** Where the steps stand: a slider over a bar in the two passes' colours. */
function Track({ at, last, seed }: { at: number; last: number; seed: number }) {
  const turn = seed < 0 ? last : seed - 1;
  const share = (x: number) => `${last === 0 ? 0 : 100 * x / last}%`;
  return (
    <div class="track">
      <svg aria-hidden="true" preserveAspectRatio="none">
        <rect class="all" width="100%" height="100%" rx="4" />
        <rect class="f" width={share(Math.min(at, turn))} height="100%" rx="4" />
        {at > turn && <rect class="b" x={share(turn)} width={share(at - turn)} height="100%" rx="4" />}
      </svg>
      <input type="range" min="0" max={last} value={at} aria-label={words.value.track}
        onInput={(event) => goTo(Math.min(Number(event.currentTarget.value), frontier.value))} />
    </div>
  );
}
