// What a network is trained further on, for the verbs that change one and retrain it: its data as they are read for it, a task, and
// the settings that such a training has.
import type { ExecutorName } from "../engine/engine.js";
import { optimisers } from "../engine/executor.js";
import { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import { classify } from "../train/classify.js";
import { defaults } from "../train/defaults.js";
import { evaluate } from "../train/evaluate.js";
import { evaluateTexts, nextSymbol } from "../train/language.js";
import { protocolOf } from "../train/protocol.js";
import type { Task } from "../train/task.js";
import type { TrainOptions } from "../train/train.js";
import { type ColumnOptions, type ModelOptions, type Output, required } from "./command.js";
import { type NumberFileOptions, readFor } from "./numbers.js";

export interface RetrainOptions extends ModelOptions, ColumnOptions, NumberFileOptions {
  readonly testLabels?: string;
  readonly validationLabels?: string;
  readonly data?: string;
  readonly test?: string;
  readonly text?: string[];
  readonly validation?: string[];
  readonly split?: number;
  readonly unknown?: string | true;
  readonly batch?: number;
  readonly window?: number;
  readonly seed: number;
  readonly executor?: ExecutorName;
  readonly recompute?: number;
}

/** What networks are evaluated and retrained on. */
export interface Subject {
  /** On test strings, or on the held-out part of texts. */
  evaluate(network: Network): Promise<{ readonly accuracy: number; readonly loss: number }>;
  readonly task: Task;
  readonly settings: Partial<TrainOptions>;
  readonly files: { readonly inputs: readonly (string | undefined)[]; readonly data: unknown };
}

/** Reads what a network is trained further on. */
export async function subjectOf(network: Network, options: RetrainOptions, output: Output): Promise<Subject> {
  if (options.text) return onTexts(network, options.text, options, output);
  if (network.architecture.input.kind === "values")
    return onNumbers(network, required(options.data, "--data"), options, output);
  return onStrings(network, options, output);
}

async function onStrings(network: Network, options: RetrainOptions, output: Output): Promise<Subject> {
  const { formOf, trainingData } = await import("./files.js");
  const read = () => trainingData(options, output, formOf(network));
  const data = options.data === undefined ? read() : readFor(network, options.data, read);
  const { executor, recompute, batch = defaults.strings.batch } = options;
  const protocol = protocolOf(network.conventions.readAt);
  return {
    evaluate: (subject) => evaluate(subject, data.test, { batch, executor, recompute }),
    task: classify(network, data, { protocol, batch }),
    settings: {},
    files: { inputs: [options.data, options.test], data: { ...data, protocol } },
  };
}

async function onNumbers(
  network: Network,
  path: string,
  options: RetrainOptions,
  output: Output,
): Promise<Subject> {
  const { readNumberData } = await import("./number-data.js");
  const { refuse } = await import("./train.js");
  const { measure, taskOn } = await import("../train/number-data.js");
  const random = new Random(options.seed).stream("split");
  refuse(options, ["horizon"], "training a new network");
  const read = () => readNumberData(path, options, output, random, network);
  const { numbers, inputs, hash } = readFor(network, path, read);
  const { executor, recompute, batch = defaults[numbers.task].batch } = options;
  const { window = defaults.forecast.window } = options;
  const { optimiser, clip, learningRate } = defaults.further;
  return {
    evaluate: (subject) => measure(subject, numbers, { batch, executor, recompute }),
    task: taskOn(network, numbers, { batch, window, executor }),
    settings: { optimiser: { ...optimisers[optimiser], clip }, learningRate },
    files: { inputs, data: hash },
  };
}

async function onTexts(
  network: Network,
  paths: readonly string[],
  options: RetrainOptions,
  output: Output,
): Promise<Subject> {
  const { hashTexts, readTexts, textData } = await import("./texts.js");
  const { validation, split, unknown, executor } = options;
  const { batch = defaults.further.batch, window = defaults.further.window } = options;
  const vocabulary = network.conventions.vocabulary.symbols;
  const texts = readTexts(paths);
  const data = textData(texts, { validation, split, unknown, vocabulary }, output);
  const { optimiser, clip, learningRate } = defaults.further;
  return {
    async evaluate(subject) {
      const { accuracy, nats } = await evaluateTexts(subject, data.validation.texts, { executor });
      return { accuracy, loss: nats };
    },
    task: nextSymbol(data, { batch, window, executor, names: paths }),
    settings: { optimiser: { ...optimisers[optimiser], clip }, learningRate },
    files: { inputs: [...paths, ...(validation ?? [])], data: hashTexts(data) },
  };
}
