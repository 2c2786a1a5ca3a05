import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError, InputError } from "../../src/errors.js";
import { parseGraph, readGraph, writeGraph } from "../../src/graph/files.js";
import { randomStructureGraph } from "../../src/graph/generators.js";
import { createGraph, type Edge, edgesOf, type Graph, isDirected } from "../../src/graph/graph.js";
import { formatNodeLink } from "../../src/graph/node-link.js";
import { Random } from "../../src/random.js";
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
    ["other XML", "<html></html>", "g: does not end with </graphml>"],
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
