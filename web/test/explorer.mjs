// Uses the explorer as people do: `node explorer.mjs CHROMIUM ADDRESS FOLDER [ADDRESS]`. The address is the one
// that the program printed, token and all; the folder takes screenshots; the second address is one of a run.

import fs from "node:fs";
import path from "node:path";
import { accessible, button, check, equal, fill, fits, launch, marked, open, press, settled, text, texts, wrong } from "./browser.mjs";
import { resembles } from "./reference.mjs";

const [program, address, folder, ofRun] = process.argv.slice(2);
fs.mkdirSync(folder, { recursive: true });
const browser = await launch(program);
const number = (text) => Number(text.replace("−", "-"));
const gradients = async (page) => Object.fromEntries((await texts(page, ".given .gradient")).map((line) => line.replace(/^d\w\/d/, "").split(" = ")));

async function theApple() {
  const page = await open(browser, address);
  check(!page.url().includes("token"), "the token stays in the address");
  equal(await gradients(page), { x: "2.2", m: "110", t: "200" }, "the gradients of the apple");
  equal(await texts(page, ".what-if tbody tr:first-child td"), ["222.2", "5.12", "+4.62", "+2.2 ✗", "+4.62 ✓"], "what if x rises by 1");
  const shown = new Set(await texts(page, "svg.picture text"));
  for (const one of ["100", "2", "1.1", "200", "220", "0.5", "2.2", "110"]) check(shown.has(one), `the picture shows ${one}`);
  await page.close();
}

async function steps() {
  const page = await open(browser, address);
  const count = async () => [(await texts(page, "svg.picture .v")).length, (await texts(page, "svg.picture .g")).length];
  const all = await count();
  await button(page, "From the start");
  const first = await count();
  check(first[0] < all[0] && first[1] === 0, `before the first step ${first} of ${all} numbers are seen`);
  let [before, steps] = [first, 0];
  for (; (await page.$(".steps button.main:not([disabled])")) && !(await text(page, ".steps button.main")).includes("From"); steps++) {
    await page.keyboard.press("ArrowRight");
    await settled(page);
    const now = await count();
    check(now[0] >= before[0] && now[1] >= before[1] && now.join() !== before.join() || steps > 0, `step ${steps + 1} shows more`);
    check((await page.$$(".block.now")).length === 1, `one block is at work in step ${steps + 1}`);
    check((await text(page, ".story")).length > 20, `step ${steps + 1} is told`);
    before = now;
    if (steps > 50) break;
  }
  equal(before, all, "the numbers at the end");
  await page.keyboard.press("ArrowLeft");
  await settled(page);
  check((await count()).join() !== all.join(), "a step back hides again what it showed");
  await page.close();
}

async function inputs() {
  const page = await open(browser, address);
  const places = () => page.$$eval(".block", (all) => all.map((one) => one.getBoundingClientRect().left));
  const before = await places();
  await fill(page, ".input:first-of-type input[type=range]", 120);
  const x = number(await page.$eval("input[aria-label=x]", (one) => one.value));
  const error = x * 2 * 1.1 - 219, found = await gradients(page);
  for (const [name, expected] of Object.entries({ x: error * 2.2, m: error * x * 1.1, t: error * x * 2 }))
    check(Math.abs(number(found[name]) / expected - 1) < 1e-5, `dL/d${name} at x = ${x}: ${found[name]}, expected ${expected}`);
  equal(await places(), before, "the places of the blocks when a value changes");
  await fill(page, "input[aria-label=x]", "abc");
  equal(await page.$eval("input[aria-label=x]", (one) => one.getAttribute("aria-invalid")), "true", "a field of no number is marked");
  check((await marked(page, ".given .trouble:not(:empty)")).includes("x = "), "a sentence says what the page still shows");
  await fill(page, "input[aria-label=t]", "1e999");
  check((await marked(page, ".input:last-of-type .trouble:not(:empty)")).includes("too large"), "a number beyond all is named so");
  await fill(page, "#expression", "x * m * )");
  check((await page.$(".expression mark")) !== null && (await text(page, "#mistake")) !== "", "a mistake is marked");
  await fill(page, "#expression", "x * new_name");
  equal((await texts(page, ".input .name")).sort(), ["new_name", "x"], "a new name becomes an input");
  await page.focus("#expression");
  await fill(page, "#expression", "");
  await page.type("#expression", "sigm");
  check((await texts(page, "#offers li")).some((one) => one.startsWith("sigmoid")), "a function is offered");
  await page.keyboard.press("Enter");
  equal(await page.$eval("#expression", (one) => one.value), "sigmoid(", "the function that was taken");
  await page.close();
}

