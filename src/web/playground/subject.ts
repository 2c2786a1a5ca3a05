// What is trained: from an experiment to a network, a task with its data, and the options of the training, by the steps that
// `filigree train` takes. It knows no page; what is read of files comes as bytes.
import { formatDataset, parseDataset, parseDatasets } from "../../data/csv.js";
import { type Dataset, keepForTesting } from "../../data/dataset.js";
import { generateDataset, MIXES } from "../../data/generate.js";
import { builtInGrammar } from "../../data/grammars.js";
import { areStrings, parseSequences, type StoredFile } from "../../data/numbers/formats.js";
import type { Sequences } from "../../data/sequences.js";
import { createTextData, type TextData } from "../../data/text.js";
import { decodeUtf8 } from "../../data/utf8.js";
import { InputError } from "../../errors.js";
import { Random } from "../../math/random.js";
import type { Network } from "../../network/network.js";
import { taskOf } from "../../network/tasks.js";
import { parseNetwork } from "../../network/weights.js";
import type { Structure } from "../../network/wiring.js";
import { methodOf, type Sparsification, sparsifying } from "../../sparsify/methods.js";
import { parsePattern } from "../../sparsify/pattern.js";
import { classify, type TrainingData } from "../../train/classify.js";
import { type Defaults, defaults } from "../../train/defaults.js";
import { evaluate } from "../../train/evaluate.js";
import { evaluateForecast, HORIZON } from "../../train/forecast.js";
import { evaluateTexts, newLanguageModel, nextSymbol } from "../../train/language.js";
import { type NumberTaskName, newClassifier, newNetworkForNumbers } from "../../train/new-network.js";
import { divide, heldOut, type NumberData, taskFor, taskOn } from "../../train/number-data.js";
import { readAs } from "../../train/read-as.js";
import { trainOptionsOf } from "../../train/settings.js";
import type { Task } from "../../train/task.js";
import type { TrainOptions } from "../../train/train.js";
import { dataFiles, type Experiment, isOpenEnded } from "./experiment.js";
import { grammarTask, SAMPLE_TEXT } from "./tasks.js";
import { isGraph, structureOf } from "./wiring.js";

/** A file of the reader's, or of the page. */
export interface PageFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Files {
  /** The data of the tasks `digits` and `file`. */
  readonly data?: PageFile;
  /** A network that is trained further. */
  readonly from?: PageFile;
}

/** Data by what they are. */
export type SubjectData =
  | { readonly kind: "strings"; readonly sets: TrainingData<Dataset> }
  | { readonly kind: "numbers"; readonly numbers: NumberData }
  | { readonly kind: "text"; readonly text: TextData };

/** How a network does on what judges it. */
export interface Measured {
  /** Mean nats, or the mean squared error of forecasts in their own units. */
  readonly loss: number;
  /** None of forecasts. */
  readonly accuracy?: number;
  /** Of classes: the label of each example or step, and what was said. */
  readonly expected?: Int32Array;
  readonly predicted?: Int32Array;
}

export interface Subject {
  readonly data: SubjectData;
  readonly network: Network;
  readonly task: Task;
  readonly options: Omit<TrainOptions, "onEpoch">;
  /** Updates of an epoch, the first. */
  readonly epoch: number;
  /** Updates after which the experiment is over. */
  readonly updates: number;
  /** Whether the training may go on after them. */
  readonly openEnded: boolean;
  measure(network: Network): Promise<Measured>;
}

/**
 * Makes the network and the data of an experiment.
 * @throws InputError as `filigree train` does, and when a file is missing.
 */
export function subjectOf(experiment: Experiment, files: Files): Subject {
  const { batch, seed, epochs } = experiment;
  if (experiment.from !== undefined && !files.from) missing(experiment.from);
  const from = files.from && parseNetwork(files.from.bytes, files.from.name);
  const { data, network, task, standard } =
    experiment.task === "text" ? onText(experiment, from) : onSequences(experiment, files, from);
  const sparsification = sparsificationOf(experiment);
  const epoch = task.epoch(1, new Random(seed)).updates;
  // Of a training whose epochs are judged the best one is kept.
  const openEnded = isOpenEnded(experiment) && !task.judgedBy;
  return {
    data,
    network,
    task,
    options: {
      ...trainOptionsOf(
        {
          learningRate: experiment.rate,
          schedule: experiment.schedule,
          ...(openEnded ? { updates: Number.MAX_SAFE_INTEGER } : { epochs }),
        },
        standard,
      ),
      seed: `${seed}/train`,
      ...(sparsification && { sparsify: sparsifying(sparsification) }),
    },
    epoch,
    updates: epoch * epochs,
    openEnded,
    measure: (network) => measure(network, data, batch),
  };
}

async function measure(network: Network, data: SubjectData, batch: number): Promise<Measured> {
  if (data.kind === "text") {
    const { nats, accuracy } = await evaluateTexts(network, data.text.validation.texts);
    return { loss: nats, accuracy };
  }
  if (data.kind === "strings") return evaluate(network, data.sets.test, { batch });
  const { numbers } = data;
  if (numbers.task !== "forecast") return evaluate(network, numbers.data.test, { batch });
  const { meanSquaredError } = await evaluateForecast(network, heldOut(numbers.data)!, { batch });
  return { loss: meanSquaredError };
}

