// Zoom and pan: they change one transform, and nothing moves unless somebody moved it.

import { select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform, type ZoomBehavior } from "d3-zoom";

const ROOM = 28;
const LARGEST = 1.7;
/** Letters smaller than this part of their size are hard to read. */
const READABLE = 0.75;
/** A picture that fits at this scale is shown whole. */
const SMALLEST = 0.6;

export class Camera {
  readonly #svg: SVGSVGElement;
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  /** Whether somebody has moved it since it was last fitted. */
  isMoved = false;

  constructor(svg: SVGSVGElement, inner: SVGGElement) {
    this.#svg = svg;
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.05, 6])
      // A wheel scrolls the page; with Ctrl, or pinched, it zooms.
      .filter((event: WheelEvent | MouseEvent) => event.type === "wheel" ? event.ctrlKey || event.metaKey : !event.button)
      .on("zoom", ({ transform, sourceEvent }) => {
        inner.setAttribute("transform", String(transform));
        if (sourceEvent) this.isMoved = true;
      });
    select(svg).call(this.#zoom).on("dblclick.zoom", null);
  }

  by(factor: number): void {
    this.isMoved = true;
    select(this.#svg).call(this.#zoom.scaleBy, factor);
  }

  /** Shows all of a picture. With a place that matters, a large picture is shown readably around that. */
  fit(wide: number, tall: number, around?: { x: number; y: number }): void {
    const { clientWidth, clientHeight } = this.#svg;
    if (clientWidth === 0 || wide === 0 || tall === 0) return;
    const all = Math.min((clientWidth - ROOM) / wide, (clientHeight - ROOM) / tall, LARGEST);
    const scale = around && all < SMALLEST ? READABLE : all;
    const start = (room: number, size: number, at: number) => size * scale <= room - ROOM ? (room - size * scale) / 2
      : Math.min(ROOM / 2, Math.max(room - size * scale - ROOM / 2, room / 2 - at * scale));
    const place = zoomIdentity.translate(start(clientWidth, wide, around?.x ?? 0), start(clientHeight, tall, around?.y ?? 0)).scale(scale);
    select(this.#svg).call(this.#zoom.transform, place);
    this.isMoved = false;
  }

  /** Brings a place of the picture into sight, where it is out of it. */
  show(x: number, y: number): void {
    const { k, x: left, y: top } = zoomTransform(this.#svg);
    const { clientWidth, clientHeight } = this.#svg;
    const [atX, atY] = [x * k + left, y * k + top];
    if (atX >= 0 && atX <= clientWidth && atY >= 0 && atY <= clientHeight) return;
    select(this.#svg).call(this.#zoom.translateTo, x, y);
  }

  /** A place of the picture, in pixels of what shows it. */
  place(x: number, y: number): [number, number] {
    return zoomTransform(this.#svg).apply([x, y]);
  }
}
