// The space of a layered graph's edges: what is in it, and that what is chosen has so many edges and leaves no unit out.
import { describe, expect, it } from "vitest";
import { adjacencyOf } from "../../src/graph/adjacency.js";
import { layerGraph } from "../../src/graph/layers.js";
import { countComponents } from "../../src/graph/shortest-paths.js";
import { Random } from "../../src/math/random.js";
import { initialise } from "../../src/network/network.js";
import { correctedStructure } from "../../src/network/structure.js";
import {
  checkEdges,
  chooseEdges,
  edgeSpace,
  edgesOfSpace,
  graphOfEdges,
  layersOf,
  rangeOf,
  superGraph,
} from "../../src/search/edges.js";
import { networkUnder } from "../../src/search/weights.js";

const shapes = [
  [3, 3, 3],
  [1, 4, 2],
  [5, 1, 1, 4],
  [2, 2],
  [8, 8, 8, 8],
  [1, 1, 6],
];

describe.each(shapes)("layers of %j, %j, %j", (...given) => {
  const sizes = given.filter((size) => size !== undefined);
  const { least, most } = rangeOf(sizes);
  const all = edgesOfSpace(sizes);

  it("have every forward edge", () => {
    expect(all.length).toBe(most);
    const graph = superGraph(sizes);
    expect(graph.layers.map(({ length }) => length)).toEqual(sizes);
    expect(new Set(graph.edges.map(String))).toEqual(new Set(all.map(String)));
  });

  it("keep so many edges, the same layers and every unit, whatever the scores", () => {
    for (const edges of new Set([least, least + 1, Math.floor((least + most) / 2), most])) {
      if (edges > most) continue;
      for (let seed = 0; seed < 20; seed++) {
        const random = new Random(`${seed}`);
        const marked = chooseEdges(
          sizes,
          edges,
          Float64Array.from(all, () => random.uniform()),
        );
        expect(marked.reduce((sum, bit) => sum + bit, 0)).toBe(edges);
        const graph = layerGraph(graphOfEdges(sizes, marked));
        expect(countComponents(adjacencyOf(graph.nodes, graph.edges, "both"))).toBe(1);
        expect(graph.layers.map(({ length }) => length)).toEqual(sizes);
        const sources = new Set(graph.edges.map(([source]) => source));
        const last = sizes.reduce((a, b) => a + b) - sizes[sizes.length - 1];
        for (let unit = 0; unit < last; unit++) expect(sources.has(unit)).toBe(true);
      }
    }
  });

  it("keep the highest where that connects every unit", () => {
    const scores = Float64Array.from(all, (_, e) => e / all.length);
    for (const [e, [source, target]] of all.entries()) {
      const layerOf = sizes.flatMap((size, t) => new Array<number>(size).fill(t));
      if (layerOf[target] === layerOf[source] + 1) scores[e] += 2;
    }
    const next = scores.filter((score) => score >= 2).length;
    const marked = chooseEdges(sizes, next, scores);
    expect([...marked].map((bit, e) => bit === Number(scores[e] >= 2))).not.toContain(false);
  });

  it("refuse budgets that are too large or connect too little, and say which would do", () => {
    expect(() => checkEdges(sizes, most + 1)).toThrow(new RegExp(`more than the ${most} .*at most ${most}`));
    expect(() => checkEdges(sizes, least - 1)).toThrow(new RegExp(`do not connect .*at least ${least}`));
  });
});

describe("a found graph", () => {
  const sizes = [4, 3, 5];
  const wired = { recurrence: "unit", readout: "last-layer", embedding: 3 } as const;

  it.each(["rnn-tanh", "gru"] as const)(
    "wired as a structure of %s is the super-network under masks",
    (cell) => {
      const whole = correctedStructure(superGraph(sizes), cell, wired);
      const network = initialise(whole.architecture, new Random(1), whole.masks);
      const space = edgeSpace(network, sizes, 18);
      const random = new Random(2);
      const marked = space.choose(Float64Array.from({ length: space.groups.count }, () => random.uniform()));
      const found = networkUnder(space, marked);
      const structure = correctedStructure(layerGraph(graphOfEdges(sizes, marked)), cell, wired);
      const own = initialise(structure.architecture, new Random(1), structure.masks);
      const gates = cell === "gru" ? 3 : 1;
      const edgesOf = (of: typeof own) =>
        ["1", "2"].reduce((sum, t) => sum + of.nonzeros(`cells.${t}.weight_ih`), 0);
      expect(edgesOf(found)).toBe(18 * gates);
      expect(edgesOf(own)).toBe(18 * gates);
      // Every edge is a weight in each gate at the place of its two units.
      for (const [source, target] of layerGraph(graphOfEdges(sizes, marked)).edges) {
        const t = target < 7 ? 1 : 2;
        const [row, size, columns] = [target - (t === 1 ? 4 : 7), sizes[t], t === 1 ? 4 : 7];
        for (let gate = 0; gate < gates; gate++)
          expect(found.masks.get(`cells.${t}.weight_ih`)![(gate * size + row) * columns + source]).toBe(1);
      }
    },
  );

  it("has layers of as equal sizes as there can be", () => {
    expect(layersOf(32, 4)).toEqual([8, 8, 8, 8]);
    expect(layersOf(10, 3)).toEqual([4, 3, 3]);
    expect(() => rangeOf(layersOf(4000, 4))).toThrow(
      /there are 6,000,000 edges, more than 100,000; use fewer units/,
    );
    expect(() => layersOf(2, 3)).toThrow(/2 units in 3 layers/);
    expect(() => layersOf(4, 1)).toThrow(/no graph with edges/);
  });
});
