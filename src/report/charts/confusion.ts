// Which classes are taken for which: a square of cells, the true classes as rows and what was said as columns. What is right
// and what is wrong have colours of their own, so that a single mistake is seen among many hits.
import * as Plot from "@observablehq/plot";
import { type ChartText, draw } from "../plot.js";
import { accents, ink, paper, quiet, rule } from "../theme.js";
import { shortened } from "../words.js";

/**
 * A confusion matrix.
 * @example
 * confusionChart({
 *   title: "Walking and running",
 *   description: "How often each motion is taken for which.",
 *   classes: ["running", "walking"],
 *   counts: [
 *     [8, 2],
 *     [0, 10],
 *   ],
 * });
 */
export interface ConfusionChart extends ChartText {
  classes: readonly string[];
  /** [true class][class that was said] */
  counts: readonly (readonly number[])[];
}

const LETTER = 6.2;
const LONGEST_NAME = 16;
/** The sine and cosine of 45 degrees. */
const DIAGONAL = Math.SQRT1_2;

/** Pixels of a cell and what is written in it. */
function sizesFor(classes: number): { cell: number; writes: "counts and shares" | "counts" | "nothing" } {
  if (classes <= 6) return { cell: 54, writes: "counts and shares" };
  if (classes <= 12) return { cell: 40, writes: "counts and shares" };
  if (classes <= 24) return { cell: 26, writes: "counts" };
  return { cell: Math.max(12, Math.floor(700 / classes)), writes: "nothing" };
}

/**
 * Colour is the share of the true class; cells say counts, with shares where there is room, and nothing beyond 24 classes.
 */
export function confusionChart({ classes, counts, ...text }: ConfusionChart): string {
  const names = classes.map((name) => shortened(name, LONGEST_NAME));
  const { cell, writes } = sizesFor(classes.length);
  const longest = LETTER * Math.max(1, ...names.map((name) => [...name].length));
  // Names that are wider than their columns stand aslant.
  const aslant = longest > cell - 4;
  const marginTop = 24 + (aslant ? DIAGONAL * longest + 8 : 14);
  const marginLeft = Math.max(46, longest + 12);
  const marginRight = aslant ? Math.max(8, DIAGONAL * longest - cell / 2 + 8) : 8;
  const side = cell * classes.length;
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const filled = counts
    .flatMap((row, i) =>
      row.map((count, j) => ({
        x1: j,
        x2: j + 1,
        y1: i,
        y2: i + 1,
        x: j + 0.5,
        y: i + 0.5,
        count,
        share: count / totals[i],
        fill: i === j ? accents[1] : accents[0],
        text: compact(count),
      })),
    )
    .filter(({ count }) => count > 0);
  const between = Array.from({ length: Math.max(0, classes.length - 1) }, (_, i) => i + 1);
  const both = writes === "counts and shares";
  const inset = cell > 20 ? 0.75 : 0.4;
  const edges = { x1: "x1", x2: "x2", y1: "y1", y2: "y2", inset };
  return draw(text, {
    width: Math.ceil(marginLeft + side + marginRight),
    height: Math.ceil(marginTop + side + 6),
    marginTop,
    marginBottom: 6,
    marginLeft,
    marginRight,
    x: { domain: [0, classes.length], axis: null },
    y: { domain: [0, classes.length], axis: null, reverse: true },
    opacity: { type: "identity" },
    marks: [
      Plot.frame({ fill: rule, fillOpacity: 0.22, stroke: "none" }),
      Plot.ruleX(between, { stroke: paper, strokeWidth: 2 * inset }),
      Plot.ruleY(between, { stroke: paper, strokeWidth: 2 * inset }),
      // One in a thousand is seen as well.
      Plot.rect(filled, { ...edges, fill: "fill", fillOpacity: ({ share }) => 0.22 + 0.42 * share }),
      writes === "nothing"
        ? null
        : Plot.text(filled, {
            x: "x",
            y: "y",
            text: "text",
            dy: both ? -6 : 0,
            fill: ink,
            fontSize: cell < 30 ? 9 : 11,
            fontVariant: "tabular-nums",
          }),
      both
        ? Plot.text(filled, {
            x: "x",
            y: "y",
            text: ({ share }) => shareLabel(share),
            dy: 7,
            fill: ink,
            fillOpacity: 0.75,
            fontSize: 9,
            fontVariant: "tabular-nums",
          })
        : null,
      Plot.text(
        names.map((name, i) => ({ name, y: i + 0.5 })),
        { y: "y", text: "name", frameAnchor: "left", textAnchor: "end", dx: -6, fontSize: fontFor(cell) },
      ),
      Plot.text(
        names.map((name, j) => ({ name, x: j + 0.5 })),
        {
          x: "x",
          text: "name",
          frameAnchor: "top",
          textAnchor: aslant ? "start" : "middle",
          rotate: aslant ? -45 : 0,
          dx: aslant ? -2 : 0,
          dy: aslant ? -6 : -9,
          fontSize: fontFor(cell),
        },
      ),
      Plot.text(["true"], {
        frameAnchor: "top-left",
        textAnchor: "end",
        dx: -6,
        dy: -9,
        fill: quiet,
      }),
      Plot.text(["taken for"], {
        frameAnchor: "top-left",
        textAnchor: "start",
        dy: 12 - marginTop,
        fill: quiet,
      }),
    ],
  });
}

function fontFor(cell: number): number {
  return cell < 13 ? 9 : cell < 18 ? 10 : 11;
}

/** 1234 is "1234", 12345 is "12k". */
function compact(count: number): string {
  if (count < 1e4) return String(count);
  return count < 1e6 ? `${Math.round(count / 1e3)}k` : `${(count / 1e6).toFixed(1)}M`;
}

function shareLabel(share: number): string {
  const percent = 100 * share;
  if (percent < 1) return "< 1 %";
  // What is not all is not rounded to it.
  return `${percent < 100 ? Math.min(99, Math.round(percent)) : 100} %`;
}
