// `filigree investigate thresholds`: how sparse recurrent networks may be under every regime, and whether that depends on how they
// are trained. It answers the third check that the thesis left open.
import { join } from "node:path";
import { writeWhole } from "../files.js";
import type { CellKind } from "../network/architecture.js";
import type { Condition } from "./condition.js";
import {
  baseCondition,
  conditionsAround,
  mnistCondition,
  type StringScale,
  textCondition,
} from "./conditions.js";
import { nothingEarlier, readEarlier } from "./earlier.js";
import type { Part } from "./plan.js";
import type { RegimeName } from "./regimes.js";
import { thresholdsReport } from "./report/thresholds.js";
import { type Gathered, type SittingOptions, sit } from "./sitting.js";

/** How much a scale investigates. */
export interface ThresholdScale {
  readonly strings: StringScale;
  /** Of the base condition. */
  readonly cells: readonly CellKind[];
  /** Of the base condition in the order in which they run; a study for each group. */
  readonly regimes: readonly (readonly RegimeName[])[];
  /** In percent. */
  readonly sparsities: readonly number[];
  readonly rounds: number;
  readonly around: {
    readonly conditions: readonly (keyof ReturnType<typeof conditionsAround>)[];
    /** Further cells under the base condition. */
    readonly cells: readonly CellKind[];
    readonly regimes: readonly RegimeName[];
    /** Seeds at most. */
    readonly seeds: number;
  };
  /** More regimes of the base condition, after everything else because they take longest. */
  readonly dear: readonly RegimeName[];
}

export const thresholdScales: Readonly<Record<SittingOptions["scale"], ThresholdScale>> = {
  quick: {
    strings: { count: 3000, epochs: 6, batch: 16 },
    cells: ["rnn-tanh", "gru"],
    regimes: [["magnitude", "one-shot", "gradual", "random", "small", "iterative", "snip", "set", "rigl"]],
    sparsities: [50, 80, 90, 97],
    rounds: 3,
    around: { conditions: ["hard"], cells: [], regimes: ["magnitude", "gradual", "random"], seeds: 3 },
    dear: [],
  },
  full: {
    strings: { count: 25_000, epochs: 15, batch: 32 },
    cells: ["rnn-tanh", "gru"],
    regimes: [
      ["magnitude", "one-shot", "gradual", "random", "small", "iterative"],
      ["snip", "set", "rigl"],
    ],
    sparsities: [50, 70, 80, 90, 95, 99],
    rounds: 5,
    around: {
      conditions: ["hard", "embedded", "longer", "shorter", "fast", "slow", "rmsprop", "narrow", "wide"],
      cells: ["lstm", "rnn-relu"],
      regimes: ["magnitude", "one-shot", "gradual", "random"],
      seeds: 3,
    },
    dear: ["top-k"],
  },
};

export interface ThresholdOptions extends SittingOptions {
  /** Of the base condition; the first few of the others. */
  readonly seeds: readonly number[];
  /** The folder of MNIST's files, whose rows are another condition. */
  readonly mnist?: string;
  /** A text, likewise. */
  readonly text?: string;
  /** The file with the results of an earlier run. */
  readonly rows?: string;
  /** In place of the scale's own. */
  readonly size?: ThresholdScale;
}

/** What `investigate thresholds` found so far. */
export interface ThresholdResults extends Gathered {
  readonly conditions: readonly Condition[];
}

/** The parts of the investigation in the order in which they run. */
export function thresholdParts(options: ThresholdOptions): Part[] {
  const { size = thresholdScales[options.scale], seeds, mnist, text } = options;
  const { strings, cells, sparsities, rounds, around, dear } = size;
  const base = baseCondition(strings);
  const common = { sparsities, rounds };
  const some = seeds.slice(0, around.seeds);
  const beside = { ...common, regimes: around.regimes, seeds: some };
  const named = conditionsAround(strings);
  const others = [
    ...around.conditions.map((name) => named[name]),
    ...(mnist === undefined ? [] : [mnistCondition(mnist)]),
    ...(text === undefined ? [] : [textCondition(text, { hidden: 128, epochs: 5 })]),
  ];
  const full = { ...common, condition: base, cells, seeds };
  return [
    ...size.regimes.map((regimes, i) => ({ ...full, study: i === 0 ? "base" : `base-${i + 1}`, regimes })),
    ...others.map((condition) => ({ ...beside, study: condition.name, condition, cells })),
    { ...beside, study: "base-cells", condition: base, cells: around.cells },
    { ...full, study: "base-dear", regimes: dear },
  ].filter((part) => part.cells.length > 0 && part.regimes.length > 0);
}

/** Runs what is left for one sitting and writes rows and report. @throws as `sit`. */
export async function investigateThresholds(
  options: ThresholdOptions,
): Promise<ThresholdResults & { readonly report: string }> {
  const parts = thresholdParts(options);
  const { sparsities } = options.size ?? thresholdScales[options.scale];
  const conditions = conditionsOf(parts);
  const { rows } = options;
  const earlier = rows === undefined ? nothingEarlier : readEarlier(rows, "thresholds", conditions);
  const shown = { condition: "base", sparsity: shownSparsity(sparsities) };
  const gathered = await sit(parts, shown, earlier, options);
  const results = { ...gathered, conditions };
  const { masks, ...kept } = results;
  writeWhole(
    join(options.out, "results.json"),
    `${JSON.stringify({ investigation: "thresholds", ...kept })}\n`,
  );
  const report = join(options.out, "report.html");
  writeWhole(report, thresholdsReport(results));
  return { ...results, report };
}

/** The conditions of some parts, each once. */
export function conditionsOf(parts: readonly Part[]): Condition[] {
  return [...new Map(parts.map(({ condition }) => [condition.name, condition])).values()];
}

/** The sparsity at which networks are looked at: 90 % where the grid has it. */
export function shownSparsity(sparsities: readonly number[]): number {
  return sparsities.reduce((best, own) => (Math.abs(own - 90) < Math.abs(best - 90) ? own : best));
}
