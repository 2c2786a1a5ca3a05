// Graphs as networkx's node-link JSON, the form in which Darji's graphs (2021) are kept. Versions of networkx
// differ in calling the list of edges "links" or "edges"; both are read, "links" is written.
import { z } from "zod";
import { InputError } from "../errors.js";
import { edgesOf, type Graph, isDirected } from "./graph.js";
import type { ParsedGraph } from "./parsed.js";

const atom = z.union([z.string(), z.number()]);
// networkx writes a tuple, such as the place of a node on a lattice, as a list.
const name = z.union([atom, z.array(atom)]).transform(String);
const edge = z.object({ source: name, target: name });
const document = z.object({
  directed: z.boolean().default(false),
  nodes: z.array(z.object({ id: name.optional() })),
  links: z.array(edge).optional(),
  edges: z.array(edge).optional(),
});

/** @throws InputError when the text is not JSON or not node-link data, with the line or the field. */
export function parseNodeLink(text: string, where: string): ParsedGraph {
  const result = document.safeParse(parseJson(text, where));
  if (!result.success) {
    const { path, message } = result.error.issues[0];
    throw new InputError({
      where: `${where}: ${path.join(".") || "the document"}`,
      what: message.charAt(0).toLowerCase() + message.slice(1),
      hint: "node-link data as networkx writes it is needed",
    });
  }
  const { directed, nodes, links, edges } = result.data;
  const key = links ? "links" : "edges";
  const list = links ?? edges;
  if (!list)
    throw new InputError({
      where,
      what: 'has neither "links" nor "edges"',
      hint: "save it as node-link data",
    });
  return {
    directed,
    nodes: nodes.map(({ id }, position) => id ?? String(position)),
    edges: list.map(({ source, target }) => [source, target] as const),
    placeOf: (position) => `${where}: ${key}.${position}`,
  };
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const position = /position (\d+)/.exec(message)?.[1];
    const line = position && text.slice(0, Number(position)).split("\n").length;
    throw new InputError({
      where: line ? `${where}:${line}` : where,
      what: `this is not JSON (${message})`,
      hint: "check that the file is whole",
      cause: error,
    });
  }
}

/** A graph as one line of node-link JSON, as networkx writes it. */
export function formatNodeLink(graph: Graph): string {
  return `${JSON.stringify({
    directed: isDirected(graph),
    multigraph: false,
    graph: {},
    nodes: Array.from({ length: graph.order }, (_, id) => ({ id })),
    links: edgesOf(graph).map(([source, target]) => ({ source, target })),
  })}\n`;
}
