// From conditions, cells and regimes to studies: what is to be trained, a study for each part, and which of its trials is what.
import type { CellKind } from "../network/architecture.js";
import type { Target } from "../sparsify/target.js";
import type { StudyInput } from "../study/document.js";
import { canonicalJson, flatten, type JsonObject } from "../study/json.js";
import type { Condition, Settings } from "./condition.js";
import { type RegimeName, sparsifyFor } from "./regimes.js";
import { smallWidth } from "./width.js";

/** Trainings of one condition that are one study: every cell under every regime at every sparsity. */
export interface Part {
  /** What the study is called. */
  readonly study: string;
  readonly condition: Condition;
  readonly cells: readonly CellKind[];
  readonly regimes: readonly RegimeName[];
  /** The matrices that are made sparse; both kinds together when left out. */
  readonly targets?: readonly Target[];
  /** In percent, ascending. */
  readonly sparsities: readonly number[];
  /** Trainings of the regime `iterative`. */
  readonly rounds: number;
  readonly seeds: readonly number[];
  /** Whether dense networks of the condition are trained as well; they are when left out. */
  readonly dense?: boolean;
}

/** One training but for its seed. */
export interface Entry {
  readonly condition: Condition;
  readonly cell: CellKind;
  readonly regime: RegimeName;
  readonly target: Target;
  readonly sparsity: number;
  readonly hidden: number;
  /** What varies in the study. */
  readonly configuration: Settings;
}

/** The trainings of a part in the order in which they run: dense networks first, then regime after regime. */
export function entriesOf(part: Part): Entry[] {
  const { condition, cells, regimes, targets = ["both"], sparsities, rounds } = part;
  const { hidden, widths } = condition;
  const entry = (cell: CellKind, regime: RegimeName, target: Target, sparsity: number): Entry => {
    const units = regime === "small" ? smallWidth(cell, hidden, widths, sparsity) : hidden;
    const sparsify = sparsifyFor(regime, { density: densityOf(sparsity), target, rounds });
    const configuration = { cell, hidden: units, ...(sparsify && { sparsify: { ...sparsify } as Settings }) };
    return { condition, cell, regime, target, sparsity, hidden: units, configuration };
  };
  const dense = part.dense === false ? [] : cells.map((cell) => entry(cell, "dense", "both", 0));
  const sparse = regimes.flatMap((regime) =>
    // A network with fewer units has fewer of both kinds of weights.
    (regime === "small" ? (["both"] as const) : targets).flatMap((target) =>
      sparsities.flatMap((sparsity) => cells.map((cell) => entry(cell, regime, target, sparsity))),
    ),
  );
  return [...dense, ...sparse];
}

/** The share that is kept, without the noise of 1 - 0.9. */
function densityOf(sparsity: number): number {
  return Number((1 - sparsity / 100).toFixed(6));
}

/** The study of a part. */
export function studyOf(part: Part): StudyInput {
  const { study, condition, seeds } = part;
  const { metric } = condition.judge;
  return {
    name: study,
    kind: "train",
    fixed: condition.training,
    // Entries that come out equal, such as two small networks of as many units, are trained once.
    list: entriesOf(part).map(({ configuration }) => configuration),
    replicates: seeds.length,
    seed: seeds[0],
    objective: { metric, direction: metric === "testAccuracy" ? "maximize" : "minimize" },
  };
}

/** What a trial's varied values are recognised by. */
export function keyOf(parameters: JsonObject): string {
  return canonicalJson(flatten(parameters));
}
