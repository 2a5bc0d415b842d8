// The page and the program behind it: runs, lines to share, a program that is lost.

import path from "node:path";
import { accessible, button, check, equal, fill, fits, marked, open, settled, text, texts } from "./browser.mjs";
import { address, browser, folder, gradients, ofRun } from "./setting.mjs";

/** A run's network: its layers open, and another example is another answer. */
export async function aRun() {
  if (!ofRun) return;
  const page = await open(browser, ofRun);
  const symbols = () => page.$$eval(".block", (all) => all.map((one) => one.textContent.trim()));
  const closed = (await symbols()).length;
  check((await symbols()).some((name) => name.includes("affine1")), "the first layer is a box");
  const says = await text(page, ".example");
  check(/It says/.test(says) && (await texts(page, ".example tbody th")).length > 1, `the network says something: ${says}`);
  check((await texts(page, ".weights tbody tr")).length === 10, "ten weights are listed");
  check((await texts(page, ".weights tbody th")).some((name) => name.includes("_cm")) && (await texts(page, ".features tbody th")).includes("petal_length_cm"), "features have their names");
  await page.$$eval(".block", (all) => all.find((one) => one.textContent.trim() === "affine1").dispatchEvent(new MouseEvent("dblclick", { bubbles: true })));
  await settled(page);
  const opened = await symbols();
  check(opened.length > closed && opened.some((name) => name.includes("@")), `the first layer opens: ${opened}`);
  await button(page, "Next", ".example");
  equal(await page.$eval(".example input", (one) => one.value), "1", "the next example");
  await fill(page, ".example input", "100000");
  check(/only the examples 0 to \d+: example 1 is still shown/.test(await text(page, ".example [role=status]")), "an example that is not there is said");
  equal(await page.$eval(".example input", (one) => one.value), "100000", "what was typed stays");
  await fill(page, ".example input", "1");
  const [before] = [await text(page, ".example tbody")];
  await button(page, "Next", ".example");
  check(before !== (await text(page, ".example tbody")), "another example has other probabilities");
  await fits(page, "run");
  await accessible(page, "run");
  await page.screenshot({ path: path.join(folder, "run.png"), fullPage: true });
  await page.setViewport({ width: 360, height: 780 });
  await settled(page);
  await fits(page, "run-360");
  await page.screenshot({ path: path.join(folder, "run-360.png"), fullPage: true });
  check(closed > 5, "the graph is drawn");
  await button(page, "Look at an expression", ".example");
  equal(await gradients(page), { x: "2.2", m: "110", t: "200" }, "the apple behind the run");
  await page.close();
}

export async function sharing() {
  const page = await open(browser, address);
  await fill(page, "input[aria-label=x]", "70");
  await button(page, "Share");
  const line = await page.$eval("dialog input", (one) => one.value);
  check(/^c1\.[\w-]{20,2000}$/.test(line), `the line: ${line}`);
  await button(page, "Close", "dialog");
  await fill(page, "#expression", "x * m");
  await new Promise((resolve) => setTimeout(resolve, 700));
  await page.goBack();
  await settled(page);
  equal(await page.$eval("#expression", (one) => one.value), "x * m * t", "the expression after going back");
  await page.goForward();
  await settled(page);
  equal(await page.$eval("#expression", (one) => one.value), "x * m", "the expression after going forward");
  await button(page, "한국어");
  await page.goBack();
  await settled(page);
  equal(await page.evaluate(() => document.documentElement.lang), "ko", "the language after going back");
  await button(page, "English");
  await button(page, "Share");
  await fill(page, "dialog form input", line);
  await button(page, "Open", "dialog form");
  equal(await page.$eval("input[aria-label=x]", (one) => one.value), "70", "the value that the line says");
  await page.evaluate(() => { location.hash = "#c1.damaged"; });
  check((await marked(page, ".banner")).length > 10 && !page.url().includes("damaged"), "a damaged line in the address is told");
  await button(page, "✕", ".banners");
  equal((await page.$$(".banner")).length, 0, "what was told can be put away");
  await page.close();
}

export async function lostAndFound() {
  const page = await open(browser, address);
  await page.setOfflineMode(true);
  await page.$eval("input[aria-label=x]", (one) => { one.value = "90"; one.dispatchEvent(new Event("input", { bubbles: true })); });
  await page.waitForSelector(".banner", { timeout: 8000 });
  check((await page.$$(".block")).length > 3, "the last picture stays");
  await page.setOfflineMode(false);
  await page.waitForFunction(() => !document.querySelector(".banner"), { timeout: 15_000 });
  await settled(page);
  check((await gradients(page)).x !== "2.2", "what was typed meanwhile is computed");
  await page.close();
}

/** Without the token the page says what to do. */
export async function withoutToken() {
  const page = await browser.newPage();
  await page.goto(new URL("/", address).href);
  check((await marked(page, ".alone")).includes("#"), "a page without access says which address to open");
  equal((await page.$$(".loading")).length, 0, "nothing is awaited without access");
  await page.close();
}
