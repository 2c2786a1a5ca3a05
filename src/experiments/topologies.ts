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
import { initialise, type Network } from "../network/network.js";
import { readouts, recurrences, STRUCTURE_EMBEDDING } from "../network/structure.js";
import { parseNetwork, saveNetwork } from "../network/weights.js";
import { encodeCourse } from "../search/course.js";
import {
  type Criterion,
  criteria,
  forecastSubject,
  HELD,
  type Subject,
  subjectOf,
  textSubject,
} from "../search/subject.js";
import {
  checkTopology,
  findTopology,
  graphAsEdges,
  spaceNames,
  type Topology,
  type TopologySettings,
} from "../search/topology.js";
import { wayNames } from "../search/ways.js";
import { parsePattern } from "../sparsify/pattern.js";
import { densities } from "../sparsify/prune.js";
import type { JsonObject } from "../study/json.js";
import type { TrialContext, TrialKind, TrialResult, TrialSpec } from "../study/kind.js";
import { classify, type TrainingData } from "../train/classify.js";
import { defaults, STRUCTURE_BATCH } from "../train/defaults.js";
import { HORIZON } from "../train/forecast.js";
import { withConventions } from "../train/new-network.js";
import { protocols } from "../train/protocol.js";
import type { EpochMetrics, Task } from "../train/task.js";
import { train } from "../train/train.js";
import { arithmetic } from "./arithmetic.js";
import {
  anyDataSchema,
  type DataConfiguration,
  identifying,
  isNumbers,
  isText,
  loadData,
  loadTexts,
  textSchema,
} from "./data.js";
import { loadBaselines, loadNumbers, type NumberConfiguration } from "./number-data.js";
import { numberMetrics, summaryOf as summaryOfNumbers, taskOnNumbers } from "./number-training.js";
import { NETWORK, recording } from "./recording.js";
import { batchSetting, GRAPH, structureKind, structureSchema } from "./structures.js";
import { learntOf, misplaced, numberSettings } from "./train-schema.js";
import { nextSymbolOf, summaryOfText, textMetrics, trainMetrics } from "./training.js";

/** The name of a search's course among its artifacts. */
export const COURSE = "course.json";

const wiring = z.strictObject({
  recurrence: z.enum(recurrences).default("layer"),
  readout: z.enum(readouts).default("last-layer"),
  embedding: z.int().min(1).max(4096).default(STRUCTURE_EMBEDDING),
});

const training = {
  protocol: z.enum(protocols).optional().describe("Of strings; corrected when left out."),
  horizon: numberSettings.horizon,
  window: numberSettings.window,
  epochs: z.int().min(1).max(100_000).default(15),
  batch: batchSetting,
  learningRate: z.number().positive().default(1e-3),
};

const given = z.strictObject({
  data: anyDataSchema,
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
  held: z
    .number()
    .gt(0)
    .lt(1)
    .default(HELD)
    .describe(
      "Share of the training data that is held out: any sequences, or the end of each series or text.",
    ),
  ...training,
});

export const searchSchema = given.transform((configuration, context) => {
  const complain = (path: string, message: string) => {
    context.addIssue({ code: "custom", path: [path], message });
    return z.NEVER;
  };
  const { data, protocol, horizon, window, batch, ...rest } = configuration;
  const learnt = learntOf(data);
  const ofSteps = learnt === "texts" || learnt === "forecasts";
  const stray = misplaced({ horizon, window, ...(ofSteps && { protocol }) }, data);
  if (stray) return complain(...stray);
  if (isNumbers(data) && ofSteps && data.validation !== undefined && data.test === undefined)
    return complain("data", "the validation series would judge what they have chosen; name test series too");
  try {
    checkTopology(settingsOf(configuration));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return complain(error.where ?? "searcher", error.hint ? `${error.what}; ${error.hint}` : error.what);
  }
  return {
    ...rest,
    data,
    ...(protocol !== undefined && { protocol }),
    ...(learnt === "forecasts" && {
      horizon: horizon ?? HORIZON,
      window: window ?? defaults.forecast.window,
    }),
    ...(learnt === "texts" && { window: window ?? defaults.next.window }),
    ...((batch !== undefined || learnt !== "texts") && { batch: batch ?? STRUCTURE_BATCH }),
  };
});

