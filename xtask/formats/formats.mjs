// Reads what the program wrote with the real tools: Mermaid's parser, KaTeX in strict mode, and a
// document model that runs the page's script. Arguments: pairs of a format and a file.
import fs from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.cwd() + "/");
const { JSDOM } = require("jsdom");
const katex = require("katex");
const dom = new JSDOM("<!DOCTYPE html><body></body>");
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const mermaid = (await import(pathToFileURL(require.resolve("mermaid").replace(/[^/\\]*$/, "mermaid.core.mjs")))).default;

// The numbers of the page that its script computes.
const shown = (document) => [...document.querySelectorAll("[data-x], [data-range]")].map((element) => element.textContent);

function page(file) {
  const text = fs.readFileSync(file, "utf8");
  const { document } = new JSDOM(text, { runScripts: "dangerously" }).window;
  const data = JSON.parse(document.getElementById("data").textContent);
  document.getElementById("start").click();
  if (document.querySelectorAll(".hidden").length === 0) throw new Error("nothing is hidden at the start");
  for (let step = 0; step < data.steps; step++) document.getElementById("next").click();
  if (document.querySelectorAll(".hidden").length > 0) throw new Error("something is hidden at the end");
  if (!data.live) return;
  // The first step's story has no numbers, as the page has none when it is read.
  document.getElementById("start").click();
  const [computed, written] = [shown(document), shown(new JSDOM(text).window.document)];
  if (written.length === 0) throw new Error("there are no numbers to compare");
  written.forEach((wanted, at) => {
    if (computed[at] !== wanted) throw new Error(`the page computes ${computed[at]}, the library ${wanted}`);
  });
}

for (let at = 2; at < process.argv.length; at += 2) {
  const [format, file] = process.argv.slice(at, at + 2);
  const text = fs.readFileSync(file, "utf8");
  if (format === "mermaid") await mermaid.parse(text);
  if (format === "html") page(file);
  if (format === "latex")
    for (const [math] of text.matchAll(/\\begin\{align\*\}[^]*?\\end\{align\*\}/g))
      katex.renderToString(math, { displayMode: true, strict: "error", throwOnError: true });
}
