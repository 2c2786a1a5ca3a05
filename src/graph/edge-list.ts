// Graphs as edge lists: one edge a line, two names, then at most a weight or networkx's attributes, which are left aside;
// # starts a comment, and the comment "# directed" makes the graph directed. Columns are set apart by blanks, tabs,
// commas or semicolons and may have a header. A line that could mean something else is refused, because a graph that was
// misread looks like any other.
import { InputError } from "../errors.js";
import { divide, type Field, isSeparator, type Line, readLines, SEPARATORS, shown } from "./edge-lines.js";
import { edgesOf, type Graph, isDirected } from "./graph.js";
import { SAVE_AS } from "./other-formats.js";
import type { ParsedGraph } from "./parsed.js";

interface Edge {
  readonly source: string;
  readonly target: string;
  readonly weight?: string;
}

/** @throws InputError for a line that is not an edge, with what it looks like. */
export function parseEdgeList(text: string, where: string): ParsedGraph {
  const lines = readLines(text, where);
  const placesOf = (lines: readonly Line[]) => (position: number) => `${where}:${lines[position].number}`;
  const isMarked = /^[^\S\n\r]*#[^\S\n\r]*directed\s*$/m.test(text);
  const table = lines.length > 0 ? parseTable(lines, where) : undefined;
  if (table) {
    const { edges, directed } = table;
    return { directed: isMarked || directed, edges, placeOf: placesOf(lines.slice(1)) };
  }
  const edges = lines.map((line) => edgeOf(line, where));
  refuseHeader(edges, placesOf(lines));
  refuseKinds(edges, where);
  return {
    directed: isMarked,
    edges: edges.map(({ source, target }) => [source, target] as const),
    placeOf: placesOf(lines),
  };
}

const number = /^[+-]?(\d+([.,]\d*)?|[.,]\d+|nan|inf|infinity)(e[+-]?\d+)?$/i;
const wholeNumber = /^[+-]?\d+$/;

function edgeOf(line: Line, where: string): Edge {
  if (/^\s*(%|\/\/)/.test(line.outline))
    throw new InputError({
      where: `${where}:${line.number}`,
      what: `the line looks like a comment: ${shown(line.text)}`,
      hint: "begin comments with #",
    });
  const end = endOfColumns(line);
  const body = { text: line.text.slice(0, end), outline: line.outline.slice(0, end) };
  const hasAttributes = end < line.outline.length;
  const isName = (field?: Field) => field && field.name !== "" && !/[\t,;]/.test(field.outline);
  const fields = SEPARATORS.map((separator) => divide(body, separator)).find(
    ([source, target]) => isName(source) && isName(target),
  );
  if (!fields || !isClear(fields, body.outline)) throw refusal(line, where);
  const [source, target, weight, ...more] = fields.map(({ name }) => name);
  const isWeight = weight === undefined || (!hasAttributes && (weight === "" || number.test(weight)));
  if (!isWeight || more.length > 0) throw refusal(line, where);
  return { source, target, weight };
}

// Where networkx writes the attributes of an edge, such as {}, or else the end of the line.
function endOfColumns({ outline }: Line): number {
  const open = outline.lastIndexOf("{");
  if (open < 1 || !isSeparator(outline[open - 1]) || /[^_\s]/.test(outline.slice(open + 1)))
    return outline.length;
  let end = open;
  while (end > 0 && isSeparator(outline[end - 1])) end--;
  return end;
}

// "a 1,2" may be an edge between "a 1" and 2, or one between a and 1 with a weight; so may "a 1 0,5".
function isClear([source, target]: readonly Field[], outline: string): boolean {
  if (![source, target].some((field) => /\s/.test(field.outline))) return true;
  const isWeighted = ([a, b, weight, ...more]: string[]) =>
    weight !== undefined && more.length === 0 && number.test(weight) && !/[,;]/.test(a + b);
  return ![/[\s,;]+/, /\s+/].some((separator) => isWeighted(outline.trim().split(separator)));
}

function refusal(line: Line, where: string): InputError {
  const place = `${where}:${line.number}`;
  const words = line.outline.trim().split(/[\s,;]+/);
  if (words.length === 1)
    return new InputError({
      where: place,
      what: `the line names one node, ${shown(line.text)}, and an edge has two`,
      hint: `write one edge a line, such as: 0 1; if it is an adjacency list, ${SAVE_AS}`,
    });
  return new InputError({
    where: place,
    what: `the line is not two names with at most a weight or {…} after them: ${shown(line.text)}`,
    hint: words.every((word) => wholeNumber.test(word))
      ? `it looks like an adjacency list or a matrix: ${SAVE_AS}`
      : `put names with blanks in double quotes, call the columns of a table source and target, or ${SAVE_AS}`,
  });
}

