// How sure a mean is, and how sure the difference of two means is: 95 % confidence intervals.
import { mean, studentQuantile, variance } from "./statistics.js";

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

/** A difference of means, b minus a, with its 95 % interval; the interval is NaN with fewer than two values on a side. */
export interface Difference {
  value: number;
  low: number;
  high: number;
}

/** Welch's interval for the difference of two means, which does not take their variances for equal. */
export function differenceOfMeans(a: readonly number[], b: readonly number[]): Difference {
  const value = mean(b) - mean(a);
  const [varianceA, varianceB] = [variance(a, 1) / a.length, variance(b, 1) / b.length];
  const total = varianceA + varianceB;
  if (!(total >= 0)) return { value, low: Number.NaN, high: Number.NaN };
  if (total === 0) return { value, low: value, high: value };
  const freedom = total ** 2 / (varianceA ** 2 / (a.length - 1) + varianceB ** 2 / (b.length - 1));
  const half = studentQuantile(0.05, freedom) * Math.sqrt(total);
  return { value, low: value - half, high: value + half };
}
