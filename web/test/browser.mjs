// A browser, and what the tests ask of a page.

import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** The longest that a change may take to be seen. */
const PATIENCE = 8000;

export const wrong = [];

export function check(holds, what) {
  if (!holds) {
    wrong.push(what);
    console.error(`FAILED: ${what}`);
  }
}

export function equal(found, expected, what) {
  check(JSON.stringify(found) === JSON.stringify(expected), `${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
}

export async function launch(program) {
  const places = program.includes("/") ? [program] : process.env.PATH.split(path.delimiter).map((place) => path.join(place, program));
  const executablePath = places.find((place) => fs.existsSync(place));
  return puppeteer.launch({ executablePath, args: ["--no-sandbox", "--lang=en-US"] });
}

/** A page that was opened; what goes wrong on it is told. */
export async function open(browser, address, { wide = 1440, tall = 1000, dark = false } = {}) {
  const page = await browser.newPage();
  // What is evaluated by a test is no part of the page; the page's own policy is asked for by one.
  await page.setBypassCSP(true);
  await page.setViewport({ width: wide, height: tall });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  const origin = new URL(address).origin;
  page.on("pageerror", (error) => check(false, `the page threw ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    check(url.startsWith(origin) || url.startsWith("data:") || url.startsWith("blob:"), `it asked for ${url}`);
  });
  await page.goto(address);
  await page.waitForSelector(".block", { timeout: PATIENCE });
  await settled(page);
  return page;
}

/** Waits until nothing is asked and the page has drawn. */
export async function settled(page) {
  await page.waitForNetworkIdle({ idleTime: 150, concurrency: 1, timeout: PATIENCE });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

export const texts = (page, selector) => page.$$eval(selector, (all) => all.map((one) => one.textContent.trim()));
export const text = (page, selector) => page.$eval(selector, (one) => one.textContent.trim());

/** What is said, once it is. */
export async function marked(page, selector) {
  await page.waitForSelector(selector, { timeout: PATIENCE });
  return text(page, selector);
}

export async function press(page, selector) {
  await page.$eval(selector, (one) => one.click());
  await settled(page);
}

/** Presses the button that says this. */
export async function button(page, words, within = "body") {
  const found = await page.evaluate((words, within) => {
    const all = [...document.querySelectorAll(`${within} button`)];
    const one = all.find((button) => button.textContent.includes(words) || button.getAttribute("aria-label") === words);
    one?.click();
    return one !== undefined;
  }, words, within);
  check(found, `there is no button "${words}"`);
  await settled(page);
}

/** Types into a field in place of what it says. */
export async function fill(page, selector, value) {
  await page.$eval(selector, (one, value) => {
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(one), "value");
    set.call(one, value);
    one.dispatchEvent(new Event("input", { bubbles: true }));
  }, String(value));
  await settled(page);
}

/** What the checker of accessibility finds. */
export async function accessible(page, what) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
  });
  for (const violation of violations) check(false, `${what}: ${violation}`);
}

/** Whether all of a page fits in its width. */
export async function fits(page, what) {
  const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  check(needed <= given, `${what} is ${needed} pixels wide of ${given}`);
}
