// The comparisons run against other programs and not in a test; that what they take from Filigree is still there can be
// seen without running them.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const folder = new URL("../../bench/", import.meta.url);
const imports = /import (\{[^}]+\}) from "(\.\.\/dist\/[^"]+)"/g;

it.each(readdirSync(folder).filter((name) => name.endsWith(".mjs")))("%s imports what there is", (name) => {
  const lines = [...readFileSync(new URL(name, folder), "utf8").matchAll(imports)].map(
    ([, names, path]) => `import ${names} from ${JSON.stringify(new URL(path, folder).href)};`,
  );
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", lines.join("\n")], {
    encoding: "utf8",
  });
  expect(run).toMatchObject({ status: 0, stderr: "" });
});
