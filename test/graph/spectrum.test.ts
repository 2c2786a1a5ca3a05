import { describe, expect, it } from "vitest";
import { adjacencyOf } from "../../src/graph/adjacency.js";
import type { Edge } from "../../src/graph/graph.js";
import { adjacencySpectralRadius } from "../../src/graph/spectrum.js";
import { pairs } from "./fixture.js";

describe("adjacencySpectralRadius", () => {
  const radiusOf = (nodes: number, edges: readonly Edge[]) =>
    adjacencySpectralRadius(adjacencyOf(nodes, edges, "both"));

  it("knows closed forms", () => {
    const path = Array.from({ length: 199 }, (_, i): Edge => [i, i + 1]);
    expect(radiusOf(200, path)).toBeCloseTo(2 * Math.cos(Math.PI / 201), 11);
    expect(radiusOf(200, [...path, [199, 0]])).toBeCloseTo(2, 13);
    const star = Array.from({ length: 900 }, (_, i): Edge => [0, i + 1]);
    expect(radiusOf(901, star)).toBeCloseTo(30, 11);
  });

  it("takes the larger of two components", () => {
    expect(radiusOf(9, pairs("0-1 2-3 2-4 3-4 5-6"))).toBeCloseTo(2, 13);
  });
});
