// Forecasts over what came: the series, what a network foretold of it and what is foretold without one.
import type { ChartText } from "../plot.js";
import { ink, quiet, series as seriesColours } from "../theme.js";
import { type LineStyle, lineChart } from "./lines.js";

/**
 * A series and its forecasts.
 * @example
 * forecastChart({
 *   title: "Three days of temperature",
 *   description: "The network is nearer than yesterday’s value.",
 *   name: "temperature",
 *   first: 1,
 *   actual: [1, 3, 2, 4],
 *   predicted: [Number.NaN, 2.5, 2.2, 3.9],
 *   naive: [{ name: "last value", values: [Number.NaN, 1, 3, 2] }],
 * });
 */
export interface ForecastChart extends ChartText {
  /** What the numbers are. */
  name: string;
  /** The time of the first value. */
  first: number;
  /** NaN where there is none, here and below. */
  actual: readonly number[];
  predicted: readonly number[];
  naive: readonly { name: string; values: readonly number[] }[];
  width?: number;
  height?: number;
}

/** How lines look, for the legend: the series, the network, and rules without one in their order. */
export function forecastStyles(naive: readonly { name: string }[]): (LineStyle & { label: string })[] {
  return [
    { label: "series", colour: ink, width: 1.2 },
    { label: "network", colour: seriesColours[0], width: 1.8 },
    ...naive.map(({ name }, i) => ({
      label: name,
      colour: NAIVE[i % NAIVE.length].colour,
      dash: NAIVE[i % NAIVE.length].dash,
      width: 1.1,
    })),
  ];
}

const NAIVE = [
  { colour: seriesColours[1], dash: "4 3" },
  { colour: seriesColours[2], dash: "1.5 2.5" },
  { colour: quiet, dash: "7 3" },
] as const;

/** Lines over time, the network's over all others. */
export function forecastChart(chart: ForecastChart): string {
  const { name, first, actual, predicted, naive, width = 640, height = 230, ...text } = chart;
  const [own, network, ...rules] = forecastStyles(naive);
  const points = (values: readonly number[]) => values.map((y, i) => ({ x: first + i, y }));
  const lines = [
    ...naive.map(({ values }, i) => ({ ...rules[i], values })),
    { ...own, values: actual },
    { ...network, values: predicted },
  ].map(({ label: _, values, ...style }) => ({ ...style, points: points(values) }));
  const all = lines.flatMap((line) => line.points.map(({ y }) => y)).filter(Number.isFinite);
  const low = all.reduce((least, y) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const high = all.reduce((most, y) => Math.max(most, y), Number.NEGATIVE_INFINITY);
  const margin = 0.05 * (high - low) || 0.5;
  const domain = all.length > 0 ? ([low - margin, high + margin] as const) : ([0, 1] as const);
  return lineChart({
    ...text,
    lines,
    x: { label: "step", domain: [first, first + Math.max(1, actual.length - 1)], whole: true },
    y: { label: name, domain },
    width,
    height,
  });
}
