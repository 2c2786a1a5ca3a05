// Evaluation: what a network says of a dataset, under either protocol.
import { symbolsInUse } from "../data/batches.js";
import type { Dataset } from "../data/dataset.js";
import { compile } from "../engine/compile.js";
import { createExecutor, type ExecutorName } from "../engine/engine.js";
import type { Executor } from "../engine/executor.js";
import { InputError } from "../errors.js";
import type { Network } from "../network/network.js";
import { evaluationBatches, type Protocol } from "./protocol.js";

export interface EvaluationResult {
  /** Strings, and those whose most likely class is their label. */
  readonly total: number;
  readonly correct: number;
  readonly accuracy: number;
  /** Mean cross-entropy of the strings, in nats. */
  readonly loss: number;
  /** Sum over batches of the batch's mean cross-entropy, as the thesis adds it up. */
  readonly sumOfBatchMeans: number;
  /** [string][class], in file order. */
  readonly logits: Float32Array;
}

/**
 * Runs a dataset through a network in batches of `batch` strings in file order.
 * @throws InputError when the data do not fit the network: a character beyond its vocabulary, fewer than two classes.
 */
export async function evaluate(
  network: Network,
  dataset: Dataset,
  { protocol, batch, executor }: { protocol: Protocol; batch: number; executor?: ExecutorName },
): Promise<EvaluationResult> {
  checkFit(network, dataset);
  const steps = longest(dataset);
  const plan = compile(network, { batch, steps, symbols: symbolsInUse(dataset), purpose: "evaluate" });
  return evaluateWith(createExecutor(plan, network.parameters, { executor }), dataset, protocol, batch);
}

/** The same with an executor at hand, in its present state. */
export async function evaluateWith(
  executor: Executor,
  dataset: Dataset,
  protocol: Protocol,
  batch: number,
): Promise<EvaluationResult> {
  const batches = evaluationBatches(dataset, batch, protocol);
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

/** Letters of the longest string. */
export function longest(...datasets: readonly Dataset[]): number {
  let most = 1;
  for (const { strings } of datasets) for (const string of strings) most = Math.max(most, string.length);
  return most;
}

/** @throws InputError when a network cannot read or classify a dataset. */
export function checkFit(network: Network, dataset: Dataset): void {
  const { vocabulary, readout } = network.architecture;
  if (readout.outputs < 2) {
    throw new InputError({
      what: `the network has ${readout.outputs} class and the data have two labels`,
      hint: "use a network with a read-out of two classes",
    });
  }
  const stray = symbolsInUse(dataset).find((symbol) => symbol >= vocabulary);
  if (stray !== undefined) {
    throw new InputError({
      what: `the data have the character "${String.fromCharCode(stray)}" (code ${stray}), and the network's vocabulary ends at ${vocabulary - 1}`,
      hint: "use a network whose embedding covers the data",
    });
  }
}
