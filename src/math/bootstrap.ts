// Intervals by drawing anew from the same few observations: for statistics, such as where a fitted curve crosses a limit,
// whose distribution nobody can write down.
import type { Random } from "./random.js";
import { quantile } from "./statistics.js";

/**
 * A statistic of as many observations as there are, drawn with replacement, so many times (Efron 1979).
 * @param count of observations, which `statistic` is told by their indices.
 */
export function bootstrap(
  count: number,
  draws: number,
  random: Random,
  statistic: (indices: readonly number[]) => number,
): number[] {
  return Array.from({ length: draws }, () =>
    statistic(Array.from({ length: count }, () => random.below(count))),
  );
}

/** The range that holds the middle 95 % of draws. */
export function percentileInterval(draws: readonly number[]): [low: number, high: number] {
  const ascending = [...draws].sort((a, b) => a - b);
  return [quantile(ascending, 0.025), quantile(ascending, 0.975)];
}
