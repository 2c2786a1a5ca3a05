// Intervals by drawing anew from the same few observations: for statistics, such as where a fitted curve crosses a limit,
// whose distribution nobody can write down. Of a few observations all draws are gone through, each with its probability, so
// that nothing depends on chance.
import { Random } from "./random.js";
import { studentQuantile, studentTwoSided } from "./statistics.js";

/** As many observations as there are, drawn with replacement, by their indices. */
export interface Resample {
  readonly indices: readonly number[];
  /** All together 1. */
  readonly probability: number;
}

/** Of more observations than this, so many draws stand for all. */
const MOST_COUNTED = 6;
const DRAWS = 2000;

/** All ways to draw from `count` observations (Efron 1979), or, of more than six, 2,000 of them, the same every time. */
export function resamples(count: number): Resample[] {
  if (count > MOST_COUNTED) {
    const random = new Random("bootstrap");
    return Array.from({ length: DRAWS }, () => ({
      indices: Array.from({ length: count }, () => random.below(count)),
      probability: 1 / DRAWS,
    }));
  }
  const all: Resample[] = [];
  const go = (indices: readonly number[], probability: number) => {
    if (indices.length === count) {
      all.push({ indices, probability });
      return;
    }
    // In ascending order; the probability counts the orders in which the same could have been drawn.
    for (let next = indices.at(-1) ?? 0; next < count; next++) {
      const same = indices.filter((index) => index === next).length + 1;
      go([...indices, next], (probability * (indices.length + 1)) / (same * count));
    }
  };
  go([], 1);
  return all;
}

/**
 * The range that holds a statistic of observations drawn anew but for its tails, as a 95 % interval: percentiles further out than
 * 2.5 %, as few observations need (the expanded percentile interval of Hesterberg 2015). It never leaves the range of the
 * statistic's values, so that of three or four observations it is that range, and too narrow.
 * @param count of the observations, at least 2.
 * @param statistic of those drawn, by their indices.
 */
export function bootstrapInterval(
  count: number,
  statistic: (indices: readonly number[]) => number,
): [low: number, high: number] {
  const ascending = resamples(count)
    .map(({ indices, probability }) => ({ value: statistic(indices), probability }))
    .sort((a, b) => a.value - b.value);
  const tail = tailOf(count);
  const from = (ordered: typeof ascending) => {
    let sum = 0;
    const end = ordered.find(({ probability }) => {
      sum += probability;
      return sum >= tail;
    });
    return (end ?? ordered[ordered.length - 1]).value;
  };
  const low = from(ascending);
  return [low, from(ascending.reverse())];
}

/** Freedom at which Student's distribution is the normal one. */
const NORMAL = 1e6;

/** The share of draws beyond each end. */
function tailOf(count: number): number {
  const t = studentQuantile(0.05, count - 1);
  return studentTwoSided(t * Math.sqrt(count / (count - 1)), NORMAL) / 2;
}

/**
 * How often such an interval of `count` differences excludes 0 though there is no difference: 5 %, and of few at least as often as all
 * of them have the same sign.
 */
export function falseAlarm(count: number): number {
  return Math.max(0.05, 2 ** (1 - count));
}
