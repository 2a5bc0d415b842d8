import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** What may be wider than its place. Where it is, keys can scroll it. */
export function Scroll({ label, isLive = false, children }: { label: string; isLive?: boolean; children: ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const [isWide, setWide] = useState(false);
  const look = () => setWide((place.current?.scrollWidth ?? 0) > (place.current?.clientWidth ?? 0) + 1);
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
  return <div class="scroll" ref={place} {...isLive ? { "aria-live": "polite" as const } : {}} {...isWide ? { tabIndex: 0, role: "region" as const, "aria-label": label } : {}}>{children}</div>;
}
