// A chapter: a state of the page, and what a teacher says of it.

import type { State } from "../api";
import type { Told } from "./told";

export interface Lesson {
  id: string;
  state: State;
  /** Changes that the what-if table shows. */
  nudges?: Record<string, number>;
  /** The learning rate of the way down. */
  rate?: number;
  /** Where sliders and curves reach, by name or `name:element`, so that what is to be tried can be. */
  ranges?: Record<string, [number, number]>;
  /** What is asked for: a number of the page, or the place of the right choice. */
  answer: Told | { choice: number };
  /** How near a number must come, as a part of it, where that is what the question is about. */
  tolerance?: number;
  en: Text;
  ko: Text;
}

/** Names in braces stand for numbers of the page: see `told.ts`. Between backticks stands what is typed. */
export interface Text {
  title: string;
  paragraphs: string[];
  try: string;
  question: string;
  choices?: string[];
  /** Why the answer is right. */
  why: string;
}
