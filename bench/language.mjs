// Training steps of language models: a loss at every symbol, state carried from window to window, Adam. Filigree, dense and
// 90 % sparse, beside PyTorch's fused LSTM on one core, in turn, so that both meet the same machine; the core's peak is
// measured in the same rounds. Both start from the same weights and train on the same windows, and the first losses must
// agree. Needs `npm run build` and a Python with PyTorch.
//   taskset -c 0 node bench/language.mjs [--rounds 7]        PYTHON=python3
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { interleave, median, ratioOf, timed } from "../dist/bench/rounds.js";
import { operationsOf, sparsified } from "../dist/bench/steps.js";
import { makeWindows } from "../dist/data/windows.js";
import { compile } from "../dist/engine/compile.js";
import { createExecutor, describeExecutor } from "../dist/engine/engine.js";
import { optimisers } from "../dist/engine/executor.js";
import { loadNative } from "../dist/engine/native.js";
import { Random } from "../dist/math/random.js";
import { cellsOf } from "../dist/network/architecture.js";
import { initialise, stack, tensorNames } from "../dist/network/network.js";
import { startPython } from "./python.mjs";

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(options.rounds);
const milliseconds = 500;
const setups = [
  { hidden: 512, layers: 1, embedding: 512, symbols: 65, batch: 32, window: 64 },
  { hidden: 512, layers: 1, embedding: 64, symbols: 65, batch: 64, window: 64 },
  { hidden: 650, layers: 2, embedding: 650, symbols: 10_000, batch: 20, window: 35 },
];
const SPARSE = 0.1;
const WINDOWS = 8;
/** Steps of which both sides must have the same losses, and how far apart these may be. */
const CHECKED = 3;
const APART = 1e-4;

const python = await startPython("language.py");
if (python.absent) {
  console.error(python.absent);
  process.exit(1);
}
const { addon, absent } = loadNative();
if (!addon) {
  console.error(`the peak cannot be measured without the native executor: ${absent}`);
  process.exit(1);
}
const folder = mkdtempSync(`${tmpdir()}/filigree-language-`);
try {
  console.log(
    `${cpus()[0].model}, one core; ${python.about}; Filigree on ${describeExecutor().detail}, Node.js ${process.version}`,
  );
  console.log(
    `LSTM; milliseconds of processor time a training step, medians of ${rounds} rounds; ratios within a round\n`,
  );
  const header = [
    ...["layers × units", "embedding", "symbols", "batch", "window", "PyTorch, fused"],
    ...["dense", "of peak", "90 % sparse", "of peak", "fused ÷ dense", "fused ÷ sparse", "peak, GFLOP/s"],
  ];
  console.log([header, header.map(() => "---")].map((row) => `| ${row.join(" | ")} |`).join("\n"));
  for (const setup of setups) console.log(`| ${(await compare(setup)).join(" | ")} |`);
} finally {
  python.end();
  rmSync(folder, { recursive: true });
}

/** The cells of a setup's row. */
async function compare(setup) {
  const { hidden, layers, embedding, symbols, batch, window } = setup;
  const random = new Random("language");
  const architecture = stack({
    cell: "lstm",
    hidden,
    layers,
    embedding,
    vocabulary: symbols,
    outputs: symbols,
  });
  const readout = { ...architecture.readout, at: "every-step" };
  const dense = initialise({ ...architecture, readout }, random);
  const sparse = sparsified(dense, SPARSE, random);
  const text = Int32Array.from({ length: WINDOWS * batch * window + 1 }, () => random.below(symbols));
  const windows = makeWindows([text], { batch, window });
  const [ours, ourSparse] = [dense, sparse].map((network) => training(network, windows, setup));

  await check(sparse, windows, ourSparse, 1); // PyTorch has no masks here: the losses part with the first update.
  await check(dense, windows, ours, CHECKED);
  const peak = (operations) => () => (1000 * operations) / addon.peak();
  const sides = [
    async (n) => (1000 * (await ask({ steps: n })).seconds) / n,
    timed(ours.step),
    timed(ourSparse.step),
    peak(ours.operations),
  ].map((run) => ({ run }));
  const [torch, own, ownSparse, atPeak] = await interleave(sides, { rounds, milliseconds });
  const share = ({ operations }, times) =>
    `${((100 * operations * ratioOf(atPeak, times)) / ours.operations).toFixed(0)} %`;
  const time = (times) => Number(median(times).toPrecision(3)).toString();
  const ratio = (times) => `${ratioOf(torch, times).toFixed(2)}×`;
  return [
    ...[`${layers} × ${hidden}`, embedding, symbols, batch, window, time(torch)],
    ...[time(own), share(ours, own), time(ownSparse), share(ourSparse, ownSparse)],
    ...[ratio(own), ratio(ownSparse), (ours.operations / median(atPeak) / 1e6).toFixed(0)],
  ];
}

