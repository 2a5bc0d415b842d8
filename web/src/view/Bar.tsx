/** A part of a whole as a bar. */
export function Bar({ share, tone = "backward" }: { share: number; tone?: "backward" | "forward" }) {
  const wide = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return <svg class={`bar ${tone}`} aria-hidden="true" preserveAspectRatio="none"><rect class="all" width="100%" height="100%" rx="4" /><rect class="part" width={wide} height="100%" rx="4" /></svg>;
}
