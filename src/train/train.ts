// Training: epochs of a protocol over a dataset, on whatever executor there is. A run is a pure function of the
// network, the data, the options and the seed: each epoch draws its order from a stream of its own, so a run that is
// interrupted and resumed makes the same bits as one that is not.
import { longest, makeBatches, symbolsInUse } from "../data/batches.js";
import { BINARY, type Dataset } from "../data/dataset.js";
import { compile } from "../engine/compile.js";
import { createExecutor, type ExecutorName } from "../engine/engine.js";
import { optimisers, type TrainingState } from "../engine/executor.js";
import { InputError, TrainingError } from "../errors.js";
import { Network } from "../network/network.js";
import { Random } from "../random.js";
import { checkFit, evaluateWith } from "./evaluate.js";
import { checkOptions, type Tested } from "./options.js";
import { type Protocol, protocolOf, readAt, trainingOrder } from "./protocol.js";

export interface TrainingData {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** How an epoch went. Losses are mean cross-entropies of the strings, in nats. */
export interface EpochMetrics {
  /** While training, before each update. */
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  /** After the epoch, if it was tested: see `TrainOptions.tested`. */
  readonly testLoss?: number;
  readonly testAccuracy?: number;
}

export interface TrainOptions {
  /** The one under which the network is read where its conventions say, when left out: `corrected` for a new one. */
  readonly protocol?: Protocol;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate?: number;
  /** Determines the order of the strings in every epoch. */
  readonly seed: number | string;
  readonly executor?: ExecutorName;
  /** Tiles of a batch that run at once, each up to 32 strings; 1 when left out. It changes no result. */
  readonly threads?: number;
  /** Steps whose activations are held at once; see `CompileOptions`. */
  readonly recompute?: number;
  /** After which epochs the test strings are read, which takes about an eighth of the time: after each when left out. */
  readonly tested?: Tested;
  /** Where to go on: epochs done and the state after them. */
  readonly resume?: { readonly epoch: number; readonly state: TrainingState };
  readonly signal?: AbortSignal;
  /** Awaited after every epoch, counted from 1: the place to write a checkpoint. */
  onEpoch?(epoch: number, metrics: EpochMetrics, state: TrainingState): void | Promise<void>;
  /** Asked after every epoch's `onEpoch`: whether training should end there, before what `epochs` says is the last one. */
  isDone?(): boolean;
  /** Called a few times a second with the share of all epochs that is done. */
  onProgress?(share: number): void;
}

// Batches in one call to the executor: the grain of progress and of cancelling.
const SLICE = 64;

/**
 * Trains a copy of `network` and resolves to it; its masks stay, and its conventions say how it was trained.
 * @throws InputError when an option is none, data and network do not fit, or the embedding is masked, which
 * cannot be trained yet; TrainingError when the loss is no longer finite; the signal's
 * reason when it is aborted.
 */
export async function train(network: Network, data: TrainingData, options: TrainOptions): Promise<Network> {
  const { epochs, batch, learningRate = 1e-3, signal } = options;
  checkOptions(options);
  checkTrainable(network);
  const { protocol = protocolOf(network.conventions.readAt) } = options;
  const { vocabulary, labels = network.architecture.readout.outputs === 2 ? BINARY : undefined } =
    network.conventions;
  const conventions = { readAt: readAt(protocol), vocabulary, ...(labels && { labels }) };
  const sets = [data.train, data.test];
  for (const set of sets) checkFit(network, set);
  const symbols = sets.flatMap((set) => symbolsInUse(set, vocabulary));
  const steps = Math.max(...sets.map((set) => longest(set, vocabulary)));
  const plan = compile(network, { batch, steps, symbols, recompute: options.recompute });
  const update = { optimiser: optimisers.adam, rates: learningRate };
  const { executor: name, threads } = options;
  const executor = createExecutor(plan, network.parameters, { executor: name, threads });
  if (options.resume) executor.setState(options.resume.state);
  const random = new Random(options.seed);
  const total = data.train.strings.length;
  for (let epoch = (options.resume?.epoch ?? 0) + 1; epoch <= epochs; epoch++) {
    const order = trainingOrder(protocol, data.train, batch, random.stream(`epoch ${epoch}`), vocabulary);
    let loss = 0;
    let correct = 0;
    let step = 0;
    for (let first = 0; first < total; first += SLICE * batch) {
      signal?.throwIfAborted();
      const rows = order.subarray(first, first + SLICE * batch);
      const batches = makeBatches(data.train, rows, batch, conventions.readAt, vocabulary);
      const outcomes = await executor.train(batches, 0, batches.count, update);
      for (const value of outcomes.losses) {
        step++;
        loss += value;
        if (!Number.isFinite(value)) {
          throw new TrainingError({
            where: `epoch ${epoch}, step ${step}`,
            what: Number.isNaN(value) ? "the loss or its gradient is not a number" : `the loss is ${value}`,
            hint: "use a smaller learning rate or another seed",
          });
        }
      }
      for (const count of outcomes.correct) correct += count;
      options.onProgress?.((epoch - 1 + Math.min(1, (first + SLICE * batch) / total)) / epochs);
    }
    const metrics = { trainLoss: loss / total, trainAccuracy: correct / total };
    const isTested = options.tested !== "last-epoch" || epoch === epochs;
    const test = isTested && (await evaluateWith(executor, data.test, conventions, batch));
    const tested = test && { testLoss: test.loss, testAccuracy: test.accuracy };
    await options.onEpoch?.(epoch, { ...metrics, ...tested }, executor.state());
    if (options.isDone?.()) break;
  }
  return new Network(network.architecture, executor.state().parameters, network.masks, conventions);
}

// An executor knows no such mask, and would fill the embedding's zeros.
function checkTrainable({ masks }: Network): void {
  if (!masks.has("embedding.weight")) return;
  throw new InputError({
    what: "the network cannot be trained, because its embedding is masked",
    hint: "it can be evaluated and pruned; train one without, or wait for a later version",
  });
}
