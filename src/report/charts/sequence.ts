// One sequence of numbers, small enough to stand among many: its channels as lines over its steps and, where its steps have
// classes, strips under them with the true classes and those that a network says.
import * as Plot from "@observablehq/plot";
import { type ChartText, draw } from "../plot.js";
import { accents, ink, paper, quiet, rule } from "../theme.js";
import { shortened } from "../words.js";
import { ticksOf, widthOf } from "./ticks.js";

/**
 * A sequence.
 * @example
 * sequenceChart({
 *   title: "A step upwards",
 *   description: "Two channels over four steps; the network is right but for one step.",
 *   steps: 4,
 *   channels: [
 *     { colour: series[0], values: [0, 0, 1, 1] },
 *     { colour: series[1], values: [0.5, 0.4, 0.6, 0.5] },
 *   ],
 *   domain: [0, 1],
 *   strips: { classes: ["low", "high"], actual: [0, 0, 1, 1], predicted: [0, 0, 0, 1] },
 * });
 */
export interface SequenceChart extends ChartText {
  /** How many steps the sequence has; a channel may have fewer values, which then stand evenly spaced for all. */
  steps: number;
  channels: readonly { colour: string; values: readonly number[] }[];
  /** Least and largest value, the same for all sequences that are compared. */
  domain: readonly [number, number];
  /** Classes by step, as many as there are values of a channel; -1 for none. */
  strips?: {
    classes: readonly string[];
    actual: readonly number[];
    predicted: readonly number[];
  };
  width?: number;
  height?: number;
}

const STRIP = 14;
const LETTER = 5.4;

/** Lines over steps. */
export function sequenceChart(chart: SequenceChart): string {
  const { steps, channels, strips, domain, width = 210, height = 118, ...text } = chart;
  const margin = 0.04 * (domain[1] - domain[0]) || 0.5;
  const [low, high] = [domain[0] - margin, domain[1] + margin];
  const y = ticksOf({ domain: [low, high] }, 3);
  const inner = ticksOf({ domain: [1, Math.max(2, steps)], whole: true }, 5);
  const x = width < 300 ? { ticks: steps > 1 ? [1, steps] : [1], tickFormat: String } : inner;
  const marginLeft = Math.max(24, widthOf(y), strips ? 62 : 0);
  const marginBottom = 18 + (strips ? 2 * STRIP + 6 : 0);
  const marginRight = 14;
  const points = channels[0]?.values.length ?? 0;
  const at = (i: number, count: number) => (count > 1 ? 1 + (i * (steps - 1)) / (count - 1) : 1);
  const plotWidth = width - marginLeft - marginRight;
  return draw(text, {
    width,
    height: height + (strips ? 2 * STRIP + 6 : 0),
    marginTop: 8,
    marginBottom,
    marginLeft,
    marginRight,
    x: { domain: [1, Math.max(2, steps)], axis: null },
    y: { domain: [low, high], axis: null },
    marks: [
      Plot.gridY({ ticks: y.ticks, stroke: rule, strokeOpacity: 1 }),
      Plot.axisY({ ...y, tickSize: 0, label: null, fill: quiet, fontSize: 9 }),
      Plot.axisX({
        ...x,
        tickSize: 0,
        label: null,
        fill: quiet,
        fontSize: 9,
        dy: strips ? 2 * STRIP + 6 : 0,
      }),
      ...channels.map(({ colour, values }) => {
        const data = values.map((value, i) => ({ x: at(i, values.length), y: value }));
        return values.length === 1
          ? Plot.dot(data, { x: "x", y: "y", r: 2, fill: colour })
          : Plot.lineY(data, { x: "x", y: "y", stroke: colour, strokeWidth: channels.length > 4 ? 1 : 1.4 });
      }),
      ...(strips
        ? [
            ...strip("true", strips.actual, strips, 0, plotWidth / Math.max(1, points)),
            ...strip("said", strips.predicted, strips, STRIP, plotWidth / Math.max(1, points)),
          ]
        : []),
    ],
  });

  /** Runs of one class as boxes, at the bottom of the frame; `pitch` is the width of a step. */
  function strip(
    label: string,
    own: readonly number[],
    { classes, actual }: NonNullable<SequenceChart["strips"]>,
    top: number,
    pitch: number,
  ) {
    const runs = runsOf(own, actual).map(({ from, to, place, right }) => ({
      x1: edge(from),
      x2: edge(to),
      fill: label === "true" ? quiet : right ? accents[1] : accents[0],
      opacity: label === "true" ? 0.22 : right ? 0.4 : 0.8,
      name: fitting(classes[place], (to - from) * pitch),
      middle: (edge(from) + edge(to)) / 2,
    }));
    const dy = top + 6;
    return [
      Plot.ruleY(runs, {
        x1: "x1",
        x2: "x2",
        y: () => low,
        dy: dy + STRIP / 2 - 1,
        stroke: "fill",
        strokeOpacity: "opacity",
        strokeWidth: STRIP - 3,
        insetLeft: 0.4,
        insetRight: 0.4,
      }),
      Plot.text(
        runs.filter(({ name }) => name !== ""),
        { x: "middle", y: () => low, text: "name", dy: dy + STRIP / 2 - 1, fontSize: 9, fill: ink },
      ),
      Plot.text([label], {
        frameAnchor: "bottom-left",
        textAnchor: "end",
        lineAnchor: "middle",
        dx: -6,
        dy: dy + STRIP / 2 - 1,
        fontSize: 9,
        fill: quiet,
        stroke: paper,
      }),
    ];
  }

  /** Where the box of a point begins. */
  function edge(i: number): number {
    if (points <= 1) return i === 0 ? 1 : 2;
    return Math.min(steps, Math.max(1, 1 + ((i - 0.5) * (steps - 1)) / (points - 1)));
  }
}

interface Run {
  /** The first point, and the first after it. */
  from: number;
  to: number;
  place: number;
  /** Whether it is what it should be; so it is where nothing is wanted. */
  right: boolean;
}

function runsOf(own: readonly number[], actual: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const [i, place] of own.entries()) {
    const right = actual[i] < 0 || place === actual[i];
    const last = runs.at(-1);
    if (last && last.place === place && last.right === right && last.to === i) last.to++;
    else if (place >= 0) runs.push({ from: i, to: i + 1, place, right });
  }
  return runs;
}

/** A name, or its beginning, that fits into some pixels; nothing where not even that does. */
function fitting(name: string, pixels: number): string {
  const most = Math.floor((pixels - 4) / LETTER);
  if ([...name].length <= most) return name;
  return most >= 4 ? shortened(name, most) : "";
}
