// The comparisons run against other programs and not in a test; that what they take from Filigree is still there can be
// seen without running them.
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const folder = new URL("../../bench/", import.meta.url);
const imports = /import \{([^}]+)\} from "(\.\.?\/[^"]+)"/g;

it.each(readdirSync(folder).filter((name) => name.endsWith(".mjs")))(
  "%s imports what there is",
  async (name) => {
    for (const [, names, path] of readFileSync(new URL(name, folder), "utf8").matchAll(imports)) {
      const module = await import(new URL(path, folder).href);
      const wanted = names.split(",").map((word) => word.trim().split(" as ")[0]);
      expect(Object.keys(module)).toEqual(expect.arrayContaining(wanted.filter((word) => word !== "")));
    }
  },
);
