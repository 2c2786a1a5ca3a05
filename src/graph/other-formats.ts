// Graph formats that are not read. Most of them look enough like an edge list that some of their lines would become
// edges, and the result another graph; here they are recognised, to be refused by their names.
import { InputError } from "../errors.js";

/** How the formats that are read are recommended. */
export const SAVE_AS = "save the graph as node-link JSON, GraphML or an edge list";

const SIGNATURES: readonly (readonly [begin: RegExp, format: string])[] = [
  [/^[ \t]*graph\s*\[/im, "GML"],
  [/^[ \t]*\*(vertices|network|arcs|edges|matrix)\b/im, "Pajek's format"],
  [/^\s*(strict\s+)?(di)?graph\b[^{\n]*\{[\s\S]*-[->]/i, "DOT, the language of Graphviz"],
  [/^%%MatrixMarket\b/i, "Matrix Market's format"],
  [/^p\s+\w+\s+\d+\s+\d+\s*$/m, "DIMACS's format"],
  [/^\s*dl\s+n\s*=/i, "UCINET's DL format"],
  [/^\s*nodedef\s*>/i, "GUESS's GDF format"],
  [/^\s*LEDA\.GRAPH\b/, "LEDA's format"],
  [/^>>(di)?graph6<<|^>>sparse6<</, "graph6"],
  // networkx begins these with the program and the time; it writes no such lines over edge lists.
  [/^#\s?GMT [A-Z][a-z]{2} [A-Z][a-z]{2}/m, "an adjacency list"],
];

/** @throws InputError when a text that is neither JSON nor XML is in a format of this list. */
export function refuseOtherFormats(text: string, where: string): void {
  const format =
    SIGNATURES.find(([begin]) => begin.test(text))?.[1] ??
    (/\.adjlist(\.gz)?$/i.test(where) ? "an adjacency list" : undefined) ??
    (isTrivialGraph(text) ? "the Trivial Graph Format" : undefined);
  if (format) throw new InputError({ where, what: `is ${format}, which is not read`, hint: SAVE_AS });
}

/** @throws InputError when an XML text is something else than GraphML. */
export function refuseOtherXml(text: string, where: string): void {
  const root = /<([A-Za-z_][\w.:-]*)/.exec(text.replace(/<!--[\s\S]*?-->/g, ""))?.[1] ?? "";
  if (root === "graphml") return;
  const what = root === "gexf" ? "is GEXF, which is not read" : `is not GraphML: it begins with <${root}>`;
  throw new InputError({ where, what, hint: SAVE_AS });
}

// Nodes with their labels, a line with # alone, edges between these nodes.
function isTrivialGraph(text: string): boolean {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  const middle = lines.indexOf("#");
  const wordsOf = (part: string[]) =>
    part.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(/\s+/));
  const nodes = wordsOf(lines.slice(0, middle)).map(([name]) => name);
  const edges = wordsOf(lines.slice(middle + 1));
  const known = new Set(nodes);
  return (
    middle > 0 &&
    nodes.length > 0 &&
    edges.length > 0 &&
    known.size === nodes.length &&
    edges.every(([source, target]) => known.has(source) && known.has(target))
  );
}
