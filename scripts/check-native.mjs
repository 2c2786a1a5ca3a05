// Checks the native executor outside of Node, beyond what `npm test` can see: under the sanitizers, with thousands of
// damaged plans, and on instruction sets that this machine lacks, where it must compute the same bits as here.
//   node scripts/check-native.mjs            address, undefined behaviour, threads
//   node scripts/check-native.mjs avx512     the 16-wide kernels, emulated; needs a processor with AVX2
//   node scripts/check-native.mjs neon       needs aarch64-linux-gnu-g++ and qemu-aarch64
// `--only PART` runs the plans alone whose names contain it: `--only values`, `--only two-way`, `--only gru-steps`.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const {
  values: { only },
  positionals: [what],
} = parseArgs({ options: { only: { type: "string", default: "" } }, allowPositionals: true });

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

/** Writes plans of all cells in networks of every shape, dense and compressed, with batches; returns the files' names. */
async function writePlans() {
  const project = {
    extends: `${root}tsconfig.json`,
    compilerOptions: { noEmit: false, rootDir: root, outDir: `${folder}/dist` },
    files: [
      "test/engine/setups.ts",
      "src/engine/compile.ts",
      "src/engine/calibrate.ts",
      "src/engine/int8-words.ts",
    ].map((file) => root + file),
    include: [],
  };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(project));
  run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "--project", `${folder}/tsconfig.json`]);
  const load = (path) => import(pathToFileURL(`${folder}/dist/${path}`));
  const { compile, compileStream } = await load("src/engine/compile.js");
  const { checkBatches } = await load("src/engine/executor.js");
  const { encode } = await load("src/engine/encode.js");
  const { Calibration } = await load("src/engine/calibrate.js");
  const { int8Network } = await load("src/engine/int8.js");
  const { int8Words } = await load("src/engine/int8-words.js");
  const { Network } = await load("src/network/network.js");
  const { cellKinds, isBidirectional } = await load("src/network/architecture.js");
  const { Random } = await load("src/math/random.js");
  const setups = await load("test/engine/setups.js");
  const { batchesOf, carriedBatches, deadEnds, everyStep, fitted, forecasting, layers, networkWith } = setups;
  const { over, overValues, skips, symbolsTo, twoWay, twoWayWeb, web } = setups;
  // Tiles have 16 or 32 lanes: batches fill one in part, exactly, or several.
  const shapes = [
    { shape: "layers-13", architecture: (kind) => layers(kind, 13, 13, 13), batch: 17, steps: 9, symbols: 7 },
    { shape: "layers-1", architecture: (kind) => layers(kind, 1, 1), batch: 3, steps: 30, symbols: 20 },
    { shape: "layers-50", architecture: (kind) => layers(kind, 50, 50), batch: 40, steps: 26, symbols: 40 },
    { shape: "layers-140", architecture: (kind) => layers(kind, 70, 140), batch: 33, steps: 6, symbols: 9 },
    { shape: "skips", architecture: skips, batch: 16, steps: 12, symbols: 31 },
    { shape: "web", architecture: web, batch: 70, steps: 12, symbols: 5 },
    { shape: "dead-ends", architecture: deadEnds, batch: 33, steps: 9, symbols: 5 },
  ];
  const files = [];
  const save = (file, arrays) => {
    const counted = arrays.flatMap((a) => [
      Buffer.from(Int32Array.of(a.length).buffer),
      Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    ]);
    writeFileSync(`${folder}/${file}`, Buffer.concat(counted));
    files.push(file);
  };
  const write = (file, plan, { parameters }, batches) => {
    if (!file.includes(only)) return;
    const { words, masks } = encode(plan);
    const { count, sizes, steps, lengths, carry = new Uint8Array(count) } = batches;
    // A stream, whose plan has one step, takes sequences of any length.
    const fitting = plan.lanes === 1 ? { ...plan, steps: Number.POSITIVE_INFINITY } : plan;
    const { rows, values, classes, numbers } = checkBatches(fitting, batches);
    save(file, [words, masks, parameters, sizes, steps, rows, lengths, classes, values, numbers, carry]);
  };
  /** A network in int8, calibrated on half of what it is then given. */
  const writeInt8 = (file, network, random) => {
    if (!file.includes(only)) return;
    const { input } = network.architecture;
    const numbers = input.kind === "values" ? input.width : 0;
    const symbols = Int32Array.from({ length: numbers ? 0 : 200 }, () => random.below(input.vocabulary));
    const values = Float32Array.from({ length: 200 * numbers }, () => random.normal());
    const calibration = new Calibration(network);
    for (let t = 0; t < 100; t++)
      calibration.step(numbers ? values.subarray(t * numbers, (t + 1) * numbers) : symbols[t]);
    const conventions = { ...network.conventions, activations: calibration.ranges(99) };
    const { architecture, parameters, masks } = network;
    const own = int8Words(int8Network(new Network(architecture, parameters, masks, conventions)));
    save(file, [own.words, own.weights, own.floats, symbols, values]);
  };
  for (const kind of cellKinds) {
    for (const { shape, architecture, batch, steps, symbols } of shapes) {
      // The third as in random structures: a hidden matrix exists as a whole within a compressed one.
      for (const { name: weights, form, density, hidden, pattern } of [
        { name: "dense", form: "dense", density: 1, hidden: 1 },
        { name: "sparse", form: "sparse", density: 0.3, hidden: 0.3 },
        { name: "whole", form: "sparse", density: 0.3, hidden: 1 },
        { name: "bands", form: "sparse", density: 0.4, hidden: 0.4, pattern: { rows: 4, columns: 1 } },
        { name: "bands-high", form: "sparse", density: 0.4, hidden: 0.4, pattern: { rows: 16, columns: 4 } },
        { name: "bands-whole", form: "sparse", density: 0.4, hidden: 1, pattern: { rows: 2, columns: 1 } },
      ]) {
        const name = `${kind}-${shape}-${weights}`;
        const random = new Random(name);
        const network = networkWith(architecture(kind), density, random, hidden, pattern);
        const recompute = form === "sparse" ? 5 : undefined;
        const plan = compile(network, { batch, steps, symbols: symbolsTo(symbols), form, recompute });
        const batches = batchesOf(random, [batch, batch, 1, Math.ceil(batch / 2)], steps, symbols);
        write(name, plan, network, batches);
        write(`${name}-stream`, compileStream(network, { form }), network, batches);
      }
    }
    // Read at every step, with lanes that go on: what is looked up in a table or multiplied, dropped, tied, recomputed.
    const dropout = { embedding: 0.1, layers: 0.2, readout: 0.3 };
    for (const { shape, architecture, symbols, density = 1, ...options } of [
      { shape: "steps", architecture: layers(kind, 5, 13, 6), symbols: 7 },
      { shape: "steps-embed", architecture: layers(kind, 5, 6), symbols: 300, recompute: 3 },
      { shape: "steps-drop", architecture: web(kind), symbols: 7, density: 0.5, dropout, recompute: 4 },
      { shape: "steps-tied", architecture: { ...skips(kind), tied: true }, symbols: 40, dropout },
      { shape: "steps-packed", architecture: layers(kind, 66, 66, 66), symbols: 600, recompute: 8 },
      { shape: "steps-evaluate", architecture: skips(kind), symbols: 40, purpose: "evaluate" },
    ]) {
      const { tied, ...own } = architecture;
      const name = `${kind}-${shape}`;
      const random = new Random(name);
      const network = networkWith(everyStep(over(symbols + 1, own), tied), density, random);
      for (const [batch, sizes] of [
        [18, [18, 18, 5, 18]],
        [40, [40, 40, 40]],
      ]) {
        const plan = compile(network, { batch, steps: 9, symbols: symbolsTo(symbols), ...options });
        const steps = sizes.map((_, i) => 9 - i);
        const batches = carriedBatches(random, sizes, steps, symbols, plan.outputs);
        write(`${name}-${batch}`, plan, network, batches);
      }
      const stream = compileStream(network);
      write(`${name}-stream`, stream, network, carriedBatches(random, [1], [75], symbols, 3));
    }
    // Numbers, cells of both directions and forecasts; streams of those that run forwards alone.
    const values = (width, architecture) => overValues(width, architecture);
    for (const { shape, architecture, batch = 40, steps = 9, density = 1, ...options } of [
      { shape: "values-1", architecture: values(1, layers(kind, 1, 5)) },
      { shape: "values-28", architecture: values(28, layers(kind, 1, 13, 6)), batch: 17, density: 0.3 },
      { shape: "values-web", architecture: values(3, web(kind)), recompute: 4, dropout },
      { shape: "values-forecast", architecture: forecasting(everyStep(values(3, skips(kind)))) },
      {
        shape: "values-forecast-end",
        architecture: forecasting(values(2, layers(kind, 1, 7))),
        recompute: 2,
      },
      { shape: "values-packed", architecture: everyStep(values(40, layers(kind, 1, 66, 66))), batch: 5 },
      { shape: "two-way", architecture: twoWay(kind, 7, 13, 6), batch: 33, dropout },
      { shape: "two-way-web", architecture: everyStep(twoWayWeb(kind)), batch: 70, density: 0.3 },
      { shape: "two-way-values", architecture: values(3, twoWay(kind, 1, 17, 9)), batch: 16, form: "sparse" },
      { shape: "two-way-values-web", architecture: values(2, twoWayWeb(kind)), batch: 3, dropout },
      {
        shape: "two-way-values-packed",
        architecture: forecasting(everyStep(values(28, twoWay(kind, 1, 66)))),
        batch: 5,
      },
    ]) {
      const name = `${kind}-${shape}`;
      const random = new Random(name);
      const symbols = 7;
      const network = networkWith(over(symbols + 1, architecture), density, random);
      const plan = compile(network, { batch, steps, symbols: symbolsTo(symbols), ...options });
      const sizes = [batch, Math.ceil(batch / 2), 1, batch];
      const batches = fitted(random, network.architecture, batchesOf(random, sizes, steps, symbols));
      write(name, plan, network, batches);
      if (!isBidirectional(architecture)) write(`${name}-stream`, compileStream(network), network, batches);
    }
    // In int8, in each form that a matrix is held in.
    for (const [shape, architecture] of Object.entries({
      "layers-1": layers(kind, 1, 1),
      "layers-131": layers(kind, 9, 131, 17),
      skips: skips(kind),
      web: web(kind),
      values: forecasting(everyStep(values(28, layers(kind, 1, 40)))),
    })) {
      for (const [form, density, pattern] of [
        ["dense", 1],
        ["single", 0.05],
        ["columns", 0.2, { rows: 16, columns: 1 }],
        ["bricks", 0.2, { rows: 16, columns: 4 }],
        ["squares", 0.1, { rows: 4, columns: 4 }],
      ]) {
        const name = `${kind}-${shape}-${form}-int8`;
        const random = new Random(name);
        writeInt8(name, networkWith(over(12, architecture), density, random, density, pattern), random);
      }
    }
  }
  return files;
}

