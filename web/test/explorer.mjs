// Uses the explorer as people do: `node explorer.mjs CHROMIUM ADDRESS FOLDER [ADDRESS]`. The address is the one
// that the program printed, token and all; the folder takes screenshots; the second address is one of a run.

import path from "node:path";
import { accessible, button, check, fill, fits, marked, open, settled, wrong } from "./browser.mjs";
import * as course from "./course.mjs";
import * as fields from "./fields.mjs";
import * as graph from "./graph.mjs";
import * as program from "./program.mjs";
import { resembles } from "./reference.mjs";
import { address, browser, folder } from "./setting.mjs";

const STATES = {
  apple: async () => {},
  stepping: async (page) => { await button(page, "From the start"); await button(page, "Next"); },
  curve: (page) => button(page, "Curve"),
  down: (page) => button(page, "Way down"),
  quiz: (page) => button(page, "Quiz"),
  batch: async (page) => {
    await fill(page, ".field input", "");
    await fill(page, "#expression", "x @ w + b");
    for (const [name, value] of Object.entries({ x: "[[1, 2], [3, 4]]", w: "[[1, -1, 0.5], [0.5, 2, -2]]", b: "[0.1, 0.2, 0.3]" }))
      await fill(page, `input[aria-label=${name}]`, value);
    await button(page, "softmax with loss", ".offers");
    await fill(page, ".field textarea", "[0, 2]");
    await fill(page, "input[aria-label='x[0,0]']", "abc");
    await marked(page, ".given .trouble:not(:empty)");
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  },
  lesson: async (page) => { await button(page, "Lessons"); await page.$$eval(".chapters button", (all) => all[6].click()); await settled(page); },
};

async function looks() {
  for (const dark of [false, true]) for (const [name, reach] of Object.entries(STATES)) for (const wide of [1440, 768, 360]) {
    const page = await open(browser, address, { dark, wide, tall: wide === 360 ? 780 : 1000 });
    await reach(page);
    const what = `${name}-${dark ? "dark" : "light"}-${wide}`;
    await fits(page, what);
    if (wide !== 768) await accessible(page, what);
    await resembles(browser, page, what, folder);
    await page.screenshot({ path: path.join(folder, `${what}.png`), fullPage: true });
    await page.close();
  }
}

const TESTS = { ...graph, ...fields, ...course, ...program, looks };
for (const [name, test] of Object.entries(TESTS)) {
  if (process.env.ONLY && !process.env.ONLY.split(",").includes(name)) continue;
  const start = Date.now();
  await test().catch((error) => check(false, `${name}: ${error.message}`));
  console.log(`${name}: ${Date.now() - start} ms`);
}
await browser.close();
if (wrong.length > 0) process.exit(1);
console.log("explorer: all right");
