// Forecasts without a network: that all stays as it is, that it repeats, that it is what it was on average. Errors of a
// network say something only beside theirs, since the same error is good for one series and bad for another.
import type { Sequences } from "../sequences.js";
import type { LeftOut } from "./class-baselines.js";
import { findPeriod } from "./period.js";

/** What is to be forecast, at its own time. */
export interface Series {
  readonly names: readonly string[];
  /** [time][name], NaN where it is not known. */
  readonly values: Float32Array;
}

/** A series of which the times from `from` on are predicted and those before are known. */
export interface Ahead extends Series {
  readonly from: number;
}

/** Means over predictions, in the unit of the series and its square; NaN where there was none. */
export interface ForecastErrors {
  readonly predictions: number;
  readonly meanSquaredError: number;
  readonly meanAbsoluteError: number;
}

export interface ForecastBaseline extends ForecastErrors {
  readonly name: string;
  readonly rule: string;
  readonly channels: readonly (ForecastErrors & { readonly name: string })[];
}

export interface ForecastBaselines {
  readonly baselines: readonly ForecastBaseline[];
  readonly leftOut: readonly LeftOut[];
  /** In steps, where one is given or found. */
  readonly period?: number;
}

export interface ForecastOptions {
  /** How many steps ahead is predicted; 1 when left out. */
  readonly horizon?: number;
  /** In steps; found in the training series when left out. */
  readonly period?: number;
}

/** What of sequences is to be forecast: the numbers that are their target, or their own values where they have none. */
export function seriesOf({ channels, values, target }: Sequences): Series[] {
  if (target?.kind !== "numbers") return values.map((own) => ({ names: channels, values: own }));
  return target.of.map((own) => ({ names: target.names, values: own }));
}

/** A rule's forecasts of a series: [time][name], NaN where something needed is not known. */
export type Forecast = (series: Series) => Float32Array;

export interface ForecastRule {
  readonly name: string;
  readonly rule: string;
  readonly forecast: Forecast;
}

/** The rules, as far as they can be had from the training series. */
export function forecastRules(
  train: readonly Series[],
  { horizon = 1, period }: ForecastOptions = {},
): { rules: readonly ForecastRule[]; leftOut: readonly LeftOut[]; period?: number } {
  const width = train[0].names.length;
  const found =
    period ??
    findPeriod(
      train.map(({ values }) => values),
      width,
    );
  const steps = horizon === 1 ? "the step before" : `${horizon} steps before`;
  const rules: ForecastRule[] = [
    {
      name: "last value",
      rule: `the value ${steps}`,
      forecast: (series) => shifted(series, horizon, horizon),
    },
  ];
  if (found !== undefined) {
    const lag = found * Math.ceil(horizon / found);
    rules.push({
      name: "seasonal",
      rule: `the value ${lag} steps before, as the period is ${found}; the last value where there is none`,
      forecast: (series) => shifted(series, lag, horizon),
    });
  }
  const centre = meansOf(train);
  rules.push({
    name: "mean",
    rule: "the mean of the training series",
    forecast: ({ values }) => values.map((_, i) => centre[i % width]),
  });
  const leftOut =
    found === undefined ? [{ name: "seasonal", why: "the training series do not repeat themselves" }] : [];
  return { rules, leftOut, ...(found !== undefined && { period: found }) };
}

/** Scores the rules on what is ahead in the test series; values that are not known are not counted. */
export function scoreForecastBaselines(
  train: readonly Series[],
  test: readonly Ahead[],
  options: ForecastOptions = {},
): ForecastBaselines {
  const { rules, ...rest } = forecastRules(train, options);
  // All are judged by the same predictions: those that the last value can be had for.
  const [{ forecast: last }] = rules;
  const judged = test.map((series) => {
    const known = last(series);
    const width = series.names.length;
    return series.values.map((value, i) =>
      i >= series.from * width && !Number.isNaN(known[i]) ? value : Number.NaN,
    );
  });
  const baselines = rules.map(({ name, rule, forecast }) => {
    const predicted = test.map(forecast);
    return { name, rule, ...errorsOf(test[0].names, judged, predicted) };
  });
  return { baselines, ...rest };
}

/**
 * Errors of predictions, by name and over all.
 * @param actual of each series [time][name], NaN where nothing is judged. @param predicted likewise.
 */
export function errorsOf(
  names: readonly string[],
  actual: readonly ArrayLike<number>[],
  predicted: readonly ArrayLike<number>[],
): ForecastErrors & Pick<ForecastBaseline, "channels"> {
  const width = names.length;
  const sums = names.map(() => ({ count: 0, squares: 0, distances: 0 }));
  for (const [row, own] of actual.entries()) {
    for (let i = 0; i < own.length; i++) {
      const error = predicted[row][i] - own[i];
      if (Number.isNaN(error)) continue;
      const sum = sums[i % width];
      sum.count++;
      sum.squares += error * error;
      sum.distances += Math.abs(error);
    }
  }
  const means = ({ count, squares, distances }: (typeof sums)[number]): ForecastErrors => ({
    predictions: count,
    meanSquaredError: squares / count,
    meanAbsoluteError: distances / count,
  });
  const all = sums.reduce((a, b) => ({
    count: a.count + b.count,
    squares: a.squares + b.squares,
    distances: a.distances + b.distances,
  }));
  return { ...means(all), channels: names.map((name, c) => ({ name, ...means(sums[c]) })) };
}

/** The value so many steps before; where there is none, the one `otherwise` steps before. */
function shifted({ names, values }: Series, lag: number, otherwise: number): Float32Array {
  const width = names.length;
  const at = (i: number) => (i < 0 ? Number.NaN : values[i]);
  return values.map((_, i) => {
    const value = at(i - lag * width);
    return Number.isNaN(value) ? at(i - otherwise * width) : value;
  });
}

function meansOf(series: readonly Series[]): Float64Array {
  const width = series[0].names.length;
  const sums = new Float64Array(width);
  const counts = new Float64Array(width);
  for (const { values } of series) {
    for (let i = 0; i < values.length; i++) {
      if (Number.isNaN(values[i])) continue;
      sums[i % width] += values[i];
      counts[i % width]++;
    }
  }
  return sums.map((sum, c) => sum / counts[c]);
}
