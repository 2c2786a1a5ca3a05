// The nearest neighbour among training sequences: the rule that a classifier of sequences is measured against by custom.
// It knows nothing of time but what its distance does, and is as dear as it is simple, so that what it would cost is
// known before.
import type { Sequences } from "../sequences.js";
import { boxBound, boxOf, type Steps, warpingDistance } from "./warping.js";

/**
 * Euclidean: the sum of squared differences at equal steps; the shorter of two sequences goes on with its last values.
 * Warping: `warpingDistance`. Values are taken as they are, not standardised. Both give the published accuracies of one
 * channel (Dau et al. 2019), warping those of several as well (Bagnall et al. 2018, whose Euclidean distance of several
 * channels and of unequal lengths is not described and is another).
 */
export type Distance = "euclidean" | "warping";

/** About how many multiplications finding the nearest of `train` to each of `test` takes, were none spared. */
export function costOfNeighbours(train: Sequences, test: Sequences, distance: Distance): number {
  const channels = train.channels.length;
  const [own, others] = [train, test].map(({ values }) =>
    values.reduce((sum, steps) => sum + steps.length, 0),
  );
  return distance === "euclidean"
    ? Math.max(own * test.values.length, others * train.values.length)
    : (own / channels) * others;
}

/**
 * For each sequence of `test` the nearest of `train`, the first of several, by its row.
 * @param test has the same channels. @param progress is told the share of them that is done.
 */
export function nearestNeighbours(
  train: Sequences,
  test: Sequences,
  distance: Distance,
  progress?: (share: number) => void,
): Int32Array {
  const nearestOf = distance === "euclidean" ? nearestEuclidean(train) : nearestWarped(train);
  return Int32Array.from(test.values, (steps, row) => {
    progress?.(row / test.values.length);
    return nearestOf(steps);
  });
}

function nearestEuclidean(train: Sequences): (steps: Steps) => number {
  const channels = train.channels.length;
  return (steps) => {
    let best = Number.POSITIVE_INFINITY;
    let nearest = 0;
    for (let row = 0; row < train.values.length; row++) {
      const distance = squaredDistance(steps, train.values[row], channels, best);
      if (!(distance < best)) continue;
      best = distance;
      nearest = row;
    }
    return nearest;
  };
}

/** Stops where it is above `limit`. */
function squaredDistance(a: Steps, b: Steps, channels: number, limit: number): number {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  let sum = 0;
  for (let start = 0; start < shorter.length && sum < limit; start += BLOCK) {
    const end = Math.min(shorter.length, start + BLOCK);
    for (let i = start; i < end; i++) {
      const difference = shorter[i] - longer[i];
      sum += difference * difference;
    }
  }
  for (let i = shorter.length, last = i - channels; i < longer.length; i++) {
    const difference = longer[i] - shorter[last + (i % channels)];
    sum += difference * difference;
  }
  return sum;
}

/** Values between two looks at the limit. */
const BLOCK = 32;

function nearestWarped(train: Sequences): (steps: Steps) => number {
  const channels = train.channels.length;
  const boxes = train.values.map((steps) => boxOf(steps, channels));
  const bounds = new Float64Array(train.values.length);
  const order = train.values.map((_, row) => row);
  return (steps) => {
    const own = boxOf(steps, channels);
    for (const [row, other] of train.values.entries())
      bounds[row] = Math.max(boxBound(steps, channels, boxes[row]), boxBound(other, channels, own));
    order.sort((a, b) => bounds[a] - bounds[b] || a - b);
    let best = Number.POSITIVE_INFINITY;
    let nearest = order[0];
    for (const row of order) {
      // A little more, as sums in another order may differ in their last bits.
      if (bounds[row] > best * (1 + 1e-9)) break;
      const distance = warpingDistance(steps, train.values[row], channels, best);
      if (!(distance < best || (distance === best && row < nearest))) continue;
      best = distance;
      nearest = row;
    }
    return nearest;
  };
}
