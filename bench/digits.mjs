// From recordings to a program on a microcontroller: log-mel frames → GRU → 95 % of its weights gone in blocks → int8 → C, with the
// accuracy on the test recordings after every step, the bytes and the microseconds of each as C, and the same of a small dense GRU of as
// many bytes. Trains three networks, which takes some minutes, goes on where it was interrupted, and draws digits.svg. Needs `npm run
// build`, a folder of recordings named as the Free Spoken Digit Dataset has them (DIGIT_SPEAKER_NUMBER.wav, of which 0 to 4 are the
// test) and a C compiler; with arm-none-eabi-gcc and qemu-system-arm (Debian: gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm)
// the last step runs on a Cortex-M4.
//   node bench/digits.mjs RECORDINGS [--out digits]
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { exportC } from "../dist/export/c/c.js";
import { initialise, Network, Random, stack } from "../dist/index.js";
import { readNetwork } from "../dist/paths/networks.js";
import { readSequences } from "../dist/paths/sequences.js";
import { shareBars } from "../dist/report/charts/bars.js";
import { accents, quiet } from "../dist/report/theme.js";
import { sheet } from "./sheet.mjs";

const UNITS = 96;
const DENSITY = 0.05;
const PATTERN = "4x1";
const training = ["--cell", "gru", "--layers", "1", "--dropout", "0.05", "--epochs", "150"];
training.push("--learning-rate", "0.007", "--learning-rate-schedule", "cosine");
const sparsity = ["--sparsify", "gradual", "--density", String(DENSITY), "--pattern", PATTERN];
sparsity.push("--scope", "global", "--density-schedule", "0.05,0.5");

const {
  values: { out: folder },
  positionals: [recordings],
} = parseArgs({ options: { out: { type: "string", default: "digits" } }, allowPositionals: true });
if (recordings === undefined) {
  console.error("name the folder of recordings: node bench/digits.mjs RECORDINGS [--out digits]");
  process.exit(2);
}
const at = (name) => join(folder, name);
mkdirSync(folder, { recursive: true });

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** Runs a verb; its remarks are shown, and what it says in JSON is returned. */
function filigree(...words) {
  const run = spawnSync(process.execPath, [main, ...words, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 30,
  });
  if (run.status !== 0) process.exit(run.status ?? 1);
  return JSON.parse(run.stdout.toString());
}

/** The same, unless there is what it makes. */
function made(name, ...words) {
  if (!existsSync(at(name))) filigree(...words, "--out", at(name));
  return at(name);
}

const frames = ["data", "audio", recordings, "--bands", "20", "--hop-ms", "20"];
const [train, test] = [
  made("train.npz", ...frames, "--except", "_[0-4]\\.wav$"),
  made("test.npz", ...frames, "--only", "_[0-4]\\.wav$"),
];
const trained = (name, units, ...more) =>
  made(name, "train", ...training, "--hidden", String(units), "--data", train, "--test", test, ...more);
const quantized = (name, network) => made(name, "quantize", network, "--data", train);
const rightOf = (network, ...more) => filigree("evaluate", network, "--data", test, ...more).correct;

/** An export as C in a folder of its own, with its size. */
function exported(name, network, ...more) {
  rmSync(at(name), { recursive: true, force: true });
  const said = filigree("export", network, "--to", "c", "--name", "net", "--out", at(name), ...more);
  const { weights, indices, others } = said.flash;
  writeFileSync(join(at(name), "recordings.bin"), file);
  return { folder: at(name), bytes: weights + indices + others, operations: said.operations };
}

/** Compiles an export with what runs it over the recordings; returns the program. */
function compiled(own, program, flags, name) {
  const defined = ["-DNAME=net", "-DUPPER=NET", '-DHEADER="net.h"'];
  const source = fileURLToPath(new URL("digits.c", import.meta.url));
  const words = ["-O2", ...defined, "-I.", ...flags, "net.c", source, "-lm", "-o", name];
  const { status } = spawnSync(program, words, { cwd: own, stdio: ["ignore", "ignore", "inherit"] });
  return status === 0;
}

const recordingsOf = () => {
  const { channels, values, target } = readSequences(test);
  const parts = values.flatMap((own, i) => [
    Int32Array.of(own.length / channels.length, Number(target.labels.classes[target.labels.of[i]])),
    own,
  ]);
  const bytes = [Int32Array.of(values.length), ...parts].map((part) =>
    Buffer.from(part.buffer, part.byteOffset, part.byteLength),
  );
  return { bytes: Buffer.concat(bytes), count: values.length };
};
const { bytes: file, count } = recordingsOf();

/** How many recordings exported C is right about here, and microseconds a step. */
function measured(own) {
  if (!compiled(own.folder, process.env.CC ?? "cc", ["-DTIMES=20"], "run"))
    throw new Error("the exported C could not be compiled");
  const { stdout } = spawnSync(resolve(own.folder, "run"), { cwd: own.folder, encoding: "utf8" });
  const [right, , microseconds] = stdout.split(" ").map(Number);
  return { right, microseconds };
}

