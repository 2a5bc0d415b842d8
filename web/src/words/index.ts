import { computed } from "@preact/signals";
import { language } from "../state/store";
import { en, type Words } from "./en";
import { ko } from "./ko";

/** The page's words in its language. */
export const words = computed<Words>(() => language.value === "ko" ? ko : en);
