// Small results with numbers chosen by hand, so that what a report draws and says about them can be checked by eye.
import type { DatasetStatistics } from "../../../src/data/stats.js";
import type { StructureFamily } from "../../../src/graph/generators.js";
import { type GraphProperties, PROPERTY_NAMES } from "../../../src/graph/properties.js";
import type { Coefficient } from "../../../src/predict/correlation.js";
import type { RegressorReport } from "../../../src/predict/predict-table.js";
import type { LanguageResults, TextTraining } from "../../../src/report/text-training.js";
import type { DataFreeCriterion as Criterion } from "../../../src/sparsify/prune.js";
import type { Target } from "../../../src/sparsify/target.js";
import type { ThesisCell } from "../../../src/thesis/published.js";
import type {
  DataResults,
  PredictionResult,
  PruningResults,
  PruningRow,
  RunFacts,
  StructureResults,
  StructureRow,
} from "../../../src/thesis/report/results.js";
import type { Protocol } from "../../../src/train/protocol.js";

/** Base training with the given test accuracies, epoch by epoch. */
export function base(cell: ThesisCell, accuracy: readonly number[], seed = 1): PruningRow[] {
  return accuracy.map((testAccuracy, i) => ({
    cell,
    criterion: "none",
    target: "none",
    percent: 0,
    seed,
    epoch: i + 1,
    trainLoss: 0.5 / (i + 1),
    trainAccuracy: testAccuracy,
    testLoss: 0.6 / (i + 1),
    testAccuracy,
  }));
}

/** A pruned network with the given test accuracies, the first before retraining. */
export function pruned(
  cell: ThesisCell,
  target: Target,
  criterion: Criterion,
  percent: number,
  accuracy: readonly number[],
  seed = 1,
): PruningRow[] {
  return accuracy.map((testAccuracy, epoch) => ({
    cell,
    criterion,
    target,
    percent,
    seed,
    epoch,
    trainLoss: epoch === 0 ? Number.NaN : 0.1,
    trainAccuracy: epoch === 0 ? Number.NaN : testAccuracy,
    testLoss: 0.1,
    testAccuracy,
  }));
}

/** Two cells; LSTM keeps up to 50 % of both and regains 90 % after one epoch, RNN-Tanh has not learnt. */
export const rows: PruningRow[] = [
  ...base("rnn-tanh", [0.5, 0.51]),
  ...pruned("rnn-tanh", "both", "magnitude", 50, [0.5, 0.5]),
  ...base("lstm", [0.9, 1]),
  ...pruned("lstm", "both", "magnitude", 50, [0.995, 1]),
  ...pruned("lstm", "both", "magnitude", 90, [0.7, 0.995]),
  ...pruned("lstm", "both", "magnitude", 100, [0.5, 0.5]),
  ...pruned("lstm", "both", "random", 50, [0.6, 0.995]),
  ...pruned("lstm", "both", "random", 90, [0.5, 0.6]),
  ...pruned("lstm", "h2h", "magnitude", 50, [1, 1]),
  ...pruned("lstm", "i2h", "magnitude", 50, [0.95, 1]),
];

export const plan: PruningResults["plan"] = {
  cells: ["rnn-tanh", "lstm"],
  targets: ["both", "i2h", "h2h"],
  percents: [50, 90, 100],
  criteria: ["magnitude", "random"],
  seeds: [1],
  epochs: 2,
  retrainingEpochs: 1,
};

/** A 3 × 2 and a 3 × 3 matrix of one gate, and one of two gates. */
export const masks: PruningResults["masks"] = [
  {
    cell: "lstm",
    target: "both",
    percent: 50,
    matrices: [
      {
        name: "cells.0.weight_ih",
        rows: 6,
        columns: 2,
        gates: 2,
        mask: Uint8Array.from([1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0]),
      },
      {
        name: "cells.0.weight_hh",
        rows: 6,
        columns: 3,
        gates: 2,
        mask: Uint8Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      },
    ],
  },
];

function statistics(strings: number): DatasetStatistics {
  return {
    strings,
    labels: [
      { strings: strings / 2, meanLength: 4.5 },
      { strings: strings / 2, meanLength: 6 },
    ],
    lengths: [
      { value: 4, counts: [3, 0] },
      { value: 5, counts: [2, 1] },
      { value: 7, counts: [0, 4] },
    ],
    letters: [
      { value: "B", counts: [5, 10] },
      { value: "Q", counts: [5, 0] },
    ],
    duplicates: 1,
    contradictions: 0,
  };
}

export const data: DataResults = {
  name: "strings of Reber’s grammar",
  train: statistics(30),
  test: statistics(10),
  overlap: 0,
  baselines: [
    { name: "majority", rule: "always the more frequent label", correct: 5, accuracy: 0.5 },
    { name: "foreign letter", rule: "false if a letter is foreign", correct: 8, accuracy: 0.8 },
  ],
};

