// Shortest paths between all pairs of nodes, one source at a time, so that memory grows with nodes plus edges
// and never with nodes squared. One walk from each source yields distances, eccentricity and both kinds of
// betweenness.
import { InputError } from "../errors.js";
import type { Adjacency } from "./adjacency.js";

/** Sums over all ordered pairs of different nodes of a connected undirected graph. */
export interface ShortestPaths {
  /** Per node, the distance to the node furthest from it. */
  readonly eccentricity: Float64Array;
  /** Per node, the sum of its distances to all others. */
  readonly distanceSum: Float64Array;
  /** Per node, the sum over pairs of other nodes of the fraction of shortest paths through it. */
  readonly nodeBetweenness: Float64Array;
  /** Per edge, the sum over pairs of nodes of the fraction of shortest paths along it. */
  readonly edgeBetweenness: Float64Array;
}

/**
 * Called now and then with the number of sources done, and their total. What it throws ends the computation.
 */
export type Progress = (done: number, total: number) => void;

/**
 * Brandes, "A faster algorithm for betweenness centrality", Journal of Mathematical Sociology 25 (2001). Time
 * is proportional to nodes times edges.
 * @param adjacency neighbours in both directions, see `adjacencyOf`
 * @throws InputError when the graph is not connected, or two nodes have more shortest paths than a number can
 * hold.
 */
export function shortestPaths(adjacency: Adjacency, where?: string, progress?: Progress): ShortestPaths {
  const { nodes, starts, neighbours, edges } = adjacency;
  const eccentricity = new Float64Array(nodes);
  const distanceSum = new Float64Array(nodes);
  const nodeBetweenness = new Float64Array(nodes);
  const edgeBetweenness = new Float64Array(neighbours.length / 2);
  const distance = new Int32Array(nodes);
  const order = new Int32Array(nodes);
  const paths = new Float64Array(nodes);
  const dependency = new Float64Array(nodes);
  const pause = Math.ceil(nodes / 200);

  for (let source = 0; source < nodes; source++) {
    distance.fill(-1);
    paths.fill(0);
    dependency.fill(0);
    distance[source] = 0;
    paths[source] = 1;
    order[0] = source;
    let reached = 1;
    let sum = 0;
    for (let i = 0; i < reached; i++) {
      const node = order[i];
      const beyond = distance[node] + 1;
      sum += distance[node];
      for (let at = starts[node]; at < starts[node + 1]; at++) {
        const neighbour = neighbours[at];
        if (distance[neighbour] < 0) {
          distance[neighbour] = beyond;
          order[reached++] = neighbour;
        }
        if (distance[neighbour] === beyond) paths[neighbour] += paths[node];
      }
    }
    if (reached < nodes) throw notConnected(adjacency, where);
    distanceSum[source] = sum;
    eccentricity[source] = distance[order[nodes - 1]];

    for (let i = nodes - 1; i > 0; i--) {
      const node = order[i];
      const nearer = distance[node] - 1;
      const share = (1 + dependency[node]) / paths[node];
      for (let at = starts[node]; at < starts[node + 1]; at++) {
        const neighbour = neighbours[at];
        if (distance[neighbour] !== nearer) continue;
        const flow = paths[neighbour] * share;
        dependency[neighbour] += flow;
        edgeBetweenness[edges[at]] += flow;
      }
      nodeBetweenness[node] += dependency[node];
    }
    if ((source + 1) % pause === 0 || source + 1 === nodes) progress?.(source + 1, nodes);
  }
  if (!nodeBetweenness.every(Number.isFinite)) {
    throw new InputError({
      where,
      what: "two nodes are joined by more shortest paths than a number can hold",
      hint: "use a graph with fewer or narrower layers",
    });
  }
  return { eccentricity, distanceSum, nodeBetweenness, edgeBetweenness };
}

function notConnected(adjacency: Adjacency, where?: string): InputError {
  const components = countComponents(adjacency);
  return new InputError({
    where,
    what: `the graph falls into ${components} components, and distances between them are not defined`,
    hint: "connect them, or keep the largest one",
  });
}

/** The number of connected components, directions ignored. */
export function countComponents({ nodes, starts, neighbours }: Adjacency): number {
  const seen = new Uint8Array(nodes);
  const waiting: number[] = [];
  let components = 0;
  for (let first = 0; first < nodes; first++) {
    if (seen[first]) continue;
    components++;
    seen[first] = 1;
    waiting.push(first);
    while (waiting.length > 0) {
      const node = waiting.pop()!;
      for (let at = starts[node]; at < starts[node + 1]; at++) {
        const neighbour = neighbours[at];
        if (seen[neighbour]) continue;
        seen[neighbour] = 1;
        waiting.push(neighbour);
      }
    }
  }
  return components;
}
