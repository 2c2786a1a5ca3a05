// The trial kind `structure`: a network made of a graph, trained on labelled strings, on texts or on sequences of numbers. With it the
// second experiment of Darji (2021) is a study: many random graphs, each with its properties and the accuracy that its network reached.
import { z } from "zod";
import { InputError } from "../errors.js";
import { randomStructureGraph, type StructureFamily } from "../graph/generators.js";
import { createGraph, type Graph } from "../graph/graph.js";
import { layerGraph } from "../graph/layers.js";
import { MORE_PROPERTY_NAMES, moreGraphProperties } from "../graph/more-properties.js";
import { formatNodeLink } from "../graph/node-link.js";
import { graphProperties, PROPERTY_NAMES } from "../graph/properties.js";
import { Random } from "../math/random.js";
import { cellKinds } from "../network/architecture.js";
import { wireAs } from "../network/formats.js";
import { correctedStructure, readouts, recurrences, STRUCTURE_EMBEDDING } from "../network/structure.js";
import { saveNetwork } from "../network/weights.js";
import { canonicalJson, type JsonObject } from "../study/json.js";
import type { TrialKind } from "../study/kind.js";
import { classify } from "../train/classify.js";
import { defaults, STRUCTURE_BATCH } from "../train/defaults.js";
import { newClassifier, newNetworkForNumbers, newNetworkForTexts } from "../train/new-network.js";
import { testedEpochs } from "../train/options.js";
import { defaultProtocol, type Protocol, protocols } from "../train/protocol.js";
import { train } from "../train/train.js";
import { arithmetic } from "./arithmetic.js";
import {
  anyDataSchema,
  type DataConfiguration,
  dataSchema,
  identifying,
  isNumbers,
  isText,
  loadData,
  loadTexts,
  type TextConfiguration,
} from "./data.js";
import { loadBaselines, loadNumbers, type NumberConfiguration } from "./number-data.js";
import { numberMetrics, summaryOf, taskOnNumbers } from "./number-training.js";
import { NETWORK, recording } from "./recording.js";
import { completeNumbers, misplaced, numberSettings } from "./train-schema.js";
import { nextSymbolOf, summaryOfText, textMetrics, trainMetrics } from "./training.js";

/** The two families of random graphs that Darji (2021) draws structures from. */
export const structureFamilies = [
  "barabasi_albert",
  "watts_strogatz",
] as const satisfies readonly StructureFamily[];

const drawn = z.strictObject({
  family: z.enum(structureFamilies),
  number: z.int().min(0).describe("Which of the family's graphs; each is a draw of its own."),
  seed: z.int().min(0).default(0).describe("Of the graphs, apart from the trial's own seed."),
});

const given = z
  .strictObject({
    nodes: z.int().min(2),
    edges: z.array(z.tuple([z.int().min(0), z.int().min(0)])).min(1),
    directed: z.boolean().default(false).describe("Else edges run from lower to higher nodes."),
  })
  .superRefine((graph, context) => {
    try {
      layerGraph(graphOf(graph));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
    }
  });

const wiring = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("thesis") }).describe("Exactly what the published code does."),
  z
    .strictObject({
      kind: z.literal("corrected"),
      recurrence: z.enum(recurrences).default("layer"),
      readout: z.enum(readouts).default("last-layer"),
      embedding: z.int().min(1).max(4096).default(STRUCTURE_EMBEDDING),
    })
    .describe("Every edge is a weight into each gate of its target."),
]);

export const batchSetting = z
  .int()
  .min(1)
  .max(100_000)
  .optional()
  .describe(
    `Sequences of a batch, ${STRUCTURE_BATCH} when left out, or streams of a text, 32 or fewer when left out.`,
  );

export const structureSchema = z
  .strictObject({
    data: anyDataSchema,
    cell: z.enum(cellKinds),
    graph: z.union([drawn, given]).describe("A random graph by its number, or nodes and edges."),
    wiring: wiring.optional().describe("How the graph becomes a network; as `protocol` when left out."),
    protocol: z.enum(protocols).optional().describe(`Of strings; ${defaultProtocol} when left out.`),
    ...numberSettings,
    epochs: z.int().min(1).max(100_000).default(15),
    batch: batchSetting,
    learningRate: z.number().positive().default(1e-3),
    tested: z
      .enum(testedEpochs)
      .default("every-epoch")
      .describe("After which epochs the test strings are read."),
  })
  .transform((given, context) => {
    const { data, protocol = defaultProtocol, horizon, window, classWeights, standardise, ...others } = given;
    const { batch, ...rest } = others;
    const stray = misplaced(given, data);
    if (stray) {
      const [key, message] = stray;
      context.addIssue({ code: "custom", path: [key], message });
      return z.NEVER;
    }
    const wired = { ...rest, wiring: rest.wiring ?? wiring.parse({ kind: protocol }) };
    if (isText(data)) return { ...wired, data, batch, window: window ?? defaults.next.window };
    const complete = { ...wired, batch: batch ?? STRUCTURE_BATCH };
    return isNumbers(data)
      ? { ...complete, data, ...completeNumbers(data, { horizon, window, classWeights, standardise }) }
      : { ...complete, data, protocol };
  });

