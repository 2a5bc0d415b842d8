import { useEffect, useRef, useState } from "preact/hooks";
import type { FunctionEntry } from "../api";
import { change, engine, freshRanges, functions, mistake, page, state } from "../state/store";
import { words } from "../words";
import { Target } from "./Target";

const MOST_OFFERED = 8;

interface Offer {
  name: string;
  entry: FunctionEntry | null;
}

/** The word that ends at a place of a text. */
function wordBefore(text: string, at: number): string {
  return /[\p{L}_][\p{L}\p{N}_]*$/u.exec(text.slice(0, at))?.[0] ?? "";
}

function offers(word: string): Offer[] {
  // What is an input's whole name is meant.
  if (word === "" || page.value?.inputs.some(({ name }) => name === word)) return [];
  const names = page.value?.inputs.map(({ name }): Offer => ({ name, entry: null })) ?? [];
  const all = [...names, ...functions.value.map((entry): Offer => ({ name: entry.name, entry }))];
  const fitting = all.filter(({ name }, at) => name.startsWith(word) && name !== word && all.findIndex((one) => one.name === name) === at);
  return fitting.slice(0, MOST_OFFERED);
}

/** The text again, with what is wrong in it painted. */
function Mirror({ text }: { text: string }) {
  const letters = [...text], span = mistake.value?.span;
  if (!span) return <>{text}{"\n"}</>;
  const [from, to] = [span[0], Math.max(span[1], span[0] + 1)];
  return <>{letters.slice(0, from).join("")}<mark>{letters.slice(from, to).join("") || " "}</mark>{letters.slice(to).join("")}{"\n"}</>;
}

export function ExpressionField() {
  const w = words.value, text = state.value.e;
  const field = useRef<HTMLTextAreaElement>(null);
  const [offered, setOffered] = useState<Offer[]>([]), [picked, setPicked] = useState(-1);
  const caret = useRef<number | null>(null);
  const canWrite = engine.value?.changes === "all";
  useEffect(() => {
    if (caret.current !== null) field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [text]);
  const write = (e: string) => {
    freshRanges();
    change({ e, step: undefined, open: undefined });
  };
  const complete = ({ name, entry }: Offer) => {
    const at = field.current?.selectionStart ?? text.length, word = wordBefore(text, at);
    const inserted = entry && !text.slice(at).startsWith("(") ? `${name}(` : name;
    caret.current = at - word.length + inserted.length;
    write(text.slice(0, at - word.length) + inserted + text.slice(at));
    setOffered([]);
    field.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (offered.length === 0) return;
    const choice = offered[picked];
    if (event.key === "ArrowDown") setPicked((picked + 1) % offered.length);
    else if (event.key === "ArrowUp") setPicked((Math.max(picked, 0) + offered.length - 1) % offered.length);
    else if (event.key === "Enter" && choice) complete(choice);
    else if (event.key === "Escape") setOffered([]);
    // Without a choice Enter begins a new line, as everywhere.
    else return event.key === "Enter" ? setOffered([]) : undefined;
    event.preventDefault();
  };
  return (
    <section class="card">
      <h2><label for="expression">{w.expression}</label></h2>
      <div class={`expression${mistake.value ? " wrong" : ""}`}>
        <div class="written"><div class="sheet">
          <pre aria-hidden="true"><Mirror text={text} /></pre>
          <textarea id="expression" ref={field} value={text} rows={1} spellcheck={false} autocomplete="off" autocapitalize="off" readOnly={!canWrite}
            aria-autocomplete="list" aria-haspopup="listbox" aria-controls="offers"
            aria-activedescendant={offered[picked] ? `offer-${picked}` : undefined}
            aria-invalid={mistake.value !== null} aria-describedby="mistake"
            onInput={(event) => {
              const { value, selectionStart } = event.currentTarget;
              write(value);
              setOffered(offers(wordBefore(value, selectionStart)));
              setPicked(-1);
            }}
            onKeyDown={onKey} onBlur={() => setOffered([])} />
        </div></div>
        <ul id="offers" role="listbox" aria-label={w.completions} class={offered.length === 0 ? "gone" : ""}>{offered.map((offer, at) => (
          <li key={offer.name} id={`offer-${at}`} role="option" aria-selected={at === picked}
            onPointerDown={(event) => { event.preventDefault(); complete(offer); }}>
            <b>{offer.name}</b>{offer.entry && <>({offer.entry.arguments}) <span class="soft">{offer.entry.formula}</span></>}
          </li>
        ))}</ul>
      </div>
      <p id="mistake" class="bad" role="status">{mistake.value?.message.split("\n")[0]}</p>
      {canWrite && <Reduce />}
      {page.value && <Target />}
      {state.value.unfold || hasBoxes() ? (
        <label class="check"><input type="checkbox" checked={state.value.unfold ?? false} disabled={!canWrite}
          onChange={(event) => change({ unfold: event.currentTarget.checked || undefined })} /> {w.openBoxes}</label>
      ) : null}
    </section>
  );
}

/** An array has no gradient: what would make it a number. */
function Reduce() {
  const w = words.value, wrong = mistake.value, { e } = state.value;
  if (!wrong?.span || wrong.kind !== "array") return null;
  const letters = [...e], [from, to] = wrong.span;
  // `h += x` has no value that could be wrapped.
  const canWrap = !/[-+*\/]=/.test(letters.slice(from, to).join(""));
  const wrapped = (by: string) => `${letters.slice(0, from).join("")}${by}(${letters.slice(from, to).join("").trim()})${letters.slice(to).join("")}`;
  return (
    <p class="offers"><span class="soft small">{w.makeNumber}</span>
      {canWrap && <button onClick={() => change({ e: wrapped("sum"), step: undefined })}>sum(…)</button>}
      {canWrap && <button onClick={() => change({ e: wrapped("mean"), step: undefined })}>mean(…)</button>}
      <button onClick={() => change({ cross_entropy: 0, target: undefined, step: undefined })}>{w.softmaxLoss}</button></p>
  );
}

const hasBoxes = () => page.value?.drawing.blocks.some(({ role }) => role === "fold" || role === "repeat") ?? false;
