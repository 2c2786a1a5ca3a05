// Where the numbers of an axis stand, how they are written and how much room they take. The charting library's own would
// put ticks between epochs, and its margins do not know how long a number is.
import { decimal } from "../words.js";

/** Width of a character of a tick's label, in pixels. */
const CHARACTER = 6;
const GAP = 10;
/** Larger numbers are written with a power of ten. */
const LARGE = 1e6;
const MOST_DECIMALS = 4;

export interface Axis {
  label: string;
  domain: readonly [number, number];
  ticks?: readonly number[];
  /** How a tick is written. */
  format?: (value: number) => string;
  /** "log" needs a positive domain; values below it are drawn at its edge. */
  type?: "linear" | "log";
  /** The vertical axis stands left unless labels need the place. */
  side?: "left" | "right";
  /** Whether there is nothing between whole numbers, as between epochs. */
  whole?: boolean;
}

/** As the charting library's axes and grids take it. */
export interface Ticks {
  ticks: number[] | number;
  tickFormat?: (value: number) => string;
}

/** The ticks of an axis: the given ones, or some `count` at round numbers. */
export function ticksOf({ domain, ticks, format, type, whole }: Omit<Axis, "label">, count: number): Ticks {
  if (ticks) return { ticks: [...ticks], tickFormat: format };
  if (type === "log") return { ticks: count, tickFormat: format };
  const [low, high] = domain;
  if (!(low < high)) return { ticks: [low], tickFormat: format };
  const step = Math.max(roundStep((high - low) / count), whole ? 1 : 0);
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  // Rounded to what doubles hold, as 3 × 0.1 is not 0.3.
  const values = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
  return { ticks: values, tickFormat: format ?? formatFor(values, step) };
}

/** The pixels that the labels of a vertical axis take, as far as they are written here. */
export function widthOf({ ticks, tickFormat }: Ticks): number {
  if (typeof ticks === "number" || !tickFormat) return 0;
  return GAP + CHARACTER * Math.max(0, ...ticks.map((value) => tickFormat(value).length));
}

/** The pixels to the right of a horizontal axis that half of its last label may take. */
export function overhangOf(ticks: Ticks): number {
  return Math.max(0, widthOf(ticks) / 2 - 8);
}

// 1, 2 or 5 times a power of ten, the nearest by ratio.
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const ratio = step / power;
  return power * (ratio >= Math.sqrt(50) ? 10 : ratio >= Math.sqrt(10) ? 5 : ratio >= Math.sqrt(2) ? 2 : 1);
}

function formatFor(values: readonly number[], step: number): (value: number) => string {
  const largest = Math.max(...values.map(Math.abs));
  const place = Math.floor(Math.log10(step) + 1e-9);
  if (largest <= LARGE && -place <= MOST_DECIMALS) return (value) => decimal(value, Math.max(0, -place));
  return (value) => {
    if (value === 0) return "0";
    const digits = Math.max(0, Math.floor(Math.log10(Math.abs(value)) + 1e-9) - place);
    return value
      .toExponential(Math.min(digits, 12))
      .replace(/\.?0*e\+?/, "e")
      .replaceAll("-", "−");
  };
}
