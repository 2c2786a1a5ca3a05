// Builds the native executor, build/Release/filigree.node, unless there is one of these sources that works. It needs a
// C++20 compiler ($CXX, or the first of c++, g++ and clang++ that is one) and two packages of headers, and nothing else.
// Filigree runs without it too, so whatever goes wrong is one clear line and a successful installation.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { basename, dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

const { env, platform, arch } = process;
const root = fileURLToPath(new URL("..", import.meta.url));
const built = `${root}build/Release/filigree.node`;
const prebuilt = `${root}prebuilds/${platform}-${arch}/filigree.node`;
const objects = `${root}build/objects`;

// No product and sum are fused but where the kernels say so: every instruction set gives the same bits.
const common = ["-std=c++20", "-O3", "-ffp-contract=off", "-fno-rtti", "-fPIC", "-pthread"];
common.push("-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-unknown-warning-option");
const binding = ["-DNAPI_VERSION=8", "-DNAPI_CPP_EXCEPTIONS", "-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"];
const link = ["-shared", "-pthread"];
if (platform === "darwin") {
  const target = ["-arch", arch === "x64" ? "x86_64" : arch, "-mmacosx-version-min=11.0"];
  common.push(...target);
  link.splice(0, link.length, "-bundle", "-undefined", "dynamic_lookup", ...target);
}

// The kernels are one source compiled once for each instruction set. Every copy lives in a namespace of its own, and
// only the one that the processor can run is ever called.
const avx2 = ["-mavx2", "-mfma"];
const avx512 = [...avx2, "-mavx512f"];
const instructionSets = arch === "x64" ? { avx512, avx2, baseline: [] } : { baseline: [] };
/** Those that only some kernels have a copy for, by the kernels' source. */
const own = arch === "x64" ? { "int8_kernels.cc": { vnni: [...avx512, "-mavx512vnni"] } } : {};

const installing = {
  linux: "install g++ (`apt-get install g++`, `dnf install gcc-c++` or `apk add g++`)",
  darwin: "install Apple's compiler (`xcode-select --install`)",
  win32: "work in WSL",
};
const script = relative(env.INIT_CWD ?? "", fileURLToPath(import.meta.url));
const help = `${installing[platform] ?? "install a C++20 compiler"} and run \`node ${script}\``;

/** What is compiled: a source with its flags; `key` changes with them and with every file that it includes. */
function compilations() {
  const sources = readdirSync(`${root}native`).filter((name) => name.endsWith(".cc"));
  const isKernel = (name) => name.endsWith("kernels.cc");
  const kernels = sources.filter(isKernel).flatMap((source) =>
    Object.entries({ ...instructionSets, ...own[source] }).map(([set, flags]) => ({
      source,
      name: `${basename(source, ".cc")}-${set}`,
      flags: [...common, "-Wno-uninitialized", "-Wno-maybe-uninitialized", ...flags],
    })),
  );
  const others = sources
    .filter((name) => !isKernel(name))
    .map((source) => ({ source, name: basename(source, ".cc"), flags: [...common, ...binding] }));
  return [...kernels, ...others].map((unit) => ({ ...unit, key: hash([unit.flags, texts(unit.source)]) }));
}

