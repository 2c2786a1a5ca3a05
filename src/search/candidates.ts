// Searches that train one graph after the other and compare them on held-out data: the best of many random ones, regularised
// evolution (Real et al. 2019, arXiv 1802.01548), and the ranking by a predictor. Each says which graph is next, given those that
// have been scored; so a search is resumed from their list alone.
import { moreGraphProperties } from "../graph/more-properties.js";
import { graphProperties } from "../graph/properties.js";
import type { Random } from "../math/random.js";
import { fitPredictor, predictCandidates } from "../predict/predictor.js";
import { chooseEdges, edgesOfSpace, graphOfEdges, type Layers } from "./edges.js";

/** A graph of an edge space that has been trained. */
export interface Scored {
  readonly marked: Uint8Array;
  /** How it did on held-out data, the higher the better: its accuracy, or its loss below 0. */
  readonly score: number;
}

export interface CandidateSearch {
  readonly about: string;
  /** The next graph. @param total how many there will be. @param random of this one alone. */
  propose(
    scored: readonly Scored[],
    random: Random,
    options: { sizes: Layers; edges: number; total: number },
  ): Uint8Array;
}

/** Any graph of the space. */
export function anyGraph(sizes: Layers, edges: number, random: Random): Uint8Array {
  return chooseEdges(
    sizes,
    edges,
    Float64Array.from(edgesOfSpace(sizes), () => random.uniform()),
  );
}

/** Graphs alive at once, and those among which a parent is the best. */
const POPULATION = 16;
const TOURNAMENT = 4;

/** Changes that are tried where edges are hardly more than connect the units. */
const TRIES = 1000;

/** Graphs that a predictor ranks for each that is trained. */
const RANKED = 200;

export const candidateSearches = {
  "best-of-random": {
    about: "the best of many random graphs",
    propose: (_, random, { sizes, edges }) => anyGraph(sizes, edges, random),
  },
  evolution: {
    about: "regularised evolution: the best of a few is changed in one edge, and the oldest dies",
    propose(scored, random, { sizes, edges, total }) {
      const size = Math.max(2, Math.min(POPULATION, Math.ceil(total / 3)));
      if (scored.length < size) return anyGraph(sizes, edges, random);
      const alive = scored.slice(-size);
      const some = random.shuffle([...alive]).slice(0, TOURNAMENT);
      return mutated(bestOf(some).marked, sizes, edges, random);
    },
  },
  predictor: {
    about:
      "half of the graphs are random and train a predictor on their properties; the highest ranked of many more are the rest",
    propose(scored, random, { sizes, edges, total }) {
      const first = Math.ceil(total / 2);
      if (scored.length < first) return anyGraph(sizes, edges, random);
      return highestRanked(scored.slice(0, first), scored, random, { sizes, edges });
    },
  },
} as const satisfies Readonly<Record<string, CandidateSearch>>;

export type CandidateSearchName = keyof typeof candidateSearches;

/** The graph of the highest score, of equal ones the first. */
export function bestOf(scored: readonly Scored[]): Scored {
  return scored.reduce((best, own) => (own.score > best.score ? own : best));
}

/** The same graph with one edge less and another one, which connects every unit still. */
export function mutated(marked: Uint8Array, sizes: Layers, edges: number, random: Random): Uint8Array {
  const present = [...marked.keys()].filter((e) => marked[e] === 1);
  const absent = [...marked.keys()].filter((e) => marked[e] === 0);
  for (let attempt = 0; attempt < TRIES && absent.length > 0; attempt++) {
    const next = marked.slice();
    next[random.pick(present)] = 0;
    next[random.pick(absent)] = 1;
    // What the space would choose of these edges is these edges, unless one that it needs is missing.
    const kept = chooseEdges(sizes, edges, Float64Array.from(next));
    if (kept.every((bit, e) => bit === next[e])) return next;
  }
  return marked.slice();
}

/** Numbers that describe a graph of an edge space. */
export function propertiesOf(sizes: Layers, marked: Uint8Array): Record<string, number> {
  const graph = graphOfEdges(sizes, marked);
  const properties = graphProperties(graph);
  return { ...properties, ...moreGraphProperties(graph, properties.average_shortest_path_length) };
}

function highestRanked(
  known: readonly Scored[],
  scored: readonly Scored[],
  random: Random,
  { sizes, edges }: { sizes: Layers; edges: number },
): Uint8Array {
  const rows = known.map(({ marked, score }) => ({ ...propertiesOf(sizes, marked), score }));
  const varying = Object.keys(rows[0]).filter((name) =>
    rows.some((row) => cell(row, name) !== cell(rows[0], name)),
  );
  const columns = [...varying.filter((name) => name !== "score"), "score"];
  const drawn = Array.from({ length: RANKED }, (_, i) => anyGraph(sizes, edges, random.stream(`${i}`)));
  const isNew = (marked: Uint8Array) =>
    !scored.some((own) => own.marked.every((bit, e) => bit === marked[e]));
  if (columns.length < 2 || known.length < 3) return drawn.find(isNew) ?? drawn[0];
  const table = {
    source: "graphs that were trained",
    columns,
    rows: rows.map((row) => columns.map((name) => String(cell(row, name)))),
    lines: rows.map((_, i) => i + 2),
  };
  const features = columns.slice(0, -1);
  const predictor = fitPredictor(table, "score", { features, regressor: "random-forest" });
  const predicted = predictCandidates(
    predictor,
    drawn.map((marked) => propertiesOf(sizes, marked)),
  );
  const order = [...predicted.keys()].sort((a, b) => predicted[b] - predicted[a] || a - b);
  return drawn[order.find((i) => isNew(drawn[i])) ?? order[0]];
}

function cell(row: Readonly<Record<string, number>>, name: string): number {
  return row[name];
}
