// What an investigation knows of its trials: plain rows, which the figures, the sentences and the documents are made from and
// which are kept as JSON when the store is gone.
import type { CellKind } from "../network/architecture.js";
import type { Target } from "../sparsify/target.js";
import type { RegimeName } from "./regimes.js";

/** One training that has ended. */
export interface Row {
  /** Which training condition it belongs to. */
  readonly condition: string;
  readonly cell: CellKind;
  readonly regime: RegimeName;
  /** The matrices that were made sparse. */
  readonly target: Target;
  /** The share of their weights that was to be removed, in percent; 0 of dense networks that others are compared with. */
  readonly sparsity: number;
  readonly hidden: number;
  readonly seed: number;
  /** What the condition judges by: an accuracy in [0, 1] or a loss in nats. */
  readonly metric: number;
  /** Weights of all cells that are left, and that there would be. */
  readonly nonzeros: number;
  readonly weights: number;
  /** All numbers that are left in the network, biases, embedding and read-out among them. */
  readonly parameters: number;
  /** Epochs trained, all rounds together. */
  readonly epochs: number;
  /** Wall time over all attempts. */
  readonly seconds: number;
  /** The share that is left in each gate of each matrix at the end, by `<tensor> <gate>`. */
  readonly gates: Readonly<Record<string, number>>;
  /** The metric after each epoch of retraining, where some were; the metric is the same as for the whole. */
  readonly retraining?: readonly number[];
  /** Which of the runs that the results are of, the first one is 0: seconds compare within one. */
  readonly run: number;
}

/** What a training is recognised by: no two rows of the same results share it. */
export function rowKey(
  row: Pick<Row, "condition" | "cell" | "regime" | "target" | "sparsity" | "seed">,
): string {
  return [row.condition, row.cell, row.regime, row.target, row.sparsity, row.seed].join();
}

/** How the densities of one network's gates went. */
export interface Course {
  readonly condition: string;
  readonly cell: CellKind;
  readonly regime: RegimeName;
  readonly target: Target;
  readonly sparsity: number;
  readonly seed: number;
  /** One for each epoch, from the first: the share that is left, by `<tensor> <gate>`. */
  readonly epochs: readonly Readonly<Record<string, number>>[];
}

/** By what a condition's networks are judged, and what is near enough to a dense network. */
export interface Judge {
  readonly metric: "testAccuracy" | "validationLoss";
  /** In the metric's unit. */
  readonly epsilon: number;
  /** What guessing reaches; only of accuracies. */
  readonly guess?: number;
}

/** How much worse than a dense network a metric is; negative where it is better. */
export function excessOf({ metric }: Judge, value: number, dense: number): number {
  return metric === "testAccuracy" ? dense - value : value - dense;
}
