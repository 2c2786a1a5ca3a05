// What charts of many trials are drawn from: a metric by the values of something else, with an interval over the trials that
// share one; the best so far; lists thinned to what the eye can see.
import { summarise } from "../../math/intervals.js";
import type { Column } from "./columns.js";
import type { Objective } from "./filter.js";

/** A point of a curve: the mean over some trials, with its 95 % interval where there are several. */
export interface MeanPoint {
  readonly x: number | string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly trials: number;
}

export interface MeanLine {
  /** The value that its trials share; empty where nothing divides them. */
  readonly name: string;
  readonly points: readonly MeanPoint[];
}

/** More different values than this are drawn as a cloud. */
export const MOST_LEVELS = 40;
/** Lines of one chart; what is beyond is in none. */
export const MOST_LINES = 8;

/** How many different values a column has in some rows, counted up to a limit. */
export function levels(rows: Uint32Array, column: Column, most = MOST_LEVELS + 1): number {
  const seen = new Set<string | number>();
  for (const row of rows) {
    const value = column.numeric ? column.number(row) : column.text(row);
    if (value === "" || Number.isNaN(value)) continue;
    seen.add(value);
    if (seen.size >= most) break;
  }
  return seen.size;
}

/** Means of `y` by the values of `x`, a line for each value of `by`. */
export function meanLines(rows: Uint32Array, x: Column, y: Column, by: Column | undefined): MeanLine[] {
  const lines = new Map<string, Map<number | string, number[]>>();
  for (const row of rows) {
    const at = x.numeric ? x.number(row) : x.text(row);
    const value = y.number(row);
    if (!Number.isFinite(value) || at === "" || Number.isNaN(at)) continue;
    const name = by ? by.text(row) : "";
    let line = lines.get(name);
    if (!line) {
      line = new Map();
      lines.set(name, line);
    }
    const values = line.get(at);
    if (values) values.push(value);
    else line.set(at, [value]);
  }
  return [...lines]
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .slice(0, MOST_LINES)
    .map(([name, points]) => ({
      name,
      points: [...points]
        .map(([at, values]) => {
          const { mean, low = mean, high = mean } = summarise(values);
          return { x: at, mean, low, high, trials: values.length };
        })
        .sort((a, b) => (a.x < b.x ? -1 : 1)),
    }));
}

/** An irrational step, whose multiples are spread evenly over [0, 1). */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * At most so many items, one of each of as many equal stretches, at changing places: always the same one would meet the
 * period of a grid and show one of its values alone.
 */
export function thin<T>(items: ArrayLike<T>, most: number): T[] {
  if (items.length <= most) return Array.from(items);
  return Array.from(
    { length: most },
    (_, i) => items[Math.floor(((i + ((i * GOLDEN) % 1)) * items.length) / most)],
  );
}

export interface CoursePoint {
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

/** Finished trials in an order, and where the best so far became better. */
export function courseOf(
  rows: Uint32Array,
  x: Column,
  y: Column,
  { direction }: Objective,
): { points: CoursePoint[]; best: CoursePoint[] } {
  const points: CoursePoint[] = [];
  for (const row of rows) {
    const [at, value] = [x.number(row), y.number(row)];
    if (Number.isFinite(at) && Number.isFinite(value)) points.push({ row, x: at, y: value });
  }
  points.sort((a, b) => a.x - b.x);
  const best: CoursePoint[] = [];
  for (const point of points) {
    const last = best.at(-1);
    if (!last || (direction === "maximize" ? point.y > last.y : point.y < last.y)) best.push(point);
  }
  const [end, last] = [points.at(-1), best.at(-1)];
  if (end && last && end.x > last.x) best.push({ ...last, x: end.x });
  return { points, best };
}

/**
 * A curve smoothed by an exponential mean, corrected for its beginning (as Adam's moments are, Kingma & Ba 2015).
 * @param weight 0 to below 1: how much of a value is that of the one before.
 */
export function smoothed(values: readonly number[], weight: number): number[] {
  let [sum, share] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
}

/** Whether values are better seen by their logarithm: positive, over a wide range, and crowded at its low end. */
export function wantsLog(values: readonly number[]): boolean {
  const ascending = values.filter(Number.isFinite).sort((a, b) => a - b);
  const [low, high] = [ascending[0], ascending[ascending.length - 1]];
  return low > 0 && high / low > 30 && ascending[Math.floor(ascending.length / 2)] < high / 5;
}
