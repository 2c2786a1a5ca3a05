// A roofline: what kernels reach against the ceilings of a processor, its arithmetic and the memories that feed it. How
// far a point lies below the roof over it is what could still be won.
import * as Plot from "@observablehq/plot";
import { spread } from "../dist/report/charts/spread.js";
import { draw } from "../dist/report/plot.js";
import { ink, paper, quiet, rule } from "../dist/report/theme.js";

const margins = { marginTop: 26, marginBottom: 36, marginLeft: 44, marginRight: 16 };
const LETTER = 6; // Width of an average letter, and the height of a line.
const LINE = 11;
const ROOF_LABEL = 58; // Width of the text over a roof.

/**
 * Both axes are logarithmic; points beyond them are drawn at their edge. A point has operations for each byte that has to be
 * moved, and operations per second.
 * @param {{ title: string, description: string, ceilings: import("../dist/bench/kernels.js").Ceilings, width?: number,
 *   height?: number, points: { label: string, colour: string, intensity: number, speed: number }[] }} chart
 */
export function rooflineChart(chart) {
  const { ceilings, width = 640, height = 400 } = chart;
  const peak = ceilings.peak / 1e9;
  const x = [1 / 16, 64];
  const y = [peak / 150, peak * 2.2];
  const inner = {
    width: width - margins.marginLeft - margins.marginRight,
    height: height - margins.marginTop - margins.marginBottom,
  };
  const place = ({ intensity, speed }) => ({
    x: inner.width * along(intensity, x),
    y: inner.height * (1 - along(speed, y)),
  });
  const roofs = ceilings.levels.map(({ name, bandwidth }) => {
    const slope = bandwidth / 1e9;
    const start = Math.max(x[0], y[0] / slope);
    const end = Math.min(x[1], peak / slope);
    return { text: `${name}\n${slope.toFixed(0)} GB/s`, start, end, slope };
  });
  // Written over the ridges, where a roof meets the peak.
  const ridges = roofs.map(({ end }) => inner.width * along(end, x));
  const apart = spread(ridges, ROOF_LABEL, 0, inner.width - 3 * ROOF_LABEL);
  const points = chart.points.map(({ intensity, speed, ...rest }) => {
    const inside = { intensity: within(intensity, x), speed: within(speed / 1e9, y) };
    return { ...rest, ...inside, at: place(inside) };
  });
  const offsets = placeLabels(
    points.map(({ at, label }) => ({ ...at, label })),
    inner,
    inner.height * (1 - along(peak, y)),
  );
  return draw(chart, {
    width,
    height,
    ...margins,
    x: { domain: [...x], type: "log", label: null },
    y: { domain: [...y], type: "log", label: null },
    marks: [
      Plot.gridX([0.1, 1, 10], { stroke: rule, strokeOpacity: 1 }),
      Plot.gridY([1, 10, 100], { stroke: rule, strokeOpacity: 1 }),
      Plot.axisX([0.1, 0.3, 1, 3, 10, 30], { tickFormat: String, tickSize: 0, label: null, fill: quiet }),
      Plot.axisY([1, 3, 10, 30, 100], { tickFormat: String, tickSize: 0, label: null, fill: quiet }),
      Plot.text(["GFLOP/s"], {
        frameAnchor: "top-left",
        textAnchor: "start",
        dx: -margins.marginLeft + 2,
        dy: -20,
        fill: quiet,
      }),
      Plot.text(["FLOP / byte"], { frameAnchor: "bottom-right", textAnchor: "end", dy: 32, fill: quiet }),
      Plot.link(roofs, {
        x1: "start",
        x2: "end",
        y1: ({ start, slope }) => start * slope,
        y2: ({ end, slope }) => end * slope,
        stroke: quiet,
        strokeWidth: 1,
      }),
      Plot.link([roofs[0]], { x1: "end", x2: x[1], y1: peak, y2: peak, stroke: ink, strokeWidth: 1.4 }),
      Plot.text([`peak, ${peak.toFixed(0)} GFLOP/s`], {
        x: x[1],
        y: peak,
        textAnchor: "end",
        dy: -8,
        fill: ink,
      }),
      ...roofs.map(({ text, end }, i) =>
        Plot.text([text], { x: end, y: peak, dx: apart[i] - ridges[i], dy: -16, fill: quiet }),
      ),
      Plot.dot(points, {
        x: "intensity",
        y: "speed",
        r: 3.2,
        fill: "colour",
        stroke: paper,
        strokeWidth: 0.8,
      }),
      ...points.map((point, i) =>
        Plot.text([point], {
          x: "intensity",
          y: "speed",
          text: "label",
          textAnchor: offsets[i].anchor,
          dx: offsets[i].dx,
          dy: offsets[i].dy,
          fill: point.colour,
          stroke: paper,
          strokeWidth: 3,
        }),
      ),
    ],
  });
}

const decades = ([low, high]) => Math.log10(high / low);
const along = (value, domain) => Math.log10(value / domain[0]) / decades(domain);
const within = (value, [low, high]) => Math.min(high, Math.max(low, value));
const candidates = [
  { anchor: "start", dx: 6, dy: 0 },
  { anchor: "end", dx: -6, dy: 0 },
  ...[10, -10, 20, -20, 30, -30].flatMap((dy) => [
    { anchor: "start", dx: 4, dy },
    { anchor: "end", dx: -4, dy },
  ]),
];

/** For each label the first place beside its point that touches no point, and no label placed before, below the peak. */
function placeLabels(points, inner, peak) {
  const taken = points.map(({ x, y }) => ({ left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 }));
  taken.push({ left: 0, right: inner.width, top: 0, bottom: peak + 1 });
  return points.map(({ x, y, label }) => {
    const box = ({ anchor, dx, dy }) => {
      const length = label.length * LETTER + 4;
      const left = x + dx - (anchor === "end" ? length : 0);
      const right = left + length;
      return { left, right, top: y + dy - LINE / 2, bottom: y + dy + LINE / 2 };
    };
    const free = candidates.find((offset) => {
      const { left, right, top, bottom } = box(offset);
      const inside = left >= 0 && right <= inner.width && top >= 0 && bottom <= inner.height;
      return (
        inside && taken.every((o) => o.right <= left || o.left >= right || o.bottom <= top || o.top >= bottom)
      );
    });
    const offset = free ?? candidates[0];
    taken.push(box(offset));
    return offset;
  });
}
