import { useState } from "preact/hooks";
import type { Values } from "../api";
import { digits, listed, shown, single } from "../numbers";
import { change, engine, page, state } from "../state/store";
import type { Trouble } from "../typed";
import { words } from "../words";
import { NumberField, TroubleLine, ValuesField } from "./Fields";

/** What the result shall be: a number; or of scores the class, a class for each row, or a distribution. */
export function Target() {
  const { cross_entropy } = state.value;
  const isArray = (page.value?.output.shape.length ?? 0) > 0;
  // A document of a network has its loss in the picture.
  if (isArray && cross_entropy === undefined && engine.value?.changes !== "all") return null;
  return cross_entropy !== undefined || isArray ? <Classes wanted={cross_entropy} /> : <Wanted />;
}

function Classes({ wanted }: { wanted: Values | undefined }) {
  const w = words.value, shape = page.value?.output.shape ?? [];
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const last = (shape.at(-1) ?? 1) - 1;
  return (
    <>
      <div class="field"><span>{w.targetClass}</span>
        <ValuesField value={wanted ?? null} label={w.targetClass} none={w.noTarget} describedBy="class-hint" say={setTrouble}
          set={(values) => change({ cross_entropy: values, target: undefined })} clear={() => change({ cross_entropy: undefined })} /></div>
      {shape.length > 0 && <p id="class-hint" class="soft small">{shape.length > 1 ? w.classesHint(last, shape[0] ?? 0) : w.classHint(last)}</p>}
      <TroubleLine trouble={trouble} isArray kept={trouble && wanted !== undefined ? listed(wanted) : null} />
    </>
  );
}

function Wanted() {
  const w = words.value, { target } = state.value;
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const isLocked = engine.value?.changes !== "all";
  return (
    <>
      <label class="field"><span title={w.targetHint}>{w.target}</span>
        {isLocked ? <b class="numbers">{target === undefined ? w.noTarget : shown(single(target) ?? target)}</b>
          : <NumberField value={target ?? null} label={w.target} none={w.noTarget} say={setTrouble}
            set={(target) => change({ target })} clear={() => change({ target: undefined })} />}</label>
      <TroubleLine trouble={trouble} kept={trouble && target !== undefined ? digits(target) : null} />
    </>
  );
}
