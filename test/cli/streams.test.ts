// The process as it is started from a shell, when nobody reads what it prints.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filigree } from "./command-line.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "filigree-streams-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type End = "kept" | "closed" | "full";

/** Runs a command whose stdout and stderr are kept, closed at once, or go where there is no room. */
async function run(words: string[], stdout: End, stderr: End) {
  const stdio = (end: End) => (end === "full" ? openSync("/dev/full", "w") : "pipe");
  const child = spawn(process.execPath, [program, ...words], {
    cwd: folder,
    stdio: ["ignore", stdio(stdout), stdio(stderr)],
  });
  if (stdout === "closed") child.stdout?.destroy();
  if (stderr === "closed") child.stderr?.destroy();
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (text) => {
    texts.stdout += text;
  });
  child.stderr?.on("data", (text) => {
    texts.stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, ...texts };
}

const data = ["--data", at("train.csv"), "--test", at("test.csv")];
const train = (out: string) => [
  ...["train", "--cell", "gru", "--hidden", "2", "--layers", "1", "--epochs", "2"],
  ...[...data, "--out", at(out)],
];

beforeAll(async () => {
  const made = await filigree("data", "reber", "--count", "60", "--max-length", "15", "--out", folder);
  expect(made.code).toBe(0);
  writeFileSync(at("numbers.yaml"), "kind: noop\ngrid: { value: [1, 2] }\n");
  const failing = { kind: "train", fixed: { cell: "rnn-relu", learningRate: 1e9, data: { count: 100 } } };
  writeFileSync(at("failing.json"), JSON.stringify(failing));
});

it.skipIf(process.platform === "win32")("a folder that is gone is told in one line", () => {
  const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"';
  const words = [process.execPath, program, "train", "--cell", "gru", ...data, "--out", "gru"];
  const { status, stderr } = spawnSync("sh", ["-c", script, ...words], { cwd: folder });
  const line = "filigree: the system refuses uv_cwd (ENOENT); check the folder, the disk and the limits\n";
  expect({ status, stderr: String(stderr) }).toEqual({ status: 2, stderr: line });
});

describe.skipIf(!existsSync("/dev/full"))("a reader that is gone", () => {
  it.each<[End, End]>([
    ["kept", "closed"],
    ["closed", "closed"],
    ["kept", "full"],
  ])("stdout %s, stderr %s: a training goes on and writes its network", async (stdout, stderr) => {
    const out = `${stdout}-${stderr}.safetensors`;
    expect((await run(train(out), stdout, stderr)).code).toBe(0);
    expect(existsSync(at(out))).toBe(true);
    expect(existsSync(at(`${out}.checkpoint`))).toBe(false);
  });

  it("a study goes on without progress", async () => {
    const words = ["study", "run", "numbers.yaml", "--store", at("s.db")];
    expect(await run(words, "kept", "closed")).toMatchObject({
      code: 0,
      stdout: "numbers: 2 trials finished\n",
    });
    expect((await run(words, "kept", "full")).code).toBe(0);
  });

  it("what went wrong is told by the exit code all the same", async () => {
    expect((await run(["train", "--cell", "gru", "--data", "none.csv"], "closed", "full")).code).toBe(2);
    const failing = ["study", "run", "failing.json", "--store", at("f.db")];
    for (const [stdout, stderr] of [["closed", "closed"] as const, ["kept", "full"] as const]) {
      expect((await run(failing, stdout, stderr)).code).toBe(2);
    }
  });

  it("a result that does not fit anywhere is an error, but for its network", async () => {
    expect(await run(train("full.safetensors"), "full", "kept")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("filigree: standard output: the disk is full"),
    });
    expect((await run(train("both.safetensors"), "full", "full")).code).toBe(2);
    for (const out of ["full.safetensors", "both.safetensors"]) expect(existsSync(at(out))).toBe(true);
  });
});
