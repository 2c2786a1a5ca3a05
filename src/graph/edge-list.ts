// Graphs as edge lists: one edge a line, two names separated by blanks, tabs, commas or semicolons; what
// follows them (weights, networkx's attributes) is left aside and # starts a comment. The comment "#
// directed" makes the graph directed.
import { InputError } from "../errors.js";
import { edgesOf, type Graph, isDirected } from "./graph.js";
import type { ParsedGraph } from "./parsed.js";

/** @throws InputError for a line that does not name two nodes. */
export function parseEdgeList(text: string, where: string): ParsedGraph {
  const edges: [string, string][] = [];
  const lineOf: number[] = [];
  let directed = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*#\s*directed\s*$/.test(line)) directed = true;
    const [source, target] = line
      .replace(/#.*/, "")
      .trim()
      .split(/[\s,;]+/);
    if (!source) continue;
    if (!target)
      throw new InputError({
        where: `${where}:${index + 1}`,
        what: `the line names one node, ${JSON.stringify(source.slice(0, 40))}, and an edge has two`,
        hint: "write one edge a line, such as: 0 1",
      });
    edges.push([source, target]);
    lineOf.push(index + 1);
  }
  return { directed, edges, placeOf: (position) => `${where}:${lineOf[position]}` };
}

/**
 * A graph as an edge list.
 * @throws InputError when a node has no edge, as an edge list cannot hold it.
 */
export function formatEdgeList(graph: Graph): string {
  for (let node = 0; node < graph.order; node++) {
    if (graph.degree(node) === 0)
      throw new InputError({
        what: `node ${node} has no edge, and an edge list cannot hold it`,
        hint: "write node-link JSON or GraphML",
      });
  }
  const lines = edgesOf(graph).map(([source, target]) => `${source} ${target}\n`);
  return (isDirected(graph) ? "# directed\n" : "") + lines.join("");
}
