// `filigree train`: a network of one's own, from labelled strings or from texts.
import { Command } from "commander";
import { type Cut, cuts } from "../data/symbols.js";
import type { ExecutorName } from "../engine/engine.js";
import { type OptimiserKind, optimiserKinds, optimisers } from "../engine/executor.js";
import { InputError } from "../errors.js";
import type { CellKind } from "../network/architecture.js";
import { initialise, type Network, stack } from "../network/network.js";
import { Random } from "../random.js";
import { classify } from "../train/classify.js";
import { type Defaults, defaults } from "../train/defaults.js";
import { nextSymbol } from "../train/language.js";
import { defaultProtocol, type Protocol } from "../train/protocol.js";
import { type ScheduleName, schedules } from "../train/schedule.js";
import {
  between,
  choice,
  executorOption,
  type ModelOptions,
  Output,
  protocolOption,
  recomputeOption,
  required,
  seedOption,
  threadsOption,
  whole,
  withJson,
  withModelOptions,
} from "./command.js";
import { formOf, readModel, trainingData } from "./files.js";
import { bestBaseline, describeNats, languageModel, readTexts, textData } from "./texts.js";
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
const either = (strings: number, texts: number) => `; ${strings} for strings, ${texts} for texts`;

export function trainCommand(): Command {
  const command = new Command("train")
    .description("train a network to classify sequences, or to predict the next symbol of a text")
    .option(
      "--data <csv>",
      "labelled strings; generated Reber strings when neither they nor a text are given",
    )
    .option("--test <csv>", "test strings; a quarter of the training file when left out")
    .option("--text <files...>", "texts to predict symbol by symbol, state reset between them")
    .option("--validation <files...>", "texts to judge by; the last tenth of each text when left out")
    .option("--split <share>", "share of each text that trains, from its beginning; 0.9", between(0, 1))
    .addOption(choice("--symbols <kind>", "what a text is cut into; characters", cuts))
    .option("--unknown [symbol]", "take symbols beyond the vocabulary for this one")
    .option("--from <model>", "a network to train further, instead of a new one")
    .option("--hidden <n>", `units of each layer${either(ofStrings.hidden, ofTexts.hidden)}`, whole(1, 4096))
    .option("--layers <n>", `layers${either(ofStrings.layers, ofTexts.layers)}`, whole(1, 100))
    .option("--embedding <n>", "width of the embedding; that of a layer, 64 for texts", whole(1, 4096))
    .option("--tie", "read out by the weights of the embedding, which is then as wide as a layer")
    .option(
      "--epochs <n>",
      `passes over the training data${either(ofStrings.epochs, ofTexts.epochs)}`,
      whole(1, 1e6),
    )
    .option("--updates <n>", "so many updates instead of epochs", whole(1, 1e9))
    .option("--batch <n>", "examples of a batch, or streams that a text is cut into; 32", whole(1, 1e5))
    .option("--window <n>", "steps of a text between two updates; 64", whole(1, 1e5))
    .addOption(choice("--optimiser <name>", "adam; adamw for a new network on texts", optimiserKinds))
    .option("--learning-rate <x>", "0.001; 0.002 for a new network on texts", between(1e-9, 10))
    .addOption(
      choice("--learning-rate-schedule <name>", "constant; cosine for a new network on texts", schedules),
    )
    .option("--warm-up <n>", "updates over which the learning rate rises", whole(0, 1e9))
    .option("--weight-decay <x>", "PyTorch's; 0, and 0.01 of AdamW, when left out", between(0, 10))
    .option(
      "--clip <x>",
      "largest norm of a gradient; 5, and 1 for a new network on texts",
      between(1e-9, 1e9),
    )
    .option("--dropout <p>", "share dropped after the embedding and each layer", between(0, 0.99))
    .option("--readout-dropout <p>", "another share before the read-out", between(0, 0.99))
    .option("--patience <n>", "epochs without a better validation after which to end", whole(1, 1e6))
    .addOption(protocolOption(defaultProtocol))
    .addOption(seedOption())
    .addOption(executorOption())
    .addOption(threadsOption())
    .addOption(recomputeOption())
    .option("--out <file>", "where the network is written; CELL.safetensors, or text.safetensors");
  return withJson(withModelOptions(command)).action((options: TrainVerbOptions) =>
    options.text ? trainOnTexts(options, options.text) : trainOnStrings(options),
  );
}

async function trainOnStrings(options: TrainVerbOptions): Promise<void> {
  refuse(options, ["validation", "split", "symbols", "unknown", "window", "tie", "patience"], "--text");
  const output = new Output(options);
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
  const files = {
    out,
    inputs: [options.from, options.data, options.test],
    data: { ...data, protocol },
  };
  const { trained, history, updates } = await trainNetwork(
    network,
    task,
    settingsOf(options, { ...ofStrings }),
    files,
    output,
  );
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
    data: [data.train.texts, data.validation.texts].map((part) => part.map((text) => [...text])),
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
