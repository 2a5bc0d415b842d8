// Fields of numbers and arrays: what is none stays in its field, marked, and a sentence says what would be right.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Values } from "../api";
import { digits } from "../numbers";
import { engine } from "../state/store";
import { asText, isBracketed, readNumber, readValues, type Trouble } from "../typed";
import { words } from "../words";

/** Somebody in the midst of a number is left alone for so long. */
const PATIENCE = 600;
/** Digits that a field shows of a number. */
const SHOWN = 8;

export type Say = (trouble: Trouble | null) => void;

/** Tells what is wrong with a text, a little after it was typed. */
function useTrouble(trouble: Trouble | null, text: string, say?: Say): void {
  useEffect(() => {
    if (trouble === null) return say?.(null);
    const waiting = setTimeout(() => say?.(trouble), PATIENCE);
    return () => clearTimeout(waiting);
  }, [trouble, text]);
}

interface NumberProps {
  value: number | null;
  label: string;
  set: (x: number) => void;
  id?: string;
  say?: Say;
  /** Takes what is typed in brackets or pasted as several numbers, where arrays are welcome. */
  take?: (values: Values) => void;
  /** What an empty field says, and what emptying it does, where it may be empty. */
  none?: string;
  clear?: () => void;
  /** Takes what was typed where nothing else has the focus yet. */
  isFirst?: boolean;
}

/** A field of one number. */
export function NumberField({ value, label, set, id, say, take, none, clear, isFirst }: NumberProps) {
  const given = value === null ? "" : Object.is(value, -0) ? "−0" : digits(value, SHOWN);
  const [text, setText] = useState(given), field = useRef<HTMLInputElement>(null);
  const isLocked = engine.value?.changes === "none";
  const read = take ? readValues(text) : readNumber(text), isEmpty = clear !== undefined && text.trim() === "";
  const trouble = isEmpty || "found" in read ? null : read.trouble;
  useTrouble(trouble, text, say);
  // While somebody types, answers to what was typed before must not write over it.
  useEffect(() => {
    const now = text.trim() === "" ? null : "found" in read ? read.found : undefined;
    if (now !== value && document.activeElement !== field.current) setText(given);
  }, [value]);
  useEffect(() => { if (isFirst) field.current?.focus(); }, []);
  const takeAll = (typed: string) => {
    const all = readValues(typed);
    if (take && "found" in all && Array.isArray(all.found)) take(all.found);
    return take !== undefined && "found" in all && Array.isArray(all.found);
  };
  return <input ref={field} {...id ? { id } : {}} class="number" inputMode={take ? "text" : "decimal"} autocomplete="off" value={text} aria-label={label} readOnly={isLocked}
    placeholder={none} aria-invalid={trouble !== null}
    onPaste={(event) => {
      // A field of one line would run the rows of a table together.
      if (takeAll(event.clipboardData?.getData("text") ?? "")) event.preventDefault();
    }}
    onInput={(event) => {
      const now = event.currentTarget.value, one = readNumber(now);
      setText(now);
      if ("found" in one) set(one.found);
      else if (clear && now.trim() === "") clear();
      else if (isBracketed(now)) takeAll(now);
    }}
    onChange={() => takeAll(text)}
    onKeyDown={(event) => event.key === "Enter" && takeAll(text)} />;
}

interface ValuesProps {
  value: Values | null;
  label: string;
  set: (values: Values) => void;
  say?: Say;
  none?: string;
  clear?: () => void;
  describedBy?: string;
  isFirst?: boolean;
}

/** A field of an array or a number as text. Without brackets it is taken when somebody is done with it. */
export function ValuesField({ value, label, set, say, none, clear, describedBy, isFirst }: ValuesProps) {
  const given = value === null ? "" : asText(value);
  const [text, setText] = useState(given), field = useRef<HTMLTextAreaElement>(null);
  const isLocked = engine.value?.changes !== "all";
  const read = readValues(text), isEmpty = clear !== undefined && text.trim() === "";
  const trouble = isEmpty || "found" in read ? null : read.trouble;
  useTrouble(trouble, text, say);
  useEffect(() => {
    const now = text.trim() === "" ? null : "found" in read ? read.found : undefined;
    if (JSON.stringify(now) !== JSON.stringify(value) && document.activeElement !== field.current) setText(given);
  }, [given]);
  useEffect(() => {
    if (!isFirst) return;
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, []);
  const take = (typed: string) => {
    const now = readValues(typed);
    if ("found" in now) set(now.found);
  };
  return <textarea ref={field} class="values" rows={1} spellcheck={false} autocomplete="off" value={text} aria-label={label} readOnly={isLocked}
    placeholder={none} aria-invalid={trouble !== null} {...describedBy ? { "aria-describedby": describedBy } : {}}
    onInput={(event) => {
      const now = event.currentTarget.value;
      setText(now);
      if (clear && now.trim() === "") clear();
      else if (isBracketed(now) || event.inputType === "insertFromPaste" || !Array.isArray(value) && /^\s*\d+\s*$/.test(now)) take(now);
    }}
    onChange={(event) => take(event.currentTarget.value)} />;
}

/** What is wrong, and what the page shows instead; read out when it appears. */
export function TroubleLine({ trouble, isArray = false, kept }: { trouble: Trouble | null; isArray?: boolean; kept: string | null }) {
  const w = words.value;
  return <p class="bad small trouble" role="status">{trouble && <>{w.trouble[trouble]} {trouble === "noNumber" && (isArray ? w.rightArray : w.rightNumber)} {kept !== null && w.stillShown(kept)}</>}</p>;
}
