import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readGraph } from "../../src/graph/files.js";
import { randomStructureGraph } from "../../src/graph/generators.js";
import { createGraph } from "../../src/graph/graph.js";
import { countPaths, layerGraph } from "../../src/graph/layers.js";
import { Random } from "../../src/math/random.js";
import { inThesisOrder, networkxReleases } from "../../src/thesis/unit-order.js";
import { hasReference, reference, skipNote } from "../reference.js";
import { pairs, readOracle } from "./fixture.js";
import { orderedGraphs } from "./sets.js";

describe("layerGraph", () => {
  it("orients undirected edges upwards and goes by the longest path", () => {
    const layered = layerGraph(createGraph(6, pairs("4-0 0-1 1-2 2-4 3-4")));
    expect(layered.edges).toEqual(pairs("0-4 0-1 1-2 2-4 3-4"));
    expect(layered.layers).toEqual([[0, 3, 5], [1], [2], [4]]);
    expect([...layered.layerOf]).toEqual([0, 1, 2, 0, 3, 0]);
  });

  it("leaves directed edges as they are", () => {
    const graph = createGraph(3, pairs("2-0 0-1 2-1"), { directed: true });
    expect(layerGraph(graph).layers).toEqual([[2], [0], [1]]);
  });

  it("puts every edge between a layer and a later one, and no node in two layers", () => {
    const { edges, layerOf, layers } = layerGraph(randomStructureGraph("watts_strogatz", new Random(1)));
    for (const [source, target] of edges) expect(layerOf[source]).toBeLessThan(layerOf[target]);
    expect(layers.flat().sort((a, b) => a - b)).toEqual([...layerOf.keys()]);
  });

  it("names a cycle", () => {
    const graph = createGraph(5, pairs("0-1 1-2 2-3 3-1 3-4"), { directed: true });
    expect(() => layerGraph(graph, "loop.json")).toThrow(
      "loop.json: the directed graph has a cycle: 2 → 3 → 1 → 2; remove one of these edges",
    );
  });

  it("refuses a graph without edges", () => {
    expect(() => layerGraph(createGraph(3, []), "g")).toThrow("g: the graph has no edges; connect its nodes");
  });

  it("is not troubled by a path of 100,000 nodes", () => {
    const path = createGraph(
      100_000,
      Array.from({ length: 99_999 }, (_, i) => [i, i + 1] as const),
    );
    expect(layerGraph(path).layers).toHaveLength(100_000);
  });
});

describe("countPaths", () => {
  const diamonds = (count: number) =>
    createGraph(
      3 * count + 1,
      Array.from({ length: count }, (_, i) => 3 * i).flatMap((top) =>
        [1, 2].flatMap(
          (middle) =>
            [
              [top, top + middle],
              [top + middle, top + 3],
            ] as const,
        ),
      ),
    );

  it("counts every way from a source to a sink", () => {
    expect(countPaths(layerGraph(createGraph(3, pairs("0-1 1-2 0-2"))))).toBe(2);
    expect(countPaths(layerGraph(diamonds(10)))).toBe(1024);
  });

  it("counts beyond the integers and ends in Infinity", () => {
    expect(countPaths(layerGraph(diamonds(1000)))).toBe(2 ** 1000);
    expect(countPaths(layerGraph(diamonds(1100)))).toBe(Number.POSITIVE_INFINITY);
  });

  it("leaves nodes without edges aside", () => {
    expect(countPaths(layerGraph(createGraph(4, pairs("0-1"))))).toBe(1);
  });
});

describe("inThesisOrder", () => {
  it("places a node after its ancestors, in order of first appearance", () => {
    const layered = inThesisOrder(layerGraph(createGraph(6, pairs("2-4 0-3 1-4 3-5"))));
    expect(layered.layers).toEqual([[2, 1, 0], [4, 3], [5]]);
  });

  it.each(networkxReleases)(
    "is that of pypaddle's code with the sets of CPython, networkx from %s",
    (release) => {
      for (const { edges, layers } of orderedGraphs) {
        const graph = layerGraph(createGraph(1 + Math.max(...edges.flat()), edges));
        expect(inThesisOrder(graph, release).layers).toEqual(layers[release]);
      }
    },
  );

  it.skipIf(!hasReference)(`agrees with every mask of the published networks${skipNote}`, () => {
    const oracle = readOracle();
    expect(oracle).toHaveLength(80);
    for (const { name, layer_sizes } of oracle) {
      const { layers, edges } = inThesisOrder(
        layerGraph(readGraph(reference(`structures/${name}.graph.json`))),
      );
      expect(layers.map((layer) => layer.length)).toEqual(layer_sizes);
      const masks = readMasks(reference(`structures/${name}.safetensors`));
      const isEdge = new Set(edges.map(String));
      const gates = name.startsWith("gru") ? 3 : 1;
      const expected = (source: number, target: number) =>
        layers[target].flatMap((to) =>
          Array.from({ length: gates }, () =>
            layers[source].map((from) => Number(isEdge.has(`${from},${to}`))),
          ).flat(),
        );
      let skips = 0;
      for (let target = 1; target < layers.length; target++) {
        expect(masks(`recurrent_layers.${target}`), `${name}, layer ${target}`).toEqual(
          expected(target - 1, target),
        );
        for (let source = 0; source < target - 1; source++) {
          const mask = expected(source, target);
          if (mask.includes(1)) expect(masks(`skip_layers.${skips++}`), `${name}, skip`).toEqual(mask);
        }
      }
    }
  });
});

/** The input masks of a safetensors file, float32 or bytes, as zeros and ones. */
function readMasks(path: string): (layer: string) => number[] {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  return (layer) => {
    const { dtype, data_offsets } = header[`recurrent.${layer}.mask_i2h`];
    const [from, to] = data_offsets.map((offset: number) => start + offset);
    const data = bytes.subarray(from, to);
    return dtype === "F32" ? [...new Float32Array(new Uint8Array(data).buffer)] : [...data];
  };
}
