// What can be typed: numbers, arrays, expressions, targets.

import { button, check, equal, fill, marked, open, press, settled, text, texts } from "./browser.mjs";
import { address, browser, gradients, number } from "./setting.mjs";

export async function inputs() {
  const page = await open(browser, address);
  const places = () => page.$$eval(".block", (all) => all.map((one) => one.getBoundingClientRect().left));
  const before = await places();
  await fill(page, ".input:first-of-type input[type=range]", 120);
  const x = number(await page.$eval("input[aria-label=x]", (one) => one.value));
  const error = x * 2 * 1.1 - 219, found = await gradients(page);
  for (const [name, expected] of Object.entries({ x: error * 2.2, m: error * x * 1.1, t: error * x * 2 }))
    check(Math.abs(number(found[name]) / expected - 1) < 1e-5, `dL/d${name} at x = ${x}: ${found[name]}, expected ${expected}`);
  equal(await places(), before, "the places of the blocks when a value changes");
  const most = () => page.$eval("input[aria-label='Slider of m']", (one) => Number(one.max));
  const usual = await most();
  await fill(page, "input[aria-label='Slider of m']", usual);
  await page.$eval("input[aria-label='Slider of m']", (one) => one.dispatchEvent(new Event("change", { bubbles: true })));
  await settled(page);
  check(await most() > usual, "a slider that is pushed to its end grows");
  await fill(page, "input[aria-label=m]", "2");
  await press(page, "button.reset");
  equal([await most(), (await page.$$("button.reset")).length], [usual, 0], "its range goes back");
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
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  equal(await page.$eval("#expression", (one) => one.value), "sigmoid(", "the function that was taken");
  await page.close();
}

/** While an expression is written, values fit it again and again; what is typed in haste is not lost. */
export async function writing() {
  const page = await open(browser, address);
  await fill(page, ".field input", "");
  const names = async (expression) => {
    await fill(page, "#expression", expression);
    equal(await text(page, "#mistake"), "", `${expression} is right`);
    return (await texts(page, ".input .name")).sort();
  };
  equal(await names("x² * m"), ["m", "x"], "the names of a power");
  await fill(page, "input[aria-label=x]", "3");
  equal(await gradients(page), { x: "12", m: "9" }, "the gradients of x² · m at 3 and 2");
  equal(await names("x * m # t and x2"), ["m", "x"], "names of a comment are none");
  equal(await names("m = 4; x * m"), ["x"], "a name that the expression gives");
  equal(await names("sum(mean([[1, 2], [3, 4]] * x, axis=0, keepdims=True))"), ["x"], "the word of an option");
  await fill(page, ".what-if tbody input", "7");
  await names("a + b");
  equal((await page.$$(".what-if tbody tr")).length, 2, "changes of names that none was asked for");
  equal(await names("x * m * t"), ["m", "t", "x"], "names that come back");
  equal(await gradients(page), { x: "2.2", m: "3.3", t: "6" }, "and their values with them");
  await button(page, "Hessian");
  equal(await names("sum(tanh(x) * t)"), ["t", "x"], "another expression beside a table of second derivatives");
  await fill(page, "input[aria-label=x]", "[1, 2]");
  equal(await text(page, "#mistake"), "", "an array beside it");
  await fill(page, "input[aria-label=t]", "1,000");
  equal(await page.$eval("input[aria-label=t]", (one) => one.getAttribute("aria-invalid")), "true", "a comma is neither of decimals nor of thousands");
  await page.keyboard.press("Tab");
  await fill(page, "input[aria-label=t]", "1");
  await page.focus("input[aria-label='Slider of t']");
  const moved = async (keys) => {
    const place = () => page.$eval("input[aria-label='Slider of t']", (one) => Number(one.value));
    const before = await place();
    for (let press = 0; press < keys; press++) await page.keyboard.press("ArrowRight");
    await settled(page);
    return await place() - before;
  };
  const [one, twelve] = [await moved(1), await moved(12)];
  check(one > 0 && Math.abs(twelve / one - 12) < 1e-6, `twelve keys move a slider by ${twelve}, one by ${one}`);
  await page.close();
}

/** Enter begins a new line; what is offered is taken once it was chosen, and what would make a number wraps a value. */
export async function lines() {
  const page = await open(browser, address);
  const written = () => page.$eval("#expression", (one) => one.value);
  await fill(page, ".field input", "");
  await fill(page, "#expression", "");
  await page.focus("#expression");
  await page.keyboard.type("h = x * m");
  equal((await page.$$("#offers li")).length, 0, "offers behind an input's whole name");
  await page.keyboard.press("Enter");
  await page.keyboard.type("h * ta");
  check((await page.$$("#offers li")).length > 0, "a function is offered");
  await page.keyboard.press("Escape");
  await page.keyboard.type("x # two lines");
  await settled(page);
  equal(await written(), "h = x * m\nh * tax # two lines", "two lines as they were typed");
  await fill(page, "#expression", "h = x * m\nh # an array");
  await fill(page, "input[aria-label=x]", "[1, 2]");
  await button(page, "sum(…)", ".offers");
  equal([await written(), await text(page, "#mistake")], ["h = x * m\nsum(h) # an array", ""], "the last statement's value is wrapped");
  await fill(page, "#expression", "1 / y");
  await fill(page, "input[aria-label=y]", "-0");
  check((await texts(page, "svg.picture .v")).includes("−inf"), "−0 keeps its sign");
  await fill(page, "input[aria-label=y]", "1e308");
  await page.focus("input[aria-label='Slider of y']");
  await page.keyboard.press("ArrowRight");
  await settled(page);
  check(/^[\d.e+]+$/.test(await page.$eval("input[aria-label=y]", (one) => one.value)), `a slider at the end of all numbers: ${await page.$eval("input[aria-label=y]", (one) => one.value)}`);
  await fill(page, "input[aria-label=y]", "5");
  check(await page.$eval("input[aria-label='Slider of y']", (one) => Number(one.max)) < 100, "a range follows a value down");
  await fill(page, ".what-if tbody input", "0");
  equal((await texts(page, ".what-if tbody td b"))[0], "0", "a change of nothing");
  const name = "n".repeat(60);
  await fill(page, "#expression", `${name} * 2`);
  await page.setViewport({ width: 360, height: 780 });
  await settled(page);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.querySelector(".input input").getBoundingClientRect().right <= document.querySelector(".inputs").getBoundingClientRect().right);
  check(fits, "a long name leaves room for its field");
  await page.close();
}

/** Fields take arrays, and numbers again; a target of scores is a class or a distribution. */
export async function arrays() {
  const page = await open(browser, address);
  await fill(page, "#expression", "sum(x * m * t)");
  await fill(page, ".field input", "");
  await page.click("input[aria-label=x]", { count: 3 });
  await page.keyboard.type("[1, 2, 3]");
  await settled(page);
  equal(await page.$eval("input[aria-label='x[2]']", (one) => one.value), "3", "the last element of what was typed");
  equal(await page.evaluate(() => document.activeElement.className), "values", "who was typing goes on in the text");
  await fill(page, "#expression", "x * m * t");
  check((await text(page, "#mistake")).includes("shape [3]") && (await page.$$(".grid input")).length === 3, "an array of which nothing is computed has its fields");
  await fill(page, "#expression", "sum(x * m * t)");
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
  await button(page, "Hessian");
  await button(page, "softmax with loss", ".offers");
  equal(await text(page, "#mistake"), "", "scores beside a table that they do not have");
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
