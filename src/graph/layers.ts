// From a graph to the layers of a network: undirected edges get a direction, and every node goes as far down
// as its longest path from a source. What the network builder needs of a graph is the LayeredGraph made here.
import { InputError } from "../errors.js";
import { adjacencyOf } from "./adjacency.js";
import { type Edge, edgesOf, type Graph, isDirected } from "./graph.js";

/** A directed acyclic graph cut into layers; every edge leads from a layer to a later one. */
export interface LayeredGraph {
  readonly nodes: number;
  /** Directed, in the order of the graph. */
  readonly edges: readonly Edge[];
  /** Per node, the number of edges on its longest path from a source. */
  readonly layerOf: Int32Array;
  /** The nodes of each layer, in ascending order; none is empty. The first layer holds exactly the sources. */
  readonly layers: ReadonlyArray<readonly number[]>;
}

/**
 * Orients a graph and cuts it into layers. An undirected edge runs from its lower to its higher node, as in
 * Darji (2021); a directed one stays. Several components are allowed; a node without edges is a source.
 * @param where how the graph is called in messages
 * @param nameOf how a node is called in messages
 * @throws InputError when the graph has no edges, or is directed and has a cycle.
 */
export function layerGraph(
  graph: Graph,
  where?: string,
  nameOf: (node: number) => string = String,
): LayeredGraph {
  const given = edgesOf(graph);
  if (given.length === 0)
    throw new InputError({ where, what: "the graph has no edges", hint: "connect its nodes" });
  const edges = isDirected(graph) ? given : given.map(([a, b]): Edge => (a < b ? [a, b] : [b, a]));
  const layerOf = longestPaths(graph.order, edges, where, nameOf);
  const layers: number[][] = Array.from(
    { length: layerOf.reduce((a, b) => Math.max(a, b), 0) + 1 },
    () => [],
  );
  for (let node = 0; node < graph.order; node++) layers[layerOf[node]].push(node);
  return { nodes: graph.order, edges, layerOf, layers };
}

/** The layer of every node, by removing sources again and again (Kahn). */
function longestPaths(
  nodes: number,
  edges: readonly Edge[],
  where: string | undefined,
  nameOf: (node: number) => string,
): Int32Array {
  const { starts, neighbours } = adjacencyOf(nodes, edges, "forward");
  const missing = new Int32Array(nodes);
  for (const [, target] of edges) missing[target]++;
  const layerOf = new Int32Array(nodes);
  const order: number[] = [];
  for (let node = 0; node < nodes; node++) if (missing[node] === 0) order.push(node);
  for (let i = 0; i < order.length; i++) {
    const node = order[i];
    for (let at = starts[node]; at < starts[node + 1]; at++) {
      const target = neighbours[at];
      layerOf[target] = Math.max(layerOf[target], layerOf[node] + 1);
      if (--missing[target] === 0) order.push(target);
    }
  }
  if (order.length < nodes) {
    throw new InputError({
      where,
      what: `the directed graph has a cycle: ${describe(findCycle(edges, missing).map(nameOf))}`,
      hint: "remove one of these edges, or save the graph as undirected",
    });
  }
  return layerOf;
}

// Every node that Kahn's algorithm leaves over has a predecessor that is left over, so walking backwards must
// close.
function findCycle(edges: readonly Edge[], missing: Int32Array): number[] {
  const predecessor = new Map<number, number>();
  for (const [source, target] of edges) {
    if (missing[source] > 0 && missing[target] > 0) predecessor.set(target, source);
  }
  const seen = new Map<number, number>();
  const path: number[] = [];
  let node = missing.findIndex((count) => count > 0);
  while (!seen.has(node)) {
    seen.set(node, path.length);
    path.push(node);
    node = predecessor.get(node)!;
  }
  const cycle = path.slice(seen.get(node)).reverse();
  return [...cycle, cycle[0]];
}

function describe(cycle: string[]): string {
  const shown = cycle.length > 9 ? [...cycle.slice(0, 4), "…", ...cycle.slice(-4)] : cycle;
  return shown.join(" → ");
}

/**
 * The number of different paths from a source to a sink, that is from a node without predecessors to one
 * without successors, at least one edge long. Exact up to 2⁵³, correct to about 15 digits beyond, Infinity
 * beyond 1.8e308.
 */
export function countPaths({ nodes, edges, layers }: LayeredGraph): number {
  const { starts, neighbours } = adjacencyOf(nodes, edges, "forward");
  const fromSources = new Float64Array(nodes);
  const isTarget = new Uint8Array(nodes);
  for (const [, target] of edges) isTarget[target] = 1;
  let paths = 0;
  for (const layer of layers) {
    for (const node of layer) {
      if (!isTarget[node]) fromSources[node] = 1;
      else if (starts[node] === starts[node + 1]) paths += fromSources[node];
      for (let at = starts[node]; at < starts[node + 1]; at++)
        fromSources[neighbours[at]] += fromSources[node];
    }
  }
  return paths;
}