/** Whether this machine never runs an instruction set, so that a sanitizer would see nothing of it. */
function isIdle(isa) {
  const processor = "/proc/cpuinfo";
  if (!isa.includes("-mavx512f") || !existsSync(processor)) return false;
  const [flags] = readFileSync(processor, "utf8").match(/^flags.*/m) ?? [""];
  return !flags.includes(isVnni(isa) ? " avx512_vnni" : " avx512f ");
}

/** Whether an instruction set has a copy of its own of the kernels for int8 alone. */
const isVnni = (isa) => isa.some((flag) => /vnni/i.test(flag));

/**
 * Compiles the driver; `kernels` are the flags of each instruction set's copy of the kernels, made anew where sources have
 * changed. `sanitizers` are flags of what is run.
 */
function build(name, compiler, kernels, flags, sanitizers = []) {
  const changed = (path) => statSync(path).mtimeMs;
  const sources = ["native", "test/native/avx512"].flatMap((of) =>
    readdirSync(`${root}${of}`).map((file) => `${root}${of}/${file}`),
  );
  const newest = Math.max(...[...sources, fileURLToPath(import.meta.url)].map(changed));
  const common = ["-std=c++20", "-ffp-contract=off", "-g", ...flags];
  const files = readdirSync(`${root}native`).filter((file) => file.endsWith(".cc"));
  const objects = kernels.flatMap((isa, i) =>
    files
      .filter((file) => file.endsWith("kernels.cc") && (!isVnni(isa) || file === "int8_kernels.cc"))
      .map((file) => {
        const object = `${name}-${file}-${i}.o`;
        // They take minutes under a sanitizer.
        if (existsSync(`${folder}/${object}`) && changed(`${folder}/${object}`) > newest) return object;
        const own = isIdle(isa) ? common : [...common, ...sanitizers];
        run(compiler, [...own, ...isa, "-c", `${root}native/${file}`, "-o", `${object}.new`]);
        renameSync(`${folder}/${object}.new`, `${folder}/${object}`);
        return object;
      }),
  );
  const others = files
    .filter((file) => !file.endsWith("kernels.cc") && !file.endsWith("binding.cc") && file !== "jobs.cc")
    .map((file) => `${root}native/${file}`);
  run(compiler, [
    ...common,
    ...sanitizers,
    `${root}test/native/driver.cc`,
    ...others,
    ...objects,
    "-o",
    name,
  ]);
  return `${folder}/${name}`;
}

