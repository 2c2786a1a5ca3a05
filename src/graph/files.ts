// Graph files in and out, one door for all formats: a file is recognised by how it begins when it is read,
// and by its extension when it is written.
import { extname } from "node:path";
import { InputError } from "../errors.js";
import { readText, writeWhole } from "../files.js";
import { formatEdgeList, parseEdgeList } from "./edge-list.js";
import type { Graph } from "./graph.js";
import { formatGraphml, parseGraphml } from "./graphml.js";
import { formatNodeLink, parseNodeLink } from "./node-link.js";
import { refuseOtherFormats, refuseOtherXml } from "./other-formats.js";
import { assemble, type ParsedGraph } from "./parsed.js";

/**
 * Reads node-link JSON, GraphML or an edge list. Edges keep the order of the file; see `assemble` for the
 * numbers of the nodes.
 * @throws FileError when the file cannot be read, InputError (with the line where there is one) when it does
 * not hold a simple graph with edges, or is directed and has a cycle.
 */
export function readGraph(path: string): Graph {
  return parseGraph(readText(path), path);
}

/** As `readGraph`, from a text; `where` is how it is called in messages. */
export function parseGraph(text: string, where: string): Graph {
  return assemble(parserOf(text, where)(text, where), where);
}

function parserOf(text: string, where: string): (text: string, where: string) => ParsedGraph {
  const first = text.trimStart().charAt(0);
  if (first === "{" || first === "[") return parseNodeLink;
  if (first === "<") {
    refuseOtherXml(text, where);
    return parseGraphml;
  }
  refuseOtherFormats(text, where);
  return parseEdgeList;
}

const FORMATS: Record<string, (graph: Graph) => string> = {
  ".json": formatNodeLink,
  ".graphml": formatGraphml,
  ".edges": formatEdgeList,
  ".edgelist": formatEdgeList,
  ".txt": formatEdgeList,
};

/**
 * Writes a graph in the format of the path's extension: .json (node-link), .graphml, or .edges, .edgelist and
 * .txt (edge list).
 * @throws InputError for another extension, FileError when the file cannot be written.
 */
export function writeGraph(path: string, graph: Graph): void {
  const format = FORMATS[extname(path).toLowerCase()];
  if (!format)
    throw new InputError({
      where: path,
      what: "the extension names no graph format",
      hint: `use one of ${Object.keys(FORMATS).join(", ")}`,
    });
  writeWhole(path, format(graph));
}
