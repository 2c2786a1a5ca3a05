// A sequence of many channels as a picture, a row for each and a column for each step, the larger a value the darker: lines
// for so many would hide each other. The pixels are an image that serves as the stencil of a rectangle in one colour, so
// that it follows the page's light or dark.
import { type ChartText, drawing, escaped, identifier } from "../plot.js";
import { greyscale } from "../png.js";
import { quiet, rule } from "../theme.js";
import { decimal } from "../words.js";

/**
 * A picture of a sequence.
 * @example
 * spectrogram({
 *   title: "A tone that rises",
 *   description: "Forty bands over a hundred windows.",
 *   steps: 100,
 *   channels: bands, // 40 lists of 100 values
 *   domain: [-8, 4],
 *   colour: series[0],
 * });
 */
export interface Spectrogram extends ChartText {
  /** How many steps the sequence has; a channel may have fewer values, which then stand evenly spaced for all. */
  steps: number;
  /** [channel][value]; the first is drawn lowest. */
  channels: readonly (readonly number[])[];
  /** The values that are left out and those that are filled, the same for all pictures that are compared. */
  domain: readonly [number, number];
  colour: string;
  /** Makes identifiers apart where a page has several pictures with one title. */
  id?: string;
  width?: number;
  height?: number;
}

const LEFT = 28;
const BOTTOM = 18;
const TOP = 6;
const RIGHT = 8;

/** Values as shades. */
export function spectrogram(chart: Spectrogram): string {
  const { steps, channels, domain, colour, width = 210, height = 118, title, description } = chart;
  const [low, high] = domain;
  const columns = channels[0]?.length ?? 0;
  const rows = channels.length;
  const range = high - low || 1;
  const shades = new Uint8Array(rows * columns);
  for (const [channel, values] of channels.entries()) {
    const row = rows - 1 - channel;
    for (const [i, value] of values.entries())
      shades[row * columns + i] = Math.round(255 * Math.min(1, Math.max(0, (value - low) / range)));
  }
  const id = identifier(`spectrogram ${title} ${chart.id ?? ""}`);
  const [right, bottom] = [width - RIGHT, height - BOTTOM];
  const box = `x="${LEFT}" y="${TOP}" width="${right - LEFT}" height="${bottom - TOP}"`;
  const picture =
    rows * columns > 0
      ? `<mask id="${id}" maskUnits="userSpaceOnUse" ${box}><image ${box} preserveAspectRatio="none" style="image-rendering:pixelated" href="${greyscale(shades, columns, rows)}"/></mask>` +
        `<rect ${box} fill="${colour}" mask="url(#${id})"/>`
      : "";
  const label = (x: number, y: number, content: string, anchor: "start" | "middle" | "end") =>
    `<text x="${x}" y="${y}" fill="${quiet}" font-size="9" text-anchor="${anchor}">${escaped(content)}</text>`;
  return drawing(
    { title, description },
    width,
    height,
    `${picture}<rect ${box} fill="none" stroke="${rule}"/>${label(LEFT - 5, bottom - 1, "1", "end")}${label(LEFT - 5, TOP + 8, decimal(rows), "end")}` +
      `${label(LEFT, height - 5, "1", "start")}${label(right, height - 5, decimal(steps), "end")}`,
  );
}
