import { useEffect, useRef, useState } from "preact/hooks";
import { open as openState } from "../state/history";
import { fromLine, toLine } from "../state/line";
import { engine, page, state } from "../state/store";
import { Typed } from "./Typed";
import { words } from "../words";

function Copied({ label, text }: { label: string; text: string }) {
  const w = words.value;
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a right to the clipboard the selected text is copied the old way.
      document.execCommand("copy");
    }
    setCopied(true);
  };
  return (
    <label class="field wide"><span>{label}</span>
      <span class="field-row"><input ref={field} class="mono" readOnly value={text} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" onClick={copy}>{w.copy}</button></span>
      <span role="status" class="good small">{isCopied ? w.copied : ""}</span></label>
  );
}

/** The state as a line, to give away and to take. */
export function ShareDialog({ close }: { close: () => void }) {
  const w = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const [line, setLine] = useState<string | null>(""), [given, setGiven] = useState(""), [mistake, setMistake] = useState("");
  useEffect(() => { void toLine(state.value).then(setLine); }, [state.value]);
  useEffect(() => { dialog.current?.showModal(); }, []);
  const take = async (event: Event) => {
    event.preventDefault();
    const found = await fromLine(given.trim());
    if (!found) return setMistake(w.badLine);
    if (engine.value?.changes !== "all" && found.e !== page.value?.expression) return setMistake(w.otherLine);
    openState(found);
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} aria-labelledby="share-title" onClose={close}>
      <h2 id="share-title">{w.share}</h2>
      <p><Typed text={w.shareWords} /></p>
      {line === null ? <p class="bad">{w.tooLarge}</p> : <>
        <Copied label={w.line} text={line} />
        <Copied label={w.inTerminal} text={`chainrule explore '${line}'`} />
      </>}
      <form onSubmit={take}>
        <label class="field wide"><span>{w.openLine}</span>
          <span class="field-row"><input class="mono" value={given} placeholder="c1.…" aria-describedby="bad-line" onInput={(event) => setGiven(event.currentTarget.value)} />
            <button type="submit">{w.openIt}</button></span></label>
        <p id="bad-line" class="bad" role="status">{mistake}</p>
      </form>
      <p class="row-end"><button onClick={() => dialog.current?.close()}>{w.close}</button></p>
    </dialog>
  );
}
