import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError, InputError } from "../../src/errors.js";
import { parseGraph, readGraph, writeGraph } from "../../src/graph/files.js";
import { randomStructureGraph } from "../../src/graph/generators.js";
import { createGraph, type Edge, edgesOf, type Graph, isDirected } from "../../src/graph/graph.js";
import { formatNodeLink } from "../../src/graph/node-link.js";
import { Random } from "../../src/math/random.js";
import { hasReference, reference, skipNote } from "../reference.js";
import { fixture, pairs } from "./fixture.js";

const contents = (graph: Graph) => ({
  nodes: graph.order,
  edges: edgesOf(graph),
  directed: isDirected(graph),
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "filigree-graph-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a graph written by networkx", () => {
  // Nodes 2, 0, 1, 3 in the order of the file; as they are numbers, they keep their numbers.
  const graph = { nodes: 4, edges: pairs("2-0 2-3 2-1 0-1 1-3"), directed: false };

  it.each(["links", "edges", "edgelist"] as const)("is read from %s in the order of its edges", (kind) => {
    expect(contents(parseGraph(fixture.files[kind], kind))).toEqual(graph);
  });

  it("is read from GraphML with its direction, named nodes in their order", () => {
    const edges = pairs("0-1 0-2 1-2 2-3");
    expect(contents(parseGraph(fixture.files.graphml, "g"))).toEqual({ nodes: 4, edges, directed: true });
  });

  it("may have tuples as nodes", () => {
    const edges = pairs("0-2 0-1 1-3 2-3");
    expect(contents(parseGraph(fixture.files.lattice, "g"))).toEqual({ nodes: 4, edges, directed: false });
  });

  it.skipIf(!hasReference)(`by the thesis is written back byte by byte${skipNote}`, () => {
    const names = readdirSync(reference("structures")).filter((name) => name.endsWith(".graph.json"));
    expect(names).toHaveLength(80);
    for (const name of names) {
      const text = readFileSync(reference(`structures/${name}`), "utf8");
      expect(formatNodeLink(parseGraph(text, name)).trim()).toBe(text.trim());
    }
  });
});

describe("writeGraph", () => {
  const undirected = randomStructureGraph("barabasi_albert", new Random(5));
  const directed = createGraph(4, pairs("3-1 1-0 2-0"), { directed: true });

  it.each([".json", ".graphml", ".edges", ".edgelist", ".txt"])(
    "writes %s as readGraph reads it",
    (extension) => {
      const path = join(folder, `graph${extension}`);
      for (const graph of [undirected, directed]) {
        writeGraph(path, graph);
        expect(contents(readGraph(path))).toEqual(contents(graph));
      }
    },
  );

  it("keeps nodes without edges where the format can", () => {
    const graph = createGraph(3, pairs("0-1"));
    for (const name of ["a.json", "a.graphml"]) {
      writeGraph(join(folder, name), graph);
      expect(readGraph(join(folder, name)).order).toBe(3);
    }
    expect(() => writeGraph(join(folder, "a.edges"), graph)).toThrow("node 2 has no edge");
    expect(readdirSync(folder)).not.toContain("a.edges");
  });

  it("names the formats when the extension is none of them", () => {
    expect(() => writeGraph("graph.gexf", directed)).toThrow(
      "graph.gexf: the extension names no graph format; use one of .json, .graphml, .edges, .edgelist, .txt",
    );
  });
});

describe("an edge list", () => {
  it("may have comments, blank lines, weights, Windows line ends and any separator", () => {
    const text = "# three\r\n\r\n0 1 {'weight': 2}\r\n1,2,0.5\n  2;3 # last\n";
    expect(contents(parseGraph(text, "g"))).toEqual({
      nodes: 4,
      edges: pairs("0-1 1-2 2-3"),
      directed: false,
    });
  });

  it("closes the gaps between numbers and keeps names in order of appearance", () => {
    expect(edgesOf(parseGraph("30 10\n10 20\n", "g"))).toEqual(pairs("2-0 0-1"));
    expect(edgesOf(parseGraph("in a\na out\n", "g"))).toEqual(pairs("0-1 1-2"));
  });
});

describe("an edge list that could be something else", () => {
  const path = pairs("0-1 1-2 2-3");

  it.each([
    ["tuples", "(0, 0) (0, 1) {}\n(0, 1) (0, 2) {'weight': 2}\n(0, 2) (0, 3) {}\n"],
    ["nested tuples and text", "((0, 1), 'a b') (1,) {}\n(1,) (\"O'Brien\", 2) {}\n(\"O'Brien\", 2) x {}\n"],
    ["tuples and commas", "(0, 0),(0, 1),{}\n(0, 1),(0, 2),{'a': 'b, {'}\n(0, 2),(0, 3),{}\n"],
    ["frozen sets", "frozenset({0, 1}) frozenset({2}) {}\nfrozenset({2}) a {}\na b {}\n"],
    ["names with blanks between commas", "layer 0,layer 1\nlayer 1, layer 2\nlayer 2 ,layer 3\n"],
    ["names with blanks between tabs", "layer 0\tlayer 1\t{}\nlayer 1\tlayer 2\t{}\nlayer 2\tlayer 3\t{}\n"],
    ["names with blanks in quotes", '"in, 1" "a b"\n"a b" "c #"  2 # last\n"c #" d\n'],
    ["attributes that hold a #", "a b {'color': '#ff0000'}\nb c {'color': '#00ff00'}\nc d {}\n"],
    ["weights with decimal commas", "0;1;0,5\n1;2;-1,25e-3\n2\t3\t0,5\n"],
    ["weights of every kind", "0 1 -.5\n1 2 nan\n2 3 +1e9\n"],
    ["empty weights", "0,1,\n1,2,5\n2,3,\n"],
    ["line ends of three systems", "0 1\r1 2\r\n2 3\n"],
    ["a header", "source,target,weight\n0,1,1\n1,2,1\n2,3,1\n"],
    ["a header of blanks", "# made by hand\nfrom to\n0 1\n1 2\n2 3\n"],
    ["a header over names", "From_Node\tTo_Node\nin\ta\na\tb\nb\tout\n"],
    ["a header and pandas' index", ",source,target\n0,0,1\n1,1,2\n2,2,3\n"],
    [
      "Gephi's columns",
      'Source;Target;Type;Id;Label;Weight\n0;1;Undirected;0;"a;b";1\n1;2;Undirected;1;;1,5\n2;3;Undirected;2;;1\n',
    ],
    ["other columns first", "kind,src,dst,note\nx,0,1,a b\nx,1,2,\ny,2,3,c\n"],
  ])("is read with %s", (_, text) => {
    expect(contents(parseGraph(text, "g"))).toEqual({ nodes: 4, edges: path, directed: false });
  });

  it("has no header where its words are nodes", () => {
    expect(edgesOf(parseGraph("source target\nsource x\n", "g"))).toEqual(pairs("0-1 0-2"));
    expect(edgesOf(parseGraph("u v\nv w\n", "g"))).toEqual(pairs("0-1 1-2"));
    expect(edgesOf(parseGraph("node1 node2\nnode3 node4\n", "g"))).toEqual(pairs("0-1 2-3"));
    expect(edgesOf(parseGraph("3 2\n2 1\n1 0\n", "g"))).toEqual(pairs("3-2 2-1 1-0"));
  });

  it("is directed where Gephi says so, and refused where it is partly so", () => {
    const table = (type: string) => `Source,Target,Type\n0,1,Directed\n1,2,${type}\n`;
    expect(isDirected(parseGraph(table("Directed"), "g"))).toBe(true);
    expect(() => parseGraph(table("Undirected"), "g")).toThrow("g: some of its edges are directed and some");
  });

  const notRead = "which is not read; save the graph as node-link JSON, GraphML or an edge list";
  it.each([
    [
      "names with blanks",
      "layer 0 layer 1 {}\n",
      'g:1: the line is not two names with at most a weight or {…} after them: "layer 0 layer 1 {}"; put names with blanks in double quotes',
    ],
    ["a name with a blank before attributes", "0 1 {}\nin 1 2 {}\n", "g:2: the line is not two names"],
    ["a name with a blank or a weight", "0,1\na 1,2\n", "g:2: the line is not two names"],
    ["a name with a blank or a decimal comma", "0 1 0,5\n", "g:1: the line is not two names"],
    ["two separators", "0,1;5\n", "g:1: the line is not two names"],
    ["two weights", "a b 1 2\n", "g:1: the line is not two names"],
    ["a word after the names", "a likes b\n", "g:1: the line is not two names"],
    [
      "a comment of another format",
      "% 3 2\n0 1\n1 2\n",
      'g:1: the line looks like a comment: "% 3 2"; begin',
    ],
    ["nodes and their labels", "Id\tLabel\nn1\tin\nn2\tout\n", "g:1: the line looks like a header"],
    ["a bracket", "a (b\n", "g:1: a bracket or a double quote has no partner: "],
    [
      "an adjacency list",
      "0 1 2\n1 2 3 4\n",
      'g:2: the line is not two names with at most a weight or {…} after them: "1 2 3 4"; it looks like an adjacency list',
    ],
    [
      "a short adjacency list",
      "0 1 2\n1 2\n2\n",
      'g:3: the line names one node, "2", and an edge has two; write one edge a line, such as: 0 1; if it is an adjacency list, save',
    ],
    [
      "networkx's adjacency list",
      "#a.py\n# GMT Sat Nov 28 19:27:28 2026\n# \n0 1\n1 0\n",
      `g: is an adjacency list, ${notRead}`,
    ],
    [
      "an adjacency matrix",
      "0 1 0 1\n1 0 1 0\n0 1 0 1\n1 0 1 0\n",
      "it looks like an adjacency list or a matrix",
    ],
    [
      "an unknown header over numbers",
      "a,b\n0,1\n1,2\n",
      'g:1: the line looks like a header: "a b"; call its columns source and target',
    ],
    ["an unknown header with a third column", "a,b,strength\n0,1,1\n", "g:1: the line is not two names"],
    [
      "an unknown header over names",
      "gene_a gene_b\nTP53 MDM2\nMDM2 MDM4\n",
      "g:1: the line looks like a header",
    ],
    ["u and v over names", "u\tv\nann\tbob\nbob\tcy\n", "g:1: the line looks like a header"],
    [
      "counts in the first line",
      "4 6\n0 1\n0 2\n0 3\n1 2\n1 3\n2 3\n",
      "g:1: the line looks like the counts of nodes and edges: 4 6",
    ],
    ["a short row of a table", "source,target,weight\n0,1,1\n1,2\n", "g:3: the row does not fit the header"],
    ["a header alone", "source,target\n", "g: the graph has no nodes"],
    ["GML", 'Creator "x"\ngraph\n[\n  directed 0\n  node [\n id 0\n]\n', `g: is GML, ${notRead}`],
    [
      "GML in a line",
      "graph [ node [ id 0 ] node [ id 1 ] edge [ source 0 target 1 ] ]",
      `g: is GML, ${notRead}`,
    ],
    [
      "GEXF",
      '<?xml version="1.0"?>\n<!-- <x> -->\n<gexf version="1.3"><graph/></gexf>',
      `g: is GEXF, ${notRead}`,
    ],
    ["XML of another kind", '<?xml version="1.0"?><gxl></gxl>', "g: is not GraphML: it begins with <gxl>"],
    ["Pajek", '*Vertices 2\n1 "a"\n2 "b"\n*Edges\n1 2\n', `g: is Pajek's format, ${notRead}`],
    ["DOT", "digraph G {\n  a -> b;\n  b -> c;\n}\n", `g: is DOT, the language of Graphviz, ${notRead}`],
    [
      "Matrix Market",
      "%%MatrixMarket matrix coordinate\n2 2 1\n1 2 1\n",
      `g: is Matrix Market's format, ${notRead}`,
    ],
    ["DIMACS", "c x\np edge 3 2\ne 1 2\ne 2 3\n", `g: is DIMACS's format, ${notRead}`],
    ["DIMACS without its first line", "e 1 2\ne 2 3\n", "g: looks like DIMACS's format, which is not read"],
    ["SIF", "1 pp 2\n2 pp 3\n", "g: looks like SIF, which is not read"],
    ["the Trivial Graph Format", "1 in\n2 out\n#\n1 2\n", `g: is the Trivial Graph Format, ${notRead}`],
    ["an absurd line", `0 1\n${"[".repeat(200_000)}\n`, "g:2: the line has 200000 characters"],
  ] as [string, string, string][])("is refused with %s", (_, text, message) => {
    expect(() => parseGraph(text, "g")).toThrow(InputError);
    expect(() => parseGraph(text, "g")).toThrow(message);
  });

  it("is refused when its name says that it is an adjacency list", () => {
    expect(() => parseGraph("0 1 2\n1 2 0\n", "ring.adjlist")).toThrow("ring.adjlist: is an adjacency list");
  });
});

describe("a bad graph file gets one clear line:", () => {
  const nodeLink = (nodes: number, links: readonly Edge[], directed = false) =>
    JSON.stringify({
      directed,
      nodes: Array.from({ length: nodes }, (_, id) => ({ id })),
      links: links.map(([source, target]) => ({ source, target })),
    });
  const graphml = (body: string) =>
    `<graphml><graph edgedefault="undirected"><node id="a"/><node id="b"/>${body}</graph></graphml>`;

  it.each([
    ["self-loop", nodeLink(3, pairs("0-1 2-2")), "g: links.1: node 2 has an edge to itself"],
    [
      "unknown node",
      nodeLink(3, pairs("0-3")),
      "g: links.0: the edge ends at node 3, which is not in the list",
    ],
    ["no edges", nodeLink(3, []), "g: the graph has no edges"],
    ["no nodes", nodeLink(0, []), "g: the graph has no nodes"],
    ["repeated edge", nodeLink(3, pairs("0-1 1-0")), "g: links.1: the edge between 1 and 0 appears twice"],
    ["directed cycle", nodeLink(3, pairs("0-1 1-2 2-0"), true), "g: the directed graph has a cycle: "],
    ["two-way edge", nodeLink(2, pairs("0-1 1-0"), true), "g: the directed graph has a cycle: "],
    ["too many nodes", nodeLink(100_001, pairs("0-1")), "g: the graph has more than 100,000 nodes"],
    ["repeated node", '{"nodes":[{"id":1},{"id":"1"}],"links":[]}', "g: the node 1 appears twice"],
    ["wrong field", '{"nodes":[{"id":0},{"id":{}}],"links":[]}', "g: nodes.1.id: invalid input"],
    ["missing field", '{"nodes":[],"links":[{"source":0}]}', "g: links.0.target: invalid input"],
    ["missing links", '{"nodes":[]}', 'g: has neither "links" nor "edges"'],
    ["no nodes field", '{"links":[]}', "g: nodes: invalid input"],
    ["other JSON", "[1, 2]", "g: the document: invalid input"],
    ["broken JSON", '{"nodes": [],\n"links": [}', "this is not JSON"],
    ["truncated JSON", nodeLink(3, pairs("0-1")).slice(0, -7), "this is not JSON"],
    [
      "hostile names",
      `{"nodes":[{"id":"${"x".repeat(1e6)}"}],"links":[{"source":"__proto__","target":0}]}`,
      "g: links.0: the edge ends at node __proto__",
    ],
    ["truncated GraphML", graphml("").slice(0, -12), "g: does not end with </graphml>"],
    ["other XML", "<html></html>", "g: is not GraphML: it begins with <html>"],
    ["GraphML without a graph", "<graphml></graphml>", "g: holds 0 graphs"],
    ["GraphML edge without target", graphml('<edge source="a"/>'), 'g: edge 1: has no attribute "target"'],
    [
      "GraphML unknown node",
      graphml('<edge source="a" target="c"/>'),
      "g: edge 1: the edge ends at node c, which",
    ],
    [
      "GraphML mixed",
      graphml('<edge source="a" target="b" directed="true"/>'),
      "g: edge 1: its direction differs",
    ],
    ["GraphML hyperedge", graphml("<hyperedge/>"), "g: has a hyperedge"],
    ["edge list of one name", "0 1\n2\n", 'g:2: the line names one node, "2", and an edge has two'],
    ["edge list self-loop", "# x\n0 1\n1 1\n", "g:3: node 1 has an edge to itself"],
    ["edge list cycle", "# directed\na b\nb a\n", "g: the directed graph has a cycle: b → a → b"],
    ["empty file", "", "g: the graph has no nodes"],
    ["binary file", "\u0000\u0001\u0002", "g:1: the line names one node"],
  ] as [string, string, string][])("%s", (_, text, message) => {
    expect(() => parseGraph(text, "g")).toThrow(InputError);
    expect(() => parseGraph(text, "g")).toThrow(message);
    try {
      parseGraph(text, "g");
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
      expect((error as Error).message.length).toBeLessThan(300);
    }
  });

  it("missing file", () => {
    expect(() => readGraph(join(folder, "none.json"))).toThrow(FileError);
    expect(() => readGraph(folder)).toThrow("is a directory");
  });

  it("deep nesting", () => {
    const deep = (open: string, close: string) => open.repeat(20_000) + close.repeat(20_000);
    expect(() => parseGraph(deep("[", "]"), "g")).toThrow(InputError);
    expect(() => parseGraph(graphml(deep("<a>", "</a>")), "g")).toThrow("g: the graph has no edges");
    writeFileSync(join(folder, "bom.edges"), "\uFEFF0 1\n");
    expect(readGraph(join(folder, "bom.edges")).order).toBe(2);
  });
});
