// The suites that every executor passes, over the modules of WebAssembly in Chromium, in a Worker: what runs there is the code of
// the tests beside, bundled.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { describe, expect, it } from "vitest";
import { fused } from "../engine/setups.js";
import { chromium, inChromium } from "./chromium.js";
import type { Ran } from "./suites/worker.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL("suites/", import.meta.url));

/** Fixtures are read as they are bundled. */
const fixtures: Plugin = {
  name: "fixtures",
  setup: ({ onLoad }) =>
    onLoad({ filter: /test.fixtures.[^/\\]+\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8").replace(
        /readFileSync\(new URL\("([^"]+)", import\.meta\.url\), "utf8"\)/g,
        (_, name) => JSON.stringify(readFileSync(join(dirname(path), name), "utf8")),
      ),
    })),
};

async function bundled(): Promise<string> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [`${here}worker.ts`],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2023",
    plugins: [fixtures],
    alias: {
      vitest: `${here}vitest.ts`,
      "node:v8": `${here}node.ts`,
      "node:fs": `${here}node.ts`,
      "csv-parse/sync": "csv-parse/browser/esm/sync",
      "csv-stringify/sync": "csv-stringify/browser/esm/sync",
    },
    define: { "import.meta.url": '"about:blank"' },
    // Instruction sets are chosen by the environment.
    banner: { js: 'globalThis.process = { env: {}, versions: { node: "" } };' },
    logLevel: "error",
  });
  return result.outputFiles[0].text;
}

/** Quick ones always; all of them are minutes. */
const names =
  process.env.FILIGREE_SUITES === "all"
    ? ["conformance", "carry", "optimisers", "overflow", "masks", "steps", "stream", "damage"]
    : ["optimisers", "overflow", "carry", "damage"];
const absent = chromium === undefined ? "there is no Chromium" : "";

describe.skipIf(absent !== "")(`in a Worker of Chromium${absent && `: skipped, ${absent}`}`, () => {
  it(`${names.join(", ")} pass over both modules`, { timeout: 1_800_000 }, async () => {
    const script = `
      const program = ${JSON.stringify(await bundled()).replaceAll("</", "<\\/")};
      const worker = new Worker(URL.createObjectURL(new Blob([program], { type: "text/javascript" })));
      worker.onerror = ({ message }) => fail(message);
      worker.onmessage = ({ data }) => (data.error ? fail(data.error) : report(data.ran));
      const bytes = async (name) => (await fetch("/wasm/" + name + ".wasm")).arrayBuffer();
      const modules = { relaxed: await bytes("relaxed"), simd128: await bytes("simd128") };
      worker.postMessage({ modules, names: ${JSON.stringify(names)} });`;
    const { sets, passed, failed } = (await inChromium(script, 1_800_000)) as Ran;
    expect(failed).toEqual([]);
    expect(Object.keys(passed)).toEqual(names);
    for (const name of names) expect(passed[name], name).toBeGreaterThan(0);
    // Where the processor has no fused multiply-add, the other one is of no use.
    expect(sets).toEqual(fused.length > 0 ? ["relaxed", "simd128"] : expect.arrayContaining(["simd128"]));
  });
});
