// All that is predicted from one table, as Darji (2021) has it and beyond: which properties go with the target, how well each
// regressor predicts it from each feature set, once by a single split and once by cross-validation, and what the
// regressors rely on.
import { setImmediate as breathe } from "node:timers/promises";
import { InputError } from "../errors.js";
import { fromColumns, type Matrix } from "../math/matrix.js";
import { Random } from "../math/random.js";
import { mean, meanAbsoluteError, r2 } from "../math/statistics.js";
import { type Correlation, correlations } from "./correlation.js";
import { chooseFeatures, featureSets, leftOut } from "./features.js";
import { permutationImportance } from "./permutation.js";
import type { Model, Regressor } from "./regressor.js";
import { type RegressorName, regressorNames, regressors } from "./regressors.js";
import { numbers, type Table } from "./table.js";
import {
  type FoldSpread,
  foldSpread,
  holdOut,
  repeatedFolds,
  type SeedSpread,
  type Split,
  seedSpread,
  singleSplit,
} from "./validation.js";

export interface PredictionOptions {
  /**
   * `corrected` scales the features of the one split on its training rows; the other, as Darji (2021), on all rows, the
   * test rows included. Cross-validation, which he does not have, always scales on training rows.
   */
  protocol: "thesis" | "corrected";
  /** The columns to predict from; by default what `chooseFeatures` finds. */
  features?: readonly string[];
  /** Fits of each seeded regressor on the one split, with seeds 0, 1, …; by default 20. */
  seeds?: number;
  /** Repetitions of the 10-fold cross-validation; by default 5. */
  repeats?: number;
  /** Seed of the bootstrap, the folds and the cross-validated fits, in [0, 2³²); by default 0. */
  seed?: number;
  /** Called after every fit; what it throws ends the prediction. */
  progress?: (done: number, total: number) => void;
}

/** What `predictTable` found, as plain JSON-able data. */
export interface PredictionReport {
  source: string;
  target: string;
  protocol: PredictionOptions["protocol"];
  rows: number;
  features: string[];
  /** Numeric columns that are no features: they number the rows or are results. Empty where features were given. */
  leftOut: string[];
  /** The features that have the same value in every row. They are kept and scaled to 0, as scikit-learn does. */
  constant: string[];
  /** One per feature. */
  correlations: Correlation[];
  /** The one split: the rows held out (from 0) and the number of the others. */
  split: { train: number; test: number[] };
  crossValidation: { folds: number; repeats: number };
  featureSets: FeatureSetReport[];
}

export interface FeatureSetReport {
  name: string;
  features: string[];
  regressors: Record<RegressorName, RegressorReport>;
}

export interface RegressorReport {
  /** On the one split, over the regressor's seeds. */
  split: { r2: SeedSpread; meanAbsoluteError: SeedSpread };
  crossValidation: { r2: FoldSpread; meanAbsoluteError: FoldSpread };
  /** One per feature of the set. */
  importances: Importance[];
}

export interface Importance {
  feature: string;
  /**
   * What the models of the one split hold, in the mean over their seeds: the coefficient of Bayesian ridge, the
   * impurity share of an ensemble of trees, null for the mean.
   */
  fitted: number | null;
  /** Decrease of R² on held-out rows when the feature is shuffled, over the folds of the cross-validation. */
  permuted: { mean: number; interval: [number, number] };
}

const folds = 10;
/** Of a table: two in every fold. */
export const FEWEST_ROWS = 2 * folds;

/**
 * Analyses how `target` can be predicted from the other columns of a table of at least 20 rows. Takes seconds for a
 * few hundred rows; the event loop stays alive in between.
 * @throws InputError when a column is missing or unusable, the target is constant, or there are too few rows.
 */
