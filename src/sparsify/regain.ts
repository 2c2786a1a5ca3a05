// The rule by which pruning counts as made good again.

/** Accuracy within this much of the unpruned network's counts as kept, or as regained: one point. */
export const REGAINED = 0.01;

/**
 * Epochs of retraining until the accuracy is within one point of the unpruned one, or NaN when it never was.
 * @param accuracies before retraining, then after each of its epochs; in [0, 1].
 */
export function regainedAfter(unpruned: number, accuracies: readonly number[]): number {
  const epoch = accuracies.findIndex((accuracy) => accuracy >= unpruned - REGAINED);
  return epoch < 0 ? Number.NaN : epoch;
}
