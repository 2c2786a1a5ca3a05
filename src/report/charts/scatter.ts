// One quantity against another, a dot per observation, with the fitted line where one is asked for.
import * as Plot from "@observablehq/plot";
import { type ChartText, draw } from "../plot.js";
import { quiet, rule } from "../theme.js";
import type { Axis } from "./lines.js";

export interface ScatterSeries {
  points: readonly { x: number; y: number }[];
  colour: string;
  /** Of the dots, 0 to 1. */
  opacity?: number;
  radius?: number;
  /** Adds the least-squares line with the 95 % confidence band of its mean. */
  fit?: boolean;
}

export interface Scatter extends ChartText {
  /** Later ones over earlier ones. */
  series: readonly ScatterSeries[];
  x: Axis;
  y: Axis;
  width?: number;
  height?: number;
  /** A line through given points, such as the best so far. */
  steps?: { points: readonly { x: number; y: number }[]; colour: string };
}

/** A scatter plot. Points outside the axes are drawn at their edge. */
export function scatterPlot(chart: Scatter): string {
  const { series, x, y, width = 270, height = 186, steps } = chart;
  const inside = (points: readonly { x: number; y: number }[]) =>
    points
      .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
      .map((point) => ({ x: clamp(point.x, x), y: clamp(point.y, y) }));
  const ticks = (axis: Axis) => (axis.ticks ? [...axis.ticks] : 4);
  return draw(chart, {
    width,
    height,
    marginTop: 20,
    marginBottom: 34,
    marginLeft: 44,
    marginRight: 12,
    x: { domain: [...x.domain], type: x.type ?? "linear" },
    y: { domain: [...y.domain], type: y.type ?? "linear" },
    marks: [
      Plot.gridY({ ticks: ticks(y), stroke: rule, strokeOpacity: 1 }),
      Plot.axisY({ ticks: ticks(y), tickFormat: y.format, tickSize: 0, label: null, fill: quiet }),
      Plot.axisX({ ticks: ticks(x), tickFormat: x.format, tickSize: 0, label: null, fill: quiet }),
      Plot.text([y.label], { frameAnchor: "top-left", textAnchor: "start", dx: -42, dy: -17, fill: quiet }),
      Plot.text([x.label], { frameAnchor: "bottom-right", textAnchor: "end", dy: 30, fill: quiet }),
      ...series.map(({ points, colour, opacity = 0.5, radius = 2 }) =>
        Plot.dot(inside(points), { x: "x", y: "y", r: radius, fill: colour, fillOpacity: opacity }),
      ),
      ...series.map(({ points, colour, fit }) => (fit ? fitted(inside(points), colour) : null)),
      steps
        ? Plot.lineY(inside(steps.points), {
            x: "x",
            y: "y",
            stroke: steps.colour,
            curve: "step-after",
            strokeWidth: 1.4,
          })
        : null,
    ],
  });
}

// A line needs three points of which not all stand above each other.
function fitted(points: { x: number; y: number }[], colour: string) {
  if (points.length < 3 || new Set(points.map((point) => point.x)).size < 2) return null;
  return Plot.linearRegressionY(points, {
    x: "x",
    y: "y",
    stroke: colour,
    strokeWidth: 1.6,
    fill: colour,
    clip: true,
  });
}

function clamp(value: number, { domain: [low, high] }: Axis): number {
  return Math.min(high, Math.max(low, value));
}
