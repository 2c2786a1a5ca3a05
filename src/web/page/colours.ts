// The colours of the page as canvases need them: numbers, not CSS variables. They change when the reader's system goes from
// light to dark, and what is drawn is then drawn again.
import { signal } from "@preact/signals";

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** Changes when the colours do. */
export const scheme = signal(0);

if (typeof document !== "undefined") {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    scheme.value++;
  });
}

/** The value of a CSS variable of src/report/theme.ts, such as `ink`, now. */
export function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The same as numbers; the theme writes all of them as #rrggbb. */
export function colour(name: string): Colour {
  const value = Number.parseInt(css(name).slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Between two colours: the first at 0, the second at 1. */
export function blend(from: Colour, to: Colour, share: number): Colour {
  return [0, 1, 2].map((i) => Math.round(from[i] + (to[i] - from[i]) * share)) as unknown as Colour;
}
