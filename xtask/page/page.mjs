// Opens pages in browsers, at three widths, and asks what they show. Arguments: a folder for screenshots, then
// the programs of browsers, then `--`, then pages, of which `a.html=b.html` is one that must say after a
// slider has moved what the other says; `b.html.json` tells to which values.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(process.cwd() + "/");
const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")));

const [folder, ...rest] = process.argv.slice(2);
const programs = rest.slice(0, rest.indexOf("--")), pages = rest.slice(rest.indexOf("--") + 1);
const WIDTHS = [360, 768, 1440];

// The path of a program, as its driver wants it.
function found(program) {
  const places = process.env.PATH.split(path.delimiter).map((place) => path.join(place, program));
  return places.find((place) => fs.existsSync(place));
}

// What is wrong with how a page looks.
function look() {
  const wrong = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) wrong.push(`it is ${scrollWidth} pixels wide`);
  for (const fraction of document.querySelectorAll("mfrac")) {
    const letters = Math.max(...[...fraction.children].map((part) => part.textContent.length));
    const { width, height } = fraction.getBoundingClientRect();
    const size = parseFloat(getComputedStyle(fraction).fontSize);
    if (width > (letters + 1) * size) wrong.push(`a fraction of ${letters} letters is ${width} pixels wide`);
    if (height > 6 * size) wrong.push(`a fraction is ${height} pixels tall`);
  }
  // The parts of an equation stand beside each other.
  for (const math of document.querySelectorAll(".equation math")) {
    const parts = [...math.children].flatMap((part) => part.tagName === "mrow" ? [...part.children] : [part]);
    const boxes = parts.map((part) => part.getBoundingClientRect()).filter(({ width }) => width > 0);
    const isBelow = boxes.slice(1).some(({ left }, at) => left < boxes[at].left + boxes[at].width / 2);
    if (isBelow) wrong.push(`the parts of an equation do not stand beside each other: ${math.textContent.slice(0, 60)}`);
  }
  return wrong;
}

// Every number of the picture, the partial derivatives and the stories, in their order.
function told() {
  const texts = (place) => [...document.querySelectorAll(`${place} [data-x], ${place} [data-range]`)].map((one) => one.textContent);
  const all = [texts(".picture"), texts(".formulas")];
  for (let at = 0; at <= DATA.steps; at++) {
    go(at);
    all.push(texts("#story"));
  }
  go(0);
  return JSON.stringify(all);
}

function move(values) {
  for (const [name, value] of Object.entries(values)) {
    const slider = document.querySelector(`[data-input="${name}"]`);
    slider.value = value;
    slider.dispatchEvent(new Event("input"));
  }
}

const state = () => ({ step: find("step").value, hidden: all(".hidden").length, steps: DATA.steps, live: DATA.live });
const failures = [];
for (const program of programs) {
  const browser = program.startsWith("firefox") ? "firefox" : "chrome";
  // A container has no namespaces for the sandbox, and the pages are our own.
  const args = browser === "chrome" ? ["--no-sandbox"] : [];
  const driver = await puppeteer.launch({ browser, executablePath: found(program), headless: true, args });
  for (const width of WIDTHS) {
    for (const both of pages) {
      const [file, other] = both.split("=");
      const name = path.basename(file, ".html"), page = await driver.newPage();
      const wrong = [];
      page.on("pageerror", (error) => wrong.push(String(error)));
      await page.setViewport({ width, height: 900 });
      await page.goto(pathToFileURL(file));
      const { step, hidden, steps, live } = await page.evaluate(`(${state})()`);
      if (step !== "0" || hidden === 0) wrong.push("it does not open at the first step");
      for (const at of [1, Math.ceil(steps / 2), steps]) {
        await page.evaluate(`go(${at})`);
        wrong.push(...(await page.evaluate(`(${look})()`)).map((what) => `step ${at}: ${what}`));
      }
      const shot = (what) => path.join(folder, `${name}-${browser}-${width}${what}.png`);
      await page.screenshot({ path: shot(""), fullPage: true });
      if (live) {
        // The first gate's value depends on an input.
        await page.evaluate("go(1)");
        const before = await page.evaluate("find('story').textContent");
        await page.evaluate("all('[data-input]').forEach((slider) => { slider.value = slider.max * 0.9; slider.dispatchEvent(new Event('input')); })");
        const after = await page.evaluate("find('story').textContent");
        if (before === after) wrong.push("a slider leaves the story as it was");
        await page.screenshot({ path: shot("-moved"), fullPage: true });
        await page.evaluate("find('reset').click()");
        if (before !== (await page.evaluate("find('story').textContent"))) wrong.push("it does not go back to where it began");
      }
      if (other) {
        const values = JSON.parse(fs.readFileSync(other + ".json", "utf8"));
        await page.evaluate(`(${move})(${JSON.stringify(values)})`);
        const moved = await page.evaluate(`(${told})()`);
        await page.goto(pathToFileURL(other));
        if (moved !== (await page.evaluate(`(${told})()`))) wrong.push("a moved slider says something else than a new page");
      }
      failures.push(...wrong.map((what) => `${name} in ${program} at ${width} pixels: ${what}`));
      await page.close();
    }
  }
  await driver.close();
}
if (failures.length > 0) {
  console.error(failures.join("\n"));
  process.exit(1);
}
