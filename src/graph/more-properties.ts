// Properties of a graph beyond Darji's 23: how clustered, how small-world, how assortative it is, how
// fast its walks multiply, and how many ways lead through it. None is ever undefined for a connected graph, so
// that all can be features of a predictor.
import { type Adjacency, adjacencyOf } from "./adjacency.js";
import { edgesOf, type Graph } from "./graph.js";
import { countPaths, layerGraph } from "./layers.js";
import { graphProperties } from "./properties.js";
import { adjacencySpectralRadius } from "./spectrum.js";

/** The names of the properties that Darji (2021) does not have. */
export const MORE_PROPERTY_NAMES = [
  "clustering",
  "small_world_sigma",
  "degree_assortativity",
  "spectral_radius",
  "source_sink_paths",
] as const;

export type MoreGraphProperties = Record<(typeof MORE_PROPERTY_NAMES)[number], number>;

/**
 * - `clustering`: the mean over nodes of the fraction of pairs of neighbours that are joined (networkx's
 *   average clustering).
 * - `small_world_sigma`: (C / Cr) / (L / Lr), with C the clustering, L the average shortest path length, and
 *   Cr and Lr what is expected of a random graph with as many nodes and edges (Humphries and Gurney 2008): Cr
 *   = k / (n - 1) and Lr = (ln n - γ) / ln k + 1/2 for mean degree k (Fronczak et al. 2004). Above 1 a graph
 *   is a small world.
 * - `degree_assortativity`: the correlation of the degrees at the two ends of an edge; 0 where all degrees
 *   are equal.
 * - `spectral_radius`: of the adjacency matrix without directions.
 * - `source_sink_paths`: see `countPaths`.
 *
 * @param averageShortestPathLength from `graphProperties`, when it is already known
 * @throws InputError as `graphProperties`.
 */
export function moreGraphProperties(
  graph: Graph,
  averageShortestPathLength = graphProperties(graph).average_shortest_path_length,
): MoreGraphProperties {
  const edges = edgesOf(graph);
  const adjacency = adjacencyOf(graph.order, edges, "both");
  const clustering = averageClustering(adjacency);
  return {
    clustering,
    small_world_sigma: smallWorldSigma(graph.order, edges.length, clustering, averageShortestPathLength),
    degree_assortativity: degreeAssortativity(adjacency),
    spectral_radius: adjacencySpectralRadius(adjacency),
    source_sink_paths: countPaths(layerGraph(graph)),
  };
}

function smallWorldSigma(nodes: number, edges: number, clustering: number, pathLength: number): number {
  if (clustering === 0) return 0;
  const degree = (2 * edges) / nodes;
  const randomClustering = degree / (nodes - 1);
  const eulerGamma = 0.5772156649015329;
  const randomPathLength = (Math.log(nodes) - eulerGamma) / Math.log(degree) + 0.5;
  return clustering / randomClustering / (pathLength / randomPathLength);
}

// Each triangle is found once, at its node of least degree, from neighbours of higher degree alone:
// O(edges^1.5).
function averageClustering({ nodes, starts, neighbours }: Adjacency): number {
  const degree = (node: number) => starts[node + 1] - starts[node];
  const isAbove = (a: number, b: number) => degree(a) > degree(b) || (degree(a) === degree(b) && a > b);
  const above = Array.from({ length: nodes }, (_, node) =>
    neighbours.subarray(starts[node], starts[node + 1]).filter((neighbour) => isAbove(neighbour, node)),
  );
  const triangles = new Float64Array(nodes);
  const marked = new Uint8Array(nodes);
  for (let node = 0; node < nodes; node++) {
    for (const first of above[node]) marked[first] = 1;
    for (const first of above[node]) {
      for (const second of above[first]) {
        if (!marked[second]) continue;
        triangles[node]++;
        triangles[first]++;
        triangles[second]++;
      }
    }
    for (const first of above[node]) marked[first] = 0;
  }
  let sum = 0;
  for (let node = 0; node < nodes; node++) {
    if (triangles[node] > 0) sum += (2 * triangles[node]) / (degree(node) * (degree(node) - 1));
  }
  return sum / nodes;
}

// Newman, "Assortative mixing in networks", Physical Review Letters 89 (2002), equation 4.
function degreeAssortativity({ nodes, starts, neighbours }: Adjacency): number {
  const degree = (node: number) => starts[node + 1] - starts[node];
  const ends = neighbours.length;
  let products = 0;
  let sum = 0;
  let squares = 0;
  for (let node = 0; node < nodes; node++) {
    for (let at = starts[node]; at < starts[node + 1]; at++)
      products += degree(node) * degree(neighbours[at]);
    sum += degree(node) ** 2;
    squares += degree(node) ** 3;
  }
  const variance = ends * squares - sum ** 2;
  return variance === 0 ? 0 : (ends * products - sum ** 2) / variance;
}
