// What every graph file comes down to, whatever its format: named nodes and edges between names. Here the
// names become the numbers 0 to n-1 and all that can be wrong with a graph is found, with the place in the
// file where it stands.
import { InputError } from "../errors.js";
import { checkEdgeCount, checkNodeCount, createGraph, type Edge, type Graph } from "./graph.js";
import { layerGraph } from "./layers.js";

/** A graph as it stands in a file. */
export interface ParsedGraph {
  readonly directed: boolean;
  /** The names of the nodes, or nothing in a format that has edges only. */
  readonly nodes?: readonly string[];
  readonly edges: ReadonlyArray<readonly [source: string, target: string]>;
  /** Where an edge stands, for example `net.edges:7`. */
  readonly placeOf: (edge: number) => string;
}

/**
 * The graph of a file. Nodes are numbered in the order of the file or, when all names are whole numbers, in
 * the order of these numbers (0 to n-1 stay what they are).
 * @throws InputError for a node that appears twice, an edge to an unknown node, and everything that
 * `createGraph` and `layerGraph` refuse: no edges, self-loops, repeated edges, directed cycles, too many
 * nodes or edges.
 */
export function assemble({ directed, nodes, edges, placeOf }: ParsedGraph, where: string): Graph {
  checkEdgeCount(edges.length, where);
  const names = inOrder(nodes ?? [...new Set(edges.flat())]);
  checkNodeCount(names.length, where);
  const numberOf = new Map<string, number>();
  for (const name of names) {
    if (numberOf.has(name))
      throw new InputError({
        where,
        what: `the node ${shown(name)} appears twice`,
        hint: "give every node its own id",
      });
    numberOf.set(name, numberOf.size);
  }
  const numbered = edges.map(([source, target], position): Edge => {
    for (const end of [source, target]) {
      if (!numberOf.has(end))
        throw new InputError({
          where: placeOf(position),
          what: `the edge ends at node ${shown(end)}, which is not in the list of nodes`,
          hint: "add the node or correct its id",
        });
    }
    return [numberOf.get(source)!, numberOf.get(target)!];
  });
  const nameOf = (node: number) => shown(names[node]);
  const graph = createGraph(names.length, numbered, {
    directed,
    names: { graph: where, edge: placeOf, node: nameOf },
  });
  layerGraph(graph, where, nameOf);
  return graph;
}

function shown(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}

function inOrder(names: readonly string[]): readonly string[] {
  return names.every((name) => /^-?\d{1,15}$/.test(name))
    ? [...names].sort((a, b) => Number(a) - Number(b))
    : names;
}
