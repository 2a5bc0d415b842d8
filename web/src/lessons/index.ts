import { batch } from "@preact/signals";
import { withStep } from "../state/range";
import { chosen, freshRanges, language, nudges, ranges, rate, state, view, windows } from "../state/store";
import { FIRST } from "./first";
import { SECOND } from "./second";
import type { Lesson } from "./lesson";

export const LESSONS: readonly Lesson[] = [...FIRST, ...SECOND];

/** The changes, the learning rate and the ranges that a chapter tells of; they are no part of a state. */
export function prepare(id: string | undefined): void {
  const lesson = LESSONS.find((one) => one.id === id);
  [nudges.value, rate.value] = [lesson?.nudges ?? {}, lesson?.rate ?? null];
  freshRanges();
  const reach = Object.fromEntries(Object.entries(lesson?.ranges ?? {}).map(([name, [from, to]]) => [name, withStep(from, to)]));
  [ranges.value, windows.value] = [reach, reach];
}

/** Shows a chapter, at its own numbers. */
export function openLesson(lesson: Lesson): void {
  batch(() => {
    prepare(lesson.id);
    [chosen.value, view.value] = [null, "lessons"];
    state.value = { ...lesson.state, lesson: lesson.id, lang: language.value };
  });
}
