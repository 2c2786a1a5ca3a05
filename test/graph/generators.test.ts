import { describe, expect, it } from "vitest";
import { adjacencyOf } from "../../src/graph/adjacency.js";
import {
  barabasiAlbert,
  erdosRenyi,
  GRAPH_FAMILIES,
  kleinberg,
  layeredComplete,
  randomDag,
  randomRegular,
  randomStructureGraph,
  wattsStrogatz,
} from "../../src/graph/generators.js";
import { edgesOf, type Graph, isDirected } from "../../src/graph/graph.js";
import { graphProperties, PROPERTY_NAMES } from "../../src/graph/properties.js";
import { countComponents } from "../../src/graph/shortest-paths.js";
import { Random } from "../../src/math/random.js";
import { fixture, pairs } from "./fixture.js";

const SEEDS = Array.from({ length: 1000 }, (_, seed) => seed);
const degreesOf = (graph: Graph) => graph.nodes().map((node) => graph.degree(node));
const componentsOf = (graph: Graph) => countComponents(adjacencyOf(graph.order, edgesOf(graph), "both"));

describe("on 1,000 seeds", () => {
  it("barabasi_albert has m (n - m) edges, degrees of at least m in order of arrival, and is connected", () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const n = 10 + random.below(41);
      const m = 1 + random.below(6);
      const graph = barabasiAlbert({ n, m }, random);
      expect(graph.size).toBe(m * (n - m));
      const degrees = degreesOf(graph);
      expect(Math.min(...degrees.slice(m + 1))).toBeGreaterThanOrEqual(m);
      expect(componentsOf(graph)).toBe(1);
      for (let node = m + 1; node < n; node++) {
        expect(graph.neighbors(node).filter((other) => Number(other) < node)).toHaveLength(m);
      }
    }
  });

  it("watts_strogatz has n ⌊k / 2⌋ edges, degrees of at least ⌊k / 2⌋, and is connected when tried", () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const n = 10 + random.below(41);
      const k = 4 + random.below(6);
      const graph = wattsStrogatz({ n, k, p: random.uniform(), tries: 100 }, random);
      expect(graph.size).toBe(n * Math.floor(k / 2));
      expect(Math.min(...degreesOf(graph))).toBeGreaterThanOrEqual(Math.floor(k / 2));
      expect(componentsOf(graph)).toBe(1);
    }
  });

  it("random_regular has n d / 2 edges and d of them at every node", () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const n = 8 + 2 * random.below(10);
      const d = 1 + random.below(n - 1);
      const graph = randomRegular({ n, d }, random);
      expect(graph.size).toBe((n * d) / 2);
      expect(new Set(degreesOf(graph))).toEqual(new Set([d]));
      if (d >= n / 2) expect(componentsOf(graph)).toBe(1);
    }
  });

  it("erdos_renyi and random_dag have p n (n - 1) / 2 edges on average, each pair as often as any other", () => {
    for (const [make, directed] of [
      [erdosRenyi, false],
      [randomDag, true],
    ] as const) {
      const count = new Map<string, number>();
      for (const seed of SEEDS) {
        const graph = make({ n: 12, p: 0.3 }, new Random(seed));
        expect(graph.order).toBe(12);
        expect(isDirected(graph)).toBe(directed);
        for (const [low, high] of edgesOf(graph)) {
          expect(low).toBeLessThan(high);
          count.set(`${low},${high}`, (count.get(`${low},${high}`) ?? 0) + 1);
        }
      }
      expect(count.size).toBe(66);
      // A pair's count has mean 300 and standard deviation 14.5; their chi-square statistic has mean 66 and deviation 11.5.
      const statistic = [...count.values()].reduce((sum, value) => sum + (value - 300) ** 2 / 210, 0);
      expect(statistic).toBeGreaterThan(25);
      expect(statistic).toBeLessThan(115);
    }
  });

  it("kleinberg keeps the lattice, adds at most q a node, and is connected", () => {
    for (const seed of SEEDS) {
      const graph = kleinberg({ n: 5, q: 1 }, new Random(seed));
      for (let node = 0; node < 25; node++) {
        if (node % 5 < 4) expect(graph.hasEdge(node, node + 1)).toBe(true);
        if (node < 20) expect(graph.hasEdge(node, node + 5)).toBe(true);
      }
      expect(graph.size).toBeGreaterThanOrEqual(40);
      expect(graph.size).toBeLessThanOrEqual(65);
      expect(componentsOf(graph)).toBe(1);
    }
  });
});

