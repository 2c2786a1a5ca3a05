// One quantity against another, a dot per observation, with the fitted line where one is asked for.
import * as Plot from "@observablehq/plot";
import { type ChartText, draw } from "../plot.js";
import { quiet, rule } from "../theme.js";
import { type Axis, overhangOf, ticksOf, widthOf } from "./ticks.js";

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
  const ticks = { x: ticksOf(x, 4), y: ticksOf(y, 4) };
  const marginLeft = Math.max(44, widthOf(ticks.y));
  return draw(chart, {
    width,
    height,
    marginTop: 20,
    marginBottom: 34,
    marginLeft,
    marginRight: Math.max(12, overhangOf(ticks.x)),
    x: { domain: [...x.domain], type: x.type ?? "linear" },
    y: { domain: [...y.domain], type: y.type ?? "linear" },
    marks: [
      Plot.gridY({ ticks: ticks.y.ticks, stroke: rule, strokeOpacity: 1 }),
      Plot.axisY({ ...ticks.y, tickSize: 0, label: null, fill: quiet }),
      Plot.axisX({ ...ticks.x, tickSize: 0, label: null, fill: quiet }),
      Plot.text([y.label], {
        frameAnchor: "top-left",
        textAnchor: "start",
        dx: 2 - marginLeft,
        dy: -17,
        fill: quiet,
      }),
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
