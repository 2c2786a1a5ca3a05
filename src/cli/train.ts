// What `filigree train` does: makes a network of one's own, from labelled strings or from texts. train-command.ts has its
// options.
import type { Cut } from "../data/symbols.js";
import type { ExecutorName } from "../engine/engine.js";
import { type OptimiserKind, optimisers } from "../engine/executor.js";
import { InputError } from "../errors.js";
import { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import { initialise, type Network, stack } from "../network/network.js";
import { classify } from "../train/classify.js";
import { type Defaults, defaults } from "../train/defaults.js";
import { nextSymbol } from "../train/language.js";
import { defaultProtocol, type Protocol } from "../train/protocol.js";
import type { ScheduleName } from "../train/schedule.js";
import { type ModelOptions, Output, required } from "./command.js";
import { formOf, readModel, trainingData } from "./files.js";
import { bestBaseline, describeNats, hashTexts, languageModel, readTexts, textData } from "./texts.js";
import { describeEpoch, type Trained, type TrainingSettings, trainNetwork } from "./training.js";

export interface TrainVerbOptions extends ModelOptions {
  data?: string;
  test?: string;
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
  protocol?: Protocol;
  seed: number;
  executor?: ExecutorName;
  threads: number;
  recompute?: number;
  out?: string;
  json?: boolean;
}

const { classify: ofStrings, next: ofTexts } = defaults;

/** Trains as the options say. */
export function runTraining(options: TrainVerbOptions): Promise<void> {
  return options.text ? trainOnTexts(options, options.text) : trainOnStrings(options);
}

async function trainOnStrings(options: TrainVerbOptions): Promise<void> {
  refuse(options, ["validation", "split", "symbols", "unknown", "window", "tie", "patience"], "--text");
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const { seed, protocol = defaultProtocol, batch = ofStrings.batch } = options;
  const { hidden = ofStrings.hidden, layers = ofStrings.layers, embedding } = options;
  const begun = options.from === undefined ? undefined : readModel(options.from, options, output);
  const data = trainingData(options, output, begun && formOf(begun));
  const cell = begun ? undefined : required(options.cell, "--cell");
  const network =
    begun ??
    initialise(
      stack({ cell: required(cell, "--cell"), hidden, layers, embedding }),
      new Random(seed).stream("initial weights"),
    );
  const out = outOf(options, `${cell ?? "network"}.safetensors`);
  const task = classify(network, data, { protocol: begun ? options.protocol : protocol, batch });
  const files = { out, inputs: [options.from, options.data, options.test], data: { ...data, protocol } };
  const settings = settingsOf(options, ofStrings);
  const { trained, history, updates } = await trainNetwork(network, task, settings, files, output);
  output.result(
    {
      network: out,
      task: task.name,
      cell,
      parameters: trained.size,
      epochs: history,
      ...made(options, updates),
    },
    `${describeEpoch(history.length, history[history.length - 1])}\n${out}: ${trained.size} parameters`,
  );
}

async function trainOnTexts(options: TrainVerbOptions, paths: string[]): Promise<void> {
  refuse(options, ["data", "test"], "no --text");
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const { executor, from } = options;
  const begun = from === undefined ? undefined : languageModel(readModel(from, options, output), from);
  if (begun) refuse(options, ["cell", "hidden", "layers", "embedding", "tie", "symbols"], "no --from");
  const texts = readTexts(paths);
  const data = textData(texts, { ...options, vocabulary: begun?.conventions.vocabulary.symbols }, output);
  const standard: Defaults = begun ? defaults.further : ofTexts;
  const { window = ofTexts.window } = options;
  // A short text has fewer lanes, so that `train --text my.txt` needs no numbers.
  const shortest = Math.min(...data.train.texts.map(({ length }) => length));
  const { batch = Math.max(1, Math.min(ofTexts.batch, Math.floor((shortest - 1) / window))) } = options;
  const network = begun ?? newModel(options, data.vocabulary.length);
  const out = outOf(options, "text.safetensors");
  const names = texts.map(({ name }) => name);
  const task = nextSymbol(data, { batch, window, executor, names });
  const files = {
    out,
    inputs: [from, ...paths, ...(options.validation ?? [])],
    data: hashTexts(data),
  };
  const settings = settingsOf(options, standard);
  const { trained, history, updates } = await trainNetwork(network, task, settings, files, output);
  const losses = history.map(({ validationLoss = Number.POSITIVE_INFINITY }) => validationLoss);
  const best = losses.indexOf(Math.min(...losses));
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
      ...made(options, updates),
    },
    [
      describeEpoch(history.length, history[history.length - 1]),
      `held out, after epoch ${best + 1}: ${describeNats(losses[best])}`,
      `n-grams with ${baseline.context} symbols before reach ${baseline.nats.toFixed(4)} nats`,
      `${out}: ${trained.size} parameters; filigree sample ${out} writes some text`,
    ].join("\n"),
  );
}

function newModel(options: TrainVerbOptions, vocabulary: number): Network {
  const { cell = ofTexts.cell, hidden = ofTexts.hidden, layers = ofTexts.layers, tie, seed } = options;
  const { embedding = tie ? hidden : Math.min(ofTexts.embedding, hidden) } = options;
  const made = stack({ cell, hidden, layers, embedding, vocabulary, outputs: vocabulary });
  const readout = { ...made.readout, at: "every-step" as const, ...(tie && { tied: true as const }) };
  return initialise({ ...made, readout }, new Random(seed).stream("initial weights"));
}

/** The options of a training, with what is not given as `standard` has it. */
function settingsOf(options: TrainVerbOptions, standard: Defaults): TrainingSettings {
  const { dropout = standard.dropout, readoutDropout = dropout, updates, patience, seed } = options;
  const { optimiser = standard.optimiser, clip = standard.clip, weightDecay } = options;
  const drops = dropout > 0 || readoutDropout > 0;
  const settings = optimisers[optimiser];
  return {
    ...(updates === undefined ? { epochs: options.epochs ?? standard.epochs } : { updates }),
    optimiser: { ...settings, clip, weightDecay: weightDecay ?? settings.weightDecay },
    learningRate: options.learningRate ?? standard.learningRate,
    schedule: options.learningRateSchedule ?? standard.schedule,
    warmUp: options.warmUp ?? standard.warmUp,
    ...(drops && { dropout: { embedding: dropout, layers: dropout, readout: readoutDropout } }),
    patience,
    seed: `${seed}/train`,
    executor: options.executor,
    threads: options.threads,
    recompute: options.recompute,
  };
}

/** Where the network goes: never on the one that it was made from, unless that is asked for. */
function outOf({ out, from }: TrainVerbOptions, standard: string): string {
  if (out !== undefined) return out;
  return standard === from ? standard.replace(/\.safetensors$/, "-trained.safetensors") : standard;
}

function made({ updates }: TrainVerbOptions, all: Trained["updates"]): object {
  return updates === undefined ? {} : { updates: all };
}

/** @throws InputError when one of these options is given. */
function refuse(
  options: TrainVerbOptions,
  names: readonly (keyof TrainVerbOptions)[],
  goesWith: string,
): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new InputError({ where: `--${flag}`, what: `it goes with ${goesWith}`, hint: "leave it out" });
}
