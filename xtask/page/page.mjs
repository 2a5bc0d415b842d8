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
function seen() {
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
    // A long sum may go on in another line, but not each part in its own.
    const below = boxes.slice(1).filter(({ left }, at) => left < boxes[at].left + boxes[at].width / 2);
    if (below.length > boxes.length / 3) wrong.push(`the parts of an equation do not stand beside each other: ${math.textContent.slice(0, 60)}`);
  }
  return wrong;
}

// Waits until the page has drawn what it was told.
const drawn = (page) => page.evaluate(() => new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve)), 50)));

const texts = (page, selector) => page.$$eval(selector, (all) => all.map((one) => one.textContent.trim()));

async function press(page, key) {
  await page.keyboard.press(key);
  await drawn(page);
}

// Every number of the picture, the gradients and the stories, in their order. What was said of the first values
// alone is not said of others.
async function told(page) {
  const all = [await texts(page, ".given .gradient"), await texts(page, "svg.picture text")];
  await press(page, "Home");
  for (let step = 0; step < 100; step++) {
    all.push(await texts(page, ".story .scroll > :not(.note)"), await texts(page, ".chain"));
    if ((await page.$$("svg.picture .now, .block.now")).length === 0 && step > 0) break;
    const before = await page.$eval(".story", (one) => one.textContent);
    await press(page, "ArrowRight");
    if (before === (await page.$eval(".story", (one) => one.textContent))) break;
  }
  await press(page, "End");
  return JSON.stringify(all);
}

// A field's own setter tells the page that somebody typed.
async function type(page, name, value) {
  await page.$eval(`input[aria-label="${name}"]`, (field, value) => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, String(value));
  await drawn(page);
}

async function open(driver, file, width, wrong) {
  const page = await driver.newPage();
  page.on("pageerror", (error) => wrong.push(String(error)));
  await page.setViewport({ width, height: 900 });
  await page.goto(pathToFileURL(file));
  await page.waitForSelector(".block", { timeout: 10_000 });
  await drawn(page);
  return page;
}

const failures = [];
for (const program of programs) {
  const browser = program.startsWith("firefox") ? "firefox" : "chrome";
  // A container has no namespaces for the sandbox, and the pages are our own.
  const args = browser === "chrome" ? ["--no-sandbox"] : [];
  const driver = await puppeteer.launch({ browser, executablePath: found(program), headless: true, args });
  for (const width of WIDTHS) {
    for (const both of pages) {
      const [file, other] = both.split("=");
      const name = path.basename(file, ".html"), wrong = [];
      const page = await open(driver, file, width, wrong);
      const shot = (what) => path.join(folder, `${name}-${browser}-${width}${what}.png`);
      const look = async (when) => wrong.push(...(await page.evaluate(seen)).map((what) => `${when}: ${what}`));
      await look("at the end");
      await page.screenshot({ path: shot(""), fullPage: true });
      const all = (await texts(page, "svg.picture text")).length;
      await press(page, "Home");
      if ((await texts(page, "svg.picture text")).length >= all) wrong.push("before the first step nothing is hidden");
      for (const step of [1, 2, 3]) {
        await press(page, "ArrowRight");
        await look(`step ${step}`);
      }
      await press(page, "End");
      if ((await texts(page, "svg.picture text")).length !== all) wrong.push("at the end something is hidden");
      if (other) {
        for (const [name, value] of Object.entries(JSON.parse(fs.readFileSync(other + ".json", "utf8")))) await type(page, name, value);
        const [moved, fresh] = [await told(page), await open(driver, other, width, wrong)];
        await page.screenshot({ path: shot("-moved"), fullPage: true });
        const anew = await told(fresh);
        if (moved !== anew) wrong.push(`a changed value says something else than a new page:\n${moved}\n${anew}`);
        await fresh.close();
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
