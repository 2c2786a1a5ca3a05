// A fitted predictor: a model with the features and the scaling it needs, saved as one JSON file, which ranks
// candidates that were never trained. What is loaded is checked to the last tree, because such files are passed around.
import { z } from "zod";
import { InputError } from "../errors.js";
import { readText, writeWhole } from "../files.js";
import { applyScaling, fitScaling, fromColumns, type Matrix } from "../math/matrix.js";
import { suggest } from "../suggest.js";
import { chooseFeatures } from "./features.js";
import type { Model } from "./regressor.js";
import { predictWith, type RegressorName, regressors } from "./regressors.js";
import { numbers, type Table } from "./table.js";

const format = "filigree-predictor";
const version = 1;

const importances = z.array(z.number());
const tree = z.strictObject({
  feature: z.array(z.int().min(-1)).min(1),
  right: z.array(z.int().min(0)),
  value: z.array(z.number()),
});
const trees = z.array(tree).min(1);
const model = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mean"), value: z.number() }),
  z.strictObject({
    kind: z.literal("bayesian-ridge"),
    coefficients: z.array(z.number()),
    intercept: z.number(),
    alpha: z.number(),
    lambda: z.number(),
    iterations: z.int(),
  }),
  z.strictObject({ kind: z.literal("random-forest"), trees, importances }),
  z.strictObject({
    kind: z.literal("adaboost"),
    trees,
    weights: z.array(z.number().min(0)),
    importances,
  }),
  z.strictObject({ kind: z.literal("gradient-boosting"), start: z.number(), trees, importances }),
]) satisfies z.ZodType<Model>;

const predictorSchema = z
  .strictObject({
    format: z.literal(format),
    version: z.literal(version),
    target: z.string(),
    features: z.array(z.string()).min(1),
    scaling: z.strictObject({ scale: z.array(z.number()), offset: z.array(z.number()) }),
    model,
  })
  .superRefine(({ features, scaling, model }, context) => {
    const problem = misfit(features.length, scaling, model);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });

/** A fitted model with all that predicting needs; plain data. */
export type Predictor = z.infer<typeof predictorSchema>;

/** What to fit; by default a random forest on the features that `chooseFeatures` finds, with seed 0. */
export interface FitOptions {
  regressor?: RegressorName;
  features?: readonly string[];
  /** In [0, 2³²). */
  seed?: number;
}

const fewestRows = 3;

/**
 * Fits a predictor of `target` on all rows of a table.
 * @throws InputError when a column is missing or unusable, or there are fewer than 3 rows.
 */
export function fitPredictor(table: Table, target: string, options: FitOptions = {}): Predictor {
  const { regressor = "random-forest", seed = 0 } = options;
  const y = numbers(table, target);
  if (y.length < fewestRows) {
    throw new InputError({
      where: table.source,
      what: `has ${y.length} rows, and fitting needs at least ${fewestRows}`,
      hint: "add rows",
    });
  }
  const features = chooseFeatures(table, target, options.features);
  const x = fromColumns(
    features.map((name) => numbers(table, name)),
    y.length,
  );
  const scaling = fitScaling(x);
  return {
    format,
    version,
    target,
    features,
    scaling,
    model: regressors[regressor].fit(applyScaling(x, scaling), y, seed),
  };
}

/** Something to be predicted: its features by name. It may have more than the predictor uses. */
export type Candidate = Readonly<Record<string, number>>;

/**
 * The predicted target of each candidate.
 * @param where what an error calls a candidate, by its index.
 * @throws InputError when one lacks a feature or has one that is not finite.
 */
export function predictCandidates(
  predictor: Predictor,
  candidates: readonly Candidate[],
  where = (index: number) => `candidate ${index + 1}`,
): Float64Array {
  const { features, scaling } = predictor;
  const data = new Float64Array(candidates.length * features.length);
  candidates.forEach((candidate, i) => {
    features.forEach((name, j) => {
      const value = Object.hasOwn(candidate, name) ? candidate[name] : undefined;
      if (value === undefined || !Number.isFinite(value)) {
        throw new InputError({
          where: where(i),
          what: `${value === undefined ? "has no" : "has no finite"} ${name}, which the predictor uses`,
          hint:
            value === undefined
              ? suggest(name, Object.keys(candidate), "fit a predictor on features that it has")
              : undefined,
        });
      }
      data[i * features.length + j] = value;
    });
  });
  const x: Matrix = { rows: candidates.length, columns: features.length, data };
  return predictWith(predictor.model, applyScaling(x, scaling));
}

/** A candidate's place: its index in the list that was ranked and the target predicted for it. */
export interface Ranked {
  index: number;
  predicted: number;
}

/**
 * The candidates from the highest prediction to the lowest, equal ones in their order.
 * @param where as for `predictCandidates`.
 * @throws InputError as `predictCandidates`.
 */
export function rank(
  predictor: Predictor,
  candidates: readonly Candidate[],
  where?: (index: number) => string,
): Ranked[] {
  return Array.from(predictCandidates(predictor, candidates, where), (predicted, index) => ({
    index,
    predicted,
  })).sort((a, b) => b.predicted - a.predicted || a.index - b.index);
}

/** Writes a predictor as JSON. @throws FileError when the file cannot be written. */
export function savePredictor(path: string, predictor: Predictor): void {
  writeWhole(path, `${JSON.stringify(predictor)}\n`);
}

/** Reads a predictor. @throws FileError when it cannot be read. @throws InputError when it is not a sound predictor. */
export function loadPredictor(path: string): Predictor {
  const text = readText(path);
  const hint = "save it again with this version of Filigree";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError({ where: path, what: "is not JSON", hint, cause: error });
  }
  const loaded = predictorSchema.safeParse(json);
  if (loaded.success) return loaded.data;
  const [{ path: field, message }] = loaded.error.issues;
  throw new InputError({
    where: path,
    what: `is not a Filigree predictor of version ${version}: ${[...field, message].join(" ")}`,
    hint,
  });
}

// What a schema cannot say: that the parts fit together and that every walk down a tree ends in a leaf.
function misfit(columns: number, scaling: Predictor["scaling"], model: Model): string | undefined {
  if (scaling.scale.length !== columns || scaling.offset.length !== columns) {
    return "scaling and features differ in number";
  }
  if (model.kind === "mean") return undefined;
  if (model.kind === "bayesian-ridge") {
    return model.coefficients.length === columns ? undefined : "coefficients and features differ in number";
  }
  if (model.importances.length !== columns) return "importances and features differ in number";
  if (model.kind === "adaboost" && model.weights.length !== model.trees.length) {
    return "weights and trees differ in number";
  }
  const broken = model.trees.findIndex(({ feature, right, value }) => {
    const size = feature.length;
    if (right.length !== size || value.length !== size) return true;
    return feature.some((j, i) => j >= columns || (j >= 0 && (right[i] <= i + 1 || right[i] >= size)));
  });
  return broken < 0 ? undefined : `tree ${broken} is broken`;
}