export const facts: RunFacts = {
  command: "npx filigree reproduce --quick",
  scale: "quick",
  protocol: "thesis",
  executor: "native (AVX2)",
  machine: "a laptop, 2 cores",
  seeds: [1],
  seconds: 125,
  date: "1 July 2026",
  versions: { Filigree: "0.1.0", Node: "20.19.0" },
  complete: true,
  files: [{ path: "results/pruning.csv", content: "every epoch of every training" }],
};

/** One structure whose 23 properties are all `value`, but for its nodes, edges and layers. */
export function structure(
  cell: ThesisCell,
  protocol: Protocol,
  family: StructureFamily,
  index: number,
  testAccuracy: number,
  value = index,
): StructureRow {
  const properties = Object.fromEntries(PROPERTY_NAMES.map((name) => [name, value])) as GraphProperties;
  return {
    cell,
    protocol,
    family,
    index,
    seed: 1,
    properties: { ...properties, nodes: 3, edges: 3, layers: 3 },
    testAccuracy,
    graph: {
      layers: [[0], [1], [2]],
      edges: [
        [0, 1],
        [1, 2],
        [0, 2],
      ],
    },
  };
}

/** A prediction in which all properties but `source_nodes` correlate with 0.1 and all scores are what they are told. */
export function prediction(
  cell: ThesisCell,
  protocol: Protocol,
  sourceNodes: number,
  score: number,
): PredictionResult {
  const coefficient = (value: number, p: number): Coefficient => ({
    value,
    interval: [value - 0.1, value + 0.1],
    p,
    pHolm: p,
  });
  const regressor = (r2: number): RegressorReport => ({
    split: {
      r2: { mean: r2 + 0.2, sd: 0, minimum: r2, maximum: r2, values: [] },
      meanAbsoluteError: { mean: 0, sd: 0, minimum: 0, maximum: 0, values: [] },
    },
    crossValidation: {
      r2: { mean: r2, interval: [r2 - 0.15, r2 + 0.15], folds: [r2 - 0.5, r2 + 0.3], values: [] },
      meanAbsoluteError: { mean: 0, interval: [0, 0], folds: [0, 0], values: [] },
    },
    importances: PROPERTY_NAMES.map((feature, i) => ({
      feature,
      fitted: 1 / (i + 2),
      permuted: { mean: 1 / (i + 2), interval: [0, 1] },
    })),
  });
  return {
    cell,
    protocol,
    report: {
      source: "structures.csv",
      target: "test_acc",
      protocol,
      rows: 20,
      features: [...PROPERTY_NAMES],
      leftOut: [],
      constant: [],
      correlations: PROPERTY_NAMES.map((feature) => {
        const told = feature === "source_nodes";
        const value = coefficient(told ? sourceNodes : 0.1, told ? 0.001 : 0.9);
        return feature === "diameter"
          ? { feature, pearson: null, spearman: null }
          : { feature, pearson: value, spearman: value };
      }),
      split: { train: 18, test: [0, 1] },
      crossValidation: { folds: 10, repeats: 5 },
      featureSets: [
        {
          name: "all",
          features: [...PROPERTY_NAMES],
          regressors: {
            mean: regressor(0),
            "bayesian-ridge": regressor(score - 0.1),
            "random-forest": regressor(score),
            adaboost: regressor(score - 0.2),
            "gradient-boosting": regressor(score - 0.2),
          },
        },
      ],
    },
  };
}

/** Two families of three structures in GRU under both protocols; those of the second family are better. */
export const structures: StructureResults = {
  rows: (["thesis", "corrected"] as const).flatMap((protocol) => [
    ...[0.7, 0.72, 0.74].map((accuracy, i) => structure("gru", protocol, "barabasi_albert", i, accuracy)),
    ...[0.9, 0.92, 0.94].map((accuracy, i) =>
      structure("gru", protocol, "watts_strogatz", i, protocol === "thesis" ? accuracy : accuracy + 0.05),
    ),
  ]),
  plan: {
    cells: ["lstm", "gru"],
    protocols: ["thesis", "corrected"],
    families: ["barabasi_albert", "watts_strogatz"],
    graphs: 3,
    seeds: [1],
    epochs: 15,
  },
};

/** A training on a text of three epochs, the second the best. */
export const textTraining: TextTraining = {
  series: [
    { epoch: 1, metrics: { trainLoss: 2.5, validationLoss: 2.1 } },
    { epoch: 2, metrics: { trainLoss: 1.9, validationLoss: 1.75 } },
    { epoch: 3, metrics: { trainLoss: 1.7, validationLoss: 1.8 } },
  ],
  notes: {
    baselines: [3.1, 2.5, 2.05, 1.82].map((nats, context) => ({ context, nats })),
    samples: [{ temperature: 0.8, text: "LIBERTY, n. <One> of\n  the\0 things." }],
  },
};

export const language: LanguageResults = {
  ...textTraining,
  cell: "gru",
  hidden: 192,
  nats: 1.75,
  bestEpoch: 2,
  parameters: 12_345,
};
