// How regimes look in every figure: those that are no control have a colour of their own, controls are quiet and dashed.
import type { LineStyle } from "../../report/charts/lines.js";
import { ink, quiet, series } from "../../report/theme.js";
import type { RegimeName } from "../regimes.js";

const looks: Readonly<Record<RegimeName, LineStyle>> = {
  dense: { colour: ink },
  magnitude: { colour: series[0], dash: "5 3", dots: "hollow" },
  "one-shot": { colour: series[0], dots: "filled" },
  iterative: { colour: ink, dots: "filled" },
  gradual: { colour: series[1], dots: "filled" },
  snip: { colour: series[3], dash: "5 3", dots: "hollow" },
  set: { colour: series[2], dash: "5 3", dots: "hollow" },
  rigl: { colour: series[2], dots: "filled" },
  "top-k": { colour: series[3], dots: "filled" },
  random: { colour: quiet, dash: "2 3", dots: "hollow" },
  small: { colour: quiet, dots: "filled", width: 1.2 },
};

/** The line of a regime. */
export function lookOf(regime: RegimeName): LineStyle {
  return looks[regime];
}
