// The picture, its steps, boxes and paths.

import { button, check, equal, fill, open, press, settled, text, texts } from "./browser.mjs";
import { address, browser, gradients, number } from "./setting.mjs";

export async function theApple() {
  const page = await open(browser, address);
  check(!page.url().includes("token"), "the token stays in the address");
  equal(await gradients(page), { x: "2.2", m: "110", t: "200" }, "the gradients of the apple");
  equal(await texts(page, ".what-if tbody tr:first-child td"), ["222.2", "5.12", "+4.62", "+2.2 ✗", "+4.62 ✓"], "what if x rises by 1");
  const shown = new Set(await texts(page, "svg.picture text"));
  for (const one of ["100", "2", "1.1", "200", "220", "0.5", "2.2", "110"]) check(shown.has(one), `the picture shows ${one}`);
  await page.close();
}

export async function steps() {
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
    check(now[0] >= before[0] && now[1] >= before[1] && now.join() !== before.join(), `step ${steps + 1} shows more`);
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

export async function micrograd() {
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

/** The picture goes along while a slider moves on, and at last shows the last value; of a large graph every step is told. */
export async function following() {
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
  check(seen > 2, `while a slider moved for more than a second, ${seen} pictures were seen`);
  await settled(page);
  const [first] = await texts(page, ".what-if tbody tr:first-child td");
  const [x, w] = await Promise.all(["x", "w"].map((name) => page.$eval(`input[aria-label=${name}]`, (one) => Number(one.value))));
  const value = (at) => Array.from({ length: 60 }).reduce((h) => Math.tanh(h * w) + 1, at * w);
  check(Math.abs(number(first) - value(x * 1.01)) < 1e-4, `the last value wins: ${first}, expected ${value(x * 1.01)}`);
  await button(page, "From the start");
  for (let step = 0; step < 3; step++) {
    await page.keyboard.press("ArrowRight");
    await settled(page);
    const isTold = await page.waitForSelector(".story .equation", { timeout: 8000 }).then(() => true, () => false);
    check(isTold, `step ${step + 1} of a large graph is told: ${await text(page, ".story")}`);
  }
  await page.close();
}

export async function folding() {
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

export async function pathsLightUp() {
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

/** The largest ways are told among more than can be walked one by one; what is far from the largest is counted. */
export async function manyPaths() {
  const page = await open(browser, address);
  const doubled = Array.from({ length: 40 }, (_, at) => `h${at + 1} = h${at} * 0.75 + h${at} * 0.25`);
  await fill(page, "#expression", `h0 = x; ${doubled.join("; ")}; h40 * 1`);
  await button(page, "Paths");
  const shares = (await texts(page, "#panel .path .numbers")).slice(0, 5).map((one) => number(one.split(" ").at(-2)));
  const largest = 100 * 0.75 ** 40;
  check(shares.every((share, at) => Math.abs(share / (at === 0 ? largest : largest / 3) - 1) < 0.05), `the largest shares: ${shares}`);
  check((await text(page, "#panel")).includes("1.10e+12 more"), "the others of 2^40 are counted");
  await page.close();
}

/** The page's numbers are cut to their digits as the library's are: in the middle between two to the even one. */
export async function sameDigits() {
  const page = await open(browser, address);
  await fill(page, ".field input", "");
  await fill(page, "#expression", "x * m");
  for (const [m, cut] of [["1.015625", "1.01562"], ["1.046875", "1.04688"], ["-0.00048828125", "−0.000488281"], ["10000025", "1e7"], ["10000150", "1.00002e7"], ["2345678.5", "2345678"]]) {
    await fill(page, "input[aria-label=m]", m);
    equal((await gradients(page)).x, cut, `df/dx for m = ${m}`);
  }
  await page.close();
}

/** A picture that is cut off says so; what is searched is counted, and gone through. */
export async function largePictures() {
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
  await fill(page, "#expression", "x * -1.5");
  await fill(page, ".tools input", "-1.5");
  equal(await text(page, "#found"), "1 of 1", "a minus sign is found by the hyphen of a keyboard");
  await fill(page, "#expression", "sin(x)");
  await fill(page, ".tools input", "nowhere");
  equal(await text(page, "#found"), "Nothing found", "nothing is found, and it says so");
  check(/[\u2713\u2717].*2 %/.test(await text(page, ".near")), "it is said when a forecast is right");
  await page.close();
}

/** On paper stand the picture and its numbers, and nothing to press. */
export async function onPaper() {
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