/** @throws InputError when the method does not take the settings. */
function sparsificationOf({ method, density, pattern }: Experiment): Sparsification | undefined {
  if (method === "dense") return undefined;
  const wanted = { method, density, ...(pattern !== "weight" && { pattern: parsePattern(pattern) }) };
  methodOf(wanted);
  return wanted;
}

interface Made {
  readonly data: SubjectData;
  readonly network: Network;
  readonly task: Task;
  readonly standard: Defaults | (typeof defaults)["further"];
}

function onText(experiment: Experiment, begun: Network | undefined): Made {
  const { batch, seed, file } = experiment;
  const text = experiment.text ?? (file === undefined ? SAMPLE_TEXT : missing(file));
  const data = createTextData([{ name: dataFiles.text, text }], {
    vocabulary: begun?.conventions.vocabulary.symbols,
  });
  const network =
    begun ?? newLanguageModel(data.vocabulary.length, experiment, new Random(seed).stream("initial weights"));
  const { window } = defaults.next;
  const task = nextSymbol(data, { batch, window, names: [dataFiles.text] });
  return {
    data: { kind: "text", text: data },
    network,
    task,
    standard: begun ? defaults.further : defaults.next,
  };
}

function onSequences(experiment: Experiment, { data: file }: Files, begun: Network | undefined): Made {
  const { task: name, seed } = experiment;
  const grammar = grammarTask(name);
  if (grammar) {
    const { count, minLength, maxLength } = grammar;
    const { train, test } = generateDataset(
      { grammar: builtInGrammar(name), count, minLength, maxLength, mix: MIXES.hard },
      new Random(seed),
    );
    // As it is read from the files that the command line writes.
    const [ofTrain, ofTest] = [
      { path: "data/train.csv", text: formatDataset(train) },
      { path: "data/test.csv", text: formatDataset(test) },
    ];
    return onStrings(experiment, parseDatasets(ofTrain, ofTest, formOf(begun)), begun);
  }
  if (!file) return missing(experiment.file ?? "data");
  const stored: StoredFile = {
    where: file.name,
    bytes: file.bytes,
    text: () => decodeUtf8(file.bytes, file.name),
  };
  const asked = askedOf(experiment, begun);
  if (!asked && areStrings(stored)) {
    const all = parseDataset(stored.text(), file.name, formOf(begun));
    const sets = keepForTesting(all, new Random(seed).stream("split"), file.name);
    return onStrings(experiment, sets, begun);
  }
  const table = begun ? readAs(begun, { task: asked }) : { task: asked };
  const sequences = parseSequences(stored, { classes: begun?.conventions.labels, table });
  return onNumbers(experiment, sequences, taskFor(sequences, asked, file.name), file.name, begun);
}

/** A network of random weights, by what is wired and the numbers that the command line draws. */
function initially(experiment: Experiment, make: (structure: Structure, random: Random) => Network): Network {
  const random = new Random(experiment.seed);
  return make(structureOf(experiment, random.stream("graph")), random.stream("initial weights"));
}

/** What is to be learnt of a file: what a network that reads numbers is for, else what the reader says. */
function askedOf({ task, learn }: Experiment, begun: Network | undefined): NumberTaskName | undefined {
  const own = begun?.architecture.input.kind === "values" ? taskOf(begun) : "next";
  if (own !== "next") return own;
  return task === "file" && learn !== "auto" ? learn : undefined;
}

function missing(where: string): never {
  throw new InputError({
    where,
    what: "the file of this experiment is not here",
    hint: "open it, or drop it on the page",
  });
}

/** What strings may be where there is a network already. */
function formOf(begun: Network | undefined) {
  if (!begun) return {};
  const { vocabulary, labels } = begun.conventions;
  return { vocabulary, classes: labels ?? ["0", "1"], numbered: true };
}

function onStrings(experiment: Experiment, sets: TrainingData<Dataset>, begun: Network | undefined): Made {
  const network =
    begun ??
    initially(experiment, ({ architecture, masks }, random) =>
      newClassifier(architecture, sets, random, { masks }),
    );
  const task = classify(network, sets, { batch: experiment.batch });
  return { data: { kind: "strings", sets }, network, task, standard: defaults.strings };
}

function onNumbers(
  experiment: Experiment,
  all: Sequences,
  kind: NumberTaskName,
  where: string,
  begun: Network | undefined,
): Made {
  const { batch, seed } = experiment;
  const random = new Random(seed);
  const numbers = divide(kind, all, {}, random.stream("split"), where);
  const network =
    begun ??
    initially(experiment, ({ architecture, masks }, random) =>
      newNetworkForNumbers(architecture, numbers.data.train, numbers.task, random, {
        masks,
        ...(numbers.task === "forecast" && { horizon: HORIZON }),
      }),
    );
  const task = taskOn(network, numbers, { batch, window: defaults.forecast.window });
  // The command line is given a graph's network as a file.
  const isFurther = begun !== undefined || isGraph(experiment);
  const standard = isFurther ? { ...defaults[kind], ...defaults.further } : defaults[kind];
  return { data: { kind: "numbers", numbers }, network, task, standard };
}
