// Builds the WebAssembly modules, wasm/*.wasm, from the sources in native/: two of the executor, and one that exported networks
// run on. They are in the repository, so that nobody needs a compiler to run Filigree; whoever changes a source that they are
// made of runs this. The compiler is one version of clang that is itself WebAssembly, so that every machine makes the same bytes:
//   node scripts/build-wasm.mjs            builds them
//   node scripts/build-wasm.mjs --check    builds them and compares: exit code 1 unless they are the same bytes
// It is installed into scripts/wasm when it is missing, 100 MB, from the npm registry.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parentPort, Worker, workerData } from "node:worker_threads";

const root = fileURLToPath(new URL("..", import.meta.url));
const toolchain = `${root}scripts/wasm`;
const { dependencies } = JSON.parse(readFileSync(`${toolchain}/package.json`, "utf8"));
const objects = `${root}build/wasm/${dependencies["@yowasp/clang"]}`;

// No product and sum are fused but where the kernels say so.
const flags = [
  "--target=wasm32-wasip1",
  "-std=c++20",
  "-O2",
  "-ffp-contract=off",
  "-fno-exceptions",
  "-fno-rtti",
];
flags.push("-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-psabi", "-msimd128", "-Inative");
const link = ["--target=wasm32-wasip1", "-mexec-model=reactor", "-Wl,--stack-first"];
link.push("-Wl,--strip-all", "-Wl,--gc-sections");

// What belongs to Node.js, to threads and to measuring stays out; wasm/host.cc refuses.
const without = ["binding.cc", "stream_binding.cc", "jobs.cc", "measure.cc", "crew.cc", "refuse.cc"];
const executor = {
  sources: [...sourcesIn("").filter((name) => !without.includes(name)), ...sourcesIn("wasm/")],
  flags: [],
  link: ["-Wl,-z,stack-size=1048576"],
};
/** Each module by its name: its sources by their paths in native/, and the flags that it has of its own. */
const modules = {
  simd128: executor,
  relaxed: { ...executor, flags: ["-mrelaxed-simd"] },
  standalone: {
    sources: [
      ...sourcesIn("").filter((name) => /^(int8|stream)_(kernels|matrix|stream)\.cc$/.test(name)),
      ...["stream.cc", "plan.cc", "processor.cc", "wasm/host.cc"],
      ...sourcesIn("standalone/"),
    ],
    flags: ["-DFILIGREE_STANDALONE", "-Os", "-flto"],
    link: ["-Wl,-z,stack-size=65536", "-Wl,--export=network"],
  },
};

function sourcesIn(folder) {
  const names = readdirSync(`${root}native/${folder}`).filter((name) => name.endsWith(".cc"));
  return names.map((name) => folder + name).sort();
}

function texts(path, seen = new Map()) {
  if (seen.has(path)) return seen;
  seen.set(path, readFileSync(`${root}native/${path}`, "utf8"));
  for (const [, included] of seen.get(path).matchAll(/^#include "(.+)"/gm)) texts(included, seen);
  return seen;
}

const hash = (...values) => createHash("sha256").update(JSON.stringify(values)).digest("hex");

/** A digest of everything that the modules are made of: it is in wasm/SOURCES, and a test compares it. */
export function digest() {
  const all = new Map();
  for (const source of Object.values(modules).flatMap(({ sources }) => sources)) texts(source, all);
  return hash(dependencies, flags, link, modules, [...all].sort());
}

/** Runs clang on files of native/ and others, in a worker; resolves to the file that it makes. */
function clang(words, others = {}) {
  return new Promise((resolve, reject) => {
    // It tells on standard output how it is loaded.
    const options = { workerData: { words, others }, stdout: true };
    const worker = new Worker(fileURLToPath(import.meta.url), options);
    worker.on("message", resolve);
    worker.on("error", reject);
  });
}

async function clangHere(words, others) {
  const { runClang } = await import(`${toolchain}/node_modules/@yowasp/clang/gen/bundle.js`);
  const tree = (folder) =>
    Object.fromEntries(
      readdirSync(folder, { withFileTypes: true }).map((entry) => {
        const path = `${folder}/${entry.name}`;
        return [entry.name, entry.isDirectory() ? tree(path) : readFileSync(path)];
      }),
    );
  const files = { native: tree(`${root}native`), ...others };
  const made = await runClang(["clang++", ...words, "-o", "made"], files).catch(({ code }) => {
    throw new Error(`clang++ ${words.at(-1)} ended with exit code ${code}`);
  });
  return made.made;
}

/**
 * Compiles in workers, as many at once as there are cores; returns the objects by their names.
 * @param anew whether those that have been kept are compiled too.
 */
async function compileAll(units, anew) {
  const made = new Map();
  const queue = units.filter(({ name, key }) => {
    const kept = `${objects}/${name}-${key.slice(0, 16)}.o`;
    if (anew || !existsSync(kept)) return true;
    made.set(name, readFileSync(kept));
    return false;
  });
  const work = async () => {
    for (let unit = queue.shift(); unit; unit = queue.shift()) {
      const { name, key, words } = unit;
      const object = await clang(words);
      writeFileSync(`${objects}/${name}-${key.slice(0, 16)}.o`, object);
      made.set(name, object);
      console.error(`compiled ${name}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return made;
}

async function build(anew) {
  if (!existsSync(`${toolchain}/node_modules`)) {
    console.error("installing the compiler ...");
    const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: toolchain, stdio: "inherit" });
    if (status !== 0) throw new Error("the compiler could not be installed");
  }
  mkdirSync(objects, { recursive: true });
  const units = Object.entries(modules).flatMap(([module, own]) =>
    own.sources.map((source) => {
      const words = [...flags, ...own.flags, "-c", `native/${source}`];
      return {
        name: `${module}-${source.replace("/", "-").replace(/\.cc$/, "")}`,
        words,
        key: hash(words, [...texts(source)]),
      };
    }),
  );
  const made = await compileAll(units, anew);
  const built = {};
  for (const [module, own] of Object.entries(modules)) {
    const names = units.map(({ name }) => name).filter((name) => name.startsWith(`${module}-`));
    const files = Object.fromEntries(names.map((name) => [`${name}.o`, made.get(name)]));
    built[module] = await clang([...link, ...own.link, ...Object.keys(files)], files);
  }
  return built;
}

if (workerData?.words) {
  parentPort.postMessage(await clangHere(workerData.words, workerData.others));
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes("--check");
  const built = await build(check);
  let differ = false;
  for (const [module, bytes] of Object.entries(built)) {
    const file = `${root}wasm/${module}.wasm`;
    const same = existsSync(file) && Buffer.compare(readFileSync(file), bytes) === 0;
    console.log(
      `wasm/${module}.wasm: ${bytes.length} bytes${check ? (same ? ", the same" : ", DIFFERS") : ""}`,
    );
    differ ||= !same;
    if (check || same) continue;
    mkdirSync(`${root}wasm`, { recursive: true });
    writeFileSync(`${file}.new`, bytes);
    renameSync(`${file}.new`, file);
  }
  if (!check) writeFileSync(`${root}wasm/SOURCES`, `${digest()}\n`);
  process.exitCode = check && differ ? 1 : 0;
}
