// Reads what the program wrote with the real tools: Mermaid's parser, and KaTeX in strict mode. Arguments: pairs
// of a format and a file.
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

for (let at = 2; at < process.argv.length; at += 2) {
  const [format, file] = process.argv.slice(at, at + 2);
  const text = fs.readFileSync(file, "utf8");
  if (format === "mermaid") await mermaid.parse(text);
  if (format === "latex")
    for (const [math] of text.matchAll(/\\begin\{align\*\}[^]*?\\end\{align\*\}/g))
      katex.renderToString(math, { displayMode: true, strict: "error", throwOnError: true });
}