// The largest difference between the distributions of two samples (Kolmogorov and Smirnov); one comes as in the fixture.
function largestDifference(sample: number[], counted: number[]): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const total = counted.reduce((sum, value, i) => sum + (i % 2 ? value : 0), 0);
  const values = [...new Set([...sorted, ...counted.filter((_, i) => i % 2 === 0)])].sort((a, b) => a - b);
  let [ours, theirs, taken, largest] = [0, 0, 0, 0];
  for (const value of values) {
    while (sorted[ours] <= value) ours++;
    while (counted[taken] <= value) {
      theirs += counted[taken + 1];
      taken += 2;
    }
    largest = Math.max(largest, Math.abs(ours / sorted.length - theirs / total));
  }
  return largest;
}

describe("the 23 properties over 500 graphs", () => {
  const until = (make: () => Graph) => {
    let graph = make();
    while (componentsOf(graph) > 1) graph = make();
    return graph;
  };
  const nodes = (random: Random) => 10 + random.below(41);
  const makers: Record<string, (random: Random) => Graph> = {
    barabasi_albert: (random) => randomStructureGraph("barabasi_albert", random),
    watts_strogatz: (random) => randomStructureGraph("watts_strogatz", random),
    erdos_renyi: (random) => until(() => erdosRenyi({ n: nodes(random), p: 0.2 }, random)),
    random_regular: (random) => until(() => randomRegular({ n: nodes(random), d: 4 }, random)),
  };

  it.each(Object.keys(makers))("are distributed as networkx's for %s", (family) => {
    const random = new Random(family);
    const rows = Array.from({ length: 500 }, () => graphProperties(makers[family](random)));
    PROPERTY_NAMES.forEach((name, i) => {
      const sample = rows.map((row) => Number(row[name].toPrecision(5)));
      // Two samples of 500 of one distribution differ by more once in 10,000 times.
      expect(largestDifference(sample, fixture.distributions[family][i]), name).toBeLessThan(0.141);
    });
  });

  it("would notice another family", () => {
    const random = new Random("other");
    const sample = Array.from(
      { length: 500 },
      () => graphProperties(makers.watts_strogatz(random)).nodes_betweenness_var,
    );
    const column = PROPERTY_NAMES.indexOf("nodes_betweenness_var");
    expect(largestDifference(sample, fixture.distributions.barabasi_albert[column])).toBeGreaterThan(0.3);
  });
});

