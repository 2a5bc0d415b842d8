// How even the picture of a large graph moves while it is dragged, and how soon it follows a slider:
// `node frames.mjs CHROMIUM ADDRESS [TERMS]`. A measurement, not a test: run it on a machine that does nothing else.

import { fill, launch, open } from "./browser.mjs";

const [program, address, terms = "170"] = process.argv.slice(2);
/** A frame that lasts longer than this is one that was missed, at 60 a second. */
const MISSED = 25;
const MOVES = 240, SLIDES = 20;

/** A balanced sum of units, each of two nodes beside its sum. */
function expression(count) {
  const parts = Array.from({ length: count }, (_, at) => `tanh(x${at % 10} * ${at + 1})`);
  while (parts.length > 1) parts.push(`(${parts.shift()} + ${parts.shift()})`);
  return parts[0];
}

const browser = await launch(program), page = await open(browser, address);
await fill(page, "#expression", expression(Number(terms)));
await page.waitForFunction(() => document.querySelectorAll(".block").length > 20);
const { x, y } = await (await page.$("svg.picture")).boundingBox();
await page.evaluate(() => {
  globalThis.gaps = [];
  let last = performance.now();
  const frame = (now) => {
    globalThis.gaps.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});
await page.mouse.move(x + 20, y + 20);
await page.mouse.down();
for (let at = 0; at < MOVES; at++) await page.mouse.move(x + 20 + at * 1.5, y + 20 + (at % 60) * 3);
await page.mouse.up();
const gaps = (await page.evaluate(() => globalThis.gaps)).sort((a, b) => a - b);
const at = (part) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * part))].toFixed(1);
console.log(`${(await page.$$(".block")).length} blocks, ${(await page.$$(".wire")).length} wires`);
console.log(`frames while dragging: ${gaps.length}, ${gaps.filter((gap) => gap > MISSED).length} missed; median ${at(0.5)} ms, 99 % ${at(0.99)} ms`);

const slides = await page.evaluate(async (count) => {
  const slider = document.querySelector(".input input[type=range]"), shown = () => document.querySelector("svg.picture").textContent;
  const times = [];
  for (let at = 0; at < count; at++) {
    const [start, before] = [performance.now(), shown()];
    slider.value = String(0.2 + at * 0.07);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    while (shown() === before && performance.now() - start < 5000) await new Promise((resolve) => requestAnimationFrame(resolve));
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}, SLIDES);
console.log(`from a slider to the picture: median ${slides[SLIDES / 2].toFixed(0)} ms, longest ${slides[SLIDES - 1].toFixed(0)} ms`);
await browser.close();
