import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** What may be wider than its place. Where it is, keys can scroll it, and an edge that hides something is shaded. */
export function Scroll({ label, isLive = false, children }: { label: string; isLive?: boolean; children: ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const [isWide, setWide] = useState(false), [more, setMore] = useState("");
  const look = () => {
    const { scrollWidth = 0, clientWidth = 0, scrollLeft = 0 } = place.current ?? {}, hidden = scrollWidth - clientWidth;
    setWide(hidden > 1);
    setMore(hidden <= 1 ? "" : `${scrollLeft > 1 ? " more-left" : ""}${scrollLeft < hidden - 1 ? " more-right" : ""}`);
  };
  useLayoutEffect(() => {
    const watch = new ResizeObserver(look);
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  // Not at once: that would make the browser lay out the page in between.
  useEffect(() => {
    const frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  });
  return (
    <div class={`scroll-place${more}`}>
      <div class="scroll" ref={place} onScroll={look} {...isLive ? { "aria-live": "polite" as const } : {}} {...isWide ? { tabIndex: 0, role: "region" as const, "aria-label": label } : {}}>{children}</div>
    </div>
  );
}
