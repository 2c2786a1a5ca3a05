// Inference one symbol at a time: Filigree's streams, dense and sparse, in float32 and in int8, against ONNX Runtime's dense LSTM on
// one thread, in turn on one core, so that both meet the same machine. Both take a symbol and give logits; ONNX Runtime multiplies
// the embedding at every step, as its operator must, where Filigree looks a table up. The networks of the second table
// have embeddings so narrow that this is no matter. Needs `npm run build`, ONNX Runtime for Node.js, and, for its dynamically
// quantised LSTM, a Python (PYTHON, or python3) with onnxruntime and onnx:
//   npm install --no-save --ignore-scripts onnxruntime-node
//   taskset -c 0 node bench/inference.mjs [hidden...]
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** A model as ONNX Runtime quantises it; nothing where no Python can. */
function quantised(model) {
  const folder = mkdtempSync(join(tmpdir(), "inference-"));
  const [from, to] = ["model.onnx", "quantised.onnx"].map((name) => join(folder, name));
  // These tell a system's OpenBLAS which processor it is on.
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env;
  try {
    writeFileSync(from, model);
    const script = fileURLToPath(new URL("quantise.py", import.meta.url));
    execFileSync(process.env.PYTHON ?? "python3", [script, from, to], { stdio: "ignore", env });
    return readFileSync(to);
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One session under test: step(n) takes in the same letters as a stream, `length` a call, with the state fed back. */
async function session({ architecture }, model, symbols, length) {
  const runs = await onnx.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const { size } = architecture.nodes[0];
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
    return logits.slice(-architecture.readout.outputs);
  };
}

/** Filigree's streams, the dense one first. */
const rows16 = { rows: 16, columns: 1 };
const streams = {
  dense: { density: 1 },
  "90 %": { density: 0.1 },
  "95 %": { density: 0.05 },
  "90 %, 16 × 1": { density: 0.1, pattern: rows16 },
  "int8 dense": { density: 1, int8: true },
  "int8 90 %": { density: 0.1, int8: true },
  "int8 90 %, 16 × 1": { density: 0.1, pattern: rows16, int8: true },
  "int8 90 %, 16 × 4": { density: 0.1, pattern: { rows: 16, columns: 4 }, int8: true },
};

/** Times everything at one size: the columns of its row in either table. */
async function compare(hidden, embedding) {
  const options = { cell: "lstm", layers: 1, hidden, embedding };
  const ours = Object.values(streams).map((own) => streamer({ ...options, ...own }));
  const [{ network, symbols, step }] = ours;
  const letters = Array.from(symbols);
  const model = exportOnnx(network, { name: "stream", streaming: true });
  const runtime = await session(network, model, letters, 1);
  const long = await session(network, model, letters, LONG);
  const whole = quantised(model);
  const theirs = await runtime(symbols.length);
  const apart = Math.max(...step(symbols.length).map((logit, i) => Math.abs(logit - theirs[i])));
  if (!(apart < 1e-4)) throw new Error(`the logits of ${hidden} units are ${apart} apart`);
  const longCall = timed((n) => long(LONG * n));
  const sides = [
    { run: timed(runtime) },
    { run: async (n) => (await longCall(n)) / LONG },
    ...ours.map(({ step }) => ({ run: timed(async (n) => void step(n)) })),
    ...(whole ? [{ run: timed(await session(network, whole, letters, 1)) }] : []),
  ];
  const [full, calls, ...others] = await interleave(sides, { rounds, milliseconds });
  const [dense, quantisedTimes] = [others[0], whole && others.pop()];
  const micro = (times) => (1000 * median(times)).toFixed(1);
  const ratio = (a, b) => `${ratioOf(a, b).toFixed(1)} (${(Math.min(...a) / Math.min(...b)).toFixed(1)})`;
  const name = `1 × ${hidden}`;
  return {
    times: [
      name,
      micro(full),
      micro(calls),
      quantisedTimes ? micro(quantisedTimes) : "–",
      ...others.map(micro),
      apart.toExponential(0),
    ],
    ratios: [
      name,
      ...others.map((times) => ratio(full, times)),
      quantisedTimes ? ratio(quantisedTimes, others[4]) : "–",
      ratio(dense, others[3]),
    ],
  };
}

function print(columns, rows) {
  for (const row of [columns, columns.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
}

console.log(
  `${cpus()[0].model}, one core; ONNX Runtime ${onnx.env.versions.node}; Filigree on ${describeExecutor().detail}, ` +
    `Node.js ${process.version}`,
);
console.log(
  `LSTM, batch 1, one symbol a call; microseconds of processor time a symbol, medians of ${rounds} rounds; ratios within a round, and of ` +
    "the best rounds in brackets",
);
const names = Object.keys(streams);
for (const [title, embedding] of [
  ["Embedding as wide as the cell", undefined],
  ["Embedding of 8", 8],
]) {
  const all = [];
  for (const hidden of sizes) all.push(await compare(hidden, embedding));
  console.log(`\n${title}\n`);
  print(
    ["units", "ONNX Runtime", `${LONG} a call`, "its int8", ...names, "logits apart"],
    all.map(({ times }) => times),
  );
  console.log(
    "\nONNX Runtime's time divided by ours; its int8 by our int8 dense; our dense by our 90 % in 16 × 1\n",
  );
  print(
    ["units", ...names, "its int8 ÷ int8 dense", "dense ÷ 16 × 1"],
    all.map(({ ratios }) => ratios),
  );
}
