import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { createGraph, edgesOf, isDirected, MOST_NODES } from "../../src/graph/graph.js";
import { pairs } from "./fixture.js";

describe("createGraph", () => {
  it("keeps nodes, edges, their order and their ends", () => {
    const edges = pairs("3-1 0-1 2-3");
    for (const directed of [false, true]) {
      const graph = createGraph(5, edges, { directed });
      expect(graph.nodes()).toEqual(["0", "1", "2", "3", "4"]);
      expect(edgesOf(graph)).toEqual(edges);
      expect(isDirected(graph)).toBe(directed);
    }
  });

  it.each([
    ["a self-loop", 3, pairs("1-1"), "node 1 has an edge to itself"],
    ["an unknown node", 3, pairs("0-3"), "the edge ends at node 3, which does not exist"],
    ["a repeated edge", 3, pairs("0-1 1-0"), "the edge between 1 and 0 appears twice"],
    ["no nodes", 0, [], "the graph has no nodes"],
    ["too many nodes", MOST_NODES + 1, [], "more than 100,000 nodes"],
  ] as const)("refuses %s", (_, nodes, edges, message) => {
    expect(() => createGraph(nodes, edges)).toThrow(InputError);
    expect(() => createGraph(nodes, edges)).toThrow(message);
  });
});