export type SearchConfiguration = z.output<typeof searchSchema>;

function settingsOf({
  pattern,
  ...rest
}: Omit<TopologySettings, "pattern"> & { readonly pattern?: string }): TopologySettings {
  return { ...rest, ...(pattern !== undefined && { pattern: parsePattern(pattern) }) };
}

function subjectFor(configuration: SearchConfiguration, seed: number): Subject {
  const { data, batch, window, horizon, protocol, held } = configuration;
  if (isText(data)) {
    const { vocabulary, train, names } = loadTexts(data);
    return textSubject({ vocabulary, texts: train.texts, names }, { batch, window, held });
  }
  if (isNumbers(data)) {
    const numbers = loadNumbers(data, horizon);
    const where = data.numbers;
    if (numbers.task === "forecast")
      return forecastSubject(numbers.data, { batch, window, horizon, held, where });
  }
  const random = new Random(seed).stream("held");
  return subjectOf(labelledOf(data), { batch: batch ?? STRUCTURE_BATCH, protocol, held, random });
}

/** @throws FileError, InputError when texts cannot be read, or are too short to be searched on. */
export function checkSearchable(data: Pick<z.input<typeof textSchema>, "text">): void {
  const { vocabulary, train, names } = loadTexts(textSchema.parse(data));
  textSubject({ vocabulary, texts: train.texts, names }, { held: HELD });
}

/** Labelled strings or sequences. */
function labelledOf(data: DataConfiguration | NumberConfiguration): TrainingData {
  if (!isNumbers(data)) return loadData(data);
  const numbers = loadNumbers(data);
  if (numbers.task !== "forecast") return numbers.data;
  throw new TypeError("forecasts have no labels");
}

const searchIdentity = (configuration: SearchConfiguration): JsonObject => ({
  ...(configuration as unknown as JsonObject),
  data: identifying(configuration.data),
});

export const searchKind: TrialKind<SearchConfiguration> = {
  name: "search",
  version: 1,
  schema: searchSchema,
  metrics: ["size", ...(Object.keys(criteria) as Criterion[])],
  identifying: searchIdentity,
  arithmetic,
  async run(configuration, { seed, signal, resume, saveEpoch }): Promise<TrialResult> {
    const found = await findTopology(subjectFor(configuration, seed), settingsOf(configuration), {
      seed,
      signal,
      ...(resume && resume.epoch > 0 && { resume: resume.state }),
      onSave: saveEpoch,
    });
    const { graph, network, size, course, candidates } = found;
    return {
      summary: { size, ...(candidates && bestHeld(candidates)) },
      artifacts: {
        ...(graph && { [GRAPH]: new TextEncoder().encode(formatNodeLink(graph)) }),
        ...(network && { [NETWORK]: saveNetwork(network) }),
        ...(course && course.gates.length > 0 && { [COURSE]: encodeCourse(course) }),
      },
    };
  },
};

/** How the best candidate did. */
function bestHeld({ criterion, values }: NonNullable<Topology["candidates"]>): Record<string, number> {
  return { [criterion]: criterion === "heldLoss" ? Math.min(...values) : Math.max(...values) };
}

const foundSchema = z
  .strictObject({
    search: searchSchema.describe("The search whose result is trained."),
    searchSeed: z.int().min(0).default(1).describe("Of the search, apart from the training's own seed."),
    data: anyDataSchema.unwrap().optional().describe("Other data than those of the search."),
    cell: z.enum(cellKinds).optional().describe("Another cell, for graphs."),
    epochs: z.int().min(1).max(100_000).optional().describe("As the search's when left out."),
    batch: batchSetting.describe(
      "As the search's when left out; where one of the two is on texts and the other is not, as if nothing were said.",
    ),
  })
  .superRefine(({ search, data }, context) => {
    if (search.space === "edges" || !data || learntOf(data) === learntOf(search.data)) return;
    const message = `the masks are of a network for ${learntOf(search.data)}; only graphs are trained on ${learntOf(data)} as well`;
    context.addIssue({ code: "custom", path: ["data"], message });
  });

