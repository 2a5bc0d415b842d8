// What the parts of the test share: the browser, the program's addresses, a folder for screenshots.

import fs from "node:fs";
import { launch, texts } from "./browser.mjs";

const [program, address, folder, ofRun] = process.argv.slice(2);
export { address, folder, ofRun };
fs.mkdirSync(folder, { recursive: true });
export const browser = await launch(program);

export const number = (text) => Number(text.replace("−", "-"));
/** The gradients beside the inputs, by name. */
export const gradients = async (page) => Object.fromEntries((await texts(page, ".given .gradient")).map((line) => line.replace(/^d\w\/d/, "").split(" = ")));