export type StructureConfiguration = z.output<typeof structureSchema>;
/** Of sequences of numbers, of texts and of strings. */
type OnNumbers = Extract<StructureConfiguration, { data: NumberConfiguration }>;
type OnTexts = Extract<StructureConfiguration, { data: TextConfiguration }>;
type OnStrings = Exclude<StructureConfiguration, OnNumbers | OnTexts>;

/** The name of the graph among a trial's artifacts. */
export const GRAPH = "graph.json";

export const structureKind: TrialKind<StructureConfiguration> = {
  name: "structure",
  version: 5,
  schema: structureSchema,
  metrics: [
    ...new Set([...trainMetrics, ...textMetrics, ...numberMetrics]),
    ...PROPERTY_NAMES,
    ...MORE_PROPERTY_NAMES,
  ],
  identifying: (configuration) => ({
    ...(configuration as unknown as JsonObject),
    data: identifying(configuration.data),
  }),
  arithmetic,
  async run(configuration, context) {
    const graph = graphOf(configuration.graph);
    const properties = graphProperties(graph);
    const more = moreGraphProperties(graph, properties.average_shortest_path_length);
    const { architecture, masks } = structureOf(graph, configuration);
    // The graph is part of the seed, so that chance is not the same for all graphs of a study.
    const seed = `${context.seed}/${canonicalJson(configuration.graph)}`;
    const initial = new Random(seed).stream("initial weights");
    const { epochs, learningRate } = configuration;
    const record = recording(context);
    const options = { epochs, learningRate, seed: `${seed}/train`, ...record.options };
    const { trained, summary } = isOnNumbers(configuration)
      ? await trainOnNumbers(configuration)
      : isOnTexts(configuration)
        ? await trainOnTexts(configuration)
        : await trainOnStrings(configuration);
    return {
      summary: { ...summary, ...properties, ...more },
      artifacts: {
        [NETWORK]: saveNetwork(trained),
        [GRAPH]: new TextEncoder().encode(formatNodeLink(graph)),
      },
    };

    async function trainOnStrings({ data, protocol, batch, tested }: OnStrings) {
      const strings = loadData(data);
      const network = newClassifier(architecture, strings, initial, { masks });
      const trained = await train(network, classify(network, strings, { protocol, batch, tested }), options);
      return { trained, summary: { ...record.history().at(-1), parameters: trained.size } };
    }

    async function trainOnTexts({ data, window, batch }: OnTexts) {
      const texts = loadTexts(data);
      const network = newNetworkForTexts(architecture, texts.vocabulary, initial, { masks });
      const task = nextSymbolOf(texts, { window, batch });
      const trained = await train(network, task, options);
      return { trained, summary: summaryOfText(trained, texts, record.history()) };
    }

    async function trainOnNumbers(own: OnNumbers) {
      const numbers = loadNumbers(own.data, own.horizon);
      const { data, task: name } = numbers;
      const network = newNetworkForNumbers(architecture, data.train, name, initial, { ...own, masks });
      const task = taskOnNumbers(network, numbers, own);
      const trained = await train(network, task, options);
      const rules = loadBaselines(own.data, own.horizon);
      return { trained, summary: await summaryOf(trained, numbers, task, record.history(), rules) };
    }
  },
};

function isOnNumbers(configuration: StructureConfiguration): configuration is OnNumbers {
  return isNumbers(configuration.data);
}

function isOnTexts(configuration: StructureConfiguration): configuration is OnTexts {
  return isText(configuration.data);
}

/** The graph that a configuration describes. */
export function graphOf(graph: StructureConfiguration["graph"]): Graph {
  if ("edges" in graph) return createGraph(graph.nodes, graph.edges, { directed: graph.directed });
  const { family, number, seed } = graph;
  return randomStructureGraph(family, new Random(seed).stream(`${family} ${number}`));
}

/** The network of a graph, wired as a configuration says. @throws InputError as `wireAs`. */
export function structureOf(
  graph: Graph,
  { cell, wiring }: Pick<StructureConfiguration, "cell" | "wiring">,
  where?: string,
) {
  const layered = layerGraph(graph, where);
  return wiring.kind === "corrected"
    ? correctedStructure(layered, cell, wiring, where)
    : wireAs(wiring.kind, layered, cell, where);
}

/** The strings of the experiment: those of Darji (2021), or under `corrected` those with hard negatives. */
export function structureData(protocol: Protocol): DataConfiguration {
  return dataSchema.parse({ mix: protocol === "thesis" ? "thesis" : "hard" });
}