const sourceName = /^(source|src|from|sender|parent)(node|vertex)?(id)?$/;
const targetName = /^(target|dst|dest|destination|to|receiver|child)(node|vertex)?(id)?$/;
const simplified = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

// Edges in a table whose header names the two ends; other columns are left aside, but for the direction in Gephi's.
function parseTable([header, ...rows]: readonly Line[], where: string) {
  for (const separator of SEPARATORS) {
    const names = divide(header, separator).map(({ name }) => name);
    const simple = names.map(simplified);
    const source = simple.findIndex((name) => sourceName.test(name));
    const target = simple.findIndex((name) => targetName.test(name));
    if (source < 0 || target < 0) continue;
    const type = simple.indexOf("type");
    const cells = rows.map((row) => divide(row, separator).map(({ name }) => name));
    const edges = cells.map((row) => [row[source], row[target]] as const);
    // Where the words come back they are nodes, and the first line is an edge.
    if (edges.flat().some((name) => name === names[source] || name === names[target])) return undefined;
    for (const [i, row] of cells.entries()) {
      if (row.length === names.length && row[source] !== "" && row[target] !== "") continue;
      throw new InputError({
        where: `${where}:${rows[i].number}`,
        what: `the row does not fit the header ${shown(header.text)}: ${shown(rows[i].text)}`,
        hint: "give every row as many cells as the header",
      });
    }
    const types = new Set(type < 0 ? [] : cells.map((row) => row[type].toLowerCase()));
    const directed = types.has("directed");
    if (directed && types.size > 1)
      throw new InputError({
        where,
        what: "some of its edges are directed and some are not",
        hint: "make all edges directed or all undirected",
      });
    return { edges, directed };
  }
  return undefined;
}

// A first line that is hardly an edge and not certainly something else.
function refuseHeader([first, ...rest]: readonly Edge[], placeOf: (edge: number) => string): void {
  if (rest.length === 0) return;
  const others = new Set(rest.flatMap(({ source, target }) => [source, target]));
  const ends = [first.source, first.target];
  const names = [...others];
  const areNew = !ends.some((end) => others.has(end));
  const areCounts = areNew && ends[0] === String(names.length) && ends[1] === String(rest.length);
  const areWords =
    !ends.some((end) => wholeNumber.test(end)) && names.every((name) => wholeNumber.test(name));
  if (!areCounts && !areWords && !(areNew && isPairOfColumns(ends, names))) return;
  throw new InputError({
    where: placeOf(0),
    what: areCounts
      ? `the line looks like the counts of nodes and edges: ${ends.join(" ")}`
      : `the line looks like a header: ${shown(ends.join(" "))}`,
    hint: areCounts ? "delete it" : "call its columns source and target, or delete it",
  });
}

// Whether two names that come once are such as u and v, or person_a and person_b where no other is a person.
function isPairOfColumns(ends: readonly string[], others: readonly string[]): boolean {
  const found = /^(?:u v|i j|start end|head tail|tail head|id \w+|(\w{2,})\w \1\w)$/.exec(
    ends.map(simplified).join(" "),
  );
  if (!found) return false;
  const stem = found[1];
  return stem === undefined || !others.some((name) => simplified(name).startsWith(stem));
}

// Formats with a word for the kind of the line or of the edge: e 1 2 (DIMACS), 1 pp 2 (SIF).
function refuseKinds(edges: readonly Edge[], where: string): void {
  const isKind = (kind: "source" | "target", other: "source" | "target") =>
    edges.every(
      (edge) =>
        !wholeNumber.test(edge[kind]) &&
        edge[kind] === edges[0][kind] &&
        wholeNumber.test(edge[other]) &&
        wholeNumber.test(edge.weight ?? ""),
    );
  if (edges.length < 2) return;
  const format = isKind("source", "target")
    ? "DIMACS's format"
    : isKind("target", "source")
      ? "SIF"
      : undefined;
  if (format === undefined) return;
  throw new InputError({
    where,
    what: `looks like ${format}, which is not read: every line has a word beside two numbers`,
    hint: SAVE_AS,
  });
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
