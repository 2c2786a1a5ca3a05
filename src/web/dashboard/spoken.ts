// How numbers, times and values are written, the same in every view.
import * as words from "../../report/words.js";

export { short } from "./columns.js";

/** Seconds as "0.3 s", "48 s" or "12 min 5 s"; empty for none. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined || Number.isNaN(seconds)) return "";
  return seconds > 0 && seconds < 10 ? `${Number(seconds.toPrecision(2))} s` : words.duration(seconds);
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return words.decimal(value);
}

/** Milliseconds since 1970 as a date and time of the reader's, to the second. */
export function moment(time: number | undefined): string {
  if (time === undefined || !Number.isFinite(time)) return "";
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A value of a configuration. */
export function spelled(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** An object as leaves by their paths; lists are leaves. */
export function leaves(value: Readonly<Record<string, unknown>>, prefix = ""): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) {
    if (
      typeof inner === "object" &&
      inner !== null &&
      !Array.isArray(inner) &&
      Object.keys(inner).length > 0
    ) {
      for (const [path, leaf] of leaves(inner as Record<string, unknown>, `${prefix}${key}.`))
        flat.set(path, leaf);
    } else flat.set(prefix + key, inner);
  }
  return flat;
}
