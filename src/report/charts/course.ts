// How shares went over the course of a training: a strip for each, darker where more was left, with the share at one moment written
// beside it. A page's script may move the moment; without one it is the end.
import { type ChartText, drawing, escaped } from "../plot.js";
import { ink, quiet, rule } from "../theme.js";

export interface CourseChart extends ChartText {
  colour: string;
  /** Shares in [0, 1] from the first to the last moment, the same number in each row. */
  rows: readonly { label: string; shares: readonly number[] }[];
  width?: number;
  labelWidth?: number;
}

const ROW = 17;
const STRIP = 12;
const BAR = 64;
const TEXT = 44;
const GAP = 8;

/** Strips of all rows, with a line at the moment that the numbers are of. */
export function courseChart(chart: CourseChart): string {
  const { rows, colour, width = 336, labelWidth = 96 } = chart;
  const left = labelWidth;
  const length = width - labelWidth - GAP - BAR - TEXT;
  const height = rows.length * ROW + 6;
  const bars = left + length + GAP;
  const marks = rows.flatMap(({ label, shares }, r) => {
    const y = 3 + r * ROW;
    const step = length / Math.max(1, shares.length);
    const last = shares[shares.length - 1] ?? Number.NaN;
    const cells = shares.map(
      (share, i) =>
        `<rect x="${left + i * step}" y="${y}" width="${step}" height="${STRIP}" fill="${colour}" fill-opacity="${strengthOf(share)}"/>`,
    );
    const percents = shares.map((share) => Number((100 * share).toFixed(2)));
    return [
      `<text x="${left - 6}" y="${y + 10}" text-anchor="end" fill="${ink}">${escaped(label)}</text>`,
      ...cells,
      `<rect x="${left}" y="${y}" width="${length}" height="${STRIP}" fill="none" stroke="${rule}" stroke-width="0.6"/>`,
      `<rect x="${bars}" y="${y}" width="${BAR}" height="${STRIP}" fill="${rule}" fill-opacity="0.5"/>`,
      `<g data-percents="${percents.join(" ")}"><rect x="${bars}" y="${y}" width="${BAR * last}" height="${STRIP}" fill="${colour}" data-full="${BAR}"/>` +
        `<text x="${width - 2}" y="${y + 10}" text-anchor="end" fill="${quiet}">${shareText(last)}</text></g>`,
    ];
  });
  const cursor = `<line x1="${left + length}" x2="${left + length}" y1="0" y2="${height}" stroke="${ink}" data-from="${left}" data-length="${length}"/>`;
  return drawing(chart, width, height, `${marks.join("")}${cursor}`);
}

/** The eye tells few from fewer by the square root. */
function strengthOf(share: number): number {
  return Number(Math.sqrt(Math.min(1, Math.max(0, share))).toFixed(3));
}

function shareText(share: number): string {
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

/**
 * Lets a reader move the moment of all courses inside an element of class `scrub` by its `input`, whose `output` says where it is.
 * Moments are shares of a training, because trainings have different numbers of epochs.
 */
export const courseScript = `for (const scrub of document.querySelectorAll(".scrub")) {
  const input = scrub.querySelector("input"), output = scrub.querySelector("output");
  const move = () => {
    const share = input.value / 100;
    output.textContent = share === 1 ? "at the end" : "after " + Math.round(100 * share) + " % of the training";
    for (const line of scrub.querySelectorAll("line[data-from]")) {
      const x = Number(line.dataset.from) + share * line.dataset.length;
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
    for (const row of scrub.querySelectorAll("[data-percents]")) {
      const percents = row.dataset.percents.split(" ").map(Number);
      const now = percents[Math.max(0, Math.ceil(share * percents.length) - 1)];
      const bar = row.querySelector("rect");
      bar.setAttribute("width", (now / 100) * bar.dataset.full);
      row.querySelector("text").textContent = now.toFixed(now < 9.95 ? 1 : 0) + " %";
    }
  };
  input.addEventListener("input", move);
  input.closest("label").hidden = false;
  move();
}`;
