// The state in the address: each change of it under the same entry, each new thing under a new one.

import { effect } from "@preact/signals";
import type { State } from "../api";
import { takeToken } from "../engine/server";
import { prepare } from "../lessons";
import { fromLine, toLine } from "./line";
import { notice, state, view } from "./store";
import { words } from "../words";

/** A browser refuses an address that changes too often. */
const PATIENCE = 400;

/** What makes an entry of its own. */
const entry = ({ e, example, lesson, quiz, unfold, open }: State) => JSON.stringify([e, example, lesson, quiz, unfold, open]);

export function keepAddress(): void {
  let waiting = 0, written = location.hash, last = entry(state.peek());
  effect(() => {
    const now = state.value;
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const line = await toLine(now);
      const fragment = line === null ? "" : `#${line}`;
      if (line === null || fragment === written || now !== state.peek()) return;
      const isNew = entry(now) !== last;
      [written, last] = [fragment, entry(now)];
      isNew ? history.pushState(null, "", fragment) : history.replaceState(null, "", fragment);
    }, PATIENCE);
  });
  const read = async () => {
    // The address that a new start of the program printed: its token is for everything here.
    if (location.hash.includes("token=")) {
      takeToken();
      location.reload();
      return;
    }
    if (location.hash === written) return;
    const found = await fromLine(location.hash);
    if (!found) {
      notice.value = words.value.badLine;
      history.replaceState(null, "", written === "" ? location.pathname : written);
      return;
    }
    notice.value = "";
    [written, last] = [location.hash, entry(found)];
    // Who goes back has chosen a language since.
    open({ ...found, lang: state.peek().lang ?? found.lang });
  };
  addEventListener("popstate", () => void read());
  addEventListener("hashchange", () => void read());
}

/** Shows a state in place of the present one, in the language that is read now. */
export function open(found: State): void {
  const { lang } = state.peek();
  prepare(found.lesson);
  view.value = found.lesson ? "lessons" : "graph";
  state.value = { ...found, lang: lang ?? found.lang };
}
