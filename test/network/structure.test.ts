import { describe, expect, it } from "vitest";
import { layeredComplete, randomStructureGraph } from "../../src/graph/generators.js";
import { createGraph, type Edge } from "../../src/graph/graph.js";
import { layerGraph } from "../../src/graph/layers.js";
import { Random } from "../../src/math/random.js";
import {
  type CellKind,
  cellKinds,
  gateCount,
  inputNames,
  tensorsOf,
} from "../../src/network/architecture.js";
import { initialise, stack } from "../../src/network/network.js";
import { correctedStructure } from "../../src/network/structure.js";
import type { Structure } from "../../src/network/wiring.js";
import { thesisStructure } from "../../src/thesis/structure.js";

// Layers 0 1 | 2 5 | 3 4: node 5 is a sink before the last layer, and 1 → 3 skips a layer.
const edges: Edge[] = [
  [0, 2],
  [1, 2],
  [0, 5],
  [2, 3],
  [2, 4],
  [1, 3],
];
const graph = layerGraph(createGraph(6, edges));

/** Rows of a mask as text, such as `11 10`. */
const rows = ({ masks, architecture }: Structure, name: string): string => {
  const columns = tensorsOf(architecture).tensors.get(name)!.shape[1];
  return masks
    .get(name)!
    .join("")
    .match(new RegExp(`.{${columns}}`, "g"))!
    .join(" ");
};

const cell = (name: string, kind: CellKind, size: number, ...inputs: string[]) => ({
  type: "cell",
  name,
  kind,
  size,
  inputs,
});

describe("thesisStructure", () => {
  it("adds the output of a cell of its own for every pair of layers that an edge skips between", () => {
    expect(thesisStructure(graph, "gru").architecture).toEqual({
      input: { kind: "symbols", vocabulary: 128, width: 2 },
      nodes: [
        cell("0", "gru", 2, inputNames.symbols),
        cell("1", "gru", 2, "0"),
        cell("2", "gru", 2, "1"),
        cell("0-2", "gru", 2, "0"),
        { type: "sum", name: "2+", of: ["2", "0-2"] },
      ],
      readout: { inputs: ["2+"], outputs: 2 },
    });
  });

  it("lets later layers see the sum", () => {
    const longer = layerGraph(createGraph(7, [...edges, [3, 6], [5, 6], [0, 6]]));
    const { nodes, readout } = thesisStructure(longer, "lstm").architecture;
    expect(nodes.slice(5)).toEqual([
      cell("3", "lstm", 1, "2+"),
      cell("0-3", "lstm", 1, "0"),
      cell("1-3", "lstm", 1, "1"),
      { type: "sum", name: "3+", of: ["3", "0-3", "1-3"] },
    ]);
    expect(readout.inputs).toEqual(["3+"]);
  });

  it("masks a simple cell as the graph says", () => {
    const structure = thesisStructure(graph, "rnn-tanh");
    expect([...structure.masks.keys()]).toEqual([
      "cells.1.weight_ih",
      "cells.0-2.weight_ih",
      "cells.2.weight_ih",
    ]);
    expect(rows(structure, "cells.1.weight_ih")).toBe("11 10");
    expect(rows(structure, "cells.2.weight_ih")).toBe("10 10");
    expect(rows(structure, "cells.0-2.weight_ih")).toBe("01 00");
  });

  it("repeats a unit's row once per gate, which is not where the unit's gates are", () => {
    expect(rows(thesisStructure(graph, "gru"), "cells.1.weight_ih")).toBe("11 11 11 10 10 10");
    expect(rows(thesisStructure(graph, "lstm"), "cells.0-2.weight_ih")).toBe("01 01 01 01 00 00 00 00");
  });

  it("makes a stack of complete layers a stack of cells", () => {
    const complete = layerGraph(layeredComplete({ sizes: [3, 3, 3] }));
    expect(thesisStructure(complete, "lstm")).toEqual({
      architecture: stack({ cell: "lstm", hidden: 3, layers: 3 }),
      masks: new Map(),
    });
  });
});