export async function predictTable(
  table: Table,
  target: string,
  options: PredictionOptions,
): Promise<PredictionReport> {
  const { protocol, seeds = 20, repeats = 5, seed = 0 } = options;
  checkCount("seeds", seeds);
  checkCount("repeats", repeats);
  const y = numbers(table, target);
  checkTarget(table, target, y);
  const features = chooseFeatures(table, target, options.features);
  const columns = new Map(features.map((name) => [name, numbers(table, name)]));
  const sets = featureSets(features);
  const plan: Plan = {
    y,
    seeds,
    seed,
    scaleOn: protocol === "thesis" ? "all" : "train",
    split: singleSplit(y.length),
    folds: repeatedFolds(y.length, folds, repeats, seed),
    step: steps(sets.length * fitsPerSet(seeds, folds * repeats), options.progress),
  };

  const analysed: FeatureSetReport[] = [];
  for (const set of sets) {
    const x = fromColumns(
      set.features.map((name) => columns.get(name)!),
      y.length,
    );
    const reports: [RegressorName, RegressorReport][] = [];
    for (const name of regressorNames) {
      reports.push([name, await assess(regressors[name] as Regressor<Model>, x, set.features, plan)]);
    }
    analysed.push({ ...set, regressors: Object.fromEntries(reports) as FeatureSetReport["regressors"] });
  }

  const values = [...columns.values()];
  return {
    source: table.source,
    target,
    protocol,
    rows: y.length,
    features,
    leftOut: options.features ? [] : leftOut(table, target, features),
    constant: features.filter((_, j) => isConstant(values[j])),
    correlations: correlations(features, values, y, new Random(seed).stream("bootstrap")),
    split: { train: plan.split.train.length, test: Array.from(plan.split.test) },
    crossValidation: { folds, repeats },
    featureSets: analysed,
  };
}

interface Plan {
  y: Float64Array;
  seeds: number;
  seed: number;
  scaleOn: "all" | "train";
  split: Split;
  folds: Split[];
  /** To be awaited after every fit. */
  step: () => Promise<void>;
}

async function assess(
  regressor: Regressor<Model>,
  x: Matrix,
  features: readonly string[],
  plan: Plan,
): Promise<RegressorReport> {
  const once = { r2: [] as number[], error: [] as number[], fitted: [] as (readonly number[] | null)[] };
  for (let seed = 0; seed < (regressor.seeded ? plan.seeds : 1); seed++) {
    const { model, y, predicted } = holdOut(regressor, x, plan.y, plan.split, seed, plan.scaleOn);
    once.r2.push(r2(y, predicted));
    once.error.push(meanAbsoluteError(y, predicted));
    once.fitted.push(weights(model));
    await plan.step();
  }

  const folded = { r2: [] as number[], error: [] as number[], drops: [] as number[][] };
  for (const [i, split] of plan.folds.entries()) {
    const seed = (plan.seed + i) >>> 0;
    const held = holdOut(regressor, x, plan.y, split, seed);
    folded.r2.push(r2(held.y, held.predicted));
    folded.error.push(meanAbsoluteError(held.y, held.predicted));
    const predict = (shuffled: Matrix) => regressor.predict(held.model, shuffled);
    folded.drops.push(permutationImportance(predict, held.x, held.y, 1, seed).flat());
    await plan.step();
  }

  const testShare = 1 / (folds - 1);
  return {
    split: { r2: seedSpread(once.r2), meanAbsoluteError: seedSpread(once.error) },
    crossValidation: {
      r2: foldSpread(folded.r2, testShare),
      meanAbsoluteError: foldSpread(folded.error, testShare),
    },
    importances: features.map((feature, j) => {
      const fitted = once.fitted.flatMap((all) => (all ? [all[j]] : []));
      const { mean: centre, interval } = foldSpread(
        folded.drops.map((drops) => drops[j]),
        testShare,
      );
      return {
        feature,
        fitted: fitted.length > 0 ? mean(fitted) : null,
        permuted: { mean: centre, interval },
      };
    }),
  };
}

function weights(model: Model): readonly number[] | null {
  if (model.kind === "mean") return null;
  return model.kind === "bayesian-ridge" ? model.coefficients : model.importances;
}

function fitsPerSet(seeds: number, foldCount: number): number {
  return regressorNames.reduce((sum, name) => sum + (regressors[name].seeded ? seeds : 1) + foldCount, 0);
}

function steps(total: number, progress: PredictionOptions["progress"]): () => Promise<void> {
  let done = 0;
  return async () => {
    progress?.(++done, total);
    await breathe();
  };
}

function checkCount(name: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new InputError({ where: name, what: `is ${count}`, hint: "give a whole number of at least 1" });
  }
}

function checkTarget(table: Table, target: string, y: Float64Array): void {
  if (y.length < FEWEST_ROWS) {
    throw new InputError({
      where: table.source,
      what: `has ${y.length} rows, and ${folds}-fold cross-validation needs at least ${FEWEST_ROWS}`,
      hint: "add rows",
    });
  }
  if (isConstant(y)) {
    throw new InputError({
      where: table.source,
      what: `column ${JSON.stringify(target)} is ${y[0]} in every row, so there is nothing to predict`,
      hint: "choose another target",
    });
  }
}

function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}
