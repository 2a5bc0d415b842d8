// The quiz, and the chapters of the lessons.

import fs from "node:fs";
import path from "node:path";
import { button, check, equal, fill, fits, open, settled, text, texts } from "./browser.mjs";
import { address, browser, folder, gradients, number } from "./setting.mjs";

export async function quiz() {
  const page = await open(browser, address);
  await button(page, "Quiz");
  equal(Object.values(await gradients(page)), ["…", "…", "…"], "gradients in a quiz");
  const answer = async (value) => {
    await fill(page, ".quiz input", value);
    await button(page, "Check", ".quiz");
    return text(page, ".quiz [role=status]");
  };
  // The loss: 1 arrives, 1 goes on; then × with 1 above, 1.1 and 200 beside.
  check((await answer("1")).startsWith("Right"), "1 is right for the loss");
  await button(page, "Go on");
  check((await answer("-1.1")).includes("sign"), "a wrong sign is explained");
  check((await answer("1.1")).startsWith("Right"), "1.1 is right for x·m");
  await button(page, "Go on");
  check((await text(page, ".quiz .ask")).includes("× (mul)"), "a gate is named by its sign and its name");
  check((await answer("600/3")).startsWith("Right"), "200 is right for t, as a quotient too");
  await button(page, "Go on");
  check((await answer("2")).includes("local derivative alone"), "a forgotten upstream is explained");
  check((await answer("1.1")).includes("what arrives"), "a forgotten local derivative is explained");
  await answer("2.2");
  await button(page, "Go on");
  await answer("110");
  await button(page, "Go on");
  check((await text(page, ".quiz")).includes("3 of 5"), `the score: ${await text(page, ".quiz")}`);
  equal(await gradients(page), { x: "2.2", m: "110", t: "200" }, "gradients after the quiz");
  await button(page, "End the quiz");
  await button(page, "Quiz");
  await page.$eval(".block.fold", (one) => one.dispatchEvent(new MouseEvent("dblclick", { bubbles: true })));
  await settled(page);
  equal(Object.values(await gradients(page)), ["…", "…", "…"], "gradients once a box is opened in a quiz");
  check((await texts(page, "svg.picture .v")).filter((one) => one !== "").length > 4, "the values that a quiz asks about are still there");
  await button(page, "End the quiz");
  await fill(page, "#expression", "x * x + 2 * x");
  await fill(page, ".field input", "");
  await fill(page, "input[aria-label=x]", "3");
  await button(page, "Quiz");
  for (let asked = 0; asked < 20; asked++) {
    const question = await text(page, ".quiz .ask");
    if (!question.includes("several times")) {
      await answer("0.12345");
      await button(page, "Show it", ".quiz");
      await button(page, "Go on", ".quiz");
      continue;
    }
    check((await answer("3")).includes("one use alone"), "a forgotten second use is explained");
    check((await answer("8")).startsWith("Right"), "the sum of the uses is right");
    break;
  }
  await button(page, "End the quiz");
  await fill(page, "#expression", "sum(x * x)");
  await fill(page, "input[aria-label=x]", "[1, 2]");
  await button(page, "Quiz");
  check((await text(page, ".quiz")).includes("arrays"), "a quiz says why it does not ask for arrays");
  await button(page, "Quiz me on", ".quiz");
  check((await page.$(".quiz .ask")) !== null, "an expression of numbers is asked for instead");
  check(!(await answer("nan")).startsWith("Right"), "what is no number is not right");
  await page.close();
}

