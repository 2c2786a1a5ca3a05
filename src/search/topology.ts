// One search from its settings to a topology, by whichever way: what the command line and trials run. It is saved after every
// epoch, or every candidate, and goes on from there to the same topology.
import { z } from "zod";
import type { ExecutorName } from "../engine/engine.js";
import { InputError } from "../errors.js";
import { layeredComplete } from "../graph/generators.js";
import { edgesOf, type Graph } from "../graph/graph.js";
import { layerGraph } from "../graph/layers.js";
import { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import { maskVector } from "../network/masks.js";
import { type Network, stack } from "../network/network.js";
import { type CorrectedOptions, correctedStructure } from "../network/structure.js";
import { sparsifying } from "../sparsify/methods.js";
import type { Pattern } from "../sparsify/pattern.js";
import { densities } from "../sparsify/prune.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import type { EpochMetrics } from "../train/task.js";
import { type Run, type TrainOptions, train } from "../train/train.js";
import { anyGraph, bestOf, candidateSearches, type Scored } from "./candidates.js";
import {
  checkEdges,
  edgeSpace,
  edgesOfSpace,
  graphOfEdges,
  type Layers,
  layersOf,
  superGraph,
} from "./edges.js";
import { randomGraph } from "./random-graphs.js";
import { needsHeld, search } from "./search.js";
import type { Course } from "./searching.js";
import type { Space } from "./space.js";
import { type Criterion, criteria, type Subject } from "./subject.js";
import {
  isCandidateSearch,
  isFamily,
  isOfGraphs,
  isSearcher,
  isTrainedRival,
  type TrainedRival,
  type Way,
} from "./ways.js";
import { networkUnder, redrawn, weightSpace } from "./weights.js";

export const spaceNames = ["edges", "weights", "densities"] as const;
export type SpaceName = (typeof spaceNames)[number];

/** How what a search saved is called in messages. */
const CHECKPOINT = "the search's checkpoint";

export interface TopologySettings {
  readonly space: SpaceName;
  readonly searcher: Way;
  /** Edges, or weights. */
  readonly budget: number;
  readonly cell: CellKind;
  /** Of a graph all units; of a stack those of each layer. */
  readonly units: number;
  readonly layers: number;
  /** How graphs are wired. */
  readonly wiring?: CorrectedOptions;
  /** What is chosen of a stack; single weights when left out. */
  readonly pattern?: Pattern;
  readonly epochs: number;
  readonly learningRate: number;
  /** Graphs that are trained one after the other, by ways that do. */
  readonly candidates: number;
}

export interface TopologyOptions extends Pick<TrainOptions, "signal" | "threads" | "onProgress"> {
  readonly seed: number | string;
  readonly executor?: ExecutorName;
  /** What `onSave` was given. */
  readonly resume?: Uint8Array;
  /** Awaited after every epoch or candidate, counted from 1, with all that going on needs. */
  onSave?(number: number, metrics: Readonly<Record<string, number>>, saved: Uint8Array): void | Promise<void>;
  /** Awaited now and then within an epoch, for the same. */
  onPause?(saved: Uint8Array): void | Promise<void>;
}

export interface Topology {
  /** Of the space of edges. */
  readonly graph?: Graph;
  /** Of the others: an untrained network with the masks. */
  readonly network?: Network;
  /** Edges, or weights. */
  readonly size: number;
  readonly course?: Course;
  /** How each candidate in turn did on what is held out. */
  readonly candidates?: { readonly criterion: Criterion; readonly values: readonly number[] };
}

/** @throws InputError where settings do not fit each other. */
export function checkTopology({ space, searcher, budget, units, layers, pattern }: TopologySettings): void {
  if (space === "edges") checkEdges(layersOf(units, layers), budget);
  if (space === "edges" && pattern && pattern.kind !== "weight") {
    throw new InputError({ where: "pattern", what: "edges are chosen one by one", hint: "leave it out" });
  }
  if (space === "edges" || !isOfGraphs(searcher)) return;
  throw new InputError({
    where: "searcher",
    what: `${searcher} chooses among graphs, and the space is ${space}`,
    hint: "use the space edges, or another searcher",
  });
}

/** Comes to a topology. @throws InputError as `checkTopology`; as `train`. */
export async function findTopology(
  subject: Subject,
  settings: TopologySettings,
  options: TopologyOptions,
): Promise<Topology> {
  checkTopology(settings);
  return settings.space === "edges"
    ? findGraph(subject, settings, options)
    : findMasks(subject, settings, options);
}

async function findGraph(
  subject: Subject,
  settings: TopologySettings,
  options: TopologyOptions,
): Promise<Topology> {
  const { searcher: way, budget, units, layers } = settings;
  const sizes = layersOf(units, layers);
  const random = new Random(options.seed);
  const drawn = random.stream("topology");
  const of = (marked: Uint8Array, more: Partial<Topology> = {}): Topology => ({
    graph: graphOfEdges(sizes, marked),
    size: budget,
    ...more,
  });
  if (way === "random") return of(anyGraph(sizes, budget, drawn));
  if (isFamily(way)) return { graph: randomGraph(way, units, budget, drawn), size: budget };
  if (way === "dense") {
    const graph = denseGraph(layers, budget);
    return { graph, size: edgesOf(graph).length };
  }
  if (isCandidateSearch(way)) {
    const scored = await scoreCandidates(way, subject, sizes, settings, options);
    const { criterion } = subject;
    const values = scored.map((own) => measuredOf(criterion, own));
    return of(bestOf(scored).marked, { candidates: { criterion, values } });
  }
  const whole = correctedStructure(superGraph(sizes), settings.cell, settings.wiring);
  const network = subject.network(whole, random.stream("initial weights"));
  const space = edgeSpace(network, sizes, budget);
  const { marked, course } = await chosen(way, space, subject, settings, options);
  return of(marked, { course });
}

async function findMasks(
  subject: Subject,
  settings: TopologySettings,
  options: TopologyOptions,
): Promise<Topology> {
  const { searcher: way, space: name, budget, cell, units, layers, pattern } = settings;
  const random = new Random(options.seed);
  const architecture = stack({ cell, hidden: units, layers });
  const free = subject.network({ architecture, masks: new Map() }, random.stream("initial weights"));
  const space = weightSpace(free, { weights: budget, pattern });
  const { marked, course } = await chosen(way, space, subject, settings, options);
  const under = networkUnder(space, marked);
  const network = name === "densities" ? redrawn(under, free, random.stream("densities")) : under;
  const size = densities(network).reduce((sum, { nonzeros }) => sum + nonzeros, 0);
  return { network, size, course };
}

/** What is marked in the end by a way that trains the super-network, or by chance. */
async function chosen(
  way: Way,
  space: Space,
  subject: Subject,
  { epochs, learningRate }: TopologySettings,
  options: TopologyOptions,
): Promise<{ marked: Uint8Array; course?: Course }> {
  const { seed, resume, onSave, onPause, ...running } = options;
  const { network, groups } = space;
  if (way === "random") {
    const drawn = new Random(seed).stream("topology");
    return { marked: space.choose(Float64Array.from({ length: groups.count }, () => drawn.uniform())) };
  }
  const bytesOf = (run: Run) => encodeCheckpoint({ run, notes: new Map() });
  const training: TrainOptions = {
    ...running,
    epochs,
    learningRate,
    seed: `${seed}/search`,
    ...(resume && { resume: decodeCheckpoint(resume, CHECKPOINT).run }),
    onEpoch: (epoch: number, metrics: EpochMetrics, run: Run) =>
      onSave?.(epoch, { ...metrics }, bytesOf(run)),
    ...(onPause && { onPause: (run: Run) => onPause(bytesOf(run)) }),
  };
  const task = subject.task(network);
  if (isSearcher(way)) {
    const held = needsHeld(way) ? subject.held(network) : undefined;
    return search(space, task, { ...training, searcher: way, held });
  }
  if (!isTrainedRival(way)) throw new TypeError(`${way} trains no super-network`);
  const trained = await train(network, task, { ...training, sparsify: rivalOf(way, space) });
  // What is there comes first, and among it the largest, in case that leaves units out.
  const present = groups.present(maskVector(trained));
  const norms = groups.norms(trained.parameters);
  const most = norms.reduce((a, b) => Math.max(a, b), 0);
  return { marked: space.choose(norms.map((norm, g) => norm + 2 * most * present[g])) };
}

function rivalOf(method: TrainedRival, { budget, pattern }: Space) {
  // RigL keeps the density of every matrix.
  const scope = method === "rigl" ? "matrix" : "global";
  return sparsifying({ ...budget, scope, method, pattern });
}

/** Layers of equal width with as many edges as a budget has, or the next lower number. */
function denseGraph(layers: number, budget: number): Graph {
  const width = Math.max(1, Math.floor(Math.sqrt(budget / (layers - 1))));
  return layeredComplete({ sizes: new Array<number>(layers).fill(width) });
}

async function scoreCandidates(
  way: keyof typeof candidateSearches,
  subject: Subject,
  sizes: Layers,
  settings: TopologySettings,
  options: TopologyOptions,
): Promise<Scored[]> {
  const { cell, wiring, budget, epochs, learningRate, candidates: total } = settings;
  const { criterion } = subject;
  const { seed, resume, onSave, onProgress, onPause: _, ...running } = options;
  const random = new Random(seed);
  const scored = resume ? scoredIn(resume, edgesOfSpace(sizes).length) : [];
  while (scored.length < total) {
    const number = scored.length;
    options.signal?.throwIfAborted();
    const own = random.stream(`candidate ${number}`);
    const marked = candidateSearches[way].propose(scored, own, { sizes, edges: budget, total });
    const structure = correctedStructure(layerGraph(graphOfEdges(sizes, marked)), cell, wiring);
    const network = subject.network(structure, own.stream("initial weights"));
    let measured = Number.NaN;
    await train(network, subject.task(network), {
      ...running,
      epochs,
      learningRate,
      seed: `${seed}/candidate ${number}`,
      onEpoch: (_, metrics) => {
        measured = metrics[criteria[criterion].measured] ?? Number.NaN;
      },
      onProgress: (share) => onProgress?.((number + share) / total),
    });
    scored.push({ marked, score: criteria[criterion].sign * measured });
    const metrics = heldMetrics(criterion, measured, measuredOf(criterion, bestOf(scored)));
    await onSave?.(scored.length, metrics, bytesOfScored(scored));
  }
  return scored;
}

/** What a score was made of: the lower a loss, the higher its score. */
function measuredOf(criterion: Criterion, { score }: Scored): number {
  return criteria[criterion].sign * score;
}

/** How a candidate did, and the best so far. */
function heldMetrics(criterion: Criterion, own: number, best: number): Readonly<Record<string, number>> {
  return criterion === "heldAccuracy"
    ? { heldAccuracy: own, bestHeldAccuracy: best }
    : { heldLoss: own, bestHeldLoss: best };
}

function bytesOfScored(scored: readonly Scored[]): Uint8Array {
  const rows = scored.map(({ marked, score }) => ({ marked: marked.join(""), score }));
  return new TextEncoder().encode(JSON.stringify(rows));
}

const scoredSchema = z.array(z.strictObject({ marked: z.string().regex(/^[01]+$/), score: z.number() }));

/** @throws InputError when the bytes are not what `bytesOfScored` makes of such graphs. */
function scoredIn(bytes: Uint8Array, edges: number): Scored[] {
  try {
    return scoredSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).map(({ marked, score }) => {
      if (marked.length !== edges) throw new RangeError("it is of another space");
      return { marked: Uint8Array.from(marked, Number), score };
    });
  } catch (cause) {
    throw new InputError({
      where: CHECKPOINT,
      what: "it is damaged",
      hint: "delete it and start again",
      cause,
    });
  }
}

/** A graph as a structure's configuration has it. */
export function graphAsEdges(graph: Graph): { nodes: number; edges: [number, number][]; directed: boolean } {
  return { nodes: graph.order, edges: edgesOf(graph).map(([a, b]) => [a, b]), directed: true };
}
