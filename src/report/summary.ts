// How replicates become one point: their mean and its 95 % confidence interval.
import { mean, studentQuantile, variance } from "../predict/statistics.js";

export interface Summary {
  mean: number;
  /** The ends of the 95 % interval of the mean (Student's t); undefined with fewer than two values. */
  low?: number;
  high?: number;
}

/** Mean and interval of the finite values; the mean is NaN when there are none. */
export function summarise(values: readonly number[]): Summary {
  const finite = values.filter((value) => Number.isFinite(value));
  const centre = mean(finite);
  if (finite.length < 2) return { mean: centre };
  const half = studentQuantile(0.05, finite.length - 1) * Math.sqrt(variance(finite, 1) / finite.length);
  return { mean: centre, low: centre - half, high: centre + half };
}
