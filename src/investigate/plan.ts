// From conditions, cells and regimes to studies: what is to be trained and pruned, and which of a study's trials is what.
import type { CellKind } from "../network/architecture.js";
import type { Target } from "../sparsify/target.js";
import type { StudyInput } from "../study/document.js";
import { canonicalJson, flatten, type JsonObject } from "../study/json.js";
import type { Condition, Settings } from "./condition.js";
import { type RegimeName, regimeOf, sparsifyFor } from "./regimes.js";
import { smallWidth } from "./width.js";

/** Trainings of one condition: every cell under every regime at every sparsity. */
export interface Part {
  /** What its study is called; with PRUNED after it, the one that prunes what was trained dense. */
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

const PRUNED = "-pruned";

/** One training, or one network that is pruned, but for its seed. */
export interface Entry {
  /** The study that it is part of. */
  readonly study: string;
  readonly condition: Condition;
  readonly cell: CellKind;
  readonly regime: RegimeName;
  readonly target: Target;
  readonly sparsity: number;
  readonly hidden: number;
  /** What varies in the study. */
  readonly configuration: Settings;
}

/** The entries of a part: dense networks first, then regime after regime. Some are the same trial. */
export function entriesOf(part: Part): Entry[] {
  const { condition, cells, regimes, targets = ["both"], sparsities, rounds } = part;
  // As long as the dense networks are trained, if anything looks at them afterwards.
  const isRetrained = regimes.some((name) => regimeOf(name).pruned === "retrained");
  const epochs = isRetrained ? Number(condition.training.epochs) : 0;
  const { hidden, widths } = condition;
  const entry = (cell: CellKind, regime: RegimeName, target: Target, sparsity: number): Entry => {
    const common = { condition, cell, regime, target, sparsity };
    if (regimeOf(regime).pruned) {
      const configuration = { base: { cell, hidden }, target, percent: sparsity, epochs };
      return { ...common, study: part.study + PRUNED, hidden, configuration };
    }
    const units = regime === "small" ? smallWidth(cell, hidden, widths, sparsity) : hidden;
    const sparsify = sparsifyFor(regime, { density: densityOf(sparsity), target, rounds });
    const configuration = { cell, hidden: units, ...(sparsify && { sparsify: { ...sparsify } as Settings }) };
    return { ...common, study: part.study, hidden: units, configuration };
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

/**
 * The studies of a part: what is pruned comes first, because the dense networks that it needs serve the others too.
 * @param isKnown whether an entry's results are there with all seeds; it is left out then.
 */
export function studiesOf(
  part: Part,
  isKnown: (entry: Entry, seeds: readonly number[]) => boolean = () => false,
): StudyInput[] {
  const { study, condition, seeds } = part;
  const entries = entriesOf(part).filter((entry) => !isKnown(entry, seeds));
  const common = { replicates: seeds.length, seed: seeds[0], objective: objectiveOf(condition) };
  // Entries that come out equal are one trial: a network before and after retraining, two small ones of as many units.
  const listOf = (name: string) => entries.flatMap((own) => (own.study === name ? [own.configuration] : []));
  const pruned = study + PRUNED;
  const studies: StudyInput[] = [
    { ...common, name: pruned, kind: "prune", fixed: { base: condition.training }, list: listOf(pruned) },
    { ...common, name: study, kind: "train", fixed: condition.training, list: listOf(study) },
  ];
  return studies.filter(({ list = [] }) => list.length > 0);
}

function objectiveOf({ judge: { metric } }: Condition): StudyInput["objective"] {
  return { metric, direction: metric === "testAccuracy" ? "maximize" : "minimize" };
}

/** What a trial's varied values are recognised by. */
export function keyOf(parameters: JsonObject): string {
  return canonicalJson(flatten(parameters));
}
