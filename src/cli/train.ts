// What `filigree train` does: makes a network of one's own, from labelled strings or from texts. train-command.ts has its
// options.
import type { Cut } from "../data/symbols.js";
import type { ExecutorName } from "../engine/engine.js";
import type { OptimiserKind } from "../engine/executor.js";
import { InputError } from "../errors.js";
import { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import { stack } from "../network/network.js";
import { classify } from "../train/classify.js";
import { batchFor, type Defaults, defaults, epochsFor } from "../train/defaults.js";
import { keptEpoch } from "../train/kept.js";
import { newLanguageModel, nextSymbol } from "../train/language.js";
import { newClassifier } from "../train/new-network.js";
import type { Protocol } from "../train/protocol.js";
import type { ScheduleName } from "../train/schedule.js";
import { trainOptionsOf } from "../train/settings.js";
import { type ColumnOptions, type ModelOptions, Output, required } from "./command.js";
import { classesOf, describeClasses, formOf, readModel, trainingData } from "./files.js";
import { hasNumbers, type NumberFileOptions } from "./numbers.js";
import { type SparsifyVerbOptions, sparsificationOf } from "./sparsify.js";
import { describeSparse, sparsityOf } from "./sparsity.js";
import { bestBaseline, describeNats, hashTexts, readLanguageModel, readTexts, textData } from "./texts.js";
import { trainOnNumbers } from "./train-numbers.js";
import { describeEpoch, type Trained, type TrainingSettings, trainNetwork } from "./training.js";
import { vocabularyOf } from "./vocabulary.js";

export interface TrainVerbOptions
  extends ModelOptions,
    ColumnOptions,
    NumberFileOptions,
    SparsifyVerbOptions {
  data?: string;
  test?: string;
  testLabels?: string;
  validationLabels?: string;
  classWeights?: "balanced" | number[];
  horizon?: number;
  bidirectional?: boolean;
  standardise?: boolean;
  text?: string[];
  validation?: string[];
  split?: number;
  symbols?: Cut;
  unknown?: string | true;
  from?: string;
  cell?: CellKind;
  hidden?: number;
  layers?: number;
  embedding?: number;
  tie?: boolean;
  epochs?: number;
  updates?: number;
  batch?: number;
  window?: number;
  optimiser?: OptimiserKind;
  learningRate?: number;
  learningRateSchedule?: ScheduleName;
  warmUp?: number;
  weightDecay?: number;
  clip?: number;
  dropout?: number;
  readoutDropout?: number;
  patience?: number;
  freeze?: string[];
  protocol?: Protocol;
  seed: number;
  executor?: ExecutorName;
  threads: number;
  recompute?: number;
  out?: string;
  json?: boolean;
}

const { strings: ofStrings, next: ofTexts } = defaults;

/** Trains as the options say. */
export function runTraining(options: TrainVerbOptions): Promise<void> {
  if (options.text) return trainOnTexts(options, options.text);
  const { data } = options;
  if (data !== undefined && hasNumbers(data, options)) return trainOnNumbers(options, data);
  const ofNumbers = ["labels", "testLabels", "validationLabels", "task", "layout", "horizon"] as const;
  refuse(options, ofNumbers, "sequences of numbers, named with --data");
  return trainOnStrings(options);
}

async function trainOnStrings(options: TrainVerbOptions): Promise<void> {
  refuse(options, ["split", "symbols", "unknown", "window", "tie"], "--text");
  const output = new Output(options);
  const { seed, protocol, batch = ofStrings.batch, from, embedding } = options;
  const { hidden = ofStrings.hidden, layers = ofStrings.layers } = options;
  const cell = from === undefined ? required(options.cell, "--cell") : undefined;
  output.remarkSlowness(options.executor);
  const begun = cell ? undefined : readModel(required(from, "--from"), options, output);
  const vocabulary = options.vocabulary === undefined ? undefined : vocabularyOf(options.vocabulary);
  const data = trainingData(options, output, begun ? formOf(begun) : { vocabulary });
  const network =
    begun ??
    newClassifier(
      stack({
        cell: required(cell, "--cell"),
        hidden,
        layers,
        embedding,
        bidirectional: options.bidirectional,
      }),
      data,
      new Random(seed).stream("initial weights"),
      { vocabulary },
    );
  const out = outOf(options, `${cell ?? "network"}.safetensors`);
  const task = classify(network, data, { protocol, batch, classWeights: options.classWeights });
  const inputs = [from, options.data, options.test, ...(options.validation ?? [])];
  const files = { out, inputs, data: { ...data, protocol } };
  const settings = settingsOf(options, ofStrings);
  const { trained, history, updates } = await trainNetwork(network, task, settings, files, output);
  output.result(
    {
      network: out,
      task: task.name,
      cell,
      parameters: trained.size,
      classes: classesOf(trained),
      epochs: history,
      ...sparsityOf(trained, options),
      ...made(options, updates),
    },
    [
      describeEpoch(history.length, history[history.length - 1]),
      ...describeSparse(trained, options),
      `${out}: ${trained.size} parameters${describeClasses(trained)}`,
    ].join("\n"),
  );
}

async function trainOnTexts(options: TrainVerbOptions, paths: string[]): Promise<void> {
  refuse(options, ["data", "test", "stringColumn", "labelColumn"], "no --text");
  if (options.bidirectional) {
    throw new InputError({
      where: "--bidirectional",
      what: "a network that has read what follows need not predict it",
      hint: "leave it out for texts",
    });
  }
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const { executor, from, seed } = options;
  const begun = from === undefined ? undefined : readLanguageModel(from, options, output);
  if (begun) refuse(options, ["cell", "hidden", "layers", "embedding", "tie", "symbols"], "no --from");
  const texts = readTexts(paths);
  const data = textData(texts, { ...options, vocabulary: begun?.conventions.vocabulary.symbols }, output);
  const standard: Defaults = begun ? defaults.further : ofTexts;
  const { window = ofTexts.window } = options;
  const shortest = Math.min(...data.train.texts.map(({ length }) => length));
  const { batch = batchFor(shortest, window) } = options;
  const random = new Random(seed).stream("initial weights");
  const network = begun ?? newLanguageModel(data.vocabulary.length, options, random);
  const out = outOf(options, "text.safetensors");
  const names = texts.map(({ name }) => name);
  const task = nextSymbol(data, { batch, window, executor, names });
  const files = {
    out,
    inputs: [from, ...paths, ...(options.validation ?? [])],
    data: hashTexts(data),
  };
  const { epochs = epochsFor(task.epoch(1, new Random(seed)).updates) } = options;
  const settings = settingsOf({ ...options, epochs }, standard);
  const { trained, history, updates } = await trainNetwork(network, task, settings, files, output);
  const losses = history.map(({ validationLoss = Number.POSITIVE_INFINITY }) => validationLoss);
  const best = keptEpoch(history, task.judgedBy);
  const baseline = bestBaseline(data);
  const cell = network.architecture.nodes.find((node) => node.type === "cell")?.kind;
  output.result(
    {
      network: out,
      task: task.name,
      cell,
      parameters: trained.size,
      vocabulary: data.vocabulary.length,
      epochs: history,
      best: { epoch: best + 1, nats: losses[best] },
      baseline,
      ...sparsityOf(trained, options),
      ...made(options, updates),
    },
    [
      describeEpoch(history.length, history[history.length - 1]),
      `held out, after epoch ${best + 1}: ${describeNats(losses[best])}`,
      `n-grams with ${baseline.context} symbols before reach ${baseline.nats.toFixed(4)} nats`,
      ...describeSparse(trained, options),
      `${out}: ${trained.size} parameters; filigree sample ${out} writes some text`,
    ].join("\n"),
  );
}

/** The options of a training, with what is not given as `standard` has it. */
export function settingsOf(options: TrainVerbOptions, standard: Defaults): TrainingSettings {
  const { seed, executor, threads, recompute, learningRateSchedule: schedule } = options;
  return {
    ...trainOptionsOf({ ...options, schedule }, standard),
    seed: `${seed}/train`,
    executor,
    threads,
    recompute,
    sparsification: sparsificationOf(options),
  };
}

/** Where the network goes: never on the one that it was made from, unless that is asked for. */
export function outOf({ out, from }: TrainVerbOptions, standard: string): string {
  if (out !== undefined) return out;
  return standard === from ? standard.replace(/\.safetensors$/, "-trained.safetensors") : standard;
}

export function made({ updates }: TrainVerbOptions, all: Trained["updates"]): object {
  return updates === undefined ? {} : { updates: all };
}

/** @throws InputError when one of these options is given. */
export function refuse<Name extends string>(
  options: { readonly [name in Name]?: unknown },
  names: readonly Name[],
  goesWith: string,
): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new InputError({ where: `--${flag}`, what: `it goes with ${goesWith}`, hint: "leave it out" });
}