describe("correctedStructure", () => {
  it("gives every layer one cell that reads all layers with an edge to it", () => {
    expect(correctedStructure(graph, "lstm").architecture).toEqual({
      input: { kind: "symbols", vocabulary: 128, width: 16 },
      nodes: [
        cell("0", "lstm", 2, inputNames.symbols),
        cell("1", "lstm", 2, "0"),
        cell("2", "lstm", 2, "0", "1"),
      ],
      readout: { inputs: ["2"], outputs: 2 },
    });
  });

  it("makes every edge a weight into each gate of its target", () => {
    const structure = correctedStructure(graph, "gru");
    expect([...structure.masks.keys()]).toEqual(["cells.1.weight_ih", "cells.2.weight_ih"]);
    expect(rows(structure, "cells.1.weight_ih")).toBe("11 10 11 10 11 10");
    expect(rows(structure, "cells.2.weight_ih")).toBe("0110 0010 0110 0010 0110 0010");
  });

  it("can keep recurrence within units", () => {
    const structure = correctedStructure(graph, "gru", { recurrence: "unit" });
    for (const layer of [0, 1, 2])
      expect(rows(structure, `cells.${layer}.weight_hh`)).toBe("10 01 10 01 10 01");
  });

  it("can read out every sink", () => {
    const structure = correctedStructure(graph, "gru", { readout: "sinks", embedding: 4 });
    expect(structure.architecture.input.width).toBe(4);
    expect(structure.architecture.readout).toEqual({ inputs: ["1", "2"], outputs: 2 });
    expect(rows(structure, "readout.weight")).toBe("0111 0111");
  });
});

describe("both", () => {
  const random = new Random("structures");

  it("have a weight for every gate and edge, and sums and cells of one unit are no exception", () => {
    for (let i = 0; i < 12; i++) {
      const drawn = randomStructureGraph(i % 2 ? "barabasi_albert" : "watts_strogatz", random.stream(`${i}`));
      const layered = layerGraph(drawn);
      for (const kind of cellKinds) {
        for (const { architecture, masks } of [
          thesisStructure(layered, kind),
          correctedStructure(layered, kind),
        ]) {
          const network = initialise(architecture, random, masks);
          const weights = [...network.tensors.keys()].filter((name) => name.endsWith("weight_ih"));
          const first = network.nonzeros("cells.0.weight_ih");
          const ones = weights.reduce((sum, name) => sum + network.nonzeros(name), 0) - first;
          expect(ones).toBe(gateCount(kind) * drawn.size);
          expect(first).toBe(gateCount(kind) * layered.layers[0].length * architecture.input.width);
        }
      }
    }
  });

  it.each<[string, () => Structure, string]>([
    [
      "several components",
      () =>
        thesisStructure(
          layerGraph(
            createGraph(4, [
              [0, 1],
              [2, 3],
            ]),
          ),
          "gru",
          "g.json",
        ),
      "g.json: the graph falls into 2 components, and a network needs one",
    ],
    [
      "100,000 nodes",
      () => correctedStructure({ ...graph, nodes: 100_000 }, "gru", {}, "g.json"),
      "g.json: the graph would make a network of 100,000 units, more than 10,000; use a smaller graph",
    ],
    [
      "too many layers",
      () =>
        correctedStructure(
          layerGraph(
            createGraph(
              1002,
              Array.from({ length: 1001 }, (_, i): Edge => [i, i + 1]),
            ),
          ),
          "gru",
        ),
      "the graph would make a network of 1,002 cells, more than 1,000",
    ],
    [
      "too many weights",
      () => thesisStructure(layerGraph(layeredComplete({ sizes: [1, 9000] })), "lstm", "g.json"),
      "g.json: its network is unsound: cells.1.weight_hh: the network has more than",
    ],
  ])("refuse a graph with %s", (_, build, message) => {
    expect(build).toThrow(message);
  });
});
