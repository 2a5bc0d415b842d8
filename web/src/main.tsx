import { render } from "preact";
import type { Local as Operations, Page, State } from "./api";
import { Local } from "./engine/local";
import { Server, takeToken } from "./engine/server";
import { prepare } from "./lessons";
import { keepQuiz } from "./quiz/quiz";
import { keepAddress } from "./state/history";
import { fromLine } from "./state/line";
import { follow } from "./state/follow";
import { APPLE, change, functions, network, notice, state, view, windows } from "./state/store";
import "./style/base.css";
import "./style/graph.css";
import "./style/panels.css";
import "./style/print.css";
import { App } from "./view/App";
import { words } from "./words";

/** The language that somebody prefers. */
const preferred = (): "en" | "ko" => navigator.languages.some((one) => one.startsWith("ko")) && navigator.language.startsWith("ko") ? "ko" : "en";

async function begin(): Promise<void> {
  const data = document.getElementById("data")?.textContent;
  const asked = takeToken();
  let first: State = APPLE, line = asked;
  let engine: Local | Server;
  if (data) {
    const page = JSON.parse(data) as Page;
    engine = new Local(page, (globalThis as { chainruleLocal?: Operations }).chainruleLocal);
    const at = document.getElementById("state")?.textContent;
    first = { ...engine.state(), ...at ? JSON.parse(at) as State : {} };
  } else {
    engine = new Server();
    const start = await engine.start().catch(() => null);
    first = start?.state ?? APPLE;
    network.value = start?.network ?? null;
    line ||= start?.line ?? "";
  }
  state.value = { lang: preferred(), ...first };
  const found = line === "" ? null : await fromLine(line);
  if (found && (engine.changes === "all" || found.e === first.e)) state.value = { ...found, lang: found.lang ?? state.value.lang };
  else if (line !== "") notice.value = found ? words.value.otherLine : words.value.badLine;
  prepare(state.value.lesson);
  if (state.value.lesson) view.value = "lessons";
  if (engine instanceof Local) {
    change({ lang: first.lang });
    windows.value = engine.windows();
  }
  follow(engine);
  keepQuiz();
  keepAddress();
  engine.functions().then((list) => { functions.value = list; }, () => { /* without completion */ });
  const place = document.getElementById("app");
  // A document shows its picture until here.
  place?.replaceChildren();
  if (place) render(<App />, place);
}

void begin();
