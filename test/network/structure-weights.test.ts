import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createGraph, type Edge } from "../../src/graph/graph.js";
import { layerGraph } from "../../src/graph/layers.js";
import { Random } from "../../src/math/random.js";
import { type CellKind, cellsOf } from "../../src/network/architecture.js";
import { initialise, type Network, stack, tensorNames } from "../../src/network/network.js";
import { type StoredTensor, serialise } from "../../src/network/safetensors.js";
import { correctedStructure } from "../../src/network/structure.js";
import { saveNetwork } from "../../src/network/weights.js";
import { readStructure } from "../../src/paths/networks.js";
import "../../src/thesis/format.js";
import type { Structure } from "../../src/network/wiring.js";
import { thesisCell, thesisEnds } from "../../src/thesis/format.js";
import { thesisStructure } from "../../src/thesis/structure.js";
import { networkxReleases } from "../../src/thesis/unit-order.js";
import { orderedGraphs } from "../graph/sets.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Layers 0 1 | 2 5 | 3 4 with one edge that skips a layer.
const edges: Edge[] = [
  [0, 2],
  [1, 2],
  [0, 5],
  [2, 3],
  [2, 4],
  [1, 3],
];
const named = (...list: Edge[]) => ({
  graph: layerGraph(createGraph(1 + Math.max(...list.flat()), list)),
  name: "graph.json",
});
const source = named(...edges);

const made = ({ architecture, masks }: Structure): Network => initialise(architecture, new Random(1), masks);

/** A file as the thesis's code writes it: every cell with both masks. */
const thesisFile = (network: Network, change: (tensors: Map<string, StoredTensor>) => void = () => {}) => {
  const tensors = new Map<string, StoredTensor>();
  const put = (name: string, own: string) =>
    tensors.set(name, { dtype: "F32", shape: network.tensor(own).shape, values: network.values(own) });
  const mask = (name: string, own: string) => {
    const { shape, length } = network.tensor(own);
    tensors.set(name, {
      dtype: "BOOL",
      shape,
      values: network.masks.get(own) ?? new Uint8Array(length).fill(1),
    });
  };
  put(thesisEnds.embedding!, "embedding.weight");
  put(thesisEnds.readout, "readout.weight");
  put("out.bias", "readout.bias");
  let skips = 0;
  for (const { name } of cellsOf(network.architecture)) {
    const own = tensorNames(name);
    const stored = name.includes("-")
      ? thesisCell(skips++, "skip_layers")
      : thesisCell(Number(name), "recurrent_layers");
    put(stored.weightIh, own.weightIh);
    put(stored.weightHh, own.weightHh);
    put(stored.biasIh!, own.biasIh);
    put(stored.biasHh!, own.biasHh);
    mask(stored.maskIh!, own.weightIh);
    mask(stored.maskHh!, own.weightHh);
  }
  change(tensors);
  return save(serialise({ tensors, metadata: new Map() }));
};

const save = (bytes: Uint8Array): string => {
  const path = join(folder, "model.safetensors");
  writeFileSync(path, bytes);
  return path;
};

const expectSame = (actual: Network, wanted: Network) => {
  expect(actual.architecture).toEqual(wanted.architecture);
  expect(actual.parameters).toEqual(wanted.parameters);
  expect(actual.masks).toEqual(wanted.masks);
};

