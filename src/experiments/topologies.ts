// The trial kinds `search`, which comes to a sparse topology, and `found`, which trains what a search found from scratch: with fresh
// seeds, on all of the training data, and perhaps with another cell or on other data than it was found with.
import { z } from "zod";
import { InputError } from "../errors.js";
import { parseGraph } from "../graph/files.js";
import { MORE_PROPERTY_NAMES } from "../graph/more-properties.js";
import { formatNodeLink } from "../graph/node-link.js";
import { PROPERTY_NAMES } from "../graph/properties.js";
import { Random } from "../math/random.js";
import { cellKinds } from "../network/architecture.js";
import { initialise } from "../network/network.js";
import { readouts, recurrences, STRUCTURE_EMBEDDING } from "../network/structure.js";
import { parseNetwork, saveNetwork } from "../network/weights.js";
import { encodeCourse } from "../search/course.js";
import { type Subject, subjectOf } from "../search/subject.js";
import {
  checkTopology,
  findTopology,
  graphAsEdges,
  spaceNames,
  type TopologySettings,
} from "../search/topology.js";
import { wayNames } from "../search/ways.js";
import { parsePattern } from "../sparsify/pattern.js";
import { densities } from "../sparsify/prune.js";
import type { JsonObject } from "../study/json.js";
import type { TrialContext, TrialKind, TrialResult, TrialSpec } from "../study/kind.js";
import { classify, type TrainingData } from "../train/classify.js";
import { withConventions } from "../train/new-network.js";
import { protocols } from "../train/protocol.js";
import { train } from "../train/train.js";
import { arithmetic } from "./arithmetic.js";
import { identifying, isNumbers, loadData, sequenceSchema } from "./data.js";
import { loadNumbers } from "./number-data.js";
import { NETWORK, recording } from "./recording.js";
import { GRAPH, structureKind, structureSchema } from "./structures.js";

/** The name of a search's course among its artifacts. */
export const COURSE = "course.json";

const wiring = z.strictObject({
  recurrence: z.enum(recurrences).default("layer"),
  readout: z.enum(readouts).default("last-layer"),
  embedding: z.int().min(1).max(4096).default(STRUCTURE_EMBEDDING),
});

const training = {
  protocol: z.enum(protocols).optional().describe("Of strings; corrected when left out."),
  epochs: z.int().min(1).max(100_000).default(15),
  batch: z.int().min(1).max(100_000).default(128),
  learningRate: z.number().positive().default(1e-3),
};

const given = z.strictObject({
  data: sequenceSchema,
  cell: z.enum(cellKinds),
  space: z.enum(spaceNames).default("edges"),
  searcher: z.enum(wayNames),
  budget: z.int().min(1).describe("Edges, or weights."),
  units: z.int().min(1).max(10_000).default(32).describe("Of a graph in all; of a stack in each layer."),
  layers: z.int().min(1).max(1000).default(4),
  wiring: wiring.optional().describe("Of graphs, as corrected structures have it."),
  pattern: z.string().optional().describe("Of weights; weight when left out, or blocks such as 4x4."),
  candidates: z
    .int()
    .min(1)
    .max(100_000)
    .default(10)
    .describe("Graphs that best-of-random, evolution and predictor train."),
  held: z.number().gt(0).lt(1).default(0.25).describe("Share of the training data that is held out."),
  ...training,
});

export const searchSchema = given.superRefine((configuration, context) => {
  const complain = (path: string, message: string) =>
    context.addIssue({ code: "custom", path: [path], message });
  if (isNumbers(configuration.data) && configuration.data.task === "forecast")
    complain("data", "forecasts are not searched on yet");
  try {
    checkTopology(settingsOf(configuration));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    complain(error.where ?? "searcher", error.hint ? `${error.what}; ${error.hint}` : error.what);
  }
});

export type SearchConfiguration = z.output<typeof given>;

function settingsOf({ pattern, ...rest }: SearchConfiguration): TopologySettings {
  return { ...rest, ...(pattern !== undefined && { pattern: parsePattern(pattern) }) };
}

/** The data of a search or of a training of what it found. */
function dataOf(data: SearchConfiguration["data"]): TrainingData {
  if (!isNumbers(data)) return loadData(data);
  const numbers = loadNumbers(data);
  if (numbers.task !== "forecast") return numbers.data;
  throw new TypeError("the schema refuses forecasts");
}

function subjectFor({ data, batch, protocol, held }: SearchConfiguration, seed: number): Subject {
  return subjectOf(dataOf(data), { batch, protocol, held, random: new Random(seed).stream("held") });
}

