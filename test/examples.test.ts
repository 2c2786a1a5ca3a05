// The TypeScript examples of the documents run as they stand, one document's after the other's as one program.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect, it, vi } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
// Inside the project, where modules of TypeScript can be imported.
const folder = mkdtempSync(join(root, "build", "examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each(["README.md", "docs/language.md", "docs/search.md"])("the examples of %s run", async (document) => {
  const blocks = [...readFileSync(join(root, document), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)];
  expect(blocks.length).toBeGreaterThan(0);
  const code = blocks.map(([, block]) => block).join("\n");
  const file = join(folder, `${document.replace(/\W/g, "-")}.ts`);
  writeFileSync(file, code.replaceAll('"filigree"', JSON.stringify(join(root, "src/index.ts"))));
  const printed: unknown[][] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values) => void printed.push(values));
  const folderBefore = process.cwd();
  process.chdir(folder);
  writeFileSync("my.txt", readFileSync(join(root, "docs/decisions.md")));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    process.chdir(folderBefore);
    log.mockRestore();
  }
  expect(printed.length).toBeGreaterThan(0);
});
