// Where values stand on an axis: numbers linearly or by their logarithm, texts evenly in their order. Parallel coordinates draw
// their axes with it and read from it what a brush means.
import type { Column } from "./columns.js";
import { short } from "./columns.js";

export interface Scale {
  readonly column: Column;
  readonly log: boolean;
  /** Where a row stands, 0 at the low end and 1 at the high one; NaN where it has no value. */
  place(row: number): number;
  readonly ticks: readonly { readonly place: number; readonly label: string }[];
  /** What of a filter asks for the values between two places, as `=` takes it; undefined for none. */
  between(low: number, high: number): string | undefined;
  /** The places between which such a value lies. */
  span(value: string): readonly [number, number] | undefined;
}

/** Texts of one axis that have labels. */
const MOST_LABELS = 24;

/** A brush that ends so near a value or the end of an axis has it in it. */
const NEAR = 0.03;

/** The scale of a column over some rows. */
export function scaleOf(column: Column, rows: Uint32Array, log: boolean): Scale {
  return column.numeric ? numberScale(column, rows, log) : textScale(column, rows);
}

function numberScale(column: Column, rows: Uint32Array, wantsLog: boolean): Scale {
  let [low, high, least] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const different = new Set<number>();
  for (const row of rows) {
    const value = column.number(row);
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value > 0) least = Math.min(least, value);
    if (different.size <= MOST_LABELS / 3) different.add(value);
  }
  if (low > high) [low, high] = [0, 1];
  const log = wantsLog && least < high;
  const [from, to] = log ? [Math.log(least), Math.log(high)] : [low, high];
  const reach = to - from || 1;
  const inner = log ? Math.log : (value: number) => value;
  const outer = log ? Math.exp : (value: number) => value;
  const place = (value: number) => {
    const at = to === from ? 0.5 : (inner(value) - from) / reach;
    return Number.isFinite(at) ? at : Number.NaN;
  };
  const labelled =
    different.size <= MOST_LABELS / 3
      ? [...different].filter((value) => !log || value > 0)
      : rounded(from, to, log);
  return {
    column,
    log,
    place: (row) => place(column.number(row)),
    ticks: labelled.sort((a, b) => a - b).map((value) => ({ place: place(value), label: short(value) })),
    between(a, b) {
      const ends = [a, b].map((at, i) => {
        // Beyond an end there is nothing, so that the end itself is in.
        if ((i === 0 && at <= NEAR) || (i === 1 && at >= 1 - NEAR)) return "";
        return String(Number(outer(from + at * reach).toPrecision(4)));
      });
      return ends[0] === "" && ends[1] === "" ? undefined : `${ends[0]}..${ends[1]}`;
    },
    span(value) {
      const match = /^(.*)\.\.(.*)$/.exec(value);
      if (!match) {
        const at = place(Number(value));
        return Number.isNaN(at) ? undefined : [at - 0.01, at + 0.01];
      }
      return [
        match[1] === "" ? 0 : clamp(place(Number(match[1])), 0),
        match[2] === "" ? 1 : clamp(place(Number(match[2])), 1),
      ];
    },
  };
}

function clamp(place: number, otherwise: number): number {
  return Number.isNaN(place) ? otherwise : Math.min(1, Math.max(0, place));
}

// Powers of ten, or steps of 1, 2 or 5 times one.
function rounded(from: number, to: number, log: boolean): number[] {
  if (log) {
    const [first, last] = [Math.ceil(from / Math.LN10 - 1e-9), Math.floor(to / Math.LN10 + 1e-9)];
    const powers = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(`1e${first + i}`));
    return powers.length >= 2 ? powers : [Math.exp(from), Math.exp((from + to) / 2), Math.exp(to)];
  }
  const rough = (to - from) / 5;
  if (!(rough > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  return Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

function textScale(column: Column, rows: Uint32Array): Scale {
  const seen = new Set<string>();
  for (const row of rows) {
    const text = column.text(row);
    if (text !== "") seen.add(text);
    if (seen.size > 1_000) break;
  }
  const texts = [...seen].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const places = new Map(texts.map((text, i) => [text, texts.length === 1 ? 0.5 : i / (texts.length - 1)]));
  const every = Math.ceil(texts.length / MOST_LABELS);
  return {
    column,
    log: false,
    place: (row) => places.get(column.text(row)) ?? Number.NaN,
    ticks: texts.filter((_, i) => i % every === 0).map((text) => ({ place: places.get(text)!, label: text })),
    between(a, b) {
      const inside = texts.filter((text) => places.get(text)! >= a - NEAR && places.get(text)! <= b + NEAR);
      return inside.length === 0 || inside.length === texts.length ? undefined : inside.join("|");
    },
    span(value) {
      const own = value.split("|").flatMap((text) => places.get(text) ?? []);
      return own.length === 0 ? undefined : [Math.min(...own) - 0.02, Math.max(...own) + 0.02];
    },
  };
}
