// Puts the results of `bench/compare.mjs` into docs/performance.md: each block between <!-- name --> and <!-- end -->
// is replaced by that of the results, and the pictures are copied beside. The prose around them is to be read again.
//   node bench/document.mjs [DIR]
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = process.argv[2] ?? "results/comparison";
const docs = new URL("../docs/", import.meta.url);
const page = new URL("performance.md", docs);
const block = /<!-- (?!end)([\w-]+) -->\n[\s\S]*?<!-- end -->/g;

const results = readFileSync(`${folder}/comparison.md`, "utf8");
const blocks = new Map([...results.matchAll(block)].map(([text, name]) => [name, text]));
const text = readFileSync(page, "utf8").replace(block, (old, name) => blocks.get(name) ?? old);
writeFileSync(page, text);
for (const name of readdirSync(folder).filter((file) => file.endsWith(".svg"))) {
  copyFileSync(`${folder}/${name}`, new URL(`images/${name}`, docs));
}
