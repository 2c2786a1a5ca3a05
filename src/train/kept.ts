// Which epoch's network a training keeps.
import type { EpochMetrics } from "./task.js";

/**
 * The number, from 0, of the epoch that is kept: the best by what epochs are judged by, of those that have the density of the
 * last one; the last where nothing judges them, and -1 of no epochs.
 */
export function keptEpoch(history: readonly EpochMetrics[], judgedBy: "validationLoss" | undefined): number {
  const last = history.length - 1;
  if (judgedBy === undefined || last < 0) return last;
  const { density } = history[last];
  const losses = history.map((epoch) =>
    epoch.density === density ? (epoch[judgedBy] ?? Number.NaN) : Number.NaN,
  );
  const least = Math.min(...losses.filter(Number.isFinite));
  return Number.isFinite(least) ? losses.indexOf(least) : last;
}