/** Ends the process with an error unless all instruction sets in the drivers' output gave a plan's results equal bits. */
function compare(...outputs) {
  const hashes = new Map(files.map((file) => [file, new Map()]));
  for (const line of outputs.join("").trim().split("\n")) {
    const [file, isa, hash] = line.split(" ");
    // It has no fused multiply-add, and int8 needs none.
    if (isa !== "baseline" || file.endsWith("-int8")) hashes.get(file).set(isa, hash);
  }
  let failed = false;
  for (const [file, byIsa] of hashes) {
    const same = byIsa.size > 1 && new Set(byIsa.values()).size === 1;
    console.log(`${file}: ${[...byIsa.keys()].join(" and ")} ${same ? "compute the same bits" : "DISAGREE"}`);
    if (!same) failed = true;
  }
  if (failed) process.exit(1);
}

const baseline = [];
const avx2 = ["-mavx2", "-mfma"];
const avx512 = [...avx2, "-mavx512f"];
const own = process.arch === "x64" ? [baseline, avx2, avx512, [...avx512, "-mavx512vnni"]] : [baseline];
const files = await writePlans();

if (what === "neon") {
  // Statically linked, so that both sides use their compiler's C library and the emulator needs no other.
  const flags = ["-O2", "-static"];
  const neon = build("neon", "aarch64-linux-gnu-g++", [baseline], flags);
  compare(run(build("own", "c++", own, flags), files, "pipe"), run("qemu-aarch64", [neon, ...files], "pipe"));
} else if (what === "avx512") {
  const emulated = [...avx2, "-D__AVX512F__", `-I${root}test/native/avx512`, "-Wno-psabi"];
  // Whatever is asked of the processor, it has.
  const flags = ["-D__builtin_cpu_supports(x)=true", "-O1"];
  const emulatedVnni = [...emulated, "-D__AVX512VNNI__"];
  compare(run(build("avx512", "c++", [baseline, avx2, emulated, emulatedVnni], flags), files, "pipe"));
} else {
  const addresses = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];
  const address = build("address", "c++", own, ["-O1"], addresses);
  run(address, files);
  run(address, ["--damage", "1000", ...files.filter((name) => !name.includes("50"))]);
  run(build("thread", "c++", own, ["-O1"], ["-fsanitize=thread"]), ["--threads", "4", ...files]);
  console.log("no complaints");
}
