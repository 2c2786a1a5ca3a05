// The 23 properties by which Darji (2021) describes a graph, with its names and its definitions, which are
// networkx's on the undirected graph. They are the features from which performance is predicted, so their
// order here is the order of its tables.
import { adjacencyOf } from "./adjacency.js";
import { edgesOf, type Graph } from "./graph.js";
import { layerGraph } from "./layers.js";
import { type Progress, shortestPaths } from "./shortest-paths.js";

/** The names of the 23 properties, in the order of Darji's tables. */
export const PROPERTY_NAMES = [
  "layers",
  "nodes",
  "edges",
  "source_nodes",
  "sink_nodes",
  "diameter",
  "density",
  "average_shortest_path_length",
  "eccentricity_mean",
  "eccentricity_var",
  "eccentricity_std",
  "degree_mean",
  "degree_var",
  "degree_std",
  "closeness_mean",
  "closeness_var",
  "closeness_std",
  "nodes_betweenness_mean",
  "nodes_betweenness_var",
  "nodes_betweenness_std",
  "edge_betweenness_mean",
  "edge_betweenness_var",
  "edge_betweenness_std",
] as const;

export type PropertyName = (typeof PROPERTY_NAMES)[number];
export type GraphProperties = Record<PropertyName, number>;

/**
 * The 23 properties of a connected graph; the directions of a directed graph matter only for its layers.
 * - `layers`, `source_nodes`, `sink_nodes`: the number of layers, and the sizes of the first and of **the
 *   last layer** (so a sink in an earlier layer is not counted).
 * - `density`: edges / (nodes (nodes - 1)), half of the usual density of an undirected graph.
 * - `degree`: centrality, degree / (nodes - 1). `closeness`: (nodes - 1) / sum of distances. Betweenness: as
 *   networkx normalises it, over ordered pairs.
 * - `var` and `std` are those of a sample (divided by one less than the count), 0 for a single value.
 *
 * Time is proportional to nodes times edges, memory to nodes plus edges.
 * @param where how the graph is called in messages
 * @throws InputError for a graph without edges, of several components, or with a directed cycle.
 */
export function graphProperties(
  graph: Graph,
  { where, progress }: { where?: string; progress?: Progress } = {},
): GraphProperties {
  const { layers, edges, nodes } = layerGraph(graph, where);
  const adjacency = adjacencyOf(nodes, edgesOf(graph), "both");
  const paths = shortestPaths(adjacency, where, progress);
  const others = nodes - 1;
  const degree = Float64Array.from(
    { length: nodes },
    (_, v) => adjacency.starts[v + 1] - adjacency.starts[v],
  );
  const distances = paths.distanceSum.reduce((sum, value) => sum + value, 0);
  // Between two nodes there is nothing; networkx leaves such zeros as they are.
  const pairsOfOthers = Math.max(1, others * (nodes - 2));
  return {
    layers: layers.length,
    nodes,
    edges: edges.length,
    source_nodes: layers[0].length,
    sink_nodes: layers[layers.length - 1].length,
    diameter: paths.eccentricity.reduce((a, b) => Math.max(a, b), 0),
    density: edges.length / (nodes * others),
    average_shortest_path_length: distances / (nodes * others),
    ...summary("eccentricity", paths.eccentricity),
    ...summary(
      "degree",
      degree.map((value) => value / others),
    ),
    ...summary(
      "closeness",
      paths.distanceSum.map((sum) => others / sum),
    ),
    ...summary(
      "nodes_betweenness",
      paths.nodeBetweenness.map((value) => value / pairsOfOthers),
    ),
    ...summary(
      "edge_betweenness",
      paths.edgeBetweenness.map((value) => value / (nodes * others)),
    ),
  };
}

type Summary<Name extends string> = Record<`${Name}_${"mean" | "var" | "std"}`, number>;

// The variance is taken relative to the first value, so that of equal values it is exactly 0.
function summary<Name extends string>(name: Name, values: Float64Array): Summary<Name> {
  const count = values.length;
  let sum = 0;
  let shift = 0;
  for (const value of values) {
    sum += value;
    shift += (value - values[0]) / count;
  }
  let squares = 0;
  for (const value of values) squares += (value - values[0] - shift) ** 2;
  const variance = count > 1 ? squares / (count - 1) : 0;
  return {
    [`${name}_mean`]: sum / count,
    [`${name}_var`]: variance,
    [`${name}_std`]: Math.sqrt(variance),
  } as Summary<Name>;
}
