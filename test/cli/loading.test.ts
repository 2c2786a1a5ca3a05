// What the program loads before it does anything: loading libraries that a command does not use is most of the time that
// small commands take. Modules are counted and not seconds, in a process of its own of the program as built.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const data = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;
const hooks = `import { writeSync } from "node:fs";
export function load(url, context, next) { writeSync(2, "loads " + url + "\\n"); return next(url, context); }`;
const register = `import { register } from "node:module"; register(${JSON.stringify(data(hooks))});`;

/** The packages and the folders of Filigree that a command line loads modules of. */
function loads(...words: string[]): { packages: string[]; folders: string[] } {
  const { status, stderr } = spawnSync(process.execPath, ["--import", data(register), program, ...words], {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  const found = (pattern: RegExp) =>
    [...new Set([...stderr.matchAll(pattern)].map((match) => match[1]))].sort();
  return {
    packages: found(/^loads .*\/node_modules\/((?:@[^/]+\/)?[^/]+)/gm),
    folders: found(/^loads .*\/dist\/([^/.]+)\//gm),
  };
}

it.each([[["--help"]], [["help"]], [[]]])("%s loads no verb and no library", (words) => {
  expect(loads(...words)).toEqual({ packages: ["commander"], folders: ["cli"] });
});

it("--version loads the executors and no library", () => {
  const { packages, folders } = loads("--version");
  expect(packages).toEqual(["commander"]);
  expect(folders).not.toContain("study");
  expect(folders).not.toContain("report");
});

it.each([
  "train",
  "evaluate",
  "prune",
  "stream",
  "bench",
  "graph",
  "structure",
  "predict",
  "worker",
  "reproduce",
  "investigate",
  "report",
  "playground",
  "dashboard",
])("%s --help and help for it load none of the large libraries", (verb) => {
  const large = ["zod", "libsql", "yaml", "linkedom", "@observablehq/plot", "bullmq", "ioredis", "preact"];
  for (const words of [
    [verb, "--help"],
    ["help", verb],
  ]) {
    const { packages } = loads(...words);
    expect(packages.filter((name) => large.includes(name))).toEqual([]);
  }
});

it("study loads neither the store nor the kinds of trials for its help", () => {
  const { packages, folders } = loads("study", "run", "--help");
  expect(packages).not.toContain("libsql");
  expect(packages).not.toContain("zod");
  expect(folders).not.toContain("experiments");
});

it("the library loads what reads HDF5 only where there is such a file", () => {
  const script = `
    import { readFileSync } from "node:fs";
    import { createRequire } from "node:module";
    import { gunzipSync } from "node:zlib";
    import { parseNetwork } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
    const { cache } = createRequire(import.meta.url);
    const isLoaded = () => Object.keys(cache).some((path) => path.includes("jsfive"));
    const before = isLoaded();
    const { models: [{ model, file }] } = JSON.parse(readFileSync(process.argv[1], "utf8"));
    parseNetwork(gunzipSync(Buffer.from(model, "base64")), file);
    console.log(JSON.stringify([before, isLoaded()]));
  `;
  const fixture = fileURLToPath(new URL("../fixtures/keras-models.json", import.meta.url));
  const words = ["--input-type=module", "--eval", script, fixture];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual([false, true]);
});
