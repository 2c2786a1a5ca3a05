// A training step in WebAssembly beside the native executor on AVX2, in turn, so that ratios hold while the machine's speed
// drifts: three layers of 50 units, batch 32, 47 steps, dense and at 10 % of the weights; and a stream of such a network.
// Needs `npm run build` and the native executor on a processor with AVX2. Times are the processor's, and a hash says whether
// parameters are the same bits after the first 64 steps: relaxed = avx2, simd128 = baseline. Beside dense steps, TensorFlow.js in
// WebAssembly where it is installed: `npm install --no-save @tensorflow/tfjs @tensorflow/tfjs-backend-wasm`.
//   taskset -c 0 node bench/wasm.mjs [--quick]
import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { setFlagsFromString } from "node:v8";
import { interleave, median, ratioOf, timed } from "../dist/bench/rounds.js";
import { stepper } from "../dist/bench/steps.js";
import { streamer } from "../dist/bench/streams.js";
import { cellKinds } from "../dist/network/architecture.js";
import { findTensorFlow } from "./tensorflow.mjs";

// Node.js 20 takes relaxed modules only when it is told to.
if (process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");

const options = process.argv.includes("--quick")
  ? { rounds: 7, milliseconds: 60 }
  : { rounds: 21, milliseconds: 250 };
const sets = { avx2: "native", relaxed: "wasm", simd128: "wasm", baseline: "native" };

/** What `make` makes on each instruction set. */
function onEach(make) {
  return Object.entries(sets).map(([name, executor]) => {
    process.env.FILIGREE_ISA = name;
    return make(executor);
  });
}

const tensorflow = await findTensorFlow();
if (tensorflow.absent) console.error(`left out: ${tensorflow.absent}`);
console.log(`${cpus()[0].model}, one core, Node.js ${process.version}; milliseconds of a step\n`);
console.log(
  "| cell | weights | avx2 | relaxed | simd128 | baseline | relaxed / avx2 | simd128 / avx2 | TensorFlow.js | it / simd128 | bits |",
);
console.log(`|${"---|".repeat(11)}`);
for (const cell of cellKinds) {
  for (const density of [1, 0.1]) {
    const network = { cell, hidden: 50, layers: 3, batch: 32, length: 47, density };
    const runs = onEach((executor) => stepper({ ...network, executor }));
    const hashes = [];
    for (const { step, executor } of runs) {
      await step(64);
      hashes.push(createHash("sha256").update(executor.state().parameters).digest("hex"));
    }
    const same = hashes[0] === hashes[1] && hashes[2] === hashes[3];
    const peer = density === 1 && tensorflow.about ? [{ ...tensorflow.side(network), rounds: 3 }] : [];
    const times = await interleave([...runs.map(({ step }) => ({ run: timed(step) })), ...peer], options);
    const ratios = [times[1], times[2]].map((own) => ratioOf(own, times[0]).toFixed(2));
    const theirs = times[4]
      ? [median(times[4]).toFixed(0), `${ratioOf(times[4], times[2]).toFixed(0)}×`]
      : ["–", "–"];
    const own = times.slice(0, 4).map((all) => median(all).toFixed(2));
    const row = [cell, `${100 * density} %`, ...own, ...ratios, ...theirs, same ? "the same" : "DIFFER"];
    console.log(`| ${row.join(" | ")} |`);
  }
}

console.log("\nMicroseconds of a symbol in a stream\n");
console.log("| cell | weights | avx2 | relaxed | simd128 | baseline |\n|---|---|---|---|---|---|");
for (const cell of cellKinds) {
  for (const density of [1, 0.1]) {
    const runs = onEach((executor) => streamer({ cell, hidden: 50, layers: 3, density, executor }));
    const times = await interleave(
      runs.map(({ step }) => ({ run: timed(async (n) => void step(n)) })),
      options,
    );
    const own = times.map((all) => (1000 * median(all)).toFixed(2));
    console.log(`| ${[cell, `${100 * density} %`, ...own].join(" | ")} |`);
  }
}
