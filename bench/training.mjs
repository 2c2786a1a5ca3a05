// What the comparisons of whole trainings with PyTorch have in common: the same weights and batches on both sides, whose
// first losses must agree; then training steps in turn, so that both meet the same machine, with the core's peak measured
// in the same rounds.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { interleave, median, ratioOf, timed } from "../dist/bench/rounds.js";
import { operationsOf } from "../dist/bench/steps.js";
import { createExecutor, describeExecutor } from "../dist/engine/engine.js";
import { optimisers } from "../dist/engine/executor.js";
import { loadNative } from "../dist/engine/native.js";
import { cellsOf } from "../dist/network/architecture.js";
import { tensorNames } from "../dist/network/network.js";
import { startPython } from "./python.mjs";

const MILLISECONDS = 500;
/** Steps of which both sides must have the same losses, and how far apart these may be. */
const CHECKED = 3;
const APART = 1e-4;

/**
 * Starts a script of this folder that trains in PyTorch, and runs `f` beside it. Ends the process where there is no PyTorch
 * or no native executor.
 * @param {(peer: { about: string, ask(question: object): Promise<any>, folder: string }) => Promise<void>} f
 */
export async function besidePyTorch(script, f) {
  const python = await startPython(script);
  const { absent } = loadNative();
  const missing = python.absent ?? (absent && `there is no native executor: ${absent}`);
  if (missing) {
    console.error(missing);
    process.exit(1);
  }
  const folder = mkdtempSync(`${tmpdir()}/filigree-bench-`);
  const machine = `${cpus()[0].model}, one core`;
  const own = `Filigree on ${describeExecutor().detail}, Node.js ${process.version}`;
  const ask = async (question) => JSON.parse(await python.ask(JSON.stringify(question)));
  try {
    await f({ about: `${machine}; ${python.about}; ${own}`, ask, folder });
  } finally {
    python.end();
    rmSync(folder, { recursive: true });
  }
}

/** One of our networks at work: `losses` makes n steps and tells the mean loss of each; `step` makes n steps. */
export function training(network, plan, batches) {
  const executor = createExecutor(plan, network.parameters);
  let next = 0;
  const some = async (n) => {
    const end = Math.min(batches.count, next + n);
    const outcomes = await executor.train(batches, next, end, { optimiser: optimisers.adam, rates: 1e-3 });
    next = end % batches.count;
    return outcomes;
  };
  return {
    network,
    operations: operationsOf(plan, batches.sizes[0], batches.steps[0]),
    async losses(n) {
      const { losses, counts } = await some(n);
      return Array.from(losses, (loss, i) => loss / counts[i]);
    },
    async step(n) {
      for (let done = 0; done < n; ) done += (await some(n - done)).losses.length;
    },
  };
}

/**
 * Gives PyTorch the weights of a training and, as files, the batches, and compares the losses of the first steps.
 * @param about what else it has to know of the network.
 */
export async function agree({ ask, folder }, subject, { batches, about, steps = CHECKED }) {
  const { network } = subject;
  const { inputs, targets } = batches;
  const files = {
    weights: network.parameters,
    inputs: inputs instanceof Float32Array ? inputs : Int32Array.from(inputs),
    targets,
  };
  for (const [name, values] of Object.entries(files)) writeFileSync(`${folder}/${name}`, values);
  const paths = Object.fromEntries(Object.keys(files).map((name) => [name, `${folder}/${name}`]));
  const shape = [batches.count, batches.steps[0], batches.sizes[0]];
  await ask({ network: { ...about, ...paths, tensors: torchNames(network), shape } });
  const { losses } = await ask({ steps });
  const own = await subject.losses(steps);
  if (!losses.every((loss, i) => Math.abs(loss - own[i]) < APART)) {
    throw new Error(`losses ${losses} in PyTorch and ${own} in Filigree`);
  }
  console.error(`first losses ${losses.map((loss) => loss.toFixed(4))} agree`);
}

/** Where PyTorch's tensors are in the parameters of a stack, by the names that a module `recurrent` gives them. */
function torchNames(network) {
  const at = (name) => network.tensor(name).offset;
  const offsets = { "readout.weight": at("readout.weight"), "readout.bias": at("readout.bias") };
  if (network.architecture.input.kind === "symbols") offsets["embedding.weight"] = at("embedding.weight");
  for (const { name } of cellsOf(network.architecture)) {
    const { weightIh, weightHh, biasIh, biasHh } = tensorNames(name);
    const layer = `l${name.replace(".", "_")}`;
    offsets[`recurrent.weight_ih_${layer}`] = at(weightIh);
    offsets[`recurrent.weight_hh_${layer}`] = at(weightHh);
    offsets[`recurrent.bias_ih_${layer}`] = at(biasIh);
    offsets[`recurrent.bias_hh_${layer}`] = at(biasHh);
  }
  return offsets;
}

/** The head of a table whose rows begin with these columns and end with those of `timesOf`. */
export function head(columns) {
  const header = [
    ...[...columns, "PyTorch, fused", "dense", "of peak", "sparse", "of peak"],
    ...["fused ÷ dense", "fused ÷ sparse", "peak, GFLOP/s"],
  ];
  return [header, header.map(() => "---")].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Trains PyTorch, a dense and a sparse network in turn, and returns the cells of a row. */
export async function timesOf({ ask }, dense, sparse, rounds) {
  const { addon } = loadNative();
  const sides = [
    async (n) => (1000 * (await ask({ steps: n })).seconds) / n,
    timed(dense.step),
    timed(sparse.step),
    () => (1000 * dense.operations) / addon.peak(),
  ].map((run) => ({ run }));
  const [torch, own, ownSparse, atPeak] = await interleave(sides, { rounds, milliseconds: MILLISECONDS });
  const share = ({ operations }, times) =>
    `${((100 * operations * ratioOf(atPeak, times)) / dense.operations).toFixed(0)} %`;
  const time = (times) => Number(median(times).toPrecision(3)).toString();
  const ratio = (times) => `${ratioOf(torch, times).toFixed(2)}×`;
  return [
    ...[time(torch), time(own), share(dense, own), time(ownSparse), share(sparse, ownSparse)],
    ...[ratio(own), ratio(ownSparse), (dense.operations / median(atPeak) / 1e6).toFixed(0)],
  ];
}
