// Light or dark: as the system has it, or as somebody chose.

import { computed, effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const KEY = "chainrule-theme";

function remembered(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch {
    // A document from a file may have no storage.
    return "system";
  }
}

const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = signal(system.matches);
system.addEventListener("change", () => { isDark.value = system.matches; });

/** Paper is light. */
const isPaper = signal(false);
addEventListener("beforeprint", () => { isPaper.value = true; });
addEventListener("afterprint", () => { isPaper.value = false; });

export const theme = signal<Theme>(remembered());
export const scheme = computed(() => isPaper.value ? "light" : theme.value === "system" ? (isDark.value ? "dark" : "light") : theme.value);

effect(() => {
  document.documentElement.dataset.scheme = scheme.value;
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // It is not remembered then.
  }
});
