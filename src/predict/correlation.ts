// How strongly each property goes with the target: Pearson's and Spearman's correlation with their p-values, corrected
// for the number of properties, and bootstrap intervals.
import type { Random } from "../math/random.js";
import { quantile, studentTwoSided } from "../math/statistics.js";

/** A correlation coefficient with what is known about it. */
export interface Coefficient {
  /** In [-1, 1]. */
  value: number;
  /** The 95 % percentile interval over bootstrap samples of the rows. */
  interval: [number, number];
  /** Two-sided, against no correlation, by Student's t with n - 2 degrees of freedom. */
  p: number;
  /**
   * p after Holm's correction over the features of the table. Holm (1979) bounds the chance of a single false claim
   * whatever the dependence between the features, and these depend on each other strongly and with both signs;
   * Benjamini–Hochberg would ask for positive dependence and would bound a rate instead.
   */
  pHolm: number;
}

export interface Correlation {
  feature: string;
  /** Null where the feature is constant. */
  pearson: Coefficient | null;
  /** Pearson's correlation of the ranks, equal values sharing their mean rank. Null where the feature is constant. */
  spearman: Coefficient | null;
}

const resamples = 2000;
const tail = 0.025;

/**
 * The correlation of each column with `target` (all of one length, at least 3 rows, target not constant). The bootstrap
 * draws whole rows, so that all features see the same samples.
 */
export function correlations(
  names: readonly string[],
  columns: readonly Float64Array[],
  target: Float64Array,
  random: Random,
): Correlation[] {
  const n = target.length;
  const groups = [...columns, target].map(tied);
  const draws = columns.map(() => ({ pearson: [] as number[], spearman: [] as number[] }));
  const count = new Float64Array(n);
  for (let sample = 0; sample < resamples; sample++) {
    count.fill(0);
    for (let i = 0; i < n; i++) count[random.below(n)]++;
    const targetRanks = ranks(groups[columns.length], count);
    columns.forEach((column, j) => {
      const pearson = weightedPearson(column, target, count);
      // A sample in which the feature or the target happens to be constant says nothing about them.
      if (Number.isNaN(pearson)) return;
      draws[j].pearson.push(pearson);
      draws[j].spearman.push(weightedPearson(ranks(groups[j], count), targetRanks, count));
    });
  }

  const once = new Float64Array(n).fill(1);
  const targetRanks = ranks(groups[columns.length], once);
  const pearson = columns.map((column) => weightedPearson(column, target, once));
  const spearman = columns.map((_, j) => weightedPearson(ranks(groups[j], once), targetRanks, once));
  const pearsonP = withHolm(pearson, n);
  const spearmanP = withHolm(spearman, n);
  return names.map((feature, j) => {
    if (Number.isNaN(pearson[j])) return { feature, pearson: null, spearman: null };
    return {
      feature,
      pearson: { value: pearson[j], interval: percentiles(draws[j].pearson), ...pearsonP[j] },
      spearman: { value: spearman[j], interval: percentiles(draws[j].spearman), ...spearmanP[j] },
    };
  });
}

/** Pearson's correlation with each row counted `weight` times; NaN where either side is constant. */
export function weightedPearson(x: Float64Array, y: Float64Array, weight: Float64Array): number {
  const n = x.length;
  let total = 0;
  let xSum = 0;
  let ySum = 0;
  for (let i = 0; i < n; i++) {
    total += weight[i];
    xSum += weight[i] * x[i];
    ySum += weight[i] * y[i];
  }
  const xMean = xSum / total;
  const yMean = ySum / total;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  // Compared exactly: the mean of equal values may be off by a rounding, and the deviations from it are then not 0.
  let xConstant = true;
  let yConstant = true;
  let first = -1;
  for (let i = 0; i < n; i++) {
    if (weight[i] === 0) continue;
    if (first < 0) first = i;
    if (x[i] !== x[first]) xConstant = false;
    if (y[i] !== y[first]) yConstant = false;
    const dx = x[i] - xMean;
    const dy = y[i] - yMean;
    xx += weight[i] * dx * dx;
    yy += weight[i] * dy * dy;
    xy += weight[i] * dx * dy;
  }
  if (xConstant || yConstant || xx === 0 || yy === 0) return Number.NaN;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)));
}

/** The rows of a column in ascending order, and where each group of equal values ends in it. */
interface TiedGroups {
  order: Int32Array;
  ends: number[];
}

function tied(column: Float64Array): TiedGroups {
  const order = Int32Array.from(column.keys()).sort((a, b) => column[a] - column[b] || a - b);
  const ends: number[] = [];
  for (let k = 1; k <= order.length; k++) {
    if (k === order.length || column[order[k]] !== column[order[k - 1]]) ends.push(k);
  }
  return { order, ends };
}

/** The mean rank of each row in the sample that has row i `count[i]` times. */
function ranks({ order, ends }: TiedGroups, count: Float64Array): Float64Array {
  const rank = new Float64Array(order.length);
  let start = 0;
  let below = 0;
  for (const end of ends) {
    let size = 0;
    for (let k = start; k < end; k++) size += count[order[k]];
    for (let k = start; k < end; k++) rank[order[k]] = below + (size + 1) / 2;
    below += size;
    start = end;
  }
  return rank;
}

/** The p-value of each coefficient, and Holm's; NaN coefficients are not among the tests. */
function withHolm(coefficients: readonly number[], n: number): { p: number; pHolm: number }[] {
  const p = coefficients.map((r) => studentTwoSided(r * Math.sqrt((n - 2) / ((1 - r) * (1 + r))), n - 2));
  const tested = p.map((_, j) => j).filter((j) => !Number.isNaN(coefficients[j]));
  const adjusted = holm(tested.map((j) => p[j]));
  const pHolm = new Map(tested.map((j, k) => [j, adjusted[k]]));
  return p.map((value, j) => ({ p: value, pHolm: pHolm.get(j) ?? Number.NaN }));
}

/** Holm's step-down correction of p-values, in their order. */
export function holm(p: readonly number[]): number[] {
  const ascending = p.map((_, j) => j).sort((a, b) => p[a] - p[b]);
  const adjusted = new Array<number>(p.length);
  let least = 0;
  ascending.forEach((j, k) => {
    least = Math.max(least, Math.min(1, p[j] * (p.length - k)));
    adjusted[j] = least;
  });
  return adjusted;
}

function percentiles(values: number[]): [number, number] {
  const ascending = Float64Array.from(values).sort();
  return [quantile(ascending, tail), quantile(ascending, 1 - tail)];
}