export async function lessons() {
  const page = await open(browser, address);
  await button(page, "Lessons");
  for (const language of ["English", "한국어"]) {
    await button(page, language);
    for (let chapter = 0; chapter < 10; chapter++) {
      await page.$$eval(".chapters button", (all, at) => all[at].click(), chapter);
      await settled(page);
      const said = await text(page, ".lesson");
      check(!/[{}]|…|undefined|NaN/.test(said), `chapter ${chapter + 1} in ${language} has all its numbers: ${/.{0,20}([{}]|…|undefined|NaN)/.exec(said)?.[0]}`);
      check(!/[을이은과]\(/.test(said), `chapter ${chapter + 1}: every particle is decided`);
      check((await text(page, "#mistake")) === "", `chapter ${chapter + 1} is a right expression`);
      check((await page.$$(".block")).length > 1, `chapter ${chapter + 1} has a picture`);
      await fits(page, `chapter ${chapter + 1}`);
    }
  }
  await page.close();
}

/** What chapters tell the reader to do can be done, and does what they say. */
export async function lessonsHold() {
  const page = await open(browser, address);
  await button(page, "Lessons");
  const chapter = async (at) => {
    await page.$$eval(".chapters button", (all, at) => all[at - 1].click(), at);
    await settled(page);
  };
  const ends = (name) => page.$eval(`input[aria-label="Slider of ${name}"]`, (one) => [Number(one.min), Number(one.max)]);
  const toEnd = () => button(page, "Last step");
  await chapter(1);
  await toEnd();
  const before = await gradients(page);
  await fill(page, "input[aria-label='Slider of t']", "2");
  const after = await gradients(page);
  equal(["x", "m", "t"].map((name) => before[name] === after[name]), [false, false, true], "gradients of the apple that stay as t moves");
  await chapter(2);
  await toEnd();
  const path = async (name) => {
    await page.$$eval(".input button.name", (all, name) => all.find((one) => one.textContent === name).click(), name);
    await settled(page);
    return page.$$eval(".wire", (all) => all.map((one) => one.classList.contains("lit")));
  };
  const [ofA, ofO] = [await path("a"), await path("o")];
  check(ofA.some((isLit, at) => isLit && ofO[at]) && ofA.some((isLit, at) => isLit && !ofO[at]), "the paths of a and o are the same from the add gate on");
  await fill(page, "input[aria-label=n]", "0");
  equal((await gradients(page)).a, "0", "df/da where n is 0");
  await chapter(3);
  await fill(page, ".question input", number((await gradients(page)).x));
  await button(page, "Check", ".question");
  check((await text(page, ".question [role=status]")).startsWith("Right"), "the gradient is right");
  await fill(page, "input[aria-label='Slider of x']", "-1");
  equal([(await gradients(page)).x, await text(page, ".question [role=status]")], ["0", ""], "the gradient at the bottom of the parabola, and the verdict on another");
  await chapter(4);
  check((await ends("b"))[0] <= -4, "b can be moved to −4");
  await fill(page, "input[aria-label=b]", "-4");
  const said = await text(page, ".lesson");
  check(said.includes("here 0.25: that makes dL/db = 0.125"), `the sigmoid's chapter follows b: ${said}`);
  await chapter(5);
  check((await ends("b"))[1] > 2, "b can be raised beyond 2");
  await fill(page, "input[aria-label='Slider of b']", "2.1");
  equal((await gradients(page)).b, "−1.9", "the gradient once the gate is open");
  await chapter(6);
  await fill(page, ".field textarea", "1");
  await page.focus("input[aria-label='x[1]']");
  await settled(page);
  await fill(page, "input[aria-label='Slider of x[1]']", "10");
  check(Math.abs(number((await texts(page, ".grid small"))[1])) < 1e-3, "the gradient of the right class's score comes close to 0");
  await chapter(7);
  const ofW = () => page.$$eval(".grid", (all) => [...all[1].querySelectorAll("small")].map((one) => one.textContent));
  const old = await ofW();
  await fill(page, "input[aria-label='Slider of x[0,0]']", "2");
  equal((await ofW()).map((x, at) => x !== old[at]), [true, true, true, false, false, false], "elements of dw that change with x[0,0]");
  await chapter(10);
  const losses = async (rate) => {
    await fill(page, "#rate", Math.log10(rate));
    return (await texts(page, "#panel tbody tr b")).map(number);
  };
  check((await losses(0.2))[1] < 1e-12, "a single step is enough at 0.2");
  const [first, second] = await losses(0.42);
  check(second > first, "beyond the limit the loss grows");
  await page.close();
}

/** A chapter as a file that needs no server. */
export async function aLessonAsAFile() {
  const page = await open(browser, address);
  await button(page, "Lessons");
  const file = path.join(folder, "lesson.html");
  const html = await page.evaluate(async () => {
    const token = sessionStorage.getItem("chainrule-token");
    const request = { expression: "x * m * t", at: { x: 100, m: 2, t: 1.1 } };
    const state = { e: request.expression, at: request.at, lesson: "apple" };
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
    const answer = await fetch("/api/v1/export", { method: "POST", headers, body: JSON.stringify({ request, format: "html", state }) });
    return (await answer.json()).text;
  });
  await page.close();
  fs.writeFileSync(file, html);
  const document = await browser.newPage();
  document.on("pageerror", (error) => check(false, `the document threw ${error.message}`));
  await document.goto(`file://${file}`);
  await document.waitForSelector(".lesson", { timeout: 8000 });
  check((await texts(document, ".lesson h2")).length === 1, "the chapter is there");
  check((await document.$$(".chapters button")).length === 0, "a file has no other chapters");
  equal(await gradients(document), { x: "2.2", m: "110", t: "200" }, "the gradients of the file");
  check((await text(document, ".lesson")).includes("1 · 1.1 · 2 = 2.2"), "the chapter's numbers are those of the file");
  await fill(document, "input[aria-label=m]", "3");
  check((await gradients(document)).x !== "2.2", "the file computes by itself");
  await document.screenshot({ path: path.join(folder, "lesson-file.png"), fullPage: true });
  await document.close();
}
