// Evaluation: what a network says of a dataset, read where the network is read.

import type { ReadAt } from "../data/batches.js";
import { fileOrder, longest, makeBatches, symbolsInUse } from "../data/batches.js";
import type { Dataset } from "../data/dataset.js";
import { describeSymbol } from "../data/vocabulary.js";
import { compile } from "../engine/compile.js";
import { createExecutor, type ExecutorName } from "../engine/engine.js";
import type { Executor } from "../engine/executor.js";
import { InputError } from "../errors.js";
import type { Conventions } from "../network/conventions.js";
import type { Network } from "../network/network.js";
import { checkOptions } from "./options.js";
import { type Protocol, readAt } from "./protocol.js";

export interface EvaluationResult {
  /** Strings, and those whose most likely class is their label. */
  readonly total: number;
  readonly correct: number;
  readonly accuracy: number;
  /** Mean cross-entropy of the strings, in nats. */
  readonly loss: number;
  /** Sum over batches of the batch's mean cross-entropy, as Darji (2021) adds it up. */
  readonly sumOfBatchMeans: number;
  /** [string][class], in file order. */
  readonly logits: Float32Array;
}

export interface EvaluateOptions {
  /** Where strings are read out; where the network says (`Network.conventions`) when left out. */
  readonly protocol?: Protocol;
  /** Strings in a batch. */
  readonly batch: number;
  readonly executor?: ExecutorName;
  /** Steps whose activations are held at once, all of them when left out; costs no time and changes no bit. */
  readonly recompute?: number;
}

/**
 * Runs a dataset through a network in batches in file order.
 * @throws InputError when an option is none, or the data do not fit the network: a symbol beyond its vocabulary, a label
 *   beyond its classes.
 */
export async function evaluate(
  network: Network,
  dataset: Dataset,
  options: EvaluateOptions,
): Promise<EvaluationResult> {
  checkOptions(options);
  const { protocol, batch, executor, recompute } = options;
  checkFit(network, dataset);
  const { conventions } = network;
  const { vocabulary } = conventions;
  const steps = longest(dataset, vocabulary);
  const symbols = symbolsInUse(dataset, vocabulary);
  const plan = compile(network, { batch, steps, symbols, recompute, purpose: "evaluate" });
  const reading: ReadAt = protocol === undefined ? conventions.readAt : readAt(protocol);
  const made = createExecutor(plan, network.parameters, { executor });
  return evaluateWith(made, dataset, { ...conventions, readAt: reading }, batch);
}

/** The same with an executor at hand, in its present state. */
export async function evaluateWith(
  executor: Executor,
  dataset: Dataset,
  { readAt, vocabulary }: Conventions,
  batch: number,
): Promise<EvaluationResult> {
  const batches = makeBatches(dataset, fileOrder(dataset), batch, readAt, vocabulary);
  const { losses, counts, correct, outputs } = await executor.evaluate(batches, "outputs");
  const total = dataset.strings.length;
  const right = correct.reduce((sum, n) => sum + n, 0);
  return {
    total,
    correct: right,
    accuracy: right / total,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / total,
    sumOfBatchMeans: losses.reduce((sum, loss, i) => sum + loss / counts[i], 0),
    logits: outputs,
  };
}

/** @throws InputError when a network cannot read or classify a dataset. */
export function checkFit(network: Network, dataset: Dataset): void {
  const { input, readout } = network.architecture;
  const { vocabulary } = network.conventions;
  const classes = dataset.labels.reduce((most, label) => Math.max(most, label + 1), 2);
  if (readout.outputs < classes) {
    const has = readout.outputs === 1 ? "1 class" : `${readout.outputs} classes`;
    throw new InputError({
      what: `the network has ${has} and the data have ${classes === 2 ? "two labels" : `labels up to ${classes - 1}`}`,
      hint: `use a network with a read-out of ${classes === 2 ? "two" : classes} classes`,
    });
  }
  if (input.kind === "values") {
    throw new InputError({
      what: `the network reads ${input.width} numbers at each step, and the data are strings`,
      hint: "give sequences of numbers",
    });
  }
  const { vocabulary: rows } = input;
  const stray = symbolsInUse(dataset, vocabulary).find((symbol) => symbol >= rows);
  if (stray !== undefined) {
    throw new InputError({
      what: `the data have ${describeSymbol(vocabulary.symbols[stray])} (symbol ${stray}), and the network's vocabulary ends at ${rows - 1}`,
      hint: "use a network whose embedding covers the data",
    });
  }
}
