// The picture as a file of its own: as it is seen, with its styles inside.

/** What a picture's look is made of. */
const PROPERTIES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "display", "paint-order", "stroke-linejoin"];
const ROOM = 16;
/** Pixels for each unit of the picture; fewer where browsers draw no image so large, but not so few that nobody can read it. */
const [DENSITY, LEAST_DENSITY] = [2, 0.4];
const [MOST_PIXELS_LONG, MOST_PIXELS] = [16_384, 120e6];

export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The picture, whole, whatever part of it is in sight. */
function copied(): { svg: SVGSVGElement; wide: number; tall: number } {
  const shown = document.querySelector<SVGSVGElement>("svg.picture"), inner = shown?.querySelector("g");
  if (!shown || !inner) throw new Error("no picture");
  const { x, y, width, height } = inner.getBBox();
  const svg = shown.cloneNode(true) as SVGSVGElement;
  const [from, to] = [shown, svg].map((root) => [...root.querySelectorAll("*")]);
  from?.forEach((element, at) => {
    const look = getComputedStyle(element);
    for (const name of PROPERTIES) to?.[at]?.setAttribute(name, look.getPropertyValue(name));
    for (const name of ["class", "tabindex", "role"]) to?.[at]?.removeAttribute(name);
  });
  svg.querySelector("g")?.removeAttribute("transform");
  const [wide, tall] = [width + 2 * ROOM, height + 2 * ROOM];
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("viewBox", `${x - ROOM} ${y - ROOM} ${wide} ${tall}`);
  svg.setAttribute("width", String(wide));
  svg.setAttribute("height", String(tall));
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ x: x - ROOM, y: y - ROOM, width: wide, height: tall })) paper.setAttribute(name, String(value));
  paper.setAttribute("fill", getComputedStyle(shown.closest(".card") ?? document.body).backgroundColor);
  svg.prepend(paper);
  return { svg, wide, tall };
}

export function toSvg(): string {
  return new XMLSerializer().serializeToString(copied().svg);
}

/** What no canvas holds. */
export class TooLarge extends Error {}

export async function toPng(): Promise<Blob> {
  const { svg, wide, tall } = copied();
  const density = Math.min(DENSITY, MOST_PIXELS_LONG / Math.max(wide, tall), Math.sqrt(MOST_PIXELS / (wide * tall)));
  if (density < LEAST_DENSITY) throw new TooLarge();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide * density, tall * density].map(Math.floor) as [number, number];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => blob ? resolve(blob) : reject(new TooLarge()), "image/png"));
}
