// The order of the nodes inside a layer as the thesis's code has it, which is the order of the units in its
// published weights and masks. It came out of a recursion over Python sets, so it is odd; nothing but
// comparison with those files needs it, and it is kept here alone.
import { type Adjacency, adjacencyOf } from "../graph/adjacency.js";
import type { LayeredGraph } from "../graph/layers.js";
import { PythonSet } from "./python-set.js";

/**
 * The first releases of networkx in which the ancestors of a node come in an order of their own. The thesis was begun
 * with 2.4, and its 80 networks that are known here fit any of the three.
 */
export const networkxReleases = ["2.2", "2.5", "2.7"] as const;
export type NetworkxRelease = (typeof networkxReleases)[number];

/**
 * The same layers with their nodes in the thesis's order: nodes come in order of their first appearance in
 * the edges, each after its ancestors (`build_layer_index` of pypaddle 0.3). Takes time in proportion to nodes
 * times edges.
 * @param networkx the release that listed the ancestors, or the one before it that did it alike.
 */
export function inThesisOrder(graph: LayeredGraph, networkx: NetworkxRelease = "2.2"): LayeredGraph {
  const backward = adjacencyOf(graph.nodes, graph.edges, "backward");
  const ancestors = ancestorsOf[networkx];
  const layers: number[][] = graph.layers.map(() => []);
  const begun = new Uint8Array(graph.nodes);
  const waiting: { node: number; ancestors: Iterator<number> }[] = [];
  const begin = (node: number) => {
    if (begun[node]) return;
    begun[node] = 1;
    waiting.push({ node, ancestors: ancestors(node, backward)[Symbol.iterator]() });
  };
  for (const first of firstAppearances(graph)) {
    begin(first);
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      const next = last.ancestors.next();
      if (!next.done) {
        begin(next.value);
      } else {
        layers[graph.layerOf[last.node]].push(last.node);
        waiting.pop();
      }
    }
  }
  return { ...graph, layers };
}

function firstAppearances({ nodes, edges }: LayeredGraph): Set<number> {
  const order = new Set<number>();
  for (const edge of edges) for (const end of edge) order.add(end);
  for (let node = 0; node < nodes; node++) order.add(node);
  return order;
}

/** All nodes from which a node can be reached, in the order in which `networkx.ancestors` has them. */
const ancestorsOf: Record<NetworkxRelease, (node: number, backward: Adjacency) => Iterable<number>> = {
  "2.2": (node, backward) => new PythonSet(breadthFirst(node, backward)).without(node),
  "2.5": (node, backward) => new PythonSet(breadthFirst(node, backward, PythonSet)).without(node),
  "2.7": (node, backward) => {
    const [, ...others] = breadthFirst(node, backward);
    return new PythonSet(others);
  },
};

/**
 * A node and its ancestors, the nearer ones first.
 * @param Level the kind of set that gathers those that are equally near.
 */
function breadthFirst(
  node: number,
  { starts, neighbours }: Adjacency,
  Level: new () => Iterable<number> & { add(member: number): unknown } = Set<number>,
): Set<number> {
  const found = new Set([node]);
  for (let level = [node]; level.length > 0; ) {
    const further = new Level();
    for (const member of level) {
      for (let at = starts[member]; at < starts[member + 1]; at++) further.add(neighbours[at]);
    }
    level = [...further].filter((member) => !found.has(member));
    for (const member of level) found.add(member);
  }
  return found;
}