export type FoundConfiguration = z.output<typeof foundSchema>;

export const foundKind: TrialKind<FoundConfiguration> = {
  name: "found",
  version: 1,
  schema: foundSchema,
  metrics: [
    ...new Set([...trainMetrics, ...textMetrics, ...numberMetrics]),
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

/** What is trained: the data and the settings that are not the search's own. */
function trainingOf({ search, ...own }: FoundConfiguration) {
  const { data = search.data, epochs = search.epochs } = own;
  const { horizon, window, learningRate, protocol } = search;
  const learnt = learntOf(data);
  const isLike = isText(data) === isText(search.data);
  return {
    data,
    epochs,
    learningRate,
    batch: own.batch ?? (isLike ? search.batch : undefined),
    ...(protocol && learnt === "strings" && { protocol }),
    ...(learnt === "forecasts" && { horizon }),
    ...((learnt === "forecasts" || learnt === "texts") && { window }),
  };
}

/** As a trial of the kind `structure` does. */
async function trainGraph(configuration: FoundConfiguration, context: TrialContext): Promise<TrialResult> {
  const { search, cell = search.cell } = configuration;
  const [{ artifacts, summary }] = context.needs;
  const graph = parseGraph(new TextDecoder().decode(artifacts[GRAPH]), GRAPH);
  const structure = structureSchema.parse({
    ...trainingOf(configuration),
    cell,
    graph: graphAsEdges(graph),
    wiring: { kind: "corrected", ...search.wiring },
    tested: "last-epoch",
  });
  const result = await structureKind.run(structure, context);
  return { ...result, summary: { ...result.summary, size: summary.size } };
}

async function trainMasks(configuration: FoundConfiguration, context: TrialContext): Promise<TrialResult> {
  const [{ artifacts, summary }] = context.needs;
  const { architecture, masks, conventions } = parseNetwork(artifacts[NETWORK], "what was found");
  const own = initialise(architecture, new Random(context.seed).stream("initial weights"), masks);
  const network = withConventions(own, conventions);
  const { epochs, learningRate } = trainingOf(configuration);
  const record = recording(context);
  const { task, summaryOf } = trainedOn(network, configuration);
  const trained = await train(network, task, {
    epochs,
    learningRate,
    seed: `${context.seed}/train`,
    ...record.options,
  });
  const left = densities(trained);
  return {
    summary: {
      ...(await summaryOf(trained, record.history())),
      size: summary.size,
      nonzeros: left.reduce((sum, { nonzeros }) => sum + nonzeros, 0),
      weights: left.reduce((sum, { weights }) => sum + weights, 0),
    },
    artifacts: { [NETWORK]: saveNetwork(trained) },
  };
}

/** What masks are trained for, and what a training of it came to. */
function trainedOn(
  network: Network,
  configuration: FoundConfiguration,
): {
  task: Task;
  summaryOf: (
    trained: Network,
    history: readonly EpochMetrics[],
  ) => Record<string, number> | Promise<Record<string, number>>;
} {
  const { search } = configuration;
  const { data, batch, horizon, window = defaults.next.window } = trainingOf(configuration);
  if (isText(data)) {
    const texts = loadTexts(data);
    return {
      task: nextSymbolOf(texts, { window, batch }),
      summaryOf: (trained, history) => summaryOfText(trained, texts, history),
    };
  }
  const options = { batch: batch ?? STRUCTURE_BATCH, window, tested: "last-epoch" } as const;
  if (isNumbers(data) && data.task === "forecast") {
    const numbers = loadNumbers(data, horizon);
    const task = taskOnNumbers(network, numbers, options);
    const rules = loadBaselines(data, horizon);
    return {
      task,
      summaryOf: (trained, history) => summaryOfNumbers(trained, numbers, task, history, rules),
    };
  }
  const { protocol } = search;
  return {
    task: classify(network, labelledOf(data), { ...options, protocol }),
    summaryOf: (trained, history) => ({ ...history.at(-1), parameters: trained.size }),
  };
}
