import "../../src/thesis/format.js";
import { describe, expect, it } from "vitest";
import { kinds } from "../../src/experiments/kinds.js";
import { NETWORK } from "../../src/experiments/recording.js";
import { GRAPH, structureKind } from "../../src/experiments/structures.js";
import { parseGraph } from "../../src/graph/files.js";
import { edgesOf } from "../../src/graph/graph.js";
import { layerGraph } from "../../src/graph/layers.js";
import { MORE_PROPERTY_NAMES } from "../../src/graph/more-properties.js";
import { graphProperties, PROPERTY_NAMES } from "../../src/graph/properties.js";
import { correctedStructure } from "../../src/network/structure.js";
import { parseNetwork } from "../../src/network/weights.js";
import { numbers } from "../../src/predict/table.js";
import { check } from "../../src/study/check.js";
import type { TrialContext } from "../../src/study/kind.js";
import { StoreReader } from "../../src/study/reading.js";
import { runStudy } from "../../src/study/runner.js";
import { thesisStructure } from "../../src/thesis/structure.js";
import { structureTable, structureTrials } from "../../src/thesis/structure-results.js";
import { structureStudy } from "../../src/thesis/structure-study.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();
const data = { grammar: "reber", count: 200, mix: "thesis", minLength: 5, maxLength: 12, seed: 1 } as const;
const drawn = { family: "barabasi_albert", number: 3 };
const small = { data, cell: "gru", graph: drawn, protocol: "thesis", epochs: 2 };

const parse = (configuration: object) => check(structureKind.schema, configuration, "configuration");

const run = (configuration: object, context: Partial<TrialContext> = {}) =>
  structureKind.run(parse(configuration), {
    seed: 1,
    signal: new AbortController().signal,
    needs: [],
    resume: undefined,
    saveEpoch: () => Promise.resolve(),
    ...context,
  });

describe("the kind structure", () => {
  it("fills in the wiring of its protocol", () => {
    expect(parse({ cell: "gru", graph: drawn, protocol: "thesis" }).wiring).toEqual({ kind: "thesis" });
    const wiring = { kind: "corrected", recurrence: "layer", readout: "last-layer", embedding: 16 };
    const complete = parse({ cell: "gru", graph: drawn });
    expect(complete).toMatchObject({ protocol: "corrected", wiring });
    expect(parse(complete)).toEqual(complete);
  });

  it.each([
    [{ nodes: 3, edges: [[0, 3]] }, "graph: the edge ends at node 3, which does not exist; add the node"],
    [{ nodes: 3, edges: [] }, "graph.edges: too small"],
    [
      {
        nodes: 2,
        edges: [
          [0, 1],
          [1, 0],
        ],
        directed: true,
      },
      "graph: the directed graph has a cycle: 1 → 0 → 1",
    ],
    [{ family: "barabasi", number: 1 }, "graph.family"],
    [{ famly: "barabasi_albert", number: 1 }, "unknown key graph.famly; did you mean family"],
  ])("refuses the graph %j", (graph, message) => {
    expect(() => parse({ cell: "gru", graph })).toThrow(message);
  });

  it("trains the network of a graph and describes both", async () => {
    const { summary, artifacts } = await run(small);
    const graph = parseGraph(new TextDecoder().decode(artifacts[GRAPH]), GRAPH);
    expect(summary).toMatchObject(graphProperties(graph));
    expect(Object.keys(summary)).toEqual(
      expect.arrayContaining([...MORE_PROPERTY_NAMES, "testAccuracy", "testLoss"]),
    );
    const network = parseNetwork(artifacts[NETWORK], NETWORK);
    const { architecture, masks } = thesisStructure(layerGraph(graph), "gru");
    expect(network.architecture).toEqual(architecture);
    expect(network.masks).toEqual(masks);
    expect(summary.parameters).toBe(network.size);
  });

  it("takes a graph as nodes and edges, and another wiring than its protocol's", async () => {
    const graph = {
      nodes: 5,
      edges: [
        [0, 2],
        [1, 2],
        [2, 3],
        [0, 3],
        [1, 4],
      ],
    };
    const options = { recurrence: "unit", readout: "sinks", embedding: 4 } as const;
    const { artifacts } = await run({ ...small, graph, wiring: { kind: "corrected", ...options } });
    const saved = parseGraph(new TextDecoder().decode(artifacts[GRAPH]), GRAPH);
    expect(edgesOf(saved)).toEqual(graph.edges);
    const network = parseNetwork(artifacts[NETWORK], NETWORK);
    expect(network.masks).toEqual(correctedStructure(layerGraph(saved), "gru", options).masks);
  });

  it("goes on after an interruption to the same bits", async () => {
    const states: Uint8Array[] = [];
    const whole = await run(small, {
      saveEpoch: async (_epoch, _metrics, state) => {
        states.push(state);
      },
    });
    const resumed = await run(small, { resume: { epoch: 1, state: states[0] } });
    expect(resumed).toEqual(whole);
  });

  it("reads the test strings after the last epoch alone when it is told to, to the same end", async () => {
    const names: string[][] = [];
    const saveEpoch: TrialContext["saveEpoch"] = async (_, metrics) => void names.push(Object.keys(metrics));
    expect(await run({ ...small, tested: "last-epoch" }, { saveEpoch })).toEqual(await run(small));
    const training = ["trainLoss", "trainAccuracy"];
    expect(names).toEqual([training, [...training, "testLoss", "testAccuracy"]]);
  });

  it("fails with one line for a graph of several components", async () => {
    const graph = {
      nodes: 4,
      edges: [
        [0, 1],
        [2, 3],
      ],
    };
    await expect(run({ ...small, graph })).rejects.toThrow("the graph falls into 2 components");
  });
});

