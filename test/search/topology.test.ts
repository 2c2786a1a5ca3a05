// Every way to a topology: it has the size that was asked for, is found again from what was saved, and looks at no test data.
import { beforeAll, describe, expect, it } from "vitest";
import { generateDataset } from "../../src/data/generate.js";
import { adjacencyOf } from "../../src/graph/adjacency.js";
import { edgesOf } from "../../src/graph/graph.js";
import { layerGraph } from "../../src/graph/layers.js";
import { countComponents } from "../../src/graph/shortest-paths.js";
import { Random } from "../../src/math/random.js";
import { maskVector } from "../../src/network/masks.js";
import { correctedStructure } from "../../src/network/structure.js";
import { findGrammar } from "../../src/paths/grammars.js";
import { anyGraph, candidateSearches, mutated, type Scored } from "../../src/search/candidates.js";
import { edgesOfSpace, layersOf, rangeOf } from "../../src/search/edges.js";
import { randomFamilies, randomGraph } from "../../src/search/random-graphs.js";
import { subjectOf } from "../../src/search/subject.js";
import { findTopology, type TopologyOptions, type TopologySettings } from "../../src/search/topology.js";
import { isOfGraphs, wayNames } from "../../src/search/ways.js";

const data = generateDataset({ grammar: findGrammar("reber"), count: 240, maxLength: 16 }, new Random(1));
const subject = subjectOf(data, { batch: 16, held: 0.25, random: new Random(2) });
const common = { cell: "gru", epochs: 2, learningRate: 0.01, candidates: 6 } as const;
const graphs: TopologySettings = {
  ...common,
  space: "edges",
  searcher: "top-k",
  budget: 16,
  units: 10,
  layers: 3,
};
const masks: TopologySettings = {
  ...common,
  space: "weights",
  searcher: "top-k",
  budget: 100,
  units: 6,
  layers: 1,
};

interface Saved {
  readonly number: number;
  readonly bytes: Uint8Array;
}

async function find(settings: TopologySettings, more: Partial<TopologyOptions> = {}) {
  const saved: Saved[] = [];
  const found = await findTopology(subject, settings, {
    seed: 3,
    onSave: (number, _, bytes) => void saved.push({ number, bytes: bytes.slice() }),
    ...more,
  });
  return { found, saved };
}

describe.each(wayNames)("a graph by %s", (searcher) => {
  const settings = { ...graphs, searcher };

  it("has so many edges, connects its units, and is the same from wherever it goes on", async () => {
    const { found, saved } = await find(settings);
    const graph = found.graph!;
    const edges = edgesOf(graph);
    expect(edges.length).toBe(found.size);
    if (searcher !== "dense") expect(found.size).toBe(16);
    else expect(found.size).toBeLessThanOrEqual(16);
    expect(countComponents(adjacencyOf(graph.order, edges, "both"))).toBe(1);
    correctedStructure(layerGraph(graph), "gru");
    for (const { bytes } of saved.slice(0, -1)) {
      const again = await find(settings, { resume: bytes });
      expect(edgesOf(again.found.graph!)).toEqual(edges);
    }
    const other = await find(settings, { seed: 4 });
    if (searcher !== "dense") expect(edgesOf(other.found.graph!)).not.toEqual(edges);
  });
});

describe.each(["weights", "densities"] as const)("the space of %s", (space) => {
  it.each(wayNames.filter((way) => !isOfGraphs(way)))("has so many weights by %s", async (searcher) => {
    const { found } = await find({ ...masks, space, searcher });
    expect(found.size).toBe(100);
    const again = await find({ ...masks, space, searcher });
    expect(maskVector(again.found.network!)).toEqual(maskVector(found.network!));
  });

  it("has no graphs", async () => {
    await expect(find({ ...masks, space, searcher: "evolution" })).rejects.toThrow(
      /evolution chooses among graphs, and the space is/,
    );
  });
});

