// Neighbour lists as three typed arrays (compressed rows). Measurements walk a graph millions of times, and
// this is the form in which that is fast and takes memory in proportion to nodes plus edges.
import type { Edge } from "./graph.js";

/**
 * The neighbours of node v are `neighbours[starts[v]]` to `neighbours[starts[v + 1] - 1]`, in order of the
 * edges.
 */
export interface Adjacency {
  readonly nodes: number;
  /** Length nodes + 1. */
  readonly starts: Int32Array;
  readonly neighbours: Int32Array;
  /** The position in the edge list of the edge that leads to each neighbour. */
  readonly edges: Int32Array;
}

/**
 * @param direction `both` for the graph without directions (each edge appears at both ends), `forward` for
 * successors, `backward` for predecessors.
 */
export function adjacencyOf(
  nodes: number,
  edges: readonly Edge[],
  direction: "both" | "forward" | "backward",
): Adjacency {
  const forward = direction !== "backward";
  const backward = direction !== "forward";
  const starts = new Int32Array(nodes + 1);
  for (const [source, target] of edges) {
    if (forward) starts[source + 1]++;
    if (backward) starts[target + 1]++;
  }
  for (let node = 0; node < nodes; node++) starts[node + 1] += starts[node];
  const next = starts.slice(0, nodes);
  const neighbours = new Int32Array(starts[nodes]);
  const edgeAt = new Int32Array(starts[nodes]);
  const put = (at: number, neighbour: number, edge: number) => {
    neighbours[next[at]] = neighbour;
    edgeAt[next[at]++] = edge;
  };
  for (let edge = 0; edge < edges.length; edge++) {
    const [source, target] = edges[edge];
    if (forward) put(source, target, edge);
    if (backward) put(target, source, edge);
  }
  return { nodes, starts, neighbours, edges: edgeAt };
}