describe("the study of structures", () => {
  it("has 100 graphs of each family for each cell, the same for all cells", () => {
    const { grid, fixed } = structureStudy({ protocol: "thesis" });
    expect(fixed).toMatchObject({ protocol: "thesis", epochs: 15, data: { mix: "thesis", count: 25_000 } });
    const sizes = Object.values(grid!).map((values) => (values as unknown[]).length);
    expect(sizes).toEqual([100, 4, 2]);
    expect(structureStudy({ protocol: "corrected" }).fixed).toMatchObject({ data: { mix: "hard" } });
    expect(structureStudy({ protocol: "thesis", seeds: [2, 3] })).toMatchObject({ seed: 2, replicates: 2 });
  });

  it("becomes rows and a table, with replicates averaged", async () => {
    const study = structureStudy({
      protocol: "corrected",
      cells: ["rnn-tanh", "gru"],
      graphs: 1,
      data,
      epochs: 1,
      seeds: [1, 2],
    });
    const store = path("structures.db");
    expect(await runStudy(study, { store, kinds, jobs: 2 })).toMatchObject({ total: 8, finished: 8 });
    const reader = StoreReader.open(store);
    const trials = structureTrials(reader, study.name);
    reader.close();
    expect(trials).toHaveLength(8);
    const [first, second] = trials;
    expect(first).toMatchObject({
      cell: "rnn-tanh",
      protocol: "corrected",
      family: "barabasi_albert",
      index: 0,
      seed: 1,
    });
    expect(second.seed).toBe(2);
    expect(first.graph.nodes).toBe(first.properties.nodes);
    const table = structureTable(trials);
    expect(table.columns).toEqual([
      ...["mode", "graph", "graph_nr"],
      ...PROPERTY_NAMES,
      ...MORE_PROPERTY_NAMES,
      ...["test_acc", "test_loss"],
    ]);
    expect(table.rows.map((row) => row.slice(0, 3).join())).toEqual([
      "rnn-tanh,barabasi_albert,0",
      "rnn-tanh,watts_strogatz,0",
      "gru,barabasi_albert,0",
      "gru,watts_strogatz,0",
    ]);
    expect(numbers(table, "test_acc")[0]).toBe((first.testAccuracy + second.testAccuracy) / 2);
  });
});