/** The texts of a source and of all files that it includes. */
function texts(name, seen = new Map()) {
  if (seen.has(name)) return [];
  seen.set(name, readFileSync(`${root}native/${name}`, "utf8"));
  for (const [, included] of seen.get(name).matchAll(/^#include "(.+)"/gm)) texts(included, seen);
  return [...seen];
}

function hash(value) {
  return createHash("sha256")
    .update(Buffer.isBuffer(value) ? value : JSON.stringify(value))
    .digest("hex");
}

/**
 * Whether a binary is whole, made of these sources (by `compiler`, if one is given), and can be loaded here. Beside it
 * lie its digest, that of its sources and the compiler, a line each; src/engine/native.ts looks at the first.
 */
function works(file, compiler) {
  if (!existsSync(file) || !existsSync(`${file}.sha256`)) return false;
  const [digest, madeOf, madeBy] = readFileSync(`${file}.sha256`, "utf8").split("\n");
  if (digest !== hash(readFileSync(file)) || madeOf !== sources) return false;
  return (!compiler || compiler === madeBy) && whyNotLoaded(file) === undefined;
}

/** Loads a binary in a process of its own, which it may crash. */
function whyNotLoaded(file) {
  const program = "require(process.argv[1]).instructionSet()";
  const environment = { ...env, FILIGREE_ISA: undefined };
  const { status, signal, stderr } = spawnSync(process.execPath, ["-e", program, file], {
    env: environment,
    encoding: "utf8",
  });
  if (status === 0) return undefined;
  return stderr.match(/^Error: (.*)/m)?.[1] ?? `loading it ends with ${signal ?? `exit code ${status}`}`;
}

/** The words of a command that compiles C++20. */
function findCompiler() {
  const candidates = env.CXX ? [env.CXX] : ["c++", "g++", "clang++"];
  const program = "#include <compare>\n#include <memory>\nstatic_assert((1 <=> 2) < 0);\n";
  for (const candidate of candidates) {
    const [command, ...first] = candidate.trim().split(/\s+/);
    const check = [...first, "-std=c++20", "-fsyntax-only", "-x", "c++", "-"];
    if (spawnSync(command, check, { input: program }).status === 0) return [command, ...first];
  }
  throw new Error(`there is no C++20 compiler (tried ${candidates.join(", ")})`);
}

/** Runs a command that makes a file, beside it and renamed. */
function make(file, [command, ...first], args, signal) {
  const beside = `${file}.${process.pid}`;
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args, "-o", beside], { stdio: ["ignore", 2, 2], signal });
    child.on("error", reject);
    child.on("close", (status) => {
      if (status !== 0) return reject(new Error(`${command} could not make ${basename(file)}`));
      renameSync(beside, file);
      resolve();
    });
  }).finally(() => rmSync(beside, { force: true }));
}

async function build() {
  if (platform === "win32") throw new Error("it needs POSIX and the vector extensions of GCC and Clang");
  const compiler = findCompiler();
  console.error(`filigree: building the native executor with ${compiler.join(" ")} ...`);
  const { resolve } = createRequire(import.meta.url);
  const headers = ["node-addon-api/napi.h", "node-api-headers/include/node_api.h"];
  const folders = headers.flatMap((header) => ["-isystem", dirname(resolve(header))]);
  mkdirSync(objects, { recursive: true });
  const files = units.map(({ name, key }) => `${objects}/${name}-${hash([compiler, key]).slice(0, 16)}.o`);
  const queue = units.map((unit, i) => ({ ...unit, file: files[i] })).filter(({ file }) => !existsSync(file));
  const stop = new AbortController();
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const args = [...next.flags, ...folders, "-c", `${root}native/${next.source}`];
      await make(next.file, compiler, args, stop.signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  } finally {
    stop.abort();
  }

  const made = `${objects}/${process.pid}.node`;
  await make(made, compiler, [...link, ...files]);
  const why = whyNotLoaded(made);
  if (why !== undefined) {
    rmSync(made);
    throw new Error(`what ${compiler[0]} makes cannot be loaded: ${why}`);
  }
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(`${made}.sha256`, [hash(readFileSync(made)), sources, compiler.join(" ")].join("\n"));
  renameSync(made, built);
  renameSync(`${made}.sha256`, `${built}.sha256`);
  const current = new Set(files.map((file) => basename(file)));
  for (const name of readdirSync(objects)) {
    if (name.endsWith(".o") && !current.has(name)) rmSync(`${objects}/${name}`, { force: true });
  }
  console.error("filigree: native executor built");
}

const units = compilations();
const sources = hash(units.map(({ key }) => key));
if (!works(built, env.CXX?.trim()) && (existsSync(built) || !works(prebuilt))) {
  await build().catch(({ message }) => {
    const kept = works(built);
    if (!kept) rmSync(built, { force: true });
    console.error(
      `filigree: the native executor could not be built: ${message}; ` +
        (kept
          ? "the one there is stays"
          : `the one in WebAssembly takes its place, two to four times slower; ${help}`),
    );
  });
}
