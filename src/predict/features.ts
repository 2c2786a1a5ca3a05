// Which columns of a table are predicted from. A table of random structures has the 23 properties of the thesis, in the
// four sets that the thesis compares (its appendix, "Feature importance scores under different circumstances"); any
// other table has its numeric columns.
import { InputError } from "../errors.js";
import { PROPERTY_NAMES } from "../graph/properties.js";
import { isNumeric, type Table } from "./table.js";

const nodesAndEdges: readonly string[] = ["nodes", "edges", "source_nodes", "sink_nodes"];

/** Some of a table's features, under a name. */
export interface FeatureSet {
  /** `all`, or one of the thesis's `only_node_edge`, `without_node_edge` and `only_var`. */
  name: string;
  features: string[];
}

/**
 * The feature sets of a table: all features and, where the thesis's properties are among them, the thesis's three
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

/**
 * The columns to predict `target` from: the given ones; or else the thesis's properties, where the table has them all
 * (its other columns, such as the loss, are results and not causes); or else every numeric column.
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
  const numeric = candidates.filter((name) => isNumeric(table, name));
  if (numeric.length > 0) return numeric;
  throw new InputError({
    where: table.source,
    what: `has no numeric column beside ${JSON.stringify(target)}`,
    hint: "add the columns to predict from",
  });
}
