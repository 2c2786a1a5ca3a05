// `filigree investigate language`: what pruning does to networks that read a text, before and after retraining, beside ways of
// training sparsely and dense networks of as many weights. It answers the first check that the thesis left open.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../files.js";
import type { CellKind } from "../network/architecture.js";
import type { Condition } from "./condition.js";
import { type TextScale, textCondition } from "./conditions.js";
import { nothingEarlier, readEarlier } from "./earlier.js";
import type { Part } from "./plan.js";
import type { RegimeName } from "./regimes.js";
import { languageReport } from "./report/language.js";
import { type Gathered, type SittingOptions, sit } from "./sitting.js";
import { conditionsOf, shownSparsity } from "./thresholds.js";
import { equalSparsity } from "./width.js";

/** Ambrose Bierce's The Devil's Dictionary; `data/README.md` says where it comes from. */
const packaged = fileURLToPath(new URL("../../data/devils-dictionary.txt", import.meta.url));

/** How much a scale investigates. */
export interface LanguageScale {
  readonly text: TextScale;
  readonly cells: readonly CellKind[];
  /** In percent. */
  readonly sparsities: readonly number[];
  /** Of both kinds of weights together. */
  readonly methods: readonly RegimeName[];
  readonly rounds: number;
  /** Regimes of networks that are trained twice as long, beside the dense ones that are. */
  readonly longer: readonly RegimeName[];
  /** Regimes of networks that are twice as wide and have as many weights as the dense ones. */
  readonly wide: readonly RegimeName[];
}

export const languageScales: Readonly<Record<SittingOptions["scale"], LanguageScale>> = {
  quick: {
    text: { hidden: 48, epochs: 2 },
    cells: ["rnn-tanh", "gru"],
    sparsities: [70, 90, 95],
    methods: ["gradual", "rigl"],
    rounds: 3,
    longer: [],
    wide: ["gradual"],
  },
  full: {
    text: { hidden: 128, epochs: 8 },
    cells: ["rnn-tanh", "gru", "lstm"],
    sparsities: [50, 70, 80, 90, 95],
    methods: ["gradual", "rigl", "set", "snip", "iterative"],
    rounds: 5,
    longer: ["gradual"],
    wide: ["gradual", "random"],
  },
};

export interface LanguageOptions extends SittingOptions {
  readonly seeds: readonly number[];
  /** The one that comes with the package when left out. */
  readonly text?: string;
  /** The file with the results of an earlier run. */
  readonly rows?: string;
  /** In place of the scale's own. */
  readonly size?: LanguageScale;
}

/** What `investigate language` found so far. */
export interface LanguageResults extends Gathered {
  readonly conditions: readonly Condition[];
  /** How the text is called. */
  readonly text: string;
}

/** The conditions of networks that are twice as wide, and that are trained twice as long. */
export const WIDE = "wide";
export const LONGER = "longer";

/** The parts of the investigation in the order in which they run. @throws FileError, InputError when the text cannot be read. */
export function languageParts(options: LanguageOptions): Part[] {
  const { size = languageScales[options.scale], seeds, text = packaged } = options;
  const { cells, sparsities, methods, rounds } = size;
  const condition = textCondition(text, size.text, { name: "base", label: "text", phrase: "the text" });
  const { hidden, widths } = condition;
  const wide = {
    ...condition,
    name: WIDE,
    label: `${2 * hidden} units`,
    phrase: "twice the units",
    hidden: 2 * hidden,
  };
  const longer = {
    ...condition,
    name: LONGER,
    label: "twice as long",
    phrase: "twice the epochs",
    training: { ...condition.training, epochs: 2 * size.text.epochs },
  };
  const common = { cells, rounds, seeds };
  return [
    {
      ...common,
      study: "pruning",
      condition,
      targets: ["both", "i2h", "h2h"],
      regimes: ["magnitude", "one-shot", "random", "small"],
      sparsities,
    },
    { ...common, study: "methods", condition, regimes: methods, sparsities },
    { ...common, study: LONGER, condition: longer, regimes: size.longer, sparsities },
    // As many weights as a dense network has depend on the cell.
    ...cells.map((cell) => ({
      ...common,
      study: `wide-${cell}`,
      dense: false,
      condition: wide,
      cells: [cell],
      regimes: size.wide,
      sparsities: [equalSparsity(cell, hidden, 2 * hidden, widths)],
    })),
  ];
}

/** Runs what is left for one sitting and writes rows and report. @throws as `sit`, and when the text cannot be read. */
export async function investigateLanguage(
  options: LanguageOptions,
): Promise<LanguageResults & { readonly report: string }> {
  const parts = languageParts(options);
  const { sparsities } = options.size ?? languageScales[options.scale];
  const conditions = conditionsOf(parts);
  const { rows } = options;
  const earlier = rows === undefined ? nothingEarlier : readEarlier(rows, "language", conditions);
  const shown = { condition: "base", sparsity: shownSparsity(sparsities) };
  const gathered = await sit(parts, shown, earlier, options);
  const text = options.text ?? "The Devil’s Dictionary";
  const results = { ...gathered, conditions, text };
  const { masks, ...kept } = results;
  writeWhole(
    join(options.out, "results.json"),
    `${JSON.stringify({ investigation: "language", ...kept })}\n`,
  );
  const report = join(options.out, "report.html");
  writeWhole(report, languageReport(results));
  return { ...results, report };
}
