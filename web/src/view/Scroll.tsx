import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** What may be wider than its place. Where it is, keys can scroll it. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const [isWide, setWide] = useState(false);
  useLayoutEffect(() => {
    const box = place.current;
    if (!box) return;
    const look = () => setWide(box.scrollWidth > box.clientWidth + 1);
    const watch = new ResizeObserver(look);
    watch.observe(box);
    if (box.firstElementChild) watch.observe(box.firstElementChild);
    return () => watch.disconnect();
  }, []);
  return <div class="scroll" ref={place} {...isWide ? { tabIndex: 0, role: "region" as const, "aria-label": label } : {}}>{children}</div>;
}
