// Zoom and pan: they change one transform, and nothing moves unless somebody moved it.

import { select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform, type ZoomBehavior } from "d3-zoom";

const ROOM = 28;
const LARGEST = 1.7;
/** Letters smaller than this part of their size are hard to read. */
const READABLE = 0.75;
/** A picture that fits at this scale is shown whole. */
const SMALLEST = 0.6;

/** Less than this many pixels beyond an edge is no part of the picture that anybody misses. */
const SLACK = 12;
/** What is nearer to an edge is not in sight. */
const EDGE = 44;
/** A step to the side goes so far, as a part of what is seen. */
const STRIDE = 0.6;

export const SIDES = ["left", "right", "top", "bottom"] as const;
export type Side = typeof SIDES[number];

export class Camera {
  readonly #svg: SVGSVGElement;
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  #size: [number, number] = [0, 0];
  /** How large the place is; to ask for it at every move would have the browser lay out the page each time. */
  #room: [number, number] = [0, 0];
  /** Whether somebody has moved it since it was last fitted. */
  isMoved = false;

  /** Calls back with the sides at which the picture goes on out of sight. */
  constructor(svg: SVGSVGElement, inner: SVGGElement, told: (beyond: Side[]) => void) {
    this.#svg = svg;
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.05, 6])
      // A wheel scrolls the page; with Ctrl, or pinched, it zooms.
      .filter((event: WheelEvent | MouseEvent) => event.type === "wheel" ? event.ctrlKey || event.metaKey : !event.button)
      .on("zoom", ({ transform, sourceEvent }) => {
        inner.setAttribute("transform", String(transform));
        if (sourceEvent) this.isMoved = true;
        told(this.#beyond());
      });
    select(svg).call(this.#zoom).on("dblclick.zoom", null);
    new ResizeObserver(() => {
      this.#room = [svg.clientWidth, svg.clientHeight];
      told(this.#beyond());
    }).observe(svg);
  }

  #beyond(): Side[] {
    const [clientWidth, clientHeight] = this.#room, [wide, tall] = this.#size;
    const [[left, top], [right, bottom]] = [this.place(0, 0), this.place(wide, tall)];
    const is: Record<Side, boolean> = { left: left < -SLACK, right: right > clientWidth + SLACK, top: top < -SLACK, bottom: bottom > clientHeight + SLACK };
    return SIDES.filter((side) => is[side]);
  }

  /** Goes on to a side. */
  go(side: Side): void {
    const { k } = zoomTransform(this.#svg), { clientWidth, clientHeight } = this.#svg;
    const far = (is: Side, other: Side, room: number) => (side === is ? 1 : side === other ? -1 : 0) * room * STRIDE / k;
    this.isMoved = true;
    select(this.#svg).call(this.#zoom.translateBy, far("left", "right", clientWidth), far("top", "bottom", clientHeight));
  }

  by(factor: number): void {
    this.isMoved = true;
    select(this.#svg).call(this.#zoom.scaleBy, factor);
  }

  /** Shows all of a picture. With a place that matters, a large picture is shown readably around that. */
  fit(wide: number, tall: number, around?: { x: number; y: number }): void {
    const { clientWidth, clientHeight } = this.#svg;
    if (clientWidth === 0 || wide === 0 || tall === 0 || this.#svg.hasAttribute("viewBox")) return;
    [this.#size, this.#room] = [[wide, tall], [clientWidth, clientHeight]];
    const all = Math.min((clientWidth - ROOM) / wide, (clientHeight - ROOM) / tall, LARGEST);
    const scale = around && all < SMALLEST ? READABLE : all;
    const start = (room: number, size: number, at: number) => size * scale <= room - ROOM ? (room - size * scale) / 2
      : Math.min(ROOM / 2, Math.max(room - size * scale - ROOM / 2, room / 2 - at * scale));
    const place = zoomIdentity.translate(start(clientWidth, wide, around?.x ?? 0), start(clientHeight, tall, around?.y ?? 0)).scale(scale);
    select(this.#svg).call(this.#zoom.transform, place);
    this.isMoved = false;
  }

  /** Shows all of the picture however large the paper is; undone by what it returns. */
  onPaper(inner: SVGGElement): () => void {
    const { x, y, width, height } = inner.getBBox(), seen = inner.getAttribute("transform") ?? "";
    inner.removeAttribute("transform");
    this.#svg.setAttribute("viewBox", `${x - ROOM / 4} ${y - ROOM / 4} ${width + ROOM / 2} ${height + ROOM / 2}`);
    return () => {
      this.#svg.removeAttribute("viewBox");
      inner.setAttribute("transform", seen);
    };
  }

  /** Brings a place of the picture into sight, where it is out of it. */
  show(x: number, y: number): void {
    const { k, x: left, y: top } = zoomTransform(this.#svg);
    const { clientWidth, clientHeight } = this.#svg;
    const [atX, atY] = [x * k + left, y * k + top];
    // Not under the signs at the edges either.
    if (atX >= EDGE && atX <= clientWidth - EDGE && atY >= EDGE && atY <= clientHeight - EDGE || this.#beyond().length === 0) return;
    select(this.#svg).call(this.#zoom.translateTo, x, y);
  }

  /** A place of the picture, in pixels of what shows it. */
  place(x: number, y: number): [number, number] {
    return zoomTransform(this.#svg).apply([x, y]);
  }
}