describe("the thesis's files with their graph", () => {
  it.each<CellKind>(["rnn-tanh", "lstm", "gru"])("are read, %s", (kind) => {
    const network = made(thesisStructure(source.graph, kind));
    expectSame(readStructure(thesisFile(network), source), network);
  });

  it("are relu cells when the caller says so", () => {
    const network = made(thesisStructure(source.graph, "rnn-relu"));
    expectSame(readStructure(thesisFile(network), source, { cell: "rnn-relu" }), network);
  });

  const gru = made(thesisStructure(source.graph, "gru"));

  it.each<[string, Edge[], string]>([
    [
      "other layers",
      [...edges, [4, 6]],
      "has layers of 2,2,2 units, not of 2,2,2,1, and does not fit the graph graph.json; give the graph that it was built from",
    ],
    ["another number of skip cells", edges.slice(0, 5), "has 1 skip cells, not 0, and does not fit"],
    [
      "fewer edges between the same layers",
      edges.filter((_, i) => i !== 1),
      "has other connections in cell 1 than the graph graph.json: 3 and not 2; give the graph that it was built from",
    ],
    [
      "other edges between the same layers",
      [[0, 2], [1, 2], [1, 5], ...edges.slice(3)],
      "has other connections in cell 1 than the graph graph.json: as many, but row 3 of its mask lets through",
    ],
  ])("do not fit a graph with %s", (_, list, message) => {
    expect(() => readStructure(thesisFile(gru), named(...list))).toThrow(`the network ${message}`);
  });

  it("are read in the order of any release of networkx, as a file of Filigree's own too", () => {
    for (const { edges: list } of orderedGraphs.slice(-6)) {
      const own = named(...list);
      for (const release of networkxReleases) {
        const network = made(thesisStructure(own.graph, "rnn-tanh", "graph.json", release));
        expectSame(readStructure(thesisFile(network), own), network);
        expectSame(readStructure(save(saveNetwork(network)), own), network);
      }
    }
  });

  it("do not fit when as many units are connected otherwise, which is said", () => {
    const list: Edge[] = [
      [0, 2],
      [1, 2],
      [0, 5],
      [2, 3],
      [2, 4],
      [0, 3],
    ];
    expect(() => readStructure(thesisFile(gru), named(...list))).toThrow(
      "the network has other connections in cell 0-2 than the graph graph.json: as many, but row 0 of its mask lets " +
        "through columns 1 and not 0; give the graph that it was built from, with its numbers of nodes and its order of edges",
    );
  });

  it("are refused when a tensor is missing or left over, or the cells are not those asked for", () => {
    const lacking = thesisFile(gru, (tensors) => tensors.delete("recurrent.skip_layers.0.weight_ih"));
    expect(() => readStructure(lacking, source)).toThrow(
      'there is no tensor "recurrent.skip_layers.0.weight_ih"',
    );
    const extra: StoredTensor = { dtype: "F32", shape: [1], values: new Float32Array(1) };
    const more = thesisFile(gru, (tensors) => tensors.set("other", extra));
    expect(() => readStructure(more, source)).toThrow('tensor "other" is not a part of this network');
    expect(() => readStructure(thesisFile(gru), source, { cell: "lstm" })).toThrow(
      "its cells are gru, not lstm",
    );
  });
});

describe("Filigree's own files with their graph", () => {
  const { graph } = source;
  it.each<[string, Structure]>([
    ["thesis", thesisStructure(graph, "lstm")],
    ["corrected", correctedStructure(graph, "gru")],
    [
      "corrected with options",
      correctedStructure(graph, "gru", { recurrence: "unit", readout: "sinks", embedding: 5 }),
    ],
  ])("are read, %s", (_, structure) => {
    const network = made(structure);
    expectSame(readStructure(save(saveNetwork(network)), source), network);
  });

  it("may have been pruned", () => {
    const { architecture, masks } = correctedStructure(graph, "gru");
    const fewer = masks.get("cells.1.weight_ih")!.slice();
    fewer[0] = 0;
    const network = made({ architecture, masks: new Map([...masks, ["cells.1.weight_ih", fewer]]) });
    expectSame(readStructure(save(saveNetwork(network)), source), network);
  });

  it.each<[string, Network]>([
    ["of another graph", made(thesisStructure(named(...edges, [4, 6]).graph, "gru"))],
    [
      "of other edges",
      made(correctedStructure(named([0, 2], [1, 2], [1, 5], ...edges.slice(3)).graph, "gru")),
    ],
    ["without masks", initialise(correctedStructure(graph, "gru").architecture, new Random(1))],
    ["a stack", initialise(stack({ cell: "gru", hidden: 2, layers: 3 }), new Random(1))],
  ])("do not fit, %s", (_, network) => {
    expect(() => readStructure(save(saveNetwork(network)), source)).toThrow(
      "the network is not wired as the graph graph.json; give the graph that it was built from",
    );
  });
});
