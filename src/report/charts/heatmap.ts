// A grid of coloured and labelled cells: one row per thing compared, rows in groups, one column per setting.
import * as Plot from "@observablehq/plot";
import { type ChartText, draw } from "../plot.js";
import { ink, paper, quiet, rule } from "../theme.js";

export interface HeatmapCell {
  text: string;
  /** Strength of the row's colour, 0 to 1; "solid" fills with ink. */
  strength: number | "solid";
  /** In place of the row's colour. */
  colour?: string;
}

export interface HeatmapRow {
  /** Consecutive rows with the same group stand together under its name. */
  group: string;
  label: string;
  colour: string;
  /** One per column; undefined leaves the place empty. */
  cells: readonly (HeatmapCell | undefined)[];
}

export interface Heatmap extends ChartText {
  columns: readonly string[];
  rows: readonly HeatmapRow[];
  /** What the columns are. */
  axis: string;
  width?: number;
  /** Space for the names of groups and rows. */
  labelWidth?: number;
  rowHeight?: number;
}

const TOP = 20;
const GROUP_GAP = 7;

/** A heat map whose cells also say their value. */
export function heatmap(chart: Heatmap): string {
  const { columns, rows, axis, width = 370, labelWidth = 118, rowHeight = 19 } = chart;
  const tops: number[] = [];
  let end = 0;
  rows.forEach(({ group }, i) => {
    if (i > 0 && rows[i - 1].group !== group) end += GROUP_GAP;
    tops.push(end);
    end += rowHeight;
  });
  const step = (width - labelWidth) / columns.length;
  const cells = rows.flatMap(({ cells, colour }, i) =>
    columns.map((_, j) => ({
      x1: j,
      x2: j + 1,
      y1: tops[i],
      y2: tops[i] + rowHeight,
      middle: tops[i] + rowHeight / 2,
      centre: j + 0.5,
      text: cells[j]?.text ?? "",
      fill: cells[j]?.strength === "solid" ? ink : (cells[j]?.colour ?? colour),
      opacity: strengthOf(cells[j]),
      ink: cells[j]?.strength === "solid" ? paper : ink,
    })),
  );
  const firsts = rows
    .map((row, i) => ({ ...row, y: tops[i] + rowHeight / 2, first: rows[i - 1]?.group !== row.group }))
    .map((row) => ({ ...row, heading: row.first ? row.group : "" }));
  const inset = 0.75;
  return draw(chart, {
    width,
    height: TOP + end + 4,
    marginTop: TOP,
    marginBottom: 4,
    marginLeft: labelWidth,
    marginRight: 0,
    x: { domain: [0, columns.length], axis: null },
    y: { domain: [0, end], axis: null, reverse: true },
    opacity: { type: "identity" },
    marks: [
      Plot.rect(cells, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: rule, fillOpacity: 0.25, inset }),
      Plot.rect(cells, {
        x1: "x1",
        x2: "x2",
        y1: "y1",
        y2: "y2",
        fill: "fill",
        fillOpacity: "opacity",
        inset,
      }),
      Plot.text(cells, { x: "centre", y: "middle", text: "text", fill: "ink", fontVariant: "tabular-nums" }),
      Plot.text(
        columns.map((label, j) => ({ label, x: j + 0.5 })),
        { x: "x", text: "label", frameAnchor: "top", dy: -8, fill: quiet, fontSize: step < 30 ? 10 : 11 },
      ),
      Plot.text([axis], {
        frameAnchor: "top-left",
        textAnchor: "start",
        dx: -labelWidth,
        dy: -13,
        fill: quiet,
      }),
      Plot.text(firsts, {
        y: "y",
        text: "heading",
        frameAnchor: "left",
        textAnchor: "start",
        dx: -labelWidth,
        fontWeight: 600,
        fill: (row: HeatmapRow) => row.colour,
      }),
      Plot.text(firsts, {
        y: "y",
        text: "label",
        frameAnchor: "left",
        textAnchor: "end",
        dx: -6,
        fill: quiet,
      }),
    ],
  });
}

function strengthOf(cell: HeatmapCell | undefined): number {
  if (cell === undefined) return 0;
  return cell.strength === "solid" ? 0.88 : cell.strength;
}
