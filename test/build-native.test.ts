// The script that builds the native executor, in a copy of what it needs, with a compiler that only pretends: it notes
// what it is asked for and links by copying the real executor.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const real = join(root, "build/Release/filigree.node");
const copy = mkdtempSync(join(tmpdir(), "filigree-build-"));
const built = join(copy, "build/Release/filigree.node");
const prebuilds = join(copy, `prebuilds/${process.platform}-${process.arch}`);
const prebuilt = join(prebuilds, "filigree.node");
const log = join(copy, "log");
const compiler = `${process.execPath} ${join(copy, "compiler.cjs")}`;

for (const name of ["native", "scripts/build-native.mjs"])
  cpSync(join(root, name), join(copy, name), { recursive: true });
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
writeFileSync(
  join(copy, "compiler.cjs"),
  `const { appendFileSync, copyFileSync, writeFileSync } = require("node:fs");
const words = process.argv.slice(2);
if (words.includes("-fsyntax-only")) process.exit(0);
appendFileSync(${JSON.stringify(log)}, words.join(" ") + "\\n");
const output = words[words.indexOf("-o") + 1];
if (words.includes("-c")) writeFileSync(output, "an object");
else copyFileSync(${JSON.stringify(real)}, output);
`,
);

/** Runs the script where no compiler is on the path; returns what it says and what the compiler was asked for. */
function run(env: NodeJS.ProcessEnv = {}) {
  rmSync(log, { force: true });
  const script = join(copy, "scripts/build-native.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    env: { PATH: "", ...env },
    encoding: "utf8",
  });
  const calls = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  return { status, said: stdout + stderr, calls };
}

/** Moves what was built to where a package carries it. */
function prebuild() {
  run({ CXX: compiler });
  mkdirSync(prebuilds, { recursive: true });
  for (const end of ["", ".sha256"]) cpSync(built + end, prebuilt + end);
  rmSync(join(copy, "build"), { recursive: true });
}

beforeEach(() => {
  for (const name of ["build", "prebuilds"]) rmSync(join(copy, name), { recursive: true, force: true });
});
afterAll(() => rmSync(copy, { recursive: true }));

it("says in one line what it costs to have no compiler, and succeeds", () => {
  for (const env of [{}, { CXX: "no-such-compiler" }]) {
    const { status, said } = run(env);
    expect(status).toBe(0);
    expect(said).toMatch(
      /^filigree: the native executor could not be built: .*two to four times slower; install .*\n$/,
    );
    expect(existsSync(built)).toBe(false);
  }
});

describe.skipIf(!existsSync(real))("with a compiler", () => {
  it("compiles every source, the kernels once for each instruction set without fusing what they do not", () => {
    const { calls } = run({ CXX: compiler });
    const kernels = calls.filter((call) => call.includes("/kernels.cc"));
    const sets = kernels.map(
      (call) =>
        call
          .match(/ -m(avx512f|avx2)/g)
          ?.at(-1)
          ?.trim() ?? "",
    );
    expect(sets.sort()).toEqual(process.arch === "x64" ? ["", "-mavx2", "-mavx512f"] : [""]);
    for (const source of readdirSync(join(root, "native")).filter((name) => name.endsWith(".cc")))
      expect(calls.some((call) => call.includes(`native/${source} `))).toBe(true);
    for (const call of calls.slice(0, -1)) expect(call).toContain("-ffp-contract=off");
    expect(calls.join()).not.toContain("include/node/");
  });

  it("has nothing to do the second time", () => {
    run({ CXX: compiler });
    for (const env of [{ CXX: compiler }, {}]) expect(run(env)).toEqual({ status: 0, said: "", calls: [] });
  });

  it("compiles what a change concerns", () => {
    run({ CXX: compiler });
    appendFileSync(join(copy, "native/stream_matrix.h"), "// changed\n");
    const compiled = run({ CXX: compiler }).calls.map((call) => call.match(/\/native\/(\w+)\.cc/)?.[1]);
    expect(compiled.sort()).toEqual(["stream", "stream_binding", "stream_matrix", undefined]);
    const otherCompiler = run({ CXX: `${compiler} -DOTHER` });
    expect(otherCompiler.calls.length).toBeGreaterThan(10);
  });

  it("builds anew what is damaged", () => {
    run({ CXX: compiler });
    writeFileSync(built, readFileSync(built).subarray(0, 100_000));
    expect(run({ CXX: compiler }).calls).toHaveLength(1);
    expect(run({ CXX: compiler }).calls).toHaveLength(0);
  });

  it("uses the package's binary", () => {
    prebuild();
    expect(run()).toEqual({ status: 0, said: "", calls: [] });
    expect(existsSync(built)).toBe(false);
  });

  const good = existsSync(real) ? readFileSync(real) : Buffer.alloc(0);
  const flipped = Buffer.from(good);
  flipped[good.length >> 1] ^= 1;
  it.each([
    ["empty", Buffer.alloc(0)],
    ["cut off", good.subarray(0, good.length >> 1)],
    ["changed in one bit", flipped],
  ])("does not take the package's binary for built when it is %s", (_, bytes) => {
    prebuild();
    writeFileSync(prebuilt, bytes);
    expect(run().said).toMatch(/could not be built/);
    expect(run({ CXX: compiler }).said).toMatch(/native executor built/);
    expect(existsSync(built)).toBe(true);
  });

  it("does not take the package's binary for built when it is whole and of another system", () => {
    prebuild();
    const bytes = "\x7fELF of another machine";
    const record = readFileSync(`${prebuilt}.sha256`, "utf8").split("\n");
    record[0] = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(prebuilt, bytes);
    writeFileSync(`${prebuilt}.sha256`, record.join("\n"));
    expect(run({ CXX: compiler }).said).toMatch(/native executor built/);
  });

  it("does not take the package's binary for built when it is of other sources", () => {
    prebuild();
    appendFileSync(join(copy, "native/executor.cc"), "// changed\n");
    expect(run({ CXX: compiler }).said).toMatch(/native executor built/);
  });

  it("keeps a working binary, and none of other sources, when it cannot build", () => {
    run({ CXX: compiler });
    expect(run({ CXX: "no-such-compiler" }).said).toMatch(/the one there is stays/);
    expect(existsSync(built)).toBe(true);
    appendFileSync(join(copy, "native/crew.cc"), "// changed\n");
    writeFileSync(
      join(copy, "broken.cjs"),
      `if (!process.argv.includes("-fsyntax-only")) { console.error("crew.cc:1: error"); process.exit(1); }`,
    );
    const { status, said } = run({ CXX: `${process.execPath} ${join(copy, "broken.cjs")}` });
    expect(status).toBe(0);
    expect(said).toMatch(/crew\.cc:1: error/);
    expect(said).toMatch(/could not make .*\.o; the one in WebAssembly/);
    expect(existsSync(built)).toBe(false);
  });
});
