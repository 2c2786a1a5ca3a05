// The graph that every module of this folder shares: graphology's data structure, with its loose types
// narrowed here and nowhere else. Nodes are the numbers 0 to n-1 (graphology keeps them as text), edges keep
// their order, and a graph that could not be a network (self-loop, repeated edge, too large) is refused when
// it is made.
import { DirectedGraph, UndirectedGraph } from "graphology";
import { InputError } from "../errors.js";

/**
 * A simple graph without self-loops, directed or undirected, with the nodes 0 to `order - 1` in that order.
 */
export type Graph = UndirectedGraph | DirectedGraph;

/** An edge. In an undirected graph the two ends keep the order in which they were given. */
export type Edge = readonly [source: number, target: number];

/** The largest graph that is accepted: it takes about half a gigabyte and ten seconds to build. */
export const MOST_NODES = 100_000;
export const MOST_EDGES = 1_000_000;

/** How a graph is called in messages: the whole of it, one of its edges, one of its nodes. */
export interface GraphNames {
  readonly graph?: string;
  /** Where an edge is written, for example `links.txt:7`; given the edge's position from 0. */
  readonly edge?: (position: number) => string;
  readonly node?: (node: number) => string;
}

/**
 * A graph of `nodes` nodes and the given edges, in their order.
 * @throws InputError for an edge to an unknown node, a self-loop, a repeated edge, no nodes, or more than
 * `MOST_NODES` nodes or `MOST_EDGES` edges.
 */
export function createGraph(
  nodes: number,
  edges: Iterable<Edge>,
  { directed = false, names = {} }: { directed?: boolean; names?: GraphNames } = {},
): Graph {
  checkNodeCount(nodes, names.graph);
  const graph = directed ? new DirectedGraph() : new UndirectedGraph();
  for (let node = 0; node < nodes; node++) graph.addNode(node);
  const nameOf = names.node ?? String;
  let position = 0;
  for (const [source, target] of edges) {
    const problem = edgeProblem(graph, source, target, nameOf);
    if (problem) throw new InputError({ where: names.edge?.(position) ?? names.graph, ...problem });
    graph.addEdge(source, target);
    if (++position > MOST_EDGES) throw tooMany("edges", MOST_EDGES, names.graph);
  }
  return graph;
}

function edgeProblem(graph: Graph, source: number, target: number, nameOf: (node: number) => string) {
  for (const end of [source, target]) {
    if (!graph.hasNode(end))
      return { what: `the edge ends at node ${nameOf(end)}, which does not exist`, hint: "add the node" };
  }
  if (source === target)
    return {
      what: `node ${nameOf(source)} has an edge to itself`,
      hint: "remove self-loops, recurrence is part of every cell",
    };
  if (graph.hasEdge(source, target))
    return {
      what: `the edge between ${nameOf(source)} and ${nameOf(target)} appears twice`,
      hint: "keep one of them",
    };
  return undefined;
}

/** @throws InputError unless `nodes` is a whole number from 1 to `MOST_NODES`. */
export function checkNodeCount(nodes: number, where?: string): void {
  if (nodes > MOST_NODES) throw tooMany("nodes", MOST_NODES, where);
  if (!Number.isInteger(nodes) || nodes < 1)
    throw new InputError({
      where,
      what: "the graph has no nodes",
      hint: "give at least two nodes and an edge",
    });
}

/** @throws InputError when a graph is about to have more than `MOST_EDGES` edges. */
export function checkEdgeCount(edges: number, where?: string): void {
  if (edges > MOST_EDGES) throw tooMany("edges", MOST_EDGES, where);
}

function tooMany(what: "nodes" | "edges", most: number, where?: string): InputError {
  return new InputError({
    where,
    what: `the graph has more than ${most.toLocaleString("en")} ${what}`,
    hint: "use a smaller or sparser graph",
  });
}

/** All edges in their order. */
export function edgesOf(graph: Graph): Edge[] {
  const edges: Edge[] = [];
  graph.forEachEdge((_key, _attributes, source, target) => {
    edges.push([Number(source), Number(target)]);
  });
  return edges;
}

export function isDirected(graph: Graph): boolean {
  return graph.type === "directed";
}
