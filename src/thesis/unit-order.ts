// The order of the nodes inside a layer as the thesis's code has it, which is the order of the units in its
// published weights and masks. It came out of a recursion over Python sets, so it is odd; nothing but
// comparison with those files needs it, and it is kept here alone.
import { type Adjacency, adjacencyOf } from "../graph/adjacency.js";
import type { LayeredGraph } from "../graph/layers.js";

/**
 * The same layers with their nodes in the thesis's order: nodes come in order of their first appearance in
 * the edges, each after its ancestors (pypaddle's `build_layer_index`). Takes time in proportion to nodes
 * times edges.
 */
export function inThesisOrder(graph: LayeredGraph): LayeredGraph {
  const backward = adjacencyOf(graph.nodes, graph.edges, "backward");
  const layers: number[][] = graph.layers.map(() => []);
  const placed = new Uint8Array(graph.nodes);
  for (const first of firstAppearances(graph)) {
    const waiting = placed[first] ? [] : [first];
    while (waiting.length > 0) {
      const node = waiting[waiting.length - 1];
      const ancestor = ancestorsOf(node, backward).find((other) => !placed[other]);
      if (ancestor !== undefined) {
        waiting.push(ancestor);
      } else {
        layers[graph.layerOf[node]].push(node);
        placed[node] = 1;
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

/** All nodes from which `node` can be reached, in the order in which Python iterates over a set of them. */
function ancestorsOf(node: number, { starts, neighbours }: Adjacency): number[] {
  const found = new Set([node]);
  for (const member of found) {
    for (let at = starts[member]; at < starts[member + 1]; at++) found.add(neighbours[at]);
  }
  found.delete(node);
  const size = pythonTableSize(found.size);
  return [...found].sort((a, b) => (a % size) - (b % size) || a - b);
}

// CPython keeps a set as a hash table that starts with 8 slots and grows fourfold, rounded up to a power of
// two, when it is three fifths full; a whole number's slot is its remainder.
function pythonTableSize(members: number): number {
  let size = 8;
  for (let filled = 1; filled <= members; filled++) {
    if (filled * 5 < (size - 1) * 3) continue;
    while (size <= filled * 4) size *= 2;
  }
  return size;
}
