import type { JSX } from "preact";
import { change, tab, type Tab } from "../state/store";
import { words } from "../words";
import { CurveTab } from "./CurveTab";
import { Down } from "./Down";
import { Hessian } from "./Hessian";
import { Paths } from "./Paths";
import { WhatIf } from "./WhatIf";

const TABS: Record<Tab, () => JSX.Element | null> = {
  "what-if": WhatIf, curve: CurveTab, paths: Paths, hessian: Hessian, down: Down,
};
const NAMES = Object.keys(TABS) as Tab[];

/** What else can be asked of the computation. */
export function Tabs() {
  const w = words.value, open = tab.value, Panel = TABS[open];
  const onKey = (event: KeyboardEvent) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = NAMES[(NAMES.indexOf(open) + way + NAMES.length) % NAMES.length] ?? open;
    change({ tab: next });
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <section class="card tabs">
      <div role="tablist" aria-label={w.tabs["what-if"]}>{NAMES.map((name) => (
        <button key={name} role="tab" id={`tab-${name}`} aria-selected={name === open} aria-controls="panel" tabIndex={name === open ? 0 : -1}
          onClick={() => change({ tab: name })} onKeyDown={onKey}>{w.tabs[name]}</button>
      ))}</div>
      <div role="tabpanel" id="panel" aria-labelledby={`tab-${open}`} tabIndex={0}><Panel /></div>
    </section>
  );
}
