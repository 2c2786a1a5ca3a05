// Graphs as GraphML, which most graph programs read and write. Only the structure is taken: nodes, edges and
// their direction; attributes and layout are left aside, and what cannot be a simple graph (hyperedges,
// several graphs) is refused.
import { createRequire } from "node:module";
import { InputError } from "../errors.js";
import { edgesOf, type Graph } from "./graph.js";
import type { ParsedGraph } from "./parsed.js";

type Readable = { getAttribute(name: string): string | null };

/** @throws InputError when the text is cut off or is not one GraphML graph. */
export function parseGraphml(text: string, where: string): ParsedGraph {
  // The parser closes open elements by itself and would take half a file for a small graph.
  if (!text.trimEnd().endsWith("</graphml>"))
    throw new InputError({
      where,
      what: "does not end with </graphml>",
      hint: "check that the file is whole",
    });
  // Loaded here: it takes longer to load than everything else that reads graphs, and most are in other formats.
  const { DOMParser } = createRequire(import.meta.url)("linkedom") as typeof import("linkedom");
  const document = new DOMParser().parseFromString(text, "text/xml");
  const graphs = document.querySelectorAll("graph");
  if (graphs.length !== 1)
    throw new InputError({
      where,
      what: `holds ${graphs.length} graphs`,
      hint: "save one graph, without groups",
    });
  if (document.querySelector("hyperedge"))
    throw new InputError({
      where,
      what: "has a hyperedge",
      hint: "only edges between two nodes can be used",
    });
  const directed = graphs[0].getAttribute("edgedefault") === "directed";
  const read = (element: Readable, attribute: string, place: string) => {
    const value = element.getAttribute(attribute);
    if (value === null) throw new InputError({ where: place, what: `has no attribute "${attribute}"` });
    return value;
  };
  const placeOf = (position: number) => `${where}: edge ${position + 1}`;
  return {
    directed,
    nodes: [...document.querySelectorAll("node")].map((node, i) =>
      read(node, "id", `${where}: node ${i + 1}`),
    ),
    edges: [...document.querySelectorAll("edge")].map((edge, i) => {
      if ((edge.getAttribute("directed") ?? String(directed)) !== String(directed))
        throw new InputError({
          where: placeOf(i),
          what: "its direction differs from that of the graph",
          hint: "make all edges directed or all undirected",
        });
      return [read(edge, "source", placeOf(i)), read(edge, "target", placeOf(i))] as const;
    }),
    placeOf,
  };
}

/** A graph as GraphML, one element a line. */
export function formatGraphml(graph: Graph): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    `<graph edgedefault="${graph.type}">`,
    ...Array.from({ length: graph.order }, (_, id) => `<node id="${id}"/>`),
    ...edgesOf(graph).map(([source, target]) => `<edge source="${source}" target="${target}"/>`),
    "</graph>",
    "</graphml>",
    "",
  ].join("\n");
}