const searchIdentity = (configuration: SearchConfiguration): JsonObject => ({
  ...(configuration as unknown as JsonObject),
  data: identifying(configuration.data),
});

export const searchKind: TrialKind<SearchConfiguration> = {
  name: "search",
  version: 1,
  schema: searchSchema,
  metrics: ["size", "heldAccuracy"],
  identifying: searchIdentity,
  arithmetic,
  async run(configuration, { seed, signal, resume, saveEpoch }): Promise<TrialResult> {
    const found = await findTopology(subjectFor(configuration, seed), settingsOf(configuration), {
      seed,
      signal,
      ...(resume && resume.epoch > 0 && { resume: resume.state }),
      onSave: saveEpoch,
    });
    const { graph, network, size, course, scores } = found;
    return {
      summary: { size, ...(scores && { heldAccuracy: Math.max(...scores) }) },
      artifacts: {
        ...(graph && { [GRAPH]: new TextEncoder().encode(formatNodeLink(graph)) }),
        ...(network && { [NETWORK]: saveNetwork(network) }),
        ...(course && course.gates.length > 0 && { [COURSE]: encodeCourse(course) }),
      },
    };
  },
};

const foundSchema = z.strictObject({
  search: searchSchema.describe("The search whose result is trained."),
  searchSeed: z.int().min(0).default(1).describe("Of the search, apart from the training's own seed."),
  data: sequenceSchema.unwrap().optional().describe("Other data than those of the search."),
  cell: z.enum(cellKinds).optional().describe("Another cell, for graphs."),
  epochs: z.int().min(1).max(100_000).optional().describe("As the search's when left out."),
});

export type FoundConfiguration = z.output<typeof foundSchema>;

export const foundKind: TrialKind<FoundConfiguration> = {
  name: "found",
  version: 1,
  schema: foundSchema,
  metrics: [
    "testAccuracy",
    "testLoss",
    "trainAccuracy",
    "trainLoss",
    "parameters",
    "baseline",
    "size",
    "nonzeros",
    "weights",
    ...PROPERTY_NAMES,
    ...MORE_PROPERTY_NAMES,
  ],
  identifying: ({ search, data, ...rest }) => ({
    ...rest,
    search: searchIdentity(search),
    ...(data && { data: identifying(data) }),
  }),
  arithmetic,
  needs: (configuration) => [searchTrial(configuration)],
  run(configuration, context) {
    const { search } = configuration;
    return search.space === "edges" ? trainGraph(configuration, context) : trainMasks(configuration, context);
  },
};

/** The trial of the search whose result is trained. */
export function searchTrial({ search, searchSeed }: FoundConfiguration): TrialSpec {
  return { kind: searchKind.name, configuration: search as unknown as JsonObject, seed: searchSeed };
}

/** As a trial of the kind `structure` does. */
async function trainGraph(
  { search, data = search.data, cell = search.cell, epochs = search.epochs }: FoundConfiguration,
  context: TrialContext,
): Promise<TrialResult> {
  const [{ artifacts, summary }] = context.needs;
  const graph = parseGraph(new TextDecoder().decode(artifacts[GRAPH]), GRAPH);
  const { batch, learningRate, protocol } = search;
  const structure = structureSchema.parse({
    data,
    cell,
    graph: graphAsEdges(graph),
    wiring: { kind: "corrected", ...search.wiring },
    ...(protocol && !isNumbers(data) && { protocol }),
    epochs,
    batch,
    learningRate,
    tested: "last-epoch",
  });
  const result = await structureKind.run(structure, context);
  return { ...result, summary: { ...result.summary, size: summary.size } };
}

async function trainMasks(
  { search, data = search.data, epochs = search.epochs }: FoundConfiguration,
  context: TrialContext,
): Promise<TrialResult> {
  const [{ artifacts, summary }] = context.needs;
  const { architecture, masks, conventions } = parseNetwork(artifacts[NETWORK], "what was found");
  const own = initialise(architecture, new Random(context.seed).stream("initial weights"), masks);
  const network = withConventions(own, conventions);
  const { batch, learningRate, protocol } = search;
  const record = recording(context);
  const task = classify(network, dataOf(data), { protocol, batch, tested: "last-epoch" });
  const trained = await train(network, task, {
    epochs,
    learningRate,
    seed: `${context.seed}/train`,
    ...record.options,
  });
  const left = densities(trained);
  return {
    summary: {
      ...record.history().at(-1),
      parameters: trained.size,
      size: summary.size,
      nonzeros: left.reduce((sum, { nonzeros }) => sum + nonzeros, 0),
      weights: left.reduce((sum, { weights }) => sum + weights, 0),
    },
    artifacts: { [NETWORK]: saveNetwork(trained) },
  };
}
