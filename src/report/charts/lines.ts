// Curves: accuracy or loss over epochs or percent, one line per series, with a band where a series is a mean over
// replicates, and labels beside the lines' starts where a legend would be far from them.
import * as Plot from "@observablehq/plot";
import { type ChartText, draw } from "../plot.js";
import { paper, quiet, rule } from "../theme.js";
import { spread } from "./spread.js";
import { type Axis, overhangOf, ticksOf, widthOf } from "./ticks.js";

export interface Point {
  x: number;
  /** NaN leaves a gap. */
  y: number;
  /** The ends of the interval around `y`, both or neither. */
  low?: number;
  high?: number;
}

/** How a line looks. */
export interface LineStyle {
  colour: string;
  width?: number;
  /** An SVG dash pattern. */
  dash?: string;
  opacity?: number;
  /** Marks every point; a ring is large enough to be seen around the dot of another line. */
  dots?: "filled" | "hollow" | "ring";
}

export interface Line extends LineStyle {
  points: readonly Point[];
  /** Written left of the line's first point. */
  label?: string;
}

/** A value to compare with. */
export interface Level {
  y: number;
  label: string;
}

export interface LineChart extends ChartText {
  lines: readonly Line[];
  x: Axis;
  y: Axis;
  width?: number;
  height?: number;
  /** A horizontal line to compare with. */
  reference?: number;
  /** Several of them, each named at its right end; those beyond the axis are left out. */
  levels?: readonly Level[];
  /** Written into the middle, for instance why there are no lines. */
  note?: string;
}

const LABEL_GAP = 11;
const LETTER_WIDTH = 6;

/** A chart of lines, later ones over earlier ones. */
export function lineChart(chart: LineChart): string {
  const { x, y, width = 270, height = 186, reference, note } = chart;
  const right = y.side === "right";
  const [low, high] = y.domain;
  const levels = (chart.levels ?? []).filter((level) => level.y >= low && level.y <= high);
  const levelRoom = Math.max(0, ...levels.map(({ label }) => 10 + LETTER_WIDTH * label.length));
  const ticks = { x: ticksOf(x, 5), y: ticksOf(y, 5) };
  const margins = {
    marginTop: 20,
    marginBottom: 34,
    marginLeft: right ? 40 : Math.max(40, widthOf(ticks.y)),
    marginRight: right ? Math.max(42, widthOf(ticks.y)) : Math.max(12, overhangOf(ticks.x), levelRoom),
  };
  const plotHeight = height - margins.marginTop - margins.marginBottom;
  const clamp = (value: number) => Math.min(high, Math.max(low, value));
  const inside = (point: Point) => ({
    x: point.x,
    y: clamp(point.y),
    low: clamp(point.low ?? point.y),
    high: clamp(point.high ?? point.y),
  });
  const lines = chart.lines.map((line) => ({ ...line, points: line.points.map(inside) }));
  return draw(chart, {
    width,
    height,
    ...margins,
    x: { domain: [...x.domain], label: null, type: x.type ?? "linear" },
    y: { domain: [...y.domain], label: null, type: y.type ?? "linear" },
    marks: [
      Plot.gridY({ ticks: ticks.y.ticks, stroke: rule, strokeOpacity: 1 }),
      Plot.axisY({
        ...ticks.y,
        anchor: y.side ?? "left",
        tickSize: 0,
        label: null,
        fill: quiet,
      }),
      Plot.axisX({
        ticks: ticks.x.ticks,
        tickFormat: ticks.x.tickFormat ?? (x.ticks ? String : undefined),
        tickSize: 0,
        label: null,
        fill: quiet,
      }),
      Plot.text([y.label], {
        frameAnchor: right ? "top-right" : "top-left",
        textAnchor: right ? "end" : "start",
        dx: right ? margins.marginRight - 2 : -margins.marginLeft + 2,
        dy: -17,
        fill: quiet,
      }),
      Plot.text([x.label], { frameAnchor: "bottom-right", textAnchor: "end", dy: 30, fill: quiet }),
      reference === undefined ? null : Plot.ruleY([reference], { stroke: quiet, strokeDasharray: "1 3" }),
      ...levelMarks(levels, x.domain[1], (value) => fraction(value, y), plotHeight),
      note === undefined ? null : Plot.text([note], { frameAnchor: "middle", fill: quiet }),
      ...lines.flatMap((line) => lineMarks(line)),
      ...labelMarks(lines, (value) => fraction(value, y), plotHeight),
    ],
  });
}

function lineMarks({ points, colour, width = 1.6, dash, opacity = 1, dots }: Line) {
  const banded = points.some(({ low, high }) => low !== high);
  // A line needs two points; one that has none beside it is a dot, and its interval a rule.
  const isDrawn = (i: number) => Number.isFinite(points[i]?.y);
  const alone = points.filter((_, i) => isDrawn(i) && !isDrawn(i - 1) && !isDrawn(i + 1));
  const style = { stroke: colour, strokeWidth: width, strokeDasharray: dash, strokeOpacity: opacity };
  return [
    banded ? Plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: colour, fillOpacity: 0.16 }) : null,
    Plot.lineY(points, { x: "x", y: "y", ...style }),
    Plot.ruleX(
      alone.filter(({ low, high }) => low !== high),
      { x: "x", y1: "low", y2: "high", stroke: colour, strokeOpacity: 0.6 },
    ),
    Plot.dot(dots ? points : alone, { x: "x", y: "y", ...dotStyle(dots ?? "filled", colour, opacity) }),
  ];
}

function dotStyle(dots: NonNullable<LineStyle["dots"]>, colour: string, opacity: number) {
  switch (dots) {
    case "filled":
      return { r: 2.2, fill: colour, fillOpacity: opacity };
    case "hollow":
      return { r: 2, fill: paper, stroke: colour, strokeWidth: 1 };
    case "ring":
      return { r: 4, stroke: colour, strokeWidth: 1 };
  }
}

/** Labels stand beside their points, moved up or down as far as it takes not to touch each other. */
function labelMarks(lines: readonly Line[], place: (y: number) => number, height: number) {
  const labelled = lines.flatMap(({ label, points, colour }) => {
    const point = points.find(({ y }) => Number.isFinite(y));
    return label && point ? [{ ...point, text: label, colour }] : [];
  });
  const wanted = labelled.map(({ y }) => height * (1 - place(y)));
  const placed = spread(wanted, LABEL_GAP, 0, height);
  return labelled.map((label, i) =>
    Plot.text([label], {
      x: "x",
      y: "y",
      text: "text",
      textAnchor: "end",
      dx: -5,
      dy: placed[i] - wanted[i],
      fill: label.colour,
      stroke: paper,
      strokeWidth: 3,
    }),
  );
}

/** Labels stand right of the axes, as far apart as it takes not to touch each other. */
function levelMarks(levels: readonly Level[], end: number, place: (y: number) => number, height: number) {
  const wanted = levels.map(({ y }) => height * (1 - place(y)));
  const placed = spread(wanted, LABEL_GAP, 0, height);
  return levels.flatMap((level, i) => [
    Plot.ruleY([level.y], { stroke: quiet, strokeDasharray: "1 3" }),
    Plot.text([level], {
      x: () => end,
      y: "y",
      text: "label",
      textAnchor: "start",
      dx: 6,
      dy: placed[i] - wanted[i],
      fill: quiet,
    }),
  ]);
}

/** Where a value stands on an axis, 0 at its start and 1 at its end. */
function fraction(value: number, { domain: [low, high], type }: Axis): number {
  if (type === "log") return Math.log(value / low) / Math.log(high / low);
  return (value - low) / (high - low);
}