describe("candidates", () => {
  const sizes = layersOf(10, 3);
  const options = { sizes, edges: 16, total: 9 };
  let scored: Scored[];
  beforeAll(() => {
    scored = Array.from({ length: 9 }, (_, i) => {
      const marked = anyGraph(sizes, 16, new Random(`${i}`));
      // Worth as much as it has edges into the last layer.
      const score = edgesOfSpace(sizes).reduce(
        (sum, [, target], e) => sum + marked[e] * Number(target >= 7),
        0,
      );
      return { marked, score: score / 16 };
    });
  });

  it("are changed in one edge", () => {
    for (let seed = 0; seed < 50; seed++) {
      const parent = anyGraph(sizes, 16, new Random(`${seed}`));
      const child = mutated(parent, sizes, 16, new Random(`child ${seed}`));
      expect(child.reduce((sum, bit, e) => sum + Math.abs(bit - parent[e]), 0)).toBe(2);
    }
    const tight = anyGraph(sizes, rangeOf(sizes).least, new Random(1));
    const child = mutated(tight, sizes, rangeOf(sizes).least, new Random(2));
    expect(child.reduce((sum, bit) => sum + bit, 0)).toBe(rangeOf(sizes).least);
  });

  it("of evolution descend from the best of a few that live", () => {
    const { propose } = candidateSearches.evolution;
    const alive = scored.slice(-3);
    for (let seed = 0; seed < 20; seed++) {
      const child = propose(scored, new Random(`${seed}`), options);
      const distances = alive.map(({ marked }) =>
        child.reduce((sum, bit, e) => sum + Math.abs(bit - marked[e]), 0),
      );
      const most = Math.max(...alive.map(({ score }) => score));
      expect(distances.some((distance, i) => distance === 2 && alive[i].score === most)).toBe(true);
    }
  });

  it("of a predictor are random first, and then ranked by what has been learnt", () => {
    const { propose } = candidateSearches.predictor;
    expect(propose(scored.slice(0, 2), new Random(5), options)).toEqual(anyGraph(sizes, 16, new Random(5)));
    const ranked = propose(scored, new Random(5), options);
    expect(ranked.reduce((sum, bit) => sum + bit, 0)).toBe(16);
    expect(scored.some(({ marked }) => marked.every((bit, e) => bit === ranked[e]))).toBe(false);
    expect(propose(scored, new Random(5), options)).toEqual(ranked);
  });

  it("that were damaged are refused", async () => {
    for (const text of ["", "{}", '[{"marked":"01","score":1}]', '[{"marked":"2","score":1}]']) {
      const resume = new TextEncoder().encode(text);
      await expect(find({ ...graphs, searcher: "evolution" }, { resume })).rejects.toThrow(
        /damaged; delete it and start again/,
      );
    }
  });
});

describe.each(randomFamilies)("a random graph of %s", (family) => {
  it("has exactly so many edges and is connected", () => {
    for (const [nodes, edges] of [
      [32, 96],
      [32, 100],
      [10, 9],
      [12, 40],
      [5, 10],
    ]) {
      // Hardly any of as few edges is connected, and none of that family has so many.
      if (family === "erdos-renyi" && edges < nodes) continue;
      if (family === "barabasi-albert" && edges > (nodes * nodes) / 4) continue;
      const graph = randomGraph(family, nodes, edges, new Random(`${nodes} ${edges}`));
      expect(edgesOf(graph).length).toBe(edges);
      expect(graph.order).toBe(nodes);
      expect(countComponents(adjacencyOf(nodes, edgesOf(graph), "both"))).toBe(1);
    }
  });
});

it("a search is not told of the test data", async () => {
  const others = generateDataset({ grammar: findGrammar("reber"), count: 240, maxLength: 16 }, new Random(9));
  const another = subjectOf({ ...data, test: others.test }, { batch: 16, held: 0.25, random: new Random(2) });
  for (const searcher of ["mixture", "evolution"] as const) {
    const { found } = await find({ ...graphs, searcher });
    const again = await findTopology(another, { ...graphs, searcher }, { seed: 3 });
    expect(edgesOf(again.graph!)).toEqual(edgesOf(found.graph!));
  }
});
