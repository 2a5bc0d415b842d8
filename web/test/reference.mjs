// How the page looked when somebody last looked at it: pictures, reduced, that new ones must resemble.
// `UPDATE=1` keeps the new ones instead; look at them first.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { check } from "./browser.mjs";

const FOLDER = fileURLToPath(new URL("reference", import.meta.url));
/** What is left of a picture's width: enough for its parts, too little for its letters, which other systems draw
 * otherwise. */
const PART = 1 / 4;
/** A dot has another colour from this difference on, of 255; so many dots may have one. */
const OTHER = 48, MOST = 0.02;

/** Runs in a browser: reduces a picture, and compares it with the one that is kept. */
async function compared(fresh, kept, part, other) {
  const load = async (base64) => createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
  const reduced = async (picture, wide, tall) => {
    const canvas = new OffscreenCanvas(wide, tall), pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, 0, 0, wide, tall);
    return { canvas, dots: pen.getImageData(0, 0, wide, tall).data };
  };
  const picture = await load(fresh), [wide, tall] = [Math.round(picture.width * part), Math.round(picture.height * part)];
  const now = await reduced(picture, wide, tall);
  const blob = await now.canvas.convertToBlob(), bytes = new Uint8Array(await blob.arrayBuffer());
  const small = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  if (kept === null) return { small, differ: 0 };
  const old = await load(kept);
  if (old.width !== wide || old.height !== tall) return { small, differ: 1 };
  const before = await reduced(old, wide, tall);
  let differ = 0;
  for (let dot = 0; dot < now.dots.length; dot += 4) {
    const most = Math.max(...[0, 1, 2].map((ink) => Math.abs(now.dots[dot + ink] - before.dots[dot + ink])));
    if (most > other) differ++;
  }
  return { small, differ: differ / (wide * tall) };
}

const FONTS = path.join(FOLDER, "fonts.json");
/** Says in the folder of screenshots why pictures were not compared; `xtask explorer` lists it. */
const NOT_COMPARED = "not-compared.txt";
let isTold = false;

/** How wide letters are here: with other fonts lines break elsewhere, and pictures say nothing of the page. */
export async function fonts(page) {
  return page.evaluate(() => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    const letters = ["sans-serif", "monospace"].map((font) => {
      pen.font = `100px ${font}`;
      return Math.round(pen.measureText("Hamburgefonstiv 0123456789 \u2202\u03a3 \ud55c\uad6d\uc5b4").width);
    });
    const math = document.createElementNS("http://www.w3.org/1998/Math/MathML", "math");
    math.append(Object.assign(document.createElementNS(math.namespaceURI, "mn"), { textContent: "0123456789" }));
    document.body.append(math);
    const wide = Math.round(math.getBoundingClientRect().width);
    math.remove();
    return JSON.stringify([...letters, wide]);
  });
}

/** Whether the pictures that are kept were drawn with these fonts; told once where not. */
async function isComparable(page, folder) {
  const [here, there] = [await fonts(page), fs.existsSync(FONTS) ? fs.readFileSync(FONTS, "utf8").trim() : ""];
  if (here !== there && !isTold) {
    const why = `the fonts of web/test/reference are others (${there}, here ${here})`;
    console.log(`pictures are not compared: ${why}`);
    fs.writeFileSync(path.join(folder, NOT_COMPARED), why);
  }
  isTold ||= here !== there;
  return here === there;
}

/** Whether what is in sight resembles the picture of this name. */
export async function resembles(browser, page, name, folder) {
  if (process.env.UPDATE === "1") fs.writeFileSync(FONTS, await fonts(page) + "\n");
  else if (!await isComparable(page, folder)) return;
  const fresh = await page.screenshot({ encoding: "base64" });
  const file = path.join(FOLDER, `${name}.png`);
  const isNew = process.env.UPDATE === "1";
  check(isNew || fs.existsSync(file), `there is no reference ${name}.png: look at the page, then UPDATE=1`);
  const kept = !isNew && fs.existsSync(file) ? fs.readFileSync(file).toString("base64") : null;
  const judge = await browser.newPage();
  const { small, differ } = await judge.evaluate(compared, fresh, kept, PART, OTHER);
  await judge.close();
  await page.bringToFront();
  if (isNew) {
    fs.mkdirSync(FOLDER, { recursive: true });
    fs.writeFileSync(file, Buffer.from(small, "base64"));
  }
  check(differ <= MOST, `${name}: ${(differ * 100).toFixed(1)} % of the dots have another colour than in web/test/reference`);
}
