import { describe, expect, it } from "vitest";
import { adjacencyOf } from "../../src/graph/adjacency.js";
import type { Edge } from "../../src/graph/graph.js";
import { adjacencySpectralRadius, spectralRadius } from "../../src/graph/spectrum.js";
import { expectClose, fixture, pairs } from "./fixture.js";

describe("spectralRadius", () => {
  it.each(fixture.matrices)("agrees with numpy on a $name matrix", ({ matrix, size, radius }) => {
    expectClose(spectralRadius(matrix, size), radius, 1e-10, "radius");
  });

  it("is exact where it can be", () => {
    expect(spectralRadius([0, 5, 7, 0, 0, 3, 0, 0, 0], 3)).toBe(0);
    expect(spectralRadius([-2], 1)).toBeCloseTo(2, 14);
    expect(spectralRadius([0, 1, 1, 0], 2)).toBeCloseTo(1, 14);
    expect(spectralRadius([3, 1, 0, 3], 2)).toBeCloseTo(3, 10); // defective
  });

  it("survives numbers of any size", () => {
    expect(spectralRadius([1e300, 1e300, 1e300, 1e300], 2) / 2e300).toBeCloseTo(1, 12);
    expect(spectralRadius(Float32Array.of(1e-30, 0, 0, 1e-30), 2)).toBeCloseTo(Math.fround(1e-30), 42);
  });

  it("refuses what is no square matrix of numbers", () => {
    expect(() => spectralRadius([1, 2, 3], 2)).toThrow("3 numbers are not 2 × 2");
    expect(() => spectralRadius([Number.NaN], 1)).toThrow("not a finite number");
  });
});

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
