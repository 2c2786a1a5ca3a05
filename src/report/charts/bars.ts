// Distributions: how often each number or each name occurs, for one or several series over each other or side by side.
import * as Plot from "@observablehq/plot";
import { type ChartText, draw } from "../plot.js";
import { quiet, rule } from "../theme.js";
import { shortened } from "../words.js";

export interface BarSeries {
  label: string;
  colour: string;
  /** Draws a histogram's outline dashed and without shade, to stand over another. */
  dashed?: boolean;
}

interface Base extends ChartText {
  series: readonly BarSeries[];
  /** What the horizontal and the vertical axis are. */
  x: string;
  y: string;
  width?: number;
  height?: number;
  format?: (value: number) => string;
}

/** Steps over numbers, one shaded outline per series. */
export interface Histogram extends Base {
  /** Left edge of each bin, ascending; `step` is their common width. */
  bins: readonly { from: number; counts: readonly number[] }[];
  step: number;
}

const HEIGHT = 200;
const margins = { marginTop: 20, marginBottom: 34, marginLeft: 44, marginRight: 10 };

/** A histogram whose bins were counted before. */
export function histogram(chart: Histogram): string {
  const { bins, step, series, width = 336, height = HEIGHT } = chart;
  const end = bins.length > 0 ? bins[bins.length - 1].from + step : 1;
  const domain = [bins[0]?.from ?? 0, end];
  // Each outline starts and ends on the ground; bins without a count are drawn at zero.
  const outline = (s: number) => {
    const first = bins[0]?.from ?? 0;
    const heights = new Array<number>(Math.round((end - first) / step)).fill(0);
    for (const { from, counts } of bins) heights[Math.round((from - first) / step)] = counts[s];
    return [{ x: first, y: 0 }, ...heights.map((y, i) => ({ x: first + i * step, y })), { x: end, y: 0 }];
  };
  const highest = Math.max(1e-12, ...bins.flatMap(({ counts }) => counts));
  return draw(chart, {
    width,
    height,
    ...margins,
    x: { domain },
    y: { domain: [0, highest * 1.04] },
    marks: [
      ...axes(chart),
      Plot.axisX({ ticks: width < 300 ? 4 : 6, tickSize: 0, label: null, fill: quiet }),
      ...series.flatMap(({ colour, dashed }, s) => [
        dashed
          ? null
          : Plot.areaY(outline(s), { x: "x", y: "y", curve: "step-after", fill: colour, fillOpacity: 0.16 }),
        Plot.lineY(outline(s), {
          x: "x",
          y: "y",
          curve: "step-after",
          stroke: colour,
          strokeWidth: dashed ? 1 : 1.3,
          strokeDasharray: dashed ? "3 2" : undefined,
          strokeLinejoin: "miter",
        }),
      ]),
    ],
  });
}

export interface GroupedBars extends Base {
  groups: readonly { name: string; values: readonly number[] }[];
}

/** One bar per series for each name, side by side. */
export function groupedBars(chart: GroupedBars): string {
  const { groups, series, width = 336, height = HEIGHT } = chart;
  const highest = Math.max(1e-12, ...groups.flatMap(({ values }) => values));
  const pitch = 0.8 / series.length;
  const bars = groups.flatMap(({ values }, g) =>
    values.map((value, s) => ({
      x1: g + 0.1 + s * pitch,
      x2: g + 0.1 + (s + 1) * pitch,
      y: value,
      fill: series[s].colour,
    })),
  );
  return draw(chart, {
    width,
    height,
    ...margins,
    x: { domain: [0, Math.max(1, groups.length)], axis: null },
    y: { domain: [0, highest * 1.04] },
    marks: [
      ...axes(chart),
      Plot.rectY(bars, { x1: "x1", x2: "x2", y: "y", fill: "fill", insetLeft: 0.3, insetRight: 0.3 }),
      Plot.text(
        groups.map(({ name }, g) => ({ name, x: g + 0.5 })),
        { x: "x", text: "name", frameAnchor: "bottom", dy: 12, fill: quiet },
      ),
    ],
  });
}

/**
 * One bar for each name, from the left, with its value written behind it; for names too long or too many to stand under bars.
 * @example
 * shareBars({
 *   title: "Accuracy by class",
 *   description: "The share of the examples of each class that are found.",
 *   bars: [
 *     { label: "walking", value: 0.98, text: "98.0 %  49 of 50" },
 *     { label: "badminton", value: 0.5, text: "50.0 %  5 of 10", colour: accents[0] },
 *   ],
 *   colour: accents[1],
 * });
 */
export interface ShareBars extends ChartText {
  bars: readonly {
    label: string;
    /** 0 to 1; NaN draws no bar. */
    value: number;
    text: string;
    /** In place of that of all. */
    colour?: string;
  }[];
  colour: string;
  width?: number;
  /** A value to compare with, as a dotted line. */
  reference?: number;
}

const BAR_HEIGHT = 16;
const LETTER = 6.2;
const LONGEST_LABEL = 28;

/** Bars of shares of a whole. */
export function shareBars({ bars, colour, width = 440, reference, ...text }: ShareBars): string {
  const labels = bars.map(({ label }) => shortened(label, LONGEST_LABEL));
  const room = (texts: readonly string[]) => 10 + LETTER * Math.max(0, ...texts.map((one) => one.length));
  const rows = bars.map((bar, i) => ({
    ...bar,
    y1: i + 0.1,
    y2: i + 0.9,
    middle: i + 0.5,
    label: labels[i],
    fill: bar.colour ?? colour,
  }));
  return draw(text, {
    width,
    height: bars.length * BAR_HEIGHT + 8,
    marginTop: 4,
    marginBottom: 4,
    marginLeft: room(labels),
    marginRight: room(bars.map((bar) => bar.text)),
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, Math.max(1, bars.length)], axis: null, reverse: true },
    marks: [
      Plot.rectX(rows, { x1: () => 0, x2: () => 1, y1: "y1", y2: "y2", fill: rule, fillOpacity: 0.3 }),
      Plot.rectX(
        rows.filter(({ value }) => Number.isFinite(value)),
        { x1: () => 0, x2: "value", y1: "y1", y2: "y2", fill: "fill", fillOpacity: 0.75 },
      ),
      reference === undefined ? null : Plot.ruleX([reference], { stroke: quiet, strokeDasharray: "1 3" }),
      Plot.text(rows, { y: "middle", text: "label", frameAnchor: "left", textAnchor: "end", dx: -6 }),
      Plot.text(rows, {
        y: "middle",
        text: "text",
        frameAnchor: "right",
        textAnchor: "start",
        dx: 8,
        fill: quiet,
        fontVariant: "tabular-nums",
      }),
    ],
  });
}

function axes({ x, y, format, height = HEIGHT }: Base) {
  const ticks = height < 160 ? 2 : 4;
  return [
    Plot.gridY({ ticks, stroke: rule, strokeOpacity: 1 }),
    Plot.axisY({ ticks, tickFormat: format, tickSize: 0, label: null, fill: quiet }),
    Plot.text([y], {
      frameAnchor: "top-left",
      textAnchor: "start",
      dx: -margins.marginLeft + 2,
      dy: -17,
      fill: quiet,
    }),
    Plot.text([x], { frameAnchor: "bottom-right", textAnchor: "end", dy: 30, fill: quiet }),
  ];
}
