// The two sets of rules an experiment can follow: the thesis's, as its code has them, and the same with its errors
// corrected. What differs in training is where a sequence is read out and how batches are put together.
import {
  type Batches,
  bucketedOrder,
  fileOrder,
  makeBatches,
  type ReadAt,
  shuffledOrder,
} from "../data/batches.js";
import type { Dataset } from "../data/dataset.js";
import type { Random } from "../random.js";

/**
 * - `thesis`: batches of strings in random order, padded to the longest and read out at the last, padded step, so that
 *   a prediction depends on the batch it is in.
 * - `corrected`: batches of strings of similar length, each string read out at its own last symbol.
 */
export const protocols = ["thesis", "corrected"] as const;
export type Protocol = (typeof protocols)[number];

/** Where sequences are read out. */
export function readAt(protocol: Protocol): ReadAt {
  return protocol === "thesis" ? "last-step" : "last-symbol";
}

/** The order in which an epoch visits the rows of a dataset. */
export function trainingOrder(
  protocol: Protocol,
  dataset: Dataset,
  batch: number,
  random: Random,
): Int32Array {
  return protocol === "thesis" ? shuffledOrder(dataset, random) : bucketedOrder(dataset, batch, random);
}

/** The batches of an evaluation: in file order, which matters to the thesis's protocol. */
export function evaluationBatches(dataset: Dataset, batch: number, protocol: Protocol): Batches {
  return makeBatches(dataset, fileOrder(dataset), batch, readAt(protocol));
}
