// Inference one symbol at a time: Filigree's streams, dense and sparse, against ONNX Runtime's dense LSTM on one thread,
// in turn on one core, so that both meet the same machine. Both take a symbol and give logits; ONNX Runtime multiplies
// the embedding at every step, as its operator must, where Filigree looks a table up. The networks of the second table
// have embeddings so narrow that this is no matter. Needs `npm run build`, and ONNX Runtime for Node.js:
//   npm install --no-save --ignore-scripts onnxruntime-node
//   taskset -c 0 node bench/inference.mjs [hidden...]
import { cpus } from "node:os";
import { interleave, median, ratioOf, timed } from "../dist/bench/rounds.js";
import { streamer } from "../dist/bench/streams.js";
import { describeExecutor } from "../dist/engine/engine.js";
import { exportOnnx } from "../dist/export/onnx/onnx.js";

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [50, 128, 256, 512, 1024];
const rounds = 25;
const milliseconds = 20;
// Symbols of a longer call, which shows what a call itself costs ONNX Runtime; a stream cannot wait for so many.
const LONG = 64;

const onnx = await import("onnxruntime-node").then(
  (module) => module.default,
  () => {
    console.error(
      "ONNX Runtime is not installed; run `npm install --no-save --ignore-scripts onnxruntime-node`",
    );
    process.exit(1);
  },
);

/** One session under test: step(n) takes in the same letters as a stream, `length` a call, with the state fed back. */
async function session(network, symbols, length) {
  const runs = await onnx.InferenceSession.create(exportOnnx(network, { name: "stream", streaming: true }), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const { size } = network.architecture.nodes[0];
  const calls = [];
  for (let i = 0; i < symbols.length; i += length) {
    const codes = BigInt64Array.from(symbols.slice(i, i + length), BigInt);
    calls.push(new onnx.Tensor("int64", codes, [1, length]));
  }
  const zeros = () => new onnx.Tensor("float32", new Float32Array(size), [1, 1, size]);
  let [h, c] = [zeros(), zeros()];
  return async (n) => {
    let logits;
    for (let i = 0; i < n / length; i++) {
      const out = await runs.run({ symbols: calls[i % calls.length], h_0: h, c_0: c });
      [h, c, logits] = [out.h_0_out, out.c_0_out, out.output.data];
    }
    return logits.slice(-network.architecture.readout.outputs);
  };
}

async function compare(hidden, embedding) {
  const options = { cell: "lstm", layers: 1, hidden, embedding };
  const pattern = { rows: 16, columns: 1 };
  const [dense, ...others] = [
    { density: 1 },
    { density: 0.1 },
    { density: 0.05 },
    { density: 0.1, pattern },
  ].map((own) => streamer({ ...options, ...own }));
  const symbols = Array.from(dense.symbols);
  const runtime = await session(dense.network, symbols, 1);
  const long = await session(dense.network, symbols, LONG);
  const theirs = await runtime(dense.symbols.length);
  const ours = dense.step(dense.symbols.length);
  const apart = Math.max(...ours.map((logit, i) => Math.abs(logit - theirs[i])));
  if (!(apart < 1e-4)) throw new Error(`the logits of ${hidden} units are ${apart} apart`);
  const streams = [dense, ...others].map(
    ({ step }) =>
      async (n) =>
        step(n),
  );
  const longCall = timed((n) => long(LONG * n));
  const sides = [runtime, ...streams].map((step) => ({ run: timed(step) }));
  sides.splice(1, 0, { run: async (n) => (await longCall(n)) / LONG });
  const times = await interleave(sides, { rounds, milliseconds });
  const columns = times.map((values) => (1000 * median(values)).toFixed(1));
  const ratios = [2, 3, 4, 5].map((i) => {
    const best = Math.min(...times[0]) / Math.min(...times[i]);
    return `${ratioOf(times[0], times[i]).toFixed(1)} (${best.toFixed(1)})`;
  });
  console.log(`| ${[`1 × ${hidden}`, ...columns, ...ratios, apart.toExponential(0)].join(" | ")} |`);
}

console.log(
  `${cpus()[0].model}, one core; ONNX Runtime ${onnx.env.versions.node}; Filigree on ${describeExecutor().detail}, ` +
    `Node.js ${process.version}`,
);
console.log(
  `LSTM, batch 1, one symbol a call; microseconds of processor time a symbol, medians of ${rounds} rounds; ratios within a round, and of ` +
    "the best rounds in brackets",
);
for (const [title, embedding] of [
  ["Embedding as wide as the cell", undefined],
  ["Embedding of 8", 8],
]) {
  console.log(`\n${title}\n`);
  console.log(
    `| units | ONNX Runtime | ${LONG} a call | dense | 90 % sparse | 95 % sparse | 90 %, blocks of 16 × 1 | ONNX / dense | ONNX / 90 % | ONNX / 95 % | ONNX / blocks | logits apart |`,
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|---|---|");
  for (const hidden of sizes) await compare(hidden, embedding);
}
