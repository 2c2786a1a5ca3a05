// Tiny networks and data of every task, made in memory, for tests that train.
import { createDataset } from "../../src/data/dataset.js";
import type { Sequences, SequenceTarget } from "../../src/data/sequences.js";
import { createTextData } from "../../src/data/text.js";
import { describeExecutor, executorNames } from "../../src/engine/engine.js";
import { Random } from "../../src/math/random.js";
import type { CellKind } from "../../src/network/architecture.js";
import { type Network, stack } from "../../src/network/network.js";
import { classify } from "../../src/train/classify.js";
import { forecast } from "../../src/train/forecast.js";
import { newLanguageModel, nextSymbol } from "../../src/train/language.js";
import { newClassifier, newNumberNetwork } from "../../src/train/new-network.js";
import type { Task } from "../../src/train/task.js";

/** The executors of this machine. */
export const executors = executorNames.filter(
  (name) => name !== "native" || describeExecutor().name === "native",
);

export interface Subject {
  readonly name: string;
  network(cell: CellKind, layers?: number): Network;
  task(network: Network): Task;
}

const hidden = 4;
const draws = (seed: string) => new Random(`subjects/${seed}`);

function strings(seed: string, count: number) {
  const random = draws(seed);
  const all = Array.from({ length: count }, () =>
    Array.from({ length: 2 + random.below(4) }, () => "abc"[random.below(3)]).join(""),
  );
  return createDataset(
    all,
    all.map((string) => (string.startsWith("a") ? 1 : 0)),
  );
}

function sequences(
  seed: string,
  count: number,
  steps: number,
  targetOf: (values: readonly Float32Array[]) => SequenceTarget,
): Sequences {
  const random = draws(seed);
  const values = Array.from({ length: count }, () =>
    Float32Array.from({ length: 2 * steps }, () => random.normal()),
  );
  return { channels: ["x", "y"], values, target: targetOf(values) };
}

const byClass = (values: readonly Float32Array[]): SequenceTarget => ({
  kind: "class",
  labels: { classes: ["low", "high"], of: Int32Array.from(values, ([first]) => (first > 0 ? 1 : 0)) },
});
const byStep = (values: readonly Float32Array[]): SequenceTarget => ({
  kind: "step-classes",
  classes: ["low", "high"],
  of: values.map((own) =>
    Int32Array.from({ length: own.length / 2 }, (_, t) => (own[2 * t] > own[2 * t + 1] ? 1 : 0)),
  ),
});
const ahead = (values: readonly Float32Array[]): SequenceTarget => ({
  kind: "numbers",
  names: ["sum"],
  of: values.map((own) =>
    Float32Array.from({ length: own.length / 2 }, (_, t) => own[2 * t] + own[2 * t + 1]),
  ),
});

const ofStrings = {
  train: strings("train", 24),
  test: strings("test", 6),
  validation: strings("validation", 12),
};
const ofNumbers = (targetOf: typeof byClass) => ({
  train: sequences("train", 24, 5, targetOf),
  test: sequences("test", 6, 5, targetOf),
  validation: sequences("validation", 12, 5, targetOf),
});
const [ofClasses, ofSteps] = [ofNumbers(byClass), ofNumbers(byStep)];
const ofSeries = {
  train: sequences("train", 1, 64, ahead),
  validation: { series: sequences("validation", 1, 24, ahead) },
};
/** The text of the last subject. */
export const textOf = createTextData([{ name: "text", text: "the cat sat on the mat; ".repeat(8) }]);

const numbers =
  (name: "classify" | "label" | "forecast", train: Sequences) => (cell: CellKind, layers?: number) =>
    newNumberNetwork(train, name, { cell, hidden, layers }, draws("weights"));

/** Of every task; epochs have three to six updates and are judged. */
export const subjects: readonly Subject[] = [
  {
    name: "classify strings",
    network: (cell, layers = 1) =>
      newClassifier(stack({ cell, hidden, layers, embedding: 5 }), ofStrings, draws("weights")),
    task: (network) => classify(network, ofStrings, { batch: 5 }),
  },
  {
    name: "classify numbers",
    network: numbers("classify", ofClasses.train),
    task: (network) => classify(network, ofClasses, { batch: 5 }),
  },
  {
    name: "label numbers",
    network: numbers("label", ofSteps.train),
    task: (network) => classify(network, ofSteps, { batch: 5 }),
  },
  {
    name: "forecast numbers",
    network: numbers("forecast", ofSeries.train),
    task: (network) => forecast(network, ofSeries, { batch: 2, window: 8 }),
  },
  {
    name: "predict the next symbol",
    network: (cell, layers) =>
      newLanguageModel(textOf.vocabulary.length, { cell, hidden, layers, embedding: 5 }, draws("weights")),
    task: () => nextSymbol(textOf, { batch: 4, window: 8 }),
  },
];
