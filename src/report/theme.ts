// How things are called and coloured, the same in every figure, table and sentence: a cell keeps its colour throughout.
// Colours are CSS variables that the page defines for light and for dark; the four are apart for colour-blind readers too
// (after Okabe and Ito's palette, jfly.uni-koeln.de/color).
import type { CellKind } from "../network/architecture.js";
import type { Target } from "../sparsify/target.js";

export const cellNames: Record<CellKind, string> = {
  "rnn-tanh": "RNN-Tanh",
  "rnn-relu": "RNN-ReLU",
  lstm: "LSTM",
  gru: "GRU",
};

/** As a heading. */
export const targetNames: Record<Target, string> = {
  both: "Both kinds of weights",
  i2h: "Input-to-hidden weights",
  h2h: "Hidden-to-hidden weights",
};

/** Inside a sentence. */
export const targetPhrases: Record<Target, string> = {
  both: "both kinds of weights",
  i2h: "input-to-hidden weights",
  h2h: "hidden-to-hidden weights",
};

/** The colour of a cell. */
export function cellColour(cell: CellKind): string {
  return `var(--${cell})`;
}

/** Text, quiet text and lines, hairlines, tinted ground, and two accents for pairs such as false and true. */
export const ink = "var(--ink)";
export const quiet = "var(--quiet)";
export const rule = "var(--rule)";
export const paper = "var(--paper)";
export const accents = ["var(--accent-0)", "var(--accent-1)"] as const;

/** For series that are not cells, told apart by a legend. */
export const series = [
  "var(--rnn-tanh)",
  "var(--rnn-relu)",
  "var(--lstm)",
  "var(--gru)",
  "var(--ink)",
] as const;

const light = {
  paper: "#ffffff",
  tint: "#f5f6f7",
  ink: "#1d2126",
  quiet: "#5f6770",
  rule: "#dcdfe3",
  link: "#0b5a94",
  "rnn-tanh": "#0b6cb0",
  "rnn-relu": "#c4500c",
  lstm: "#0a8463",
  gru: "#a4408f",
  "accent-0": "#b3632b",
  "accent-1": "#33688f",
};

const dark: typeof light = {
  paper: "#14171b",
  tint: "#1c2025",
  ink: "#e4e7ea",
  quiet: "#9aa2ab",
  rule: "#343a41",
  link: "#7cbcf0",
  "rnn-tanh": "#5cb0ea",
  "rnn-relu": "#f08d52",
  lstm: "#3ac498",
  gru: "#dc8ccb",
  "accent-0": "#e0975e",
  "accent-1": "#74aad4",
};

function declare(colours: typeof light): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");
}

/** The variables as CSS, light by default and dark where the reader prefers it. Paper is printed light. */
export const colourStyles = `:root{color-scheme:light dark;${declare(light)}}
@media screen and (prefers-color-scheme:dark){:root{${declare(dark)}}}`;
