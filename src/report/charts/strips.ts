// Distributions as they are: one dot per observation in a row of its own, with the mean and its 95 % interval, so that
// a handful of groups can be compared without hiding how few or how odd their members are.
import * as Plot from "@observablehq/plot";
import { summarise } from "../../math/intervals.js";
import { type ChartText, draw } from "../plot.js";
import { ink, quiet, rule } from "../theme.js";
import type { Axis } from "./ticks.js";

export interface StripChart extends ChartText {
  rows: readonly { label: string; values: readonly number[]; colour: string }[];
  x: Axis;
  width?: number;
  labelWidth?: number;
  rowHeight?: number;
}

// Multiples of the golden ratio spread any number of dots evenly over a row, the same way every time.
const GOLDEN = 0.618033988749895;

/** One strip of dots per row. */
export function stripChart(chart: StripChart): string {
  const { rows, x, width = 336, labelWidth = 112, rowHeight = 30 } = chart;
  const [low, high] = x.domain;
  const ticks = x.ticks ? [...x.ticks] : 5;
  const dots = rows.flatMap(({ values, colour }, row) =>
    values
      .filter((value) => Number.isFinite(value))
      .map((value, i) => ({
        x: Math.min(high, Math.max(low, value)),
        y: row + 0.2 + 0.6 * ((i * GOLDEN) % 1),
        colour,
      })),
  );
  const means = rows.flatMap(({ values }, row) => {
    const { mean, low: from = mean, high: to = mean } = summarise(values);
    return Number.isFinite(mean) ? [{ mean, from: Math.max(low, from), to: Math.min(high, to), row }] : [];
  });
  return draw(chart, {
    width,
    height: rows.length * rowHeight + 44,
    marginTop: 6,
    marginBottom: 38,
    marginLeft: labelWidth,
    marginRight: 14,
    x: { domain: [low, high] },
    y: { domain: [0, Math.max(1, rows.length)], axis: null, reverse: true },
    marks: [
      Plot.gridX({ ticks, stroke: rule, strokeOpacity: 1 }),
      Plot.axisX({ ticks, tickFormat: x.format, tickSize: 0, label: null, fill: quiet }),
      Plot.text([x.label], { frameAnchor: "bottom-right", textAnchor: "end", dy: 32, fill: quiet }),
      Plot.text(
        rows.map(({ label }, row) => ({ label, y: row + 0.5 })),
        { y: "y", text: "label", frameAnchor: "left", textAnchor: "end", dx: -10, fill: ink },
      ),
      Plot.dot(dots, { x: "x", y: "y", r: 1.8, fill: "colour", fillOpacity: 0.45 }),
      Plot.rect(means, {
        x1: "from",
        x2: "to",
        y1: ({ row }) => row + 0.08,
        y2: ({ row }) => row + 0.92,
        fill: ink,
        fillOpacity: 0.12,
      }),
      Plot.ruleX(means, {
        x: "mean",
        y1: ({ row }) => row + 0.08,
        y2: ({ row }) => row + 0.92,
        stroke: ink,
        strokeWidth: 1.6,
      }),
    ],
  });
}
