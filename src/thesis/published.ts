// What the thesis published, so that every result can stand beside it: one small table made from its CSV files by
// scripts/published.py, and the few statements of its text that are numbers. Read here, never by path.
import type { StructureFamily } from "../graph/generators.js";
import type { CellKind } from "../network/architecture.js";
import { type Target, targets } from "../sparsify/target.js";
import data from "./published.json" with { type: "json" };
import type { PruningRow } from "./report/results.js";

/** The kinds of cells that the thesis has. */
export const thesisCells = ["rnn-tanh", "rnn-relu", "lstm", "gru"] as const satisfies readonly CellKind[];
export type ThesisCell = (typeof thesisCells)[number];

/** Where the numbers come from. */
export const publishedSource: string = data.source;

function numbers(series: string): number[] {
  return series.split(" ").map(Number);
}

/**
 * The published pruning experiment of one cell, in the form of our own results: 50 epochs of base training, and for each
 * target and 10, 20, …, 100 percent the accuracy before retraining (epoch 0) and over 10 epochs of it. Losses are mean
 * cross-entropy per batch; those of pruned networks are not kept and are NaN.
 */
export function publishedPruning(cell: ThesisCell): PruningRow[] {
  const { base, pruned } = data.pruning[cell];
  const common = { cell, seed: 0 };
  const trainLoss = numbers(base.trainLoss);
  const trainAccuracy = numbers(base.trainAccuracy);
  const testLoss = numbers(base.testLoss);
  const rows: PruningRow[] = numbers(base.testAccuracy).map((testAccuracy, i) => ({
    ...common,
    criterion: "none",
    target: "none",
    percent: 0,
    epoch: i + 1,
    trainLoss: trainLoss[i],
    trainAccuracy: trainAccuracy[i],
    testLoss: testLoss[i],
    testAccuracy,
  }));
  for (const target of targets) {
    for (const [percent, series] of Object.entries(pruned[target])) {
      for (const [epoch, testAccuracy] of numbers(series).entries()) {
        rows.push({
          ...common,
          criterion: "magnitude",
          target,
          percent: Number(percent),
          epoch,
          trainLoss: Number.NaN,
          trainAccuracy: Number.NaN,
          testLoss: Number.NaN,
          testAccuracy,
        });
      }
    }
  }
  return rows;
}

/** The percent that the thesis's discussion (chapter 7) calls safe to prune, judged by eye from its figures. */
export const publishedSafePercent: Record<ThesisCell, Record<Target, number>> = {
  "rnn-tanh": { both: 80, i2h: 70, h2h: 80 },
  "rnn-relu": { both: 70, i2h: 70, h2h: 70 },
  lstm: { both: 60, i2h: 70, h2h: 90 },
  gru: { both: 80, i2h: 80, h2h: 90 },
};

/** The published experiment with random structures of one cell: 100 graphs of each family, 15 epochs each. */
export interface PublishedStructures {
  /** For each family one number per graph, in equal order: test accuracy and the properties that the thesis calls essential. */
  families: Record<StructureFamily, Record<"accuracy" | PublishedJointProperty, number[]>>;
  /** Pearson's correlation of each of the 23 properties with test accuracy, over the 200 graphs. */
  pearson: Record<string, number>;
  /** R² of each regressor on the thesis's one split. */
  rSquared: Record<string, number>;
  /** Importance of each property to each regressor; for Bayesian ridge its coefficient. */
  importance: Record<string, Record<string, number>>;
}

/** Properties of which every graph's value is kept. */
export type PublishedJointProperty =
  | "nodes"
  | "source_nodes"
  | "degree_var"
  | "closeness_var"
  | "nodes_betweenness_var";

/** The published experiment with random structures of one cell. */
export function publishedStructures(cell: ThesisCell): PublishedStructures {
  const { families, pearson, rSquared, importance } = data.structures[cell];
  const read = (family: StructureFamily) => ({
    accuracy: numbers(families[family].accuracy),
    nodes: numbers(families[family].nodes),
    source_nodes: numbers(families[family].source_nodes),
    degree_var: numbers(families[family].degree_var),
    closeness_var: numbers(families[family].closeness_var),
    nodes_betweenness_var: numbers(families[family].nodes_betweenness_var),
  });
  return {
    families: {
      barabasi_albert: read("barabasi_albert"),
      watts_strogatz: read("watts_strogatz"),
    },
    pearson,
    rSquared,
    importance,
  };
}
