// Writes the bundle that the program serves and that documents carry: `node build.mjs [FOLDER]`.
import { build } from "esbuild";
import fs from "node:fs";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = process.argv[2] ?? here("../crates/chainrule-explain/src/html/bundle");
const MOST = 120_000;

await build({
  absWorkingDir: here("."),
  entryPoints: { app: "src/main.tsx" },
  outdir: folder,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  // Korean stays readable in a document's source.
  charset: "utf8",
  legalComments: "none",
  banner: { js: fs.readFileSync(here("notices.txt"), "utf8").trim().replace(/^/, "/*! ").replace(/$/, " */") },
});

const files = ["app.js", "app.css"].map((name) => fs.readFileSync(`${folder}/${name}`));
if (files[0].includes("</script") || files[1].includes("</style")) throw new Error("the bundle would end the element that it stands in");
const size = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
console.log(`${size} bytes compressed`);
if (size > MOST) throw new Error(`the bundle may have ${MOST} bytes`);
