// The two sets of rules an experiment can follow: those of Darji's code (2021) as they are, and the same with its errors
// corrected. What differs in training is where a sequence is read out and how batches are put together.

import type { ReadAt } from "../data/batches.js";
import { bucketedOrder, shuffledOrder } from "../data/batches.js";
import type { Examples } from "../data/examples.js";
import type { Random } from "../math/random.js";

/**
 * - the published one: batches of strings in random order, padded to the longest and read out at the last, padded step, so that
 *   a prediction depends on the batch it is in.
 * - `corrected`: batches of strings of similar length, each string read out at its own last symbol.
 */
export const protocols = ["thesis", "corrected"] as const;
export type Protocol = (typeof protocols)[number];

/** The rules of a training of which nothing is said. The published ones belong to the files of their format and to `reproduce`. */
export const defaultProtocol: Protocol = "corrected";

/** Where sequences are read out under a protocol. */
export function readAt(protocol: Protocol): ReadAt {
  return protocol === "thesis" ? "last-step" : "last-symbol";
}

/** The protocol under which sequences are read out there. */
export function protocolOf(reading: ReadAt): Protocol {
  return reading === "last-step" ? "thesis" : "corrected";
}

/** The order in which an epoch visits examples. */
export function trainingOrder(
  protocol: Protocol,
  examples: Examples,
  batch: number,
  random: Random,
): Int32Array {
  return protocol === "thesis" ? shuffledOrder(examples, random) : bucketedOrder(examples, batch, random);
}