/** One of our networks at work: `losses` makes n steps and tells the mean loss of each; `step` makes n steps. */
function training(network, windows, { symbols, batch, window }) {
  const plan = compile(network, {
    batch,
    steps: window,
    symbols: Array.from({ length: symbols }, (_, i) => i),
  });
  const executor = createExecutor(plan, network.parameters);
  const batches = { ...windows, carry: new Uint8Array(windows.count).fill(1) }; // The text begins anew, the state goes on.
  let next = 0;
  const some = async (n) => {
    const end = Math.min(batches.count, next + n);
    const outcomes = await executor.train(batches, next, end, { optimiser: optimisers.adam, rates: 1e-3 });
    next = end % batches.count;
    return outcomes;
  };
  return {
    operations: operationsOf(plan, batch, window),
    async losses(n) {
      const { losses, counts } = await some(n);
      return Array.from(losses, (loss, i) => loss / counts[i]);
    },
    async step(n) {
      for (let done = 0; done < n; ) done += (await some(n - done)).losses.length;
    },
  };
}

/** Gives PyTorch the weights and the windows, and compares the losses of the first n steps. */
async function check(network, windows, own, n) {
  const files = {
    weights: network.parameters,
    symbols: Int32Array.from(windows.symbols),
    targets: windows.targets,
  };
  for (const [name, values] of Object.entries(files)) writeFileSync(`${folder}/${name}`, values);
  const { vocabulary, embedding } = network.architecture;
  const cells = cellsOf(network.architecture);
  const sizes = { symbols: vocabulary, embedding, hidden: cells[0].size, layers: cells.length };
  const names = {
    "embedding.weight": "embedding.weight",
    "readout.weight": "readout.weight",
    "readout.bias": "readout.bias",
  };
  for (const [i, { name }] of cells.entries()) {
    const { weightIh, weightHh, biasIh, biasHh } = tensorNames(name);
    names[`recurrent.weight_ih_l${i}`] = weightIh;
    names[`recurrent.weight_hh_l${i}`] = weightHh;
    names[`recurrent.bias_ih_l${i}`] = biasIh;
    names[`recurrent.bias_hh_l${i}`] = biasHh;
  }
  const tensors = Object.fromEntries(
    Object.entries(names).map(([theirs, ours]) => [theirs, network.tensor(ours).offset]),
  );
  const paths = Object.fromEntries(Object.keys(files).map((name) => [name, `${folder}/${name}`]));
  const shape = [windows.count, windows.steps[0], windows.sizes[0]];
  await ask({ network: { sizes, tensors, ...paths, shape } });
  const { losses } = await ask({ steps: n });
  const ours = await own.losses(n);
  if (!losses.every((loss, i) => Math.abs(loss - ours[i]) < APART)) {
    throw new Error(`losses ${losses} in PyTorch and ${ours} in Filigree`);
  }
  console.error(
    `${sizes.layers} x ${sizes.hidden}: first losses ${losses.map((loss) => loss.toFixed(4))} agree`,
  );
}

async function ask(question) {
  return JSON.parse(await python.ask(JSON.stringify(question)));
}
