import { useState } from "preact/hooks";
import type { Input, Values } from "../api";
import { listed, shown, single } from "../numbers";
import { isGradientSeen } from "../quiz/quiz";
import { chosen, engine, page, setInput, state, waiting } from "../state/store";
import type { Trouble } from "../typed";
import { words } from "../words";
import { NumberField, TroubleLine, ValuesField } from "./Fields";
import { Grid } from "./Grid";
import { Slider } from "./Slider";

/** Letters of a value that a sentence may repeat. */
const MOST_LETTERS = 24;

/** Elements that have a field each. */
const MOST_ELEMENTS = 64;

function One({ input }: { input: Input }) {
  const w = words.value, { name, node } = input, root = page.value?.root.name ?? "f";
  const [isText, setText] = useState(false), [trouble, setTrouble] = useState<Trouble | null>(null);
  /** Whether somebody was typing when the value took another shape: the field that takes over goes on. */
  const [isTyping, setTyping] = useState(false);
  // The present value, which an answer may be behind.
  const value = state.value.at?.[name] ?? input.value, shape = value === null ? input.shape : shapeOf(value);
  const isAnswered = String(shape) === String(input.shape), gradient = isAnswered ? input.gradient : null;
  const x = single(value), isSeen = node !== null && isGradientSeen(node);
  const isLit = node !== null && chosen.value === node;
  // Of an array of many elements the answer says its shape alone.
  const isShort = isAnswered ? input.value !== null : shape.reduce((count, length) => count * length, 1) <= MOST_ELEMENTS;
  const isGrid = Array.isArray(value) && shape.length <= 2 && isShort;
  const canShape = engine.value?.changes === "all" && !input.is_choice;
  const reshape = (values: Values) => {
    setTyping(true);
    setText(true);
    setInput(name, values);
  };
  const few = listed(value), kept = `${name} = ${few.length > MOST_LETTERS ? "[…]" : few}`;
  return (
    <div class={`input${isLit ? " lit" : ""}`}>
      <div class="input-row">
        <button class="name" aria-pressed={isLit} title={w.lightUp(name)} disabled={node === null}
          onClick={() => { chosen.value = isLit ? null : node; }}>{name}</button>
        {shape.length > 0 && <span class="soft small">[{shape.join(", ")}]</span>}
        {x !== null && <NumberField value={x} label={name} set={(x) => setInput(name, x)} say={setTrouble} isFirst={isTyping} {...canShape ? { take: reshape } : {}} />}
        {x === null && canShape && <button class="as-text" aria-expanded={isText} onClick={() => { setTyping(!isText); setText(!isText); }}>{w.asText}</button>}
      </div>
      {x !== null && !input.is_choice && <Slider id={name} name={name} value={x} set={(x) => setInput(name, x)} />}
      {isGrid && <Grid input={{ ...input, gradient }} values={value as Values[]} say={setTrouble} />}
      {!isGrid && x === null && <p class="soft small">{w.tooManyElements(shape.join(" × "))}</p>}
      {x === null && isText && canShape && <>
        <ValuesField value={value} label={w.textOf(name)} set={(values) => { setTyping(true); setInput(name, values); }} say={setTrouble} isFirst={isTyping} />
        <p class="soft small">{w.textHint}</p>
      </>}
      <TroubleLine trouble={trouble} isArray={canShape && (x !== null || isText)} kept={trouble ? kept : null} />
      {x !== null && gradient !== null && <p class="gradient">d{root}/d{name} = {isSeen ? <b>{shown(single(gradient))}</b> : "…"}</p>}
    </div>
  );
}

const shapeOf = (values: Values): number[] => Array.isArray(values) ? [values.length, ...shapeOf(values[0] ?? 0)] : [];

export function Inputs() {
  const answer = page.value;
  // An expression that needs arrays can be given them before it can be computed.
  const more = Object.entries(waiting.value).map(([name, value]): Input => ({ name, node: null, shape: shapeOf(value), value, gradient: null, is_choice: false }));
  if (!answer || answer.inputs.length + more.length === 0) return null;
  return (
    <section class="card inputs" aria-labelledby="inputs-title">
      <h2 id="inputs-title">{words.value.inputs}</h2>
      {[...answer.inputs, ...more].map((input) => <One key={input.name} input={input} />)}
    </section>
  );
}
