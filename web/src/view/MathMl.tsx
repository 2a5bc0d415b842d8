import { useLayoutEffect, useRef } from "preact/hooks";

const SPACE = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set([
  "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
  "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom", "mstyle",
]);
const ATTRIBUTES = new Set([
  "mathvariant", "stretchy", "fence", "separator", "form", "lspace", "rspace", "minsize", "maxsize", "accent", "width",
  "columnalign", "linethickness", "displaystyle", "largeop", "movablelimits",
]);

const known = new Map<string, Element>();

/** MathML from text, of its own elements and harmless attributes alone. */
function parsed(text: string): Element {
  const old = known.get(text);
  if (old) return old;
  const source = new DOMParser().parseFromString(`<math xmlns="${SPACE}">${text}</math>`, "application/xml").documentElement;
  const copy = (from: Element): Element => {
    const to = document.createElementNS(SPACE, from.localName);
    for (const { name, value } of from.attributes) if (ATTRIBUTES.has(name)) to.setAttribute(name, value);
    for (const child of from.childNodes) {
      if (child instanceof Element && ELEMENTS.has(child.localName)) to.append(copy(child));
      else if (child.nodeType === Node.TEXT_NODE) to.append(child.textContent ?? "");
    }
    return to;
  };
  const isMath = source.localName === "math" && !source.querySelector("parsererror");
  const math = isMath ? copy(source) : document.createElementNS(SPACE, "math");
  if (!isMath) math.append(text);
  known.set(text, math);
  return math;
}

/** A formula. */
export function MathMl({ text, inline = false }: { text: string; inline?: boolean }) {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const math = parsed(text).cloneNode(true) as Element;
    if (!inline) math.setAttribute("displaystyle", "true");
    place.current?.replaceChildren(math);
  }, [text, inline]);
  return <span class="math" ref={place} />;
}
