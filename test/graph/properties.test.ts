import { describe, expect, it } from "vitest";
import { readGraph } from "../../src/graph/files.js";
import { layeredComplete } from "../../src/graph/generators.js";
import { createGraph } from "../../src/graph/graph.js";
import { MORE_PROPERTY_NAMES, moreGraphProperties } from "../../src/graph/more-properties.js";
import { graphProperties, PROPERTY_NAMES } from "../../src/graph/properties.js";
import { hasReference, reference, skipNote } from "../reference.js";
import { expectClose, fixture, graphOf, pairs, readOracle } from "./fixture.js";

describe("graphProperties", () => {
  it.each(fixture.cases)("agrees with networkx on $name", (example) => {
    const properties = graphProperties(graphOf(example));
    expect(Object.keys(properties)).toEqual([...PROPERTY_NAMES]);
    PROPERTY_NAMES.forEach((name, i) => {
      expectClose(properties[name], example.properties[i], 1e-11, name);
    });
  });

  it.skipIf(!hasReference)(`agrees with all published graphs of the thesis${skipNote}`, () => {
    const oracle = readOracle();
    expect(oracle).toHaveLength(80);
    for (const { name, features } of oracle) {
      const properties = graphProperties(readGraph(reference(`structures/${name}.graph.json`)));
      expect(Object.keys(properties)).toEqual(Object.keys(features));
      for (const key of PROPERTY_NAMES) expectClose(properties[key], features[key], 1e-9, `${name} ${key}`);
    }
  });

  it("is exact on a star", () => {
    const star = createGraph(
      5,
      [1, 2, 3, 4].map((leaf) => [0, leaf] as const),
    );
    expect(graphProperties(star)).toEqual({
      layers: 2,
      nodes: 5,
      edges: 4,
      source_nodes: 1,
      sink_nodes: 4,
      diameter: 2,
      density: 0.2,
      average_shortest_path_length: 1.6,
      eccentricity_mean: 1.8,
      eccentricity_var: expect.closeTo(0.2, 15),
      eccentricity_std: expect.closeTo(Math.sqrt(0.2), 15),
      degree_mean: expect.closeTo(0.4, 15),
      degree_var: expect.closeTo(0.1125, 15),
      degree_std: expect.closeTo(Math.sqrt(0.1125), 15),
      closeness_mean: expect.closeTo((1 + 4 * (4 / 7)) / 5, 15),
      closeness_var: expect.closeTo((3 / 7) ** 2 / 5, 15),
      closeness_std: expect.closeTo(3 / 7 / Math.sqrt(5), 15),
      nodes_betweenness_mean: 0.2,
      nodes_betweenness_var: expect.closeTo(0.2, 15),
      nodes_betweenness_std: expect.closeTo(Math.sqrt(0.2), 15),
      edge_betweenness_mean: 0.4,
      edge_betweenness_var: 0,
      edge_betweenness_std: 0,
    });
  });

  it("has finite values for the smallest graph", () => {
    const properties = graphProperties(createGraph(2, pairs("0-1")));
    expect(properties).toMatchObject({
      diameter: 1,
      density: 0.5,
      edge_betweenness_mean: 1,
      edge_betweenness_std: 0,
    });
    expect(Object.values(properties).every(Number.isFinite)).toBe(true);
  });

  it("reports progress up to the last source, and ends when that throws", () => {
    const path = createGraph(
      1000,
      Array.from({ length: 999 }, (_, i) => [i, i + 1] as const),
    );
    const calls: number[] = [];
    graphProperties(path, { progress: (done, total) => calls.push(done / total) });
    expect(calls.at(-1)).toBe(1);
    expect(calls.length).toBeLessThanOrEqual(201);
    expect(calls).toEqual([...calls].sort((a, b) => a - b));
    const stop = () => {
      throw new Error("stopped");
    };
    expect(() => graphProperties(path, { progress: stop })).toThrow("stopped");
  });

  it("refuses several components, no edges, and more shortest paths than can be counted", () => {
    expect(() => graphProperties(createGraph(5, pairs("0-1 2-3")), { where: "g.json" })).toThrow(
      "g.json: the graph falls into 3 components",
    );
    expect(() => graphProperties(createGraph(1, []))).toThrow("the graph has no edges");
    const manyPaths = layeredComplete({ sizes: Array(650).fill(3) });
    expect(() => graphProperties(manyPaths)).toThrow("more shortest paths than");
  });
});

describe("moreGraphProperties", () => {
  it.each(fixture.cases)("agrees with networkx and numpy on $name", (example) => {
    const more = moreGraphProperties(graphOf(example));
    expect(Object.keys(more)).toEqual([...MORE_PROPERTY_NAMES]);
    for (const [name, wanted] of Object.entries(example.more)) {
      expectClose(more[name as keyof typeof example.more], wanted, 1e-10, name);
    }
  });

  it("tells a small world from a random graph by sigma", () => {
    const sigma = (name: string) =>
      moreGraphProperties(graphOf(fixture.cases.find((example) => example.name === name)!)).small_world_sigma;
    expect(sigma("small_world")).toBeGreaterThan(2.5);
    expect(sigma("erdos_renyi")).toBeGreaterThan(0.5);
    expect(sigma("erdos_renyi")).toBeLessThan(1.6);
    expect(sigma("tree")).toBe(0);
  });

  it("computes sigma as defined", () => {
    // A triangle with a tail: C = 7/12, L = 4/3, n = 4, k = 2.
    const sigma = moreGraphProperties(createGraph(4, pairs("0-1 1-2 2-0 2-3"))).small_world_sigma;
    const randomLength = (Math.log(4) - 0.5772156649015329) / Math.log(2) + 0.5;
    expect(sigma).toBeCloseTo(7 / 12 / (2 / 3) / (4 / 3 / randomLength), 14);
  });
});
