// Checks the native executor outside of Node, beyond what `npm test` can see: under the sanitizers, with thousands of
// damaged plans, and compiled for NEON under emulation, where it must compute the same bits as here.
//   node scripts/check-native.mjs            address, undefined behaviour, threads
//   node scripts/check-native.mjs neon       needs aarch64-linux-gnu-g++ and qemu-aarch64
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}build/check`;
mkdirSync(folder, { recursive: true });

function run(command, args, output = "inherit") {
  try {
    return execFileSync(command, args, {
      cwd: folder,
      stdio: ["ignore", output, "inherit"],
      encoding: "utf8",
    });
  } catch (error) {
    console.error(`${command} ${args.join(" ")}: ${error.code ?? `exit code ${error.status}`}`);
    process.exit(1);
  }
}

/** Writes plans of all cells, dense and compressed, with batches, and returns the files' names. */
async function writePlans() {
  const sources = ["engine/compile", "engine/native", "network/network", "random"];
  const project = {
    extends: `${root}tsconfig.build.json`,
    compilerOptions: { rootDir: `${root}src`, outDir: `${folder}/dist` },
    files: sources.map((name) => `${root}src/${name}.ts`),
    include: [],
  };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(project));
  run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "--project", `${folder}/tsconfig.json`]);
  const load = (path) => import(pathToFileURL(`${folder}/dist/${path}`));
  const { compile } = await load("engine/compile.js");
  const { encode } = await load("engine/native.js");
  const { initialise, stack, tensorNames } = await load("network/network.js");
  const { cellKinds, cellsOf } = await load("network/architecture.js");
  const { Random } = await load("random.js");
  const shapes = [
    { hidden: 13, layers: 2, batch: 17, steps: 9, symbols: 7 },
    { hidden: 1, layers: 1, batch: 3, steps: 30, symbols: 20 },
    { hidden: 50, layers: 1, batch: 40, steps: 26, symbols: 40 },
  ];
  const files = [];
  for (const cell of cellKinds) {
    for (const { hidden, layers, batch, steps, symbols } of shapes) {
      for (const form of ["dense", "sparse"]) {
        const name = `${cell}-${hidden}-${form}`;
        const random = new Random(name);
        const architecture = stack({ cell, hidden, layers, vocabulary: symbols + 1 });
        const masks = new Map();
        for (const { name } of form === "sparse" ? cellsOf(architecture) : []) {
          const { weightIh, weightHh } = tensorNames(name);
          for (const weight of [weightIh, weightHh]) {
            const { length } = initialise(architecture, random).tensor(weight);
            masks.set(
              weight,
              Uint8Array.from({ length }, () => Number(random.uniform() < 0.3)),
            );
          }
        }
        const network = initialise(architecture, random, masks);
        const known = Array.from({ length: symbols }, (_, i) => i + 1);
        const { words, masks: bytes } = encode(compile(network, { batch, steps, symbols: known, form }));
        const count = 3;
        const examples = count * batch;
        const draw = (length, below, from = 0) =>
          Int32Array.from({ length }, () => from + random.below(below));
        const batches = [
          new Int32Array(count).fill(batch),
          new Int32Array(count).fill(steps),
          draw(examples * steps, symbols + 1),
          draw(examples, steps, 1),
          draw(examples, 2),
        ];
        const arrays = [words, bytes, network.parameters, ...batches];
        const counted = arrays.flatMap((a) => [
          Buffer.from(Int32Array.of(a.length).buffer),
          Buffer.from(a.buffer, a.byteOffset, a.byteLength),
        ]);
        writeFileSync(`${folder}/${name}`, Buffer.concat(counted));
        files.push(name);
      }
    }
  }
  return files;
}

/** Compiles the driver; `kernels` are the flags of each instruction set's copy of the kernels. */
function build(name, compiler, kernels, flags) {
  const common = ["-std=c++20", "-ffp-contract=off", "-g", ...flags];
  const objects = kernels.map((isa, i) => {
    const object = `${name}-kernels-${i}.o`;
    run(compiler, [...common, ...isa, "-c", `${root}native/kernels.cc`, "-o", object]);
    return object;
  });
  const sources = ["plan", "matrix", "executor", "processor"].map((file) => `${root}native/${file}.cc`);
  run(compiler, [...common, `${root}test/native/driver.cc`, ...sources, ...objects, "-o", name]);
  return `${folder}/${name}`;
}

const here = process.arch === "x64" ? [[], ["-mavx2", "-mfma"], ["-mavx2", "-mfma", "-mavx512f"]] : [[]];
const files = await writePlans();

if (process.argv[2] === "neon") {
  // Statically linked, so that both sides use their compiler's C library and the emulator needs no other.
  const flags = ["-O2", "-static"];
  const hashes = (output) =>
    output
      .trim()
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, isa]) => isa !== "baseline")
      .map(([file, isa, hash]) => ({ file, isa, hash }));
  const own = hashes(run(build("own", "c++", here, flags), files, "pipe"));
  const neon = build("neon", "aarch64-linux-gnu-g++", [[]], flags);
  const other = hashes(run("qemu-aarch64", [neon, ...files], "pipe"));
  let differing = 0;
  for (const { file, isa, hash } of other) {
    const unequal = own.filter((o) => o.file === file && o.hash !== hash);
    differing += unequal.length;
    console.log(
      `${file}: ${isa} ${unequal.length === 0 ? "computes the same bits" : `differs from ${unequal[0].isa}`}`,
    );
  }
  if (differing > 0 || other.length !== files.length) process.exit(1);
} else {
  const address = build("address", "c++", here, [
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
  ]);
  run(address, files);
  run(address, ["--damage", "1000", ...files.filter((name) => !name.includes("50"))]);
  run(build("thread", "c++", here, ["-O1", "-fsanitize=thread"]), ["--threads", "4", ...files]);
  console.log("no complaints");
}
