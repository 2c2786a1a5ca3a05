// Evaluation: what a network says of labelled sequences, read where the network is read.
import { fileOrder, makeBatches, outputsByExample, type ReadAt } from "../data/batches.js";
import {
  countOf,
  type Examples,
  joined,
  longest,
  numberExamples,
  stringExamples,
  symbolsInUse,
} from "../data/examples.js";
import type { SequenceTarget } from "../data/sequences.js";
import { describeSymbol } from "../data/vocabulary.js";
import { Calibration } from "../engine/calibrate.js";
import { compile } from "../engine/compile.js";
import { createExecutor, type ExecutorName } from "../engine/engine.js";
import type { Executor } from "../engine/executor.js";
import { int8Stepper } from "../engine/int8-executors.js";
import { evaluateInStream } from "../engine/stepper.js";
import { InputError } from "../errors.js";
import { exp } from "../math/exp.js";
import { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import type { Labelled } from "./classify.js";
import { checkOptions } from "./options.js";
import { type Protocol, readAt } from "./protocol.js";

export interface EvaluationResult {
  /** Labels: one for each sequence, or one for each step that has one. */
  readonly total: number;
  /** Those that are the most likely class. */
  readonly correct: number;
  readonly accuracy: number;
  /** Mean cross-entropy of the labels, in nats. */
  readonly loss: number;
  /** Sum over batches of the batch's mean cross-entropy, as Darji (2021) adds it up. */
  readonly sumOfBatchMeans: number;
  /** [sequence][class] in file order, or [step][class] of every sequence, one after the other. */
  readonly logits: Float32Array;
  /** Likewise the most likely class. */
  readonly predicted: Int32Array;
  /** Likewise the label; -1 of a step that has none. */
  readonly expected: Int32Array;
}

export interface EvaluateOptions {
  /** Where sequences are read out; where the network says (`Network.conventions`) when left out. */
  readonly protocol?: Protocol;
  /** Sequences in a batch. */
  readonly batch: number;
  readonly executor?: ExecutorName;
  /** Tiles of a batch that run at once; 1 when left out. It changes no result. */
  readonly threads?: number;
  /** Steps whose activations are held at once, all of them when left out; costs no time and changes no bit. */
  readonly recompute?: number;
  /** "stream-int8": as a stream in int8 says it, step by step, instead of in batches. */
  readonly as?: As;
}

/** Other arithmetic than the executors'. */
export const arithmetics = ["stream-int8"] as const;
export type As = (typeof arithmetics)[number];

/**
 * Runs labelled sequences through a network in batches in file order.
 * @throws InputError when an option is none, or the data do not fit the network: a symbol beyond its vocabulary, other
 *   channels than it reads, a label beyond its classes.
 */
export async function evaluate(
  network: Network,
  data: Labelled,
  options: EvaluateOptions,
): Promise<EvaluationResult> {
  checkOptions(options);
  const { protocol, batch } = options;
  checkFit(network, data);
  const examples = examplesFor(network, data);
  const executor = executorFor(network, examples, options);
  const reading = protocol === undefined ? network.conventions.readAt : readAt(protocol);
  const isReadOnce = taskOf(network) === "classify";
  return evaluateExamples(executor, examples, { readAt: isReadOnce ? reading : "last-symbol", batch });
}

/**
 * What a network gives out for data, whose labels, if any, are not looked at: of each sequence [output], read where the
 * network is read, or [step][output].
 * @throws InputError as `evaluate`.
 */
export async function outputsOf(
  network: Network,
  data: Labelled,
  options: EvaluateOptions,
): Promise<Float32Array[]> {
  checkOptions(options);
  const { outputs: width } = network.architecture.readout;
  const everyStep = taskOf(network) !== "classify";
  const examples = withoutTargets(examplesFor(network, data), everyStep, network);
  const executor = executorFor(network, examples, options);
  const reading = everyStep ? "last-symbol" : network.conventions.readAt;
  const batches = makeBatches(examples, fileOrder(examples), options.batch, reading);
  const { outputs } = await executor.evaluate(batches, "outputs");
  if (everyStep) return outputsByExample(batches, outputs, width);
  return Array.from({ length: countOf(examples) }, (_, row) =>
    outputs.subarray(row * width, (row + 1) * width),
  );
}

/**
 * The network, calibrated for int8: with the magnitudes of what it multiplies over some sequences, whose labels are not looked at.
 * @param percentile how many percent of the numbers of each source int8 is to hold; 100 for all of them.
 * @throws InputError as `evaluate`, and when the network is bidirectional.
 */
export async function calibrate(
  network: Network,
  data: Labelled,
  options: { readonly percentile: number },
): Promise<Network> {
  const everyStep = taskOf(network) !== "classify";
  const examples = withoutTargets(examplesFor(network, data), everyStep, network);
  const calibration = new Calibration(network);
  const { input, readout } = network.architecture;
  await evaluateInStream(
    calibration,
    { everyStep, input, outputs: readout.outputs },
    makeBatches(examples, fileOrder(examples), 1, "last-symbol"),
  );
  return calibrated(network, calibration, options);
}

/** The network with what a calibration has found. */
export function calibrated(
  { architecture, parameters, masks, conventions }: Network,
  calibration: Calibration,
  { percentile }: { readonly percentile: number },
): Network {
  return new Network(architecture, parameters, masks, {
    ...conventions,
    activations: calibration.ranges(percentile),
  });
}

/** The same examples with nothing to be compared with; one that is read once has to have a class. */
function withoutTargets(examples: Examples, everyStep: boolean, { architecture }: Network): Examples {
  const { outputs, predicts } = architecture.readout;
  const places = everyStep ? examples.starts[countOf(examples)] : countOf(examples);
  return predicts === "numbers"
    ? {
        ...examples,
        everyStep,
        targetWidth: outputs,
        targets: new Float32Array(places * outputs).fill(Number.NaN),
      }
    : { ...examples, everyStep, targetWidth: 1, targets: new Int32Array(places).fill(everyStep ? -1 : 0) };
}

/** Probabilities of classes, from their logits. */
export function probabilitiesOf(logits: ArrayLike<number>): number[] {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) most = Math.max(most, logits[i]);
  const weights = Array.from(logits, (logit) => exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** What evaluates examples. */
type Evaluator = Pick<Executor, "plan" | "evaluate">;

/** An executor that evaluates some examples in batches. */
export function executorFor(
  network: Network,
  examples: Examples,
  { batch, executor, threads, recompute, as }: EvaluateOptions,
): Evaluator {
  const steps = longest(examples);
  const symbols = symbolsInUse(examples);
  const plan = compile(network, { batch, steps, symbols, recompute, purpose: "evaluate" });
  if (as === "stream-int8") {
    const stream = int8Stepper(network, executor);
    return { plan, evaluate: (batches) => evaluateInStream(stream, plan, batches) };
  }
  return createExecutor(plan, network.parameters, { executor, threads });
}

/** The same with an executor at hand, in its present state. */
export async function evaluateExamples(
  executor: Evaluator,
  examples: Examples,
  { readAt, batch }: { readAt: ReadAt; batch: number },
): Promise<EvaluationResult> {
  const batches = makeBatches(examples, fileOrder(examples), batch, readAt);
  const { losses, counts, correct, outputs } = await executor.evaluate(batches, "outputs");
  const { outputs: classes } = executor.plan;
  const logits = examples.everyStep ? joined(outputsByExample(batches, outputs, classes)) : outputs;
  const total = counts.reduce((sum, n) => sum + n, 0);
  const right = correct.reduce((sum, n) => sum + n, 0);
  return {
    total,
    correct: right,
    accuracy: right / total,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / total,
    sumOfBatchMeans: losses.reduce((sum, loss, i) => sum + loss / counts[i], 0),
    logits,
    predicted: likeliest(logits, classes),
    expected: Int32Array.from(examples.targets),
  };
}

/** The most likely of so many classes, the first of equal ones, for each row of logits. */
export function likeliest(logits: Float32Array, classes: number): Int32Array {
  const all = new Int32Array(logits.length / classes);
  for (let row = 0; row < all.length; row++) {
    for (let c = 1; c < classes; c++) {
      if (logits[row * classes + c] > logits[row * classes + all[row]]) all[row] = c;
    }
  }
  return all;
}

/**
 * Data as the network reads them.
 * @param target what is to be learnt of sequences of numbers; what they have when left out.
 * @throws InputError when they are none that it reads, or have not the labels of its task.
 */
export function examplesFor(network: Network, data: Labelled, target?: SequenceTarget): Examples {
  const { input } = network.architecture;
  const { vocabulary, standardisation } = network.conventions;
  if ("strings" in data) {
    if (input.kind === "symbols") return stringExamples(data, vocabulary);
    throw new InputError({
      what: `the network reads ${input.width} numbers at each step, and the data are strings`,
      hint: "give sequences of numbers",
    });
  }
  if (input.kind === "symbols") {
    throw new InputError({
      what: "the network reads symbols, and the data are sequences of numbers",
      hint: "give strings",
    });
  }
  const channels = data.channels.length;
  if (channels !== input.width) {
    throw new InputError({
      what: `the network reads ${input.width} ${input.width === 1 ? "number" : "numbers"} at each step, and the data have ${channels}: ${data.channels.slice(0, 8).join(", ")}`,
      hint: "give the channels that it was trained on",
    });
  }
  return numberExamples(data, target ?? data.target, standardisation);
}

/** @throws InputError when a network cannot read or classify some data. */
export function checkFit(network: Network, data: Labelled): void {
  const { targets, inputs, everyStep } = examplesFor(network, data);
  const { input, readout } = network.architecture;
  const { vocabulary } = network.conventions;
  const task = taskOf(network);
  if (everyStep !== (task !== "classify") || targets instanceof Float32Array) {
    const has =
      targets instanceof Float32Array ? "numbers" : everyStep ? "a label at every step" : "one label each";
    throw new InputError({
      what: `the network is for the task ${task}, and the sequences have ${has}`,
      hint: "say what is to be learnt with --task, or give other labels",
    });
  }
  const classes = targets.reduce((most, label) => Math.max(most, label + 1), 2);
  if (readout.outputs < classes) {
    const has = readout.outputs === 1 ? "1 class" : `${readout.outputs} classes`;
    throw new InputError({
      what: `the network has ${has} and the data have ${classes === 2 ? "two labels" : `labels up to ${classes - 1}`}`,
      hint: `use a network with a read-out of ${classes === 2 ? "two" : classes} classes`,
    });
  }
  if (input.kind === "values") return;
  const { vocabulary: rows } = input;
  const stray = inputs.find((symbol) => symbol >= rows);
  if (stray !== undefined) {
    throw new InputError({
      what: `the data have ${describeSymbol(vocabulary.symbols[stray])} (symbol ${stray}), and the network's vocabulary ends at ${rows - 1}`,
      hint: "use a network whose embedding covers the data",
    });
  }
}
