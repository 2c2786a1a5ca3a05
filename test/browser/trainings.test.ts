// The same trainings make the same bits wherever they run: natively, in WebAssembly under Node.js, and in Chromium, which
// takes the library by its own entry.
import { existsSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as filigree from "../../src/browser.js";
import { executorOf, fused, instructionSets, unfused } from "../engine/setups.js";
import { chromium, inChromium } from "./chromium.js";
import { trainings } from "./trainings.mjs";

type Digests = Record<string, string>;
const digests = new Map<string, Digests>();
afterEach(() => vi.unstubAllEnvs());

beforeAll(async () => {
  for (const name of instructionSets) {
    vi.stubEnv("FILIGREE_ISA", name);
    digests.set(name, await trainings(filigree, executorOf(name)));
  }
  vi.unstubAllEnvs();
}, 600_000);

it.each([
  ["a fused multiply-add", fused],
  ["none", unfused],
])("trainings on instruction sets with %s are the same to the last bit", (_, names) => {
  for (const name of names) expect(digests.get(name), name).toEqual(digests.get(names[0]));
});

const built = existsSync(new URL("../../dist/browser.js", import.meta.url));
const absent = chromium === undefined ? "there is no Chromium" : built ? "" : "there is no dist/";

describe.skipIf(absent !== "")(`in Chromium${absent && `: skipped, ${absent}`}`, () => {
  const script = `
    import * as filigree from "/dist/browser.js";
    import { trainings } from "/test/browser/trainings.mjs";
    const first = await filigree.loadWasm();
    const digests = {};
    for (const name of ["relaxed", "simd128"]) {
      try {
        await filigree.loadWasm({ [name]: new URL("/wasm/" + name + ".wasm", location) });
      } catch {
        continue;
      }
      const { name: executor, detail } = filigree.describeExecutor();
      if (executor !== "wasm" || detail !== name) throw new Error(executor + " " + detail);
      digests[name] = await trainings(filigree);
    }
    report({ first, digests });`;

  it("trainings make the bits of the native executor", { timeout: 900_000 }, async () => {
    const { first, digests: there } = (await inChromium(script)) as {
      first: string;
      digests: Record<string, Digests>;
    };
    expect(there.simd128).toEqual(digests.get("simd128"));
    // Where the processor has no fused multiply-add, that module is of no use.
    expect(first).toBe("relaxed" in there ? "relaxed" : "simd128");
    if ("relaxed" in there && fused.length > 0) expect(there.relaxed).toEqual(digests.get(fused[0]));
  });
});
