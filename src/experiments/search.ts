// Architecture search for the price of a few trainings: thousands of random graphs are drawn and ranked by a predictor,
// and only the best are trained, beside as many that were picked at random, without which there would be no saying
// what the predictor was worth.
import { FiligreeError } from "../errors.js";
import type { StructureFamily } from "../graph/generators.js";
import { moreGraphProperties } from "../graph/more-properties.js";
import { graphProperties } from "../graph/properties.js";
import { type Difference, differenceOfMeans } from "../math/intervals.js";
import { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import { type Candidate, type Predictor, rank } from "../predict/predictor.js";
import type { StudyInput } from "../study/document.js";
import type { StoreReader } from "../study/reading.js";
import type { Protocol } from "../train/protocol.js";
import type { DataConfiguration } from "./data.js";
import { graphOf, structureFamilies, structureKind } from "./structures.js";

export interface SearchOptions {
  /** Random graphs to rank, of both families in turn. */
  readonly draws: number;
  /** How many of the highest ranked to train, and how many at random. */
  readonly train: number;
  readonly cell: CellKind;
  readonly protocol: Protocol;
  readonly data: DataConfiguration;
  readonly epochs: number;
  /** Of the graphs, the random choice and the trainings. */
  readonly seed: number;
  /** Called while graphs are drawn. */
  readonly onDraw?: (done: number, total: number) => void;
}

/** A graph that was chosen to be trained. */
export interface Chosen {
  readonly family: StructureFamily;
  readonly number: number;
  readonly predicted: number;
}

export interface Search {
  /** Trains what was chosen. */
  readonly study: StudyInput;
  /** The highest ranked graphs, in order. */
  readonly best: readonly Chosen[];
  /** Graphs picked at random among all that were drawn. */
  readonly random: readonly Chosen[];
}

/** Draws, ranks and chooses. @throws InputError when the predictor needs more than a graph's properties. */
export function planSearch(predictor: Predictor, options: SearchOptions): Search {
  const { draws, train, cell, protocol, data, epochs, seed } = options;
  const graphs = Array.from({ length: draws }, (_, i) => ({
    family: structureFamilies[i % structureFamilies.length],
    number: Math.floor(i / structureFamilies.length),
    seed,
  }));
  const candidates = graphs.map((graph, i) => {
    if (i % 64 === 0) options.onDraw?.(i, draws);
    return propertiesOf(graph);
  });
  const ranked = rank(predictor, candidates);
  const shuffled = new Random(seed).stream("random choice").shuffle([...ranked]);
  const choose = (list: typeof ranked): Chosen[] =>
    list.slice(0, train).map(({ index, predicted }) => {
      const { family, number } = graphs[index];
      return { family, number, predicted };
    });
  const [best, random] = [choose(ranked), choose(shuffled)];
  const study: StudyInput = {
    name: `search-${cell}-${protocol}-${seed}`,
    kind: structureKind.name,
    fixed: { cell, protocol, data: { ...data }, epochs, tested: "last-epoch", graph: { seed } },
    list: [...best, ...random].map(({ family, number }) => ({
      "graph.family": family,
      "graph.number": number,
    })),
    seed,
    objective: { metric: "testAccuracy" },
  };
  return { study, best, random };
}

/** A graph that was trained. */
export interface Found extends Chosen {
  /** Of the trial in the store. */
  readonly identity: string;
  readonly testAccuracy: number;
}

export interface SearchResult {
  readonly best: readonly Found[];
  readonly random: readonly Found[];
  /** Mean test accuracy of the best less that of the random ones, with its 95 % interval (Welch). */
  readonly gain: Difference;
}

/** What came of a search whose study has run. @throws FiligreeError when a training failed or is missing. */
export function searchResult(reader: StoreReader, { study, best, random }: Search): SearchResult {
  const rows = new Map(
    Array.from(reader.rows(study.name), (row) => {
      const { "graph.family": family, "graph.number": number } = row.parameters;
      return [`${family} ${number}`, row] as const;
    }),
  );
  const find = (chosen: Chosen): Found => {
    const { identity, state, error, summary } = rows.get(`${chosen.family} ${chosen.number}`)!;
    if (state === "finished") return { ...chosen, identity, testAccuracy: summary.testAccuracy };
    throw new FiligreeError({
      where: study.name,
      what: `trial ${identity.slice(0, 12)} is not finished${error ? `: ${error}` : ""}`,
      hint: "run the search again",
    });
  };
  const found = { best: best.map(find), random: random.map(find) };
  const accuracies = (list: readonly Found[]) => list.map(({ testAccuracy }) => testAccuracy);
  return { ...found, gain: differenceOfMeans(accuracies(found.random), accuracies(found.best)) };
}

function propertiesOf(graph: Parameters<typeof graphOf>[0]): Candidate {
  const drawn = graphOf(graph);
  const properties = graphProperties(drawn);
  return { ...properties, ...moreGraphProperties(drawn, properties.average_shortest_path_length) };
}