/** The same on a board of QEMU's, and the bytes of code and tables; nothing where that is not installed. */
function onBoard(own) {
  const boards = fileURLToPath(new URL("../test/export/boards", import.meta.url));
  cpSync(boards, own.folder, { recursive: true });
  const cpu = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"];
  const whole = [...cpu, "--specs=rdimon.specs", "-T", "cortex-m4.ld", "cortex-m4.c"];
  if (!compiled(own.folder, "arm-none-eabi-gcc", whole, "board.elf")) return undefined;
  const words = ["-M", "mps2-an386", "-nographic", "-semihosting", "-kernel", "board.elf"];
  const run = spawnSync("qemu-system-arm", words, { cwd: own.folder, encoding: "utf8" });
  // It prints on either, by QEMU's version.
  const said = `${run.stdout ?? ""}${run.stderr ?? ""}`.trim();
  if (!/^\d+ \d+ \S+$/.test(said)) return undefined;
  const alone = ["-std=c99", "-Os", ...cpu, "-c", "net.c", "-o", "net.o"];
  spawnSync("arm-none-eabi-gcc", alone, { cwd: own.folder });
  const { stdout: sizes } = spawnSync("arm-none-eabi-size", ["net.o"], { cwd: own.folder, encoding: "utf8" });
  const [text, data] = sizes.trim().split("\n")[1].trim().split(/\s+/).map(Number);
  return { right: Number(said.split(" ")[0]), bytes: text + data };
}

/** Units of the largest dense GRU whose tables in int8 take no more bytes. */
function unitsOf(most) {
  const { channels } = readSequences(test);
  const values = channels.length;
  let units = 1;
  for (;;) {
    const { architecture, parameters, masks, conventions } = initialise(
      stack({ cell: "gru", hidden: units + 1, layers: 1, values, outputs: 10 }),
      new Random(1),
    );
    const scale = { mean: new Array(values).fill(0), deviation: new Array(values).fill(1) };
    const own = { ...conventions, standardisation: scale, activations: { values: 1, 0: 1 } };
    const golden = { inputs: [], outputs: [], steps: 0 };
    const options = { name: "net", math: "own", int8: true };
    const { flash } = exportC(new Network(architecture, parameters, masks, own), golden, options).size;
    if (flash.weights + flash.indices + flash.others > most) return units;
    units++;
  }
}

const dense = trained("dense.safetensors", UNITS);
const sparse = trained("sparse.safetensors", UNITS, ...sparsity);
const whole = quantized("sparse8.safetensors", sparse);
const [cDense, cSparse, cWhole] = [
  exported("c-dense", dense),
  exported("c-sparse", sparse),
  exported("c-int8", whole, "--int8"),
];
const units = unitsOf(cWhole.bytes);
const small = quantized("small8.safetensors", trained("small.safetensors", units));
const cSmall = exported("c-small", small, "--int8");
const board = onBoard(cWhole);

const weights = readNetwork(sparse);
const left = ["cells.0.weight_ih", "cells.0.weight_hh"].reduce(
  (sum, name) => sum + weights.nonzeros(name),
  0,
);
const rows = [
  { label: `GRU of ${UNITS} units`, right: rightOf(dense), ...sizeOf(cDense) },
  { label: "95 % absent, 4 × 1 blocks", right: rightOf(sparse), ...sizeOf(cSparse) },
  { label: "in int8", right: rightOf(whole, "--as", "stream-int8"), ...sizeOf(cWhole) },
  { label: "as C", right: measured(cWhole).right, ...sizeOf(cWhole) },
  ...(board ? [{ label: "on a Cortex-M4, with code", right: board.right, bytes: board.bytes }] : []),
  {
    label: `dense GRU of ${units}, int8`,
    right: rightOf(small, "--as", "stream-int8"),
    ...sizeOf(cSmall),
    colour: quiet,
  },
];

function sizeOf(own) {
  return { bytes: own.bytes, operations: own.operations, microseconds: measured(own).microseconds };
}

console.log(
  `${cpus()[0].model}, one core; C by ${process.env.CC ?? "cc"} -O2; ${left} recurrent weights are left\n`,
);
console.log("| | right | bytes | operations a step | µs a step |\n|---|---|---|---|---|");
for (const { label, right, bytes, operations, microseconds } of rows) {
  const cells = [label, `${right} of ${count}`, bytes, operations ?? "", microseconds?.toFixed(2) ?? ""];
  console.log(`| ${cells.join(" | ")} |`);
}
if (board === undefined) console.log("\narm-none-eabi-gcc or qemu-system-arm is not installed: no Cortex-M4");

const panel = (title, value, text, width, labels) => {
  const largest = Math.max(...rows.map(value).filter(Number.isFinite));
  const bars = rows.map((row) => ({
    label: labels ? row.label : "",
    value: value(row) / largest,
    text: Number.isFinite(value(row)) ? text(row) : "",
    ...(row.colour && { colour: row.colour }),
  }));
  const svg = shareBars({ title, description: title, bars, colour: accents[0], width });
  return { title, svg, width, height: 16 * rows.length + 8 };
};
const panels = [
  panel(
    "right, of the test recordings",
    ({ right }) => right / count,
    ({ right }) => `${((100 * right) / count).toFixed(1)} %`,
    330,
    true,
  ),
  panel(
    "bytes of tables as C",
    ({ bytes }) => bytes,
    ({ bytes }) => `${(bytes / 1000).toFixed(1)} kB`,
    330,
    false,
  ),
  panel(
    "µs a step as C",
    ({ microseconds = Number.NaN }) => microseconds,
    ({ microseconds }) => `${microseconds.toFixed(1)} µs`,
    330,
    false,
  ),
];
const svg = sheet({
  title: "Spoken digits, from recordings to C",
  description:
    "Accuracy, bytes and time of a GRU after every step on its way to a microcontroller, beside a small dense one.",
  panels,
  columns: 3,
  legend: [],
});
writeFileSync(at("digits.svg"), svg);
console.log(`\n${at("digits.svg")}`);
