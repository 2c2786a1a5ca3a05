// How sparse a network may be: s*(ε), the largest sparsity at which the mean metric over seeds stays within ε of the dense
// network's. It is read off a rising fit through the means on a grid of sparsities, and its interval comes from drawing seeds.
import { bootstrapInterval } from "../math/bootstrap.js";
import { type Crossing, crossing, isotonic } from "../math/isotonic.js";
import { mean } from "../math/statistics.js";
import type { CellKind } from "../network/architecture.js";
import type { Target } from "../sparsify/target.js";
import type { RegimeName } from "./regimes.js";
import { excessOf, type Judge, type Row } from "./row.js";

/** One cell under one regime and condition, on the seeds that every sparsity and the dense network have. */
export interface Curve {
  readonly condition: string;
  readonly cell: CellKind;
  readonly regime: RegimeName;
  readonly target: Target;
  readonly judge: Judge;
  readonly seeds: readonly number[];
  /** In percent, ascending. */
  readonly sparsities: readonly number[];
  /** By sparsity and seed. */
  readonly values: readonly (readonly number[])[];
  /** By seed. */
  readonly dense: readonly number[];
}

export interface Threshold {
  /** In percent. */
  readonly value: number;
  /** `below`: even the first sparsity costs more than ε, `above`: not even the last one does. */
  readonly beyond?: Crossing["beyond"];
  /** 95 %; undefined of fewer than three seeds, which say nothing of chance. */
  readonly low?: number;
  readonly high?: number;
}

/** Fewer seeds than this have no interval. */
export const FEWEST_SEEDS = 3;

/** What tells a curve from others. */
export type CurveKey = Pick<Curve, "condition" | "cell" | "regime" | "target">;

/** All curves of some rows, in their order; a curve without a seed that all its sparsities have is left out. */
export function curvesOf(rows: readonly Row[], judgeOf: (condition: string) => Judge): Curve[] {
  const keys = new Map<string, CurveKey>();
  for (const { condition, cell, regime, target } of rows) {
    if (regime === "dense") continue;
    keys.set([condition, cell, regime, target].join(), { condition, cell, regime, target });
  }
  return [...keys.values()].flatMap((key) => curveOf(rows, key, judgeOf(key.condition)) ?? []);
}

/** The curve of one cell, regime and target; undefined while nothing can be said of it. */
export function curveOf(rows: readonly Row[], key: CurveKey, judge: Judge): Curve | undefined {
  const { condition, cell, regime, target } = key;
  const own = rows.filter((row) => row.condition === condition && row.cell === cell);
  const dense = bySeed(own.filter((row) => row.regime === "dense"));
  const sparse = own.filter((row) => row.regime === regime && row.target === target);
  const sparsities = [...new Set(sparse.map(({ sparsity }) => sparsity))].sort((a, b) => a - b);
  const points = sparsities.map((sparsity) => bySeed(sparse.filter((row) => row.sparsity === sparsity)));
  const seeds = [...dense.keys()]
    .filter((seed) => points.every((point) => point.has(seed)))
    .sort((a, b) => a - b);
  if (seeds.length === 0 || sparsities.length === 0) return undefined;
  const of = (values: ReadonlyMap<number, number>) => seeds.map((seed) => values.get(seed) ?? Number.NaN);
  return { ...key, judge, seeds, sparsities, values: points.map(of), dense: of(dense) };
}

function bySeed(rows: readonly Row[]): Map<number, number> {
  return new Map(rows.map(({ seed, metric }) => [seed, metric]));
}

/** How much worse than dense each sparsity is in the mean over the seeds of the given indices. */
export function excesses({ values, dense, judge }: Curve, indices: readonly number[]): number[] {
  const reference = mean(indices.map((i) => dense[i]));
  return values.map((own) => excessOf(judge, mean(indices.map((i) => own[i])), reference));
}

/** As `excesses`, made to rise. */
export function fittedExcesses(curve: Curve, indices: readonly number[] = all(curve)): number[] {
  return isotonic(excesses(curve, indices));
}

/** Between two sparsities of the grid a curve is linear in the logarithm of what is left. */
const placeOf = (sparsity: number) => -Math.log(1 - sparsity / 100);
const sparsityAt = (place: number) => 100 * (1 - Math.exp(-place));

function crossingOf(curve: Curve, indices: readonly number[]): Crossing {
  const { sparsities, judge } = curve;
  const { at, beyond } = crossing(sparsities.map(placeOf), fittedExcesses(curve, indices), judge.epsilon);
  return { at: sparsityAt(at), beyond };
}

/** s*(ε) of a curve with its interval. */
export function thresholdOf(curve: Curve): Threshold {
  const { at, beyond } = crossingOf(curve, all(curve));
  const threshold = { value: at, ...(beyond && { beyond }) };
  if (curve.seeds.length < FEWEST_SEEDS) return threshold;
  const [low, high] = bootstrapInterval(curve.seeds.length, (indices) => crossingOf(curve, indices).at);
  return { ...threshold, low, high };
}

/** A difference with its 95 % interval; none of fewer than three seeds. */
export interface Apart {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** Whether both are beyond the same end of the grid, so that nothing is known of the difference. */
  readonly unknown?: boolean;
  /** Whether one of them is beyond the grid, so that the difference is larger than it looks. */
  readonly bound?: boolean;
  /** How many both have. */
  readonly seeds: number;
}

/** s* of `b` minus that of `a`, in points, on the seeds that both have; the same seeds are drawn for both. */
export function thresholdDifference(a: Curve, b: Curve): Apart | undefined {
  const common = a.seeds.filter((seed) => b.seeds.includes(seed));
  if (common.length === 0) return undefined;
  const [one, other] = [onSeeds(a, common), onSeeds(b, common)];
  const [from, to] = [crossingOf(one, all(one)), crossingOf(other, all(other))];
  const apart = {
    value: to.at - from.at,
    seeds: common.length,
    ...(from.beyond !== undefined && from.beyond === to.beyond && { unknown: true }),
    ...(from.beyond !== to.beyond && { bound: true }),
  };
  if (common.length < FEWEST_SEEDS) return apart;
  const [low, high] = bootstrapInterval(
    common.length,
    (indices) => crossingOf(other, indices).at - crossingOf(one, indices).at,
  );
  return { ...apart, low, high };
}

/**
 * How much worse `b` is than `a` at a sparsity that both have, in the metric's unit, with its interval; both are compared with
 * the dense networks of their own condition.
 */
export function excessDifference(a: Curve, b: Curve, sparsity: number): Apart | undefined {
  const common = a.seeds.filter((seed) => b.seeds.includes(seed));
  const [i, j] = [a, b].map(({ sparsities }) => sparsities.indexOf(sparsity));
  if (common.length === 0 || i < 0 || j < 0) return undefined;
  const [one, other] = [onSeeds(a, common), onSeeds(b, common)];
  const difference = (indices: readonly number[]) => excesses(other, indices)[j] - excesses(one, indices)[i];
  const value = difference(all(one));
  const seeds = common.length;
  if (seeds < FEWEST_SEEDS) return { value, seeds };
  const [low, high] = bootstrapInterval(seeds, difference);
  return { value, low, high, seeds };
}

function onSeeds(curve: Curve, seeds: readonly number[]): Curve {
  const at = seeds.map((seed) => curve.seeds.indexOf(seed));
  const pick = (values: readonly number[]) => at.map((i) => values[i]);
  return { ...curve, seeds, values: curve.values.map(pick), dense: pick(curve.dense) };
}

function all({ seeds }: Curve): number[] {
  return seeds.map((_, i) => i);
}
