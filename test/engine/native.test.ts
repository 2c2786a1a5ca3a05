// Where the native executor is missing or damaged, everything goes on without it, slower: said once, and never a crash.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openAddon } from "../../src/engine/native.js";

const built = fileURLToPath(new URL("../../build/Release/filigree.node", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "filigree-native-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!existsSync(built))("a built addon", () => {
  const copy = join(folder, "filigree.node");
  beforeEach(() => copyFileSync(`${built}.sha256`, `${copy}.sha256`));

  it.each([
    ["cut off where its code is", (bytes: Buffer) => bytes.subarray(0, bytes.length >> 2)],
    ["filled with zeros", (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ["empty", () => Buffer.alloc(0)],
  ])("is not loaded when it is %s", (_, damage) => {
    writeFileSync(copy, damage(readFileSync(built)));
    expect(() => openAddon(copy)).toThrow(`${copy} is damaged`);
  });
});

describe("without a native executor", () => {
  const absent = "it is not built";
  const others = { wasm: "two to four times slower and on one core", reference: "tens of times slower" };
  const slowOn = (executor: keyof typeof others) =>
    new RegExp(`^no native executor \\(${absent}\\): .*${others[executor]}; .*build-native\\.mjs`);
  const slow = slowOn("wasm");

  /** The engine and the command line of a process that finds no native executor. */
  async function withoutNative(executor: keyof typeof others = "wasm") {
    vi.resetModules();
    vi.doMock("../../src/engine/wasm-modules.js", async (original) => ({
      ...(await original<object>()),
      ...(executor === "reference" && { findWasm: () => ({ absent: "it is not there" }) }),
    }));
    vi.doMock("../../src/engine/native.js", async (original) => ({
      ...(await original<object>()),
      loadNative: () => ({ absent }),
    }));
    vi.stubEnv("FILIGREE_EXECUTOR", undefined);
    return {
      engine: await import("../../src/engine/engine.js"),
      library: await import("../../src/index.js"),
      ...(await import("../cli/command-line.js")),
    };
  }

  const data = join(folder, "data.csv");
  writeFileSync(data, `string,valid\n${"AB,1\nBA,0\n".repeat(8)}`);

  it.each([
    ["train", "--cell", "gru", "--hidden", "2", "--epochs", "1", "--data", data, "--test", data],
    ["evaluate", join(folder, "gru.safetensors"), "--data", data],
    ["prune", join(folder, "gru.safetensors"), "--percent", "50", "--data", data, "--test", data],
    ["stream", join(folder, "gru.safetensors"), data],
    ["bench", "step", "--cell", "gru", "--hidden", "1", "--layers", "1", "--batch", "1", "--length", "1"],
  ])("%s says first that it will be slow", async (...words) => {
    const { filigree } = await withoutNative();
    const out = words[0] === "train" ? ["--out", join(folder, "gru.safetensors")] : [];
    const { code, stderr } = await filigree(...words, ...out);
    expect(code).toBe(0);
    const lines = stderr.split("\n");
    expect(lines[0]).toMatch(slow);
    expect(lines.filter((line) => slow.test(line))).toHaveLength(1);
  });

  it.each([
    ["--executor", ["--executor", "reference"], undefined],
    ["FILIGREE_EXECUTOR", [], "reference"],
  ])("nothing is said where the reference is asked for by %s", async (_, option, variable) => {
    const { filigree } = await withoutNative();
    vi.stubEnv("FILIGREE_EXECUTOR", variable);
    const words = ["evaluate", join(folder, "gru.safetensors"), "--data", data];
    expect((await filigree(...words, ...option)).stderr).not.toMatch(/slower/);
  });

  it.each(["wasm", "reference"] as const)("the library warns once, and runs on %s", async (other) => {
    const { library } = await withoutNative(other);
    expect(library.describeExecutor().name).toBe(other);
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const network = library.initialise(
      library.stack({ cell: "gru", hidden: 2, layers: 1 }),
      new library.Random(1),
    );
    library.stream(network);
    library.stream(network);
    await library.evaluate(network, library.readDataset(data), { protocol: "thesis", batch: 4 });
    expect(warn.mock.calls).toEqual([[expect.stringMatching(slowOn(other))]]);
    warn.mockRestore();
  });
});