/** The picture goes along while a slider moves on, and at last shows the last value; of a large graph every step is told. */
async function following() {
  const page = await open(browser, address);
  const chain = Array.from({ length: 60 }, (_, at) => `h${at + 1} = tanh(h${at} * w) + 1`);
  await fill(page, "#expression", `h0 = x * w; ${chain.join("; ")}; h60 * 1`);
  await page.waitForFunction(() => document.querySelectorAll(".block").length > 60);
  await fill(page, "input[aria-label=w]", "0.01");
  const seen = await page.evaluate(async () => {
    const slider = document.querySelector(".input input[type=range]"), seen = new Set();
    for (let at = 1; at <= 120; at++) {
      slider.value = String(at);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.add(document.querySelector("svg.picture").textContent);
    }
    return seen.size;
  });
  check(seen > 4, `while a slider moved for more than a second, ${seen} pictures were seen`);
  await settled(page);
  const [first] = await texts(page, ".what-if tbody tr:first-child td");
  const [x, w] = await Promise.all(["x", "w"].map((name) => page.$eval(`input[aria-label=${name}]`, (one) => Number(one.value))));
  const value = (at) => Array.from({ length: 60 }).reduce((h) => Math.tanh(h * w) + 1, at * w);
  check(Math.abs(number(first) - value(x * 1.01)) < 1e-4, `the last value wins: ${first}, expected ${value(x * 1.01)}`);
  await button(page, "From the start");
  for (let step = 0; step < 3; step++) {
    await page.keyboard.press("ArrowRight");
    await settled(page);
    const told = await page.$$eval(".story .equation", (all) => all.length);
    check(told > 0, `step ${step + 1} of a large graph is told: ${await text(page, ".story")}`);
  }
  await page.close();
}

/** A picture that is cut off says so; what is searched is counted, and gone through. */
async function largePictures() {
  const page = await open(browser, address, { wide: 768 });
  const terms = Array.from({ length: 8 }, (_, at) => `tanh(${at + 1} * x)`).join(" + ");
  await fill(page, "#expression", `exp(sin(cos(exp(sin(cos(${terms}))))))`);
  check((await page.$$(".beyond")).length > 0 && (await page.$(".tools button.wanted")) !== null, "a picture that goes on says so");
  const cut = await page.$$eval(".legend, svg.picture", ([picture, legend]) => picture.getBoundingClientRect().bottom <= legend.getBoundingClientRect().top + 1);
  check(cut, "the legend lies below the picture");
  const left = () => page.$eval("svg.picture > g", (one) => one.getAttribute("transform"));
  const before = await left();
  await press(page, ".beyond");
  check(await left() !== before, "the sign at an edge goes on");
  await button(page, "Fit");
  equal((await page.$$(".beyond")).length, 0, "signs once the picture is whole");
  await fill(page, ".tools input", "tanh");
  equal(await text(page, "#found"), "1 of 8", "how many are found");
  await page.focus(".tools input");
  await page.keyboard.press("Enter");
  equal(await text(page, "#found"), "2 of 8", "Enter goes to the next");
  await fill(page, ".tools input", "nowhere");
  equal(await text(page, "#found"), "Nothing found", "nothing is found, and it says so");
  check(/[\u2713\u2717].*2 %/.test(await text(page, ".near")), "it is said when a forecast is right");
  await page.close();
}

/** Fields take arrays, and numbers again; a target of scores is a class or a distribution. */
async function arrays() {
  const page = await open(browser, address);
  await fill(page, "#expression", "sum(x * m * t)");
  await fill(page, ".field input", "");
  await page.click("input[aria-label=x]", { count: 3 });
  await page.keyboard.type("[1, 2, 3]");
  await settled(page);
  equal(await page.$eval("input[aria-label='x[2]']", (one) => one.value), "3", "the last element of what was typed");
  equal(await page.evaluate(() => document.activeElement.className), "values", "who was typing goes on in the text");
  await fill(page, "textarea.values", "[[1, 2], [3, 4]]");
  equal(await page.$eval("input[aria-label='x[1,1]']", (one) => one.value), "4", "the last element of a matrix");
  await fill(page, "textarea.values", "[[1, 2], [3]]");
  check((await marked(page, ".given .trouble:not(:empty)")).includes("differ in length"), "rows of two lengths are named so");
  await page.click("textarea.values", { count: 4 });
  await page.keyboard.type("7");
  await page.keyboard.press("Tab");
  await settled(page);
  equal(await page.$eval("input[aria-label=x]", (one) => one.value), "7", "an array becomes a number again");
  await page.$eval("input[aria-label=x]", (one) => {
    one.focus();
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", Array.from({ length: 20 }, (_, at) => at).join("\n"));
    one.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  });
  await settled(page);
  equal((await page.$$(".grid input")).length, 20, "twenty numbers can be pasted");
  await fill(page, "#expression", "x * m");
  await button(page, "softmax with loss", ".offers");
  equal(await page.$eval(".field textarea", (one) => one.value), "0", "the target class of scores");
  await fill(page, "textarea[aria-label='x as text']", "[[1, 2], [3, 4]]");
  await fill(page, ".field textarea", "[0, 1]");
  check((await texts(page, ".block .symbol")).includes("[[1, 0], [0, 1]]") && (await text(page, "#mistake")) === "", "a batch has a class for each row");
  await fill(page, ".field textarea", "");
  await fill(page, "#expression", "sum(x @ weight)");
  check((await text(page, "#mistake")) !== "", "a number is no factor of @");
  await fill(page, "input[aria-label=weight]", "[[1], [2]]");
  equal([await text(page, "#mistake"), (await page.$$(".grid")).length], ["", 2], "a new name takes an array before anything can be computed");
  await page.close();
}

