// Values in rows, each a dot with its interval where it has one: the plainest way to compare a few numbers.
import * as Plot from "@observablehq/plot";
import { type ChartText, draw } from "../plot.js";
import { ink, paper, quiet, rule } from "../theme.js";
import { overhangOf, ticksOf } from "./ticks.js";

export interface Dot {
  value: number;
  /** The ends of an interval, both or neither. */
  low?: number;
  high?: number;
  colour: string;
  hollow?: boolean;
  /** Written beside the dot. */
  text?: string;
}

export interface DotChart extends ChartText {
  rows: readonly { label: string; dots: readonly Dot[] }[];
  axis: string;
  domain: readonly [number, number];
  ticks?: readonly number[];
  format?: (value: number) => string;
  width?: number;
  labelWidth?: number;
  rowHeight?: number;
  /** "log" needs a positive domain. */
  scale?: "linear" | "log";
  /** A vertical line to compare with, such as zero. */
  reference?: number;
  /** Whether the dots of a row are set apart from each other; they are when more than one has an interval. */
  apart?: boolean;
}

/** One row per label. */
export function dotChart(chart: DotChart): string {
  const { rows, domain, width = 380, labelWidth = 130, rowHeight = 22 } = chart;
  const { reference, scale = "linear" } = chart;
  const [low, high] = domain;
  const clamp = (value: number) => Math.min(high, Math.max(low, value));
  const dots = rows.flatMap(({ dots }, i) => {
    const shown = dots.filter(({ value }) => Number.isFinite(value));
    const intervals = shown.filter(({ low, high }) => low !== high);
    const { apart = intervals.length > 1 } = chart;
    return shown.map((dot) => ({
      ...dot,
      value: clamp(dot.value),
      low: clamp(dot.low ?? dot.value),
      high: clamp(dot.high ?? dot.value),
      radius: dot.hollow ? 4 : 3,
      y: i + 0.5 + (apart && shown.length > 1 ? (shown.indexOf(dot) / (shown.length - 1) - 0.5) * 0.46 : 0),
    }));
  });
  const ticks = ticksOf({ ...chart, type: scale }, 4);
  const longest = Math.max(0, ...dots.map(({ text }) => text?.length ?? 0));
  const marginRight = Math.max(longest > 0 ? 52 : 14, 10 + 6 * longest, overhangOf(ticks));
  return draw(chart, {
    width,
    height: rows.length * rowHeight + 44,
    marginTop: 6,
    marginBottom: 38,
    marginLeft: labelWidth,
    marginRight,
    x: { domain: [...domain], type: scale },
    y: { domain: [0, rows.length], axis: null, reverse: true },
    r: { type: "identity" },
    marks: [
      Plot.gridX({ ticks: ticks.ticks, stroke: rule, strokeOpacity: 1 }),
      Plot.axisX({ ...ticks, tickSize: 0, label: null, fill: quiet }),
      Plot.text([chart.axis], { frameAnchor: "bottom-right", textAnchor: "end", dy: 32, fill: quiet }),
      reference === undefined ? null : Plot.ruleX([reference], { stroke: quiet }),
      Plot.text(
        rows.map(({ label }, i) => ({ label, y: i + 0.5 })),
        { y: "y", text: "label", frameAnchor: "left", textAnchor: "end", dx: -10, fill: ink },
      ),
      Plot.link(
        dots.filter((dot) => dot.low !== dot.high),
        { x1: "low", x2: "high", y1: "y", y2: "y", stroke: "colour", strokeWidth: 1.4, strokeOpacity: 0.6 },
      ),
      Plot.dot(
        dots.filter(({ hollow }) => hollow),
        { x: "value", y: "y", r: "radius", fill: paper, stroke: "colour" },
      ),
      Plot.dot(
        dots.filter(({ hollow }) => !hollow),
        { x: "value", y: "y", r: "radius", fill: "colour" },
      ),
      Plot.text(
        dots.filter(({ text }) => text),
        { x: "high", y: "y", text: "text", textAnchor: "start", dx: 8, fill: ink },
      ),
    ],
  });
}
