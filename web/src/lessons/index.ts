import { batch } from "@preact/signals";
import { chosen, language, nudges, ranges, rate, state, view } from "../state/store";
import { FIRST } from "./first";
import { SECOND } from "./second";
import type { Lesson } from "./lesson";

export const LESSONS: readonly Lesson[] = [...FIRST, ...SECOND];

/** Shows a chapter, at its own numbers. */
export function openLesson(lesson: Lesson): void {
  batch(() => {
    [nudges.value, rate.value, ranges.value] = [lesson.nudges ?? {}, lesson.rate ?? null, {}];
    [chosen.value, view.value] = [null, "lessons"];
    state.value = { ...lesson.state, lesson: lesson.id, lang: language.value };
  });
}