async function micrograd() {
  const page = await open(browser, address);
  await fill(page, ".field input", "");
  await fill(page, "#expression", "c = a + b; d = a * b + b ^ 3; c1 = c + c + 1; c2 = c1 + 1 + c1 + (-a); d1 = d + d * 2 + relu(b + a); d2 = d1 + 3 * d1 + relu(b - a); e1 = c2 - d2; f1 = e1 ^ 2; g = f1 / 2.0; g + 10.0 / f1");
  await fill(page, "input[aria-label=a]", "-4");
  await fill(page, "input[aria-label=b]", "2");
  const found = await gradients(page);
  const near = (text, expected) => Math.abs(number(text) - expected) < 1e-3;
  check(near(found.a, 138.8338) && near(found.b, 645.5773), `micrograd's gradients: ${JSON.stringify(found)}`);
  check((await texts(page, "svg.picture text")).some((one) => near(one, 24.7041)), "micrograd's value 24.7041 is in the picture");
  await page.close();
}

async function folding() {
  const page = await open(browser, address);
  const before = (await page.$$(".block")).length;
  await press(page, ".check input");
  check((await page.$$(".block")).length > before, "an opened box shows what is inside");
  await press(page, ".check input");
  equal((await page.$$(".block")).length, before, "blocks after the box is closed");
  await page.$eval(".block.fold", (one) => one.dispatchEvent(new MouseEvent("dblclick", { bubbles: true })));
  await settled(page);
  check((await page.$$(".block")).length > before, "a box opens alone");
  await new Promise((resolve) => setTimeout(resolve, 700));
  const line = page.url().split("#")[1];
  await button(page, "✕", ".boxes");
  equal((await page.$$(".block")).length, before, "blocks after that box is closed");
  await button(page, "Share");
  await fill(page, "dialog form input", line);
  await button(page, "Open", "dialog form");
  check((await page.$$(".block")).length > before, "a line tells which box is open");
  await page.close();
}

async function pathsLightUp() {
  const page = await open(browser, address);
  await press(page, ".input button.name");
  check((await page.$$(".wire.lit")).length >= 3 && (await page.$$(".wire.dim")).length >= 2, "the paths of x light up");
  await page.$eval(".block[tabindex='0']", (one) => one.focus());
  check((await page.$(".details")) !== null, "a node in focus tells of itself");
  await page.keyboard.press("ArrowRight");
  const symbol = await page.evaluate(() => document.activeElement.querySelector(".symbol").textContent);
  equal(symbol, "×", "the arrow key goes along the wire");
  check((await texts(page, ".details .products tbody tr")).length === 2, "upstream × local = product, for each operand");
  await page.close();
}

async function quiz() {
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
  await answer("nan");
  await page.close();
}

async function lessons() {
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
async function lessonsHold() {
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
  await fill(page, "input[aria-label='Slider of x']", "-1");
  equal((await gradients(page)).x, "0", "the gradient at the bottom of the parabola");
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

async function sharing() {
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
  await page.close();
}

/** A chapter as a file that needs no server. */
async function aLessonAsAFile() {
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

async function lostAndFound() {
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
async function withoutToken() {
  const page = await browser.newPage();
  await page.goto(new URL("/", address).href);
  check((await marked(page, ".alone")).includes("#"), "a page without access says which address to open");
  equal((await page.$$(".loading")).length, 0, "nothing is awaited without access");
  await page.close();
}

/** On paper stand the picture and its numbers, and nothing to press. */
async function onPaper() {
  const page = await open(browser, address);
  await page.emulateMediaType("print");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await settled(page);
  const seen = await page.$$eval("button, input, select", (all) => all.filter((one) => one.checkVisibility() && one.matches("button:not(.name, [role=tab]), select, [type=range]")).length);
  equal(seen, 0, "controls on paper");
  const whole = await page.$eval("svg.picture", (svg) => [...svg.querySelectorAll(".block")].every((block) => {
    const [inner, outer] = [block.getBoundingClientRect(), svg.getBoundingClientRect()];
    return inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
  }));
  check(whole, "the whole picture is on paper");
  await page.close();
}

/** A run's network: its layers open, and another example is another answer. */
async function aRun() {
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

const TESTS = { theApple, aRun, steps, inputs, following, arrays, largePictures, micrograd, folding, pathsLightUp, quiz, lessons, lessonsHold, sharing, aLessonAsAFile, lostAndFound, withoutToken, onPaper, looks };
for (const [name, test] of Object.entries(TESTS)) {
  if (process.env.ONLY && !process.env.ONLY.split(",").includes(name)) continue;
  const start = Date.now();
  await test().catch((error) => check(false, `${name}: ${error.message}`));
  console.log(`${name}: ${Date.now() - start} ms`);
}
await browser.close();
if (wrong.length > 0) process.exit(1);
console.log("explorer: all right");
