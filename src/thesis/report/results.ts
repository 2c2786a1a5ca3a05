// What a report is made from: plain tables and facts, as the experiments and studies produce them. Nothing here
// knows how it is drawn, and every table may be incomplete, because a run may be small or interrupted.
import type { Baseline } from "../../data/baselines.js";
import type { DatasetStatistics } from "../../data/stats.js";
import type { StructureFamily } from "../../graph/generators.js";
import type { LayeredGraph } from "../../graph/layers.js";
import type { GraphProperties } from "../../graph/properties.js";
import type { PredictionReport } from "../../predict/predict-table.js";
import type { MaskPicture } from "../../report/charts/masks.js";
import type { DataFreeCriterion as Criterion } from "../../sparsify/prune.js";
import type { Target } from "../../sparsify/target.js";
import type { Protocol } from "../../train/protocol.js";
import type { ThesisCell } from "../published.js";

/** One epoch of one training: the base training of a cell, or the retraining of a pruned copy of it. */
export interface PruningRow {
  cell: ThesisCell;
  /** How weights were chosen; "none" for base training. */
  criterion: Criterion | "none";
  target: Target | "none";
  /** Share of the target's weights that was removed, in percent; 0 for base training. */
  percent: number;
  seed: number;
  /** Base training: 1, 2, …; pruned: 0 is before retraining, 1, 2, … are epochs of retraining. */
  epoch: number;
  /** Mean cross-entropy per batch in nats, over this epoch's training; NaN at epoch 0 of a pruned network. */
  trainLoss: number;
  /** In [0, 1]; NaN at epoch 0 of a pruned network. */
  trainAccuracy: number;
  /** Mean cross-entropy per batch in nats after the epoch. */
  testLoss: number;
  /** In [0, 1], after the epoch. */
  testAccuracy: number;
}

/** The pruning experiment. */
export interface PruningResults {
  /** In any order. */
  rows: readonly PruningRow[];
  masks: readonly MaskPicture<ThesisCell>[];
  /** What the run set out to do, by which the report says what is missing. */
  plan: {
    cells: readonly ThesisCell[];
    targets: readonly Target[];
    percents: readonly number[];
    criteria: readonly Criterion[];
    seeds: readonly number[];
    /** Epochs of base training. */
    epochs: number;
    retrainingEpochs: number;
  };
}

/** How and where a run was made. */
export interface RunFacts {
  /** The command that repeats it. */
  command: string;
  scale: "quick" | "full";
  /** The rules it followed. */
  protocol: Protocol;
  /** For example "native (AVX-512)". */
  executor: string;
  /** Processor and number of cores. */
  machine: string;
  seeds: readonly number[];
  /** Wall time in seconds. */
  seconds: number;
  /** Day of the run, as it shall be printed. */
  date: string;
  /** For example { Filigree: "0.1.0", Node: "20.19.0" }. */
  versions: Readonly<Record<string, string>>;
  /** False when the run was interrupted. */
  complete: boolean;
  /** Files that lie beside the report. */
  files: readonly { path: string; content: string }[];
}

/** The data that the networks were trained and tested on. */
export interface DataResults {
  /** What the strings are, as a noun phrase: "strings of Reber's grammar". */
  name: string;
  train: DatasetStatistics;
  test: DatasetStatistics;
  /** Test rows whose string stands in the training data too. */
  overlap: number;
  baselines: readonly Baseline[];
}

/** One random structure, trained and tested. */
export interface StructureRow {
  cell: ThesisCell;
  protocol: Protocol;
  family: StructureFamily;
  /** Number of the graph within its family. */
  index: number;
  seed: number;
  properties: GraphProperties;
  /** After the last epoch, in [0, 1]. */
  testAccuracy: number;
  /** The graph in its layers; only those that have one are drawn. */
  graph?: Pick<LayeredGraph, "layers" | "edges">;
}

/** The experiment with random structures. */
export interface StructureResults {
  /** In any order, under one protocol or under both. */
  rows: readonly StructureRow[];
  /** What the run set out to do, by which the report says what is missing. */
  plan: {
    cells: readonly ThesisCell[];
    protocols: readonly Protocol[];
    families: readonly StructureFamily[];
    /** Graphs of each family for each cell. */
    graphs: number;
    seeds: readonly number[];
    epochs: number;
  };
}

/** How the accuracy of one cell's structures was predicted from their properties. */
export interface PredictionResult {
  cell: ThesisCell;
  /** Under which the structures were trained. */
  protocol: Protocol;
  report: PredictionReport;
}
