// Which columns of a table are predicted from. A table of random structures has the 23 properties of Darji (2021), in the
// four sets that he compares (its appendix, "Feature importance scores under different circumstances"); any
// other table has its numeric columns without those that only count or name the rows, or are results as the target is.
import { InputError } from "../errors.js";
import { PROPERTY_NAMES } from "../graph/properties.js";
import { isNumeric, type Table } from "./table.js";

const nodesAndEdges: readonly string[] = ["nodes", "edges", "source_nodes", "sink_nodes"];

/** Some of a table's features, under a name. */
export interface FeatureSet {
  /** `all`, or one of Darji's `only_node_edge`, `without_node_edge` and `only_var`. */
  name: string;
  features: string[];
}

/**
 * The feature sets of a table: all features and, where Darji's properties are among them, his three
 * subsets: the four counts of nodes and edges, everything but these, and the five variances.
 */
export function featureSets(features: readonly string[]): FeatureSet[] {
  const all = { name: "all", features: [...features] };
  if (!PROPERTY_NAMES.every((name) => features.includes(name))) return [all];
  return [
    all,
    { name: "only_node_edge", features: [...nodesAndEdges] },
    { name: "without_node_edge", features: PROPERTY_NAMES.filter((name) => !nodesAndEdges.includes(name)) },
    { name: "only_var", features: PROPERTY_NAMES.filter((name) => name.endsWith("_var")) },
  ];
}

/** Columns that number or name the rows: pandas' index, and what Filigree's tables and Darji's carry along. */
const bookkeeping =
  /^(|unnamed: .*|index|level_\d+|id|.*_id|row|(.*\.)?(number|seed|replicate)|identity|kind|state|error|epoch|graph_nr)$/i;
/** Results of a training, and as such no causes of another. */
const results = /^((train|test|val|validation|base|pruned)_?)?(loss|acc|accuracy)$|^regainedAfter$/i;

function isLeftOut(name: string): boolean {
  // As Filigree's tables tell names apart that would come twice.
  const own = name.replace(/^(parameter|metric)\./, "");
  return bookkeeping.test(own) || results.test(own);
}

/**
 * The columns to predict `target` from: the given ones; or else Darji's properties, where the table has them all
 * (its other columns, such as the loss, are results and not causes); or else every numeric column that neither numbers
 * the rows nor is a result itself.
 * @throws InputError when the target is among the given ones, or nothing is left.
 */
export function chooseFeatures(table: Table, target: string, given?: readonly string[]): string[] {
  if (given?.includes(target)) {
    throw new InputError({
      where: target,
      what: "is the target and cannot be a feature",
      hint: "leave it out",
    });
  }
  if (given && given.length > 0) return [...new Set(given)];
  const candidates = table.columns.filter((name) => name !== target);
  if (PROPERTY_NAMES.every((name) => candidates.includes(name))) return [...PROPERTY_NAMES];
  const features = candidates.filter((name) => !isLeftOut(name) && isNumeric(table, name));
  if (features.length > 0) return features;
  const others = leftOut(table, target, []).map((name) => JSON.stringify(name));
  throw new InputError({
    where: table.source,
    what: `has no numeric column beside ${JSON.stringify(target)}${others.length > 0 ? ` that could be a cause; not ${others.join(", ")}` : ""}`,
    hint: "add the columns to predict from, or name them as features",
  });
}

/** The numeric columns that are not among the features because they number the rows or are results. */
export function leftOut(table: Table, target: string, features: readonly string[]): string[] {
  return table.columns.filter(
    (name) => name !== target && !features.includes(name) && isLeftOut(name) && isNumeric(table, name),
  );
}