describe("generators", () => {
  it("give equal graphs for equal seeds and others for others", () => {
    const draw = (seed: number) => edgesOf(randomStructureGraph("watts_strogatz", new Random(seed)));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  it("turn no edge for p = 0 and all possible ones for p = 1", () => {
    const ring = wattsStrogatz({ n: 7, k: 4, p: 0 }, new Random(1));
    expect(edgesOf(ring)).toContainEqual([6, 1]);
    expect(new Set(degreesOf(ring))).toEqual(new Set([4]));
    const turned = wattsStrogatz({ n: 1000, k: 4, p: 1 }, new Random(1));
    const kept = edgesOf(turned).filter(([a, b]) => [1, 2, 998, 999].includes(Math.abs(a - b)));
    expect(kept.length).toBeLessThan(20);
  });

  it("make complete graphs where nothing else is possible", () => {
    const random = new Random(2);
    for (const graph of [
      erdosRenyi({ n: 9, p: 1 }, random),
      randomRegular({ n: 9, d: 8 }, random),
      wattsStrogatz({ n: 9, k: 8, p: 1 }, random),
    ]) {
      expect(graph.size).toBe(36);
    }
    expect(erdosRenyi({ n: 9, p: 0 }, random).size).toBe(0);
    expect(erdosRenyi({ n: 9, p: 1e-300 }, random).size).toBe(0);
    expect(barabasiAlbert({ n: 5, m: 4 }, random).size).toBe(4);
  });

  it("draw Kleinberg's distant contacts by the power of their distance", () => {
    // From the corner of a 4 × 4 lattice, node 15 is the only one at distance 6; d of the others are at each distance.
    const atDistance = [0, 2, 3, 4, 3, 2, 1];
    const total = atDistance.reduce(
      (sum, count, distance) => sum + (distance ? count * distance ** -2 : 0),
      0,
    );
    const reached = (node: number) =>
      SEEDS.filter((seed) => kleinberg({ n: 4, q: 1 }, new Random(`k${seed}`)).hasEdge(0, node)).length /
      1000;
    // An edge between opposite corners can be drawn at either.
    const corner = 6 ** -2 / total;
    expect(reached(15)).toBeCloseTo(1 - (1 - corner) ** 2, 1);
    expect(kleinberg({ n: 3, q: 0 }, new Random(1)).size).toBe(12);
    expect(kleinberg({ n: 3, p: 4, q: 2 }, new Random(1)).size).toBe(36);
  });

  it("stack complete layers", () => {
    const graph = layeredComplete({ sizes: [2, 1, 3] });
    expect(isDirected(graph)).toBe(true);
    expect(edgesOf(graph)).toEqual(pairs("0-2 1-2 2-3 2-4 2-5"));
  });

  it("draw the thesis's structures", () => {
    const sizes = { barabasi_albert: new Set<number>(), watts_strogatz: new Set<number>() };
    for (const seed of SEEDS) {
      for (const family of ["barabasi_albert", "watts_strogatz"] as const) {
        const { order: n, size } = randomStructureGraph(family, new Random(seed));
        sizes[family].add(n);
        const m = Math.floor(n / 10);
        expect(size).toBe(family === "barabasi_albert" ? m * (n - m) : n * Math.floor(Math.floor(n / 5) / 2));
      }
    }
    const all = Array.from({ length: 41 }, (_, i) => i + 10);
    for (const seen of Object.values(sizes)) expect([...seen].sort((a, b) => a - b)).toEqual(all);
  });

  it.each([
    [
      "barabasi_albert",
      { n: 5, m: 5 },
      "barabasi_albert(n=5, m=5): m must be a whole number from 1 to 4, not 5",
    ],
    ["barabasi_albert", { n: 5 }, "m must be a whole number from 1 to 4, not undefined"],
    ["barabasi_albert", { n: 90_000, m: 100 }, "more than 1,000,000 edges"],
    ["watts_strogatz", { n: 10, k: 10, p: 1 }, "k must be a whole number from 2 to 9, not 10"],
    ["watts_strogatz", { n: 10, k: 4, p: 1.5 }, "p must be a number from 0 to 1, not 1.5"],
    ["watts_strogatz", { n: 400, k: 2, p: 1, tries: 3 }, "none of 3 graphs was connected"],
    ["erdos_renyi", { n: 10, p: Number.NaN }, "p must be a number from 0 to 1, not NaN"],
    ["erdos_renyi", { n: 1e12, p: 0.1 }, "more than 100,000 nodes"],
    ["erdos_renyi", { n: 100_000, p: 0.5 }, "more than 1,000,000 edges"],
    ["random_regular", { n: 5, d: 3 }, "n d is odd"],
    ["random_regular", { n: 5, d: 5 }, "d must be a whole number from 1 to 4, not 5"],
    ["kleinberg", { n: 400 }, "n must be a whole number from 2 to 316, not 400"],
    ["kleinberg", { n: 300, p: 600 }, "more than 1,000,000 edges"],
    ["kleinberg", { n: 4, r: -1 }, "r is not a number from 0 to 100"],
    ["random_dag", { n: 10, p: -0.1 }, "p must be a number from 0 to 1, not -0.1"],
    ["layered_complete", { sizes: [3] }, "fewer than two layers"],
    ["layered_complete", { sizes: [3, 0, 2] }, "layered_complete(sizes=3,0,2): a layer's size must be"],
    ["layered_complete", { sizes: [2000, 2000] }, "more than 1,000,000 edges"],
  ] as const)("%s refuses %o", (family, parameters, message) => {
    const make = GRAPH_FAMILIES[family] as (parameters: object, random: Random) => Graph;
    expect(() => make(parameters, new Random(1))).toThrow(message);
  });
});
