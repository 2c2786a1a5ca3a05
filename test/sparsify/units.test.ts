// Whole units go: the smaller network computes what the larger one does under a mask of the units' weights.
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { createExecutor } from "../../src/engine/engine.js";
import { Random } from "../../src/math/random.js";
import {
  type Architecture,
  type CellKind,
  cellKinds,
  cellsOf,
  gateCount,
} from "../../src/network/architecture.js";
import { initialise, Network, stack, tensorNames } from "../../src/network/network.js";
import { groupsOf } from "../../src/sparsify/groups.js";
import { partsOf } from "../../src/sparsify/parts.js";
import { prune } from "../../src/sparsify/prune.js";
import { withoutAbsentUnits } from "../../src/sparsify/units.js";
import {
  batchesOf,
  everyStep,
  fitted,
  forecasting,
  layers,
  over,
  overValues,
  skips,
  symbolsTo,
  twoWay,
} from "../engine/setups.js";

const random = () => new Random("units");

/** The network with all weights of units masked: their rows, and their columns wherever they are read. */
function silenced(network: Network, kept: ReadonlyMap<string, Uint8Array>): Network {
  const { architecture } = network;
  const isKept = (source: string) => [
    ...(kept.get(source) ?? new Uint8Array(architecture.input.width).fill(1)),
  ];
  const masks = new Map<string, Uint8Array>();
  const clear = (name: string, rows: readonly number[], columns: readonly number[]) =>
    masks.set(name, Uint8Array.from(rows.flatMap((row) => columns.map((column) => row * column))));
  for (const { name, kind, inputs } of cellsOf(architecture)) {
    const { weightIh, weightHh } = tensorNames(name);
    const rows = Array.from({ length: gateCount(kind) }, () => isKept(name)).flat();
    clear(weightIh, rows, inputs.flatMap(isKept));
    clear(weightHh, rows, isKept(name));
  }
  const { inputs, outputs } = architecture.readout;
  clear("readout.weight", Array(outputs).fill(1), inputs.flatMap(isKept));
  return network.copy(masks);
}

/** A network whose units have given norms apart from each other: unit number u of a cell is scaled by (u·7 mod size) + 1. */
function uneven(architecture: Architecture): Network {
  const network = initialise(architecture, random());
  for (const { name, size } of cellsOf(architecture)) {
    const { weightIh, weightHh } = tensorNames(name);
    for (const tensor of [weightIh, weightHh]) {
      const { shape } = network.tensor(tensor);
      const values = network.values(tensor);
      for (let i = 0; i < values.length; i++)
        values[i] *= 0.2 * (((Math.floor(i / shape[1]) % size) * 7) % size) + 0.2;
    }
  }
  return network;
}

async function outputs(network: Network, batches: Batches): Promise<Float32Array> {
  const plan = compile(network, {
    batch: 4,
    steps: 6,
    symbols: network.architecture.input.kind === "symbols" ? symbolsTo(6) : [],
  });
  const executor = createExecutor(plan, network.parameters, { executor: "reference" });
  return (await executor.evaluate(batches, "outputs")).outputs;
}

/** Which units the norms of all their weights keep, written down once more: a matrix of all weights that a unit has. */
function expectedUnits(network: Network, density: number): Map<string, Uint8Array> {
  const all: { cell: string; unit: number; norm: number }[] = [];
  for (const { name, size } of cellsOf(network.architecture)) {
    for (let unit = 0; unit < size; unit++) {
      // The norm is that of what becomes 0 with the unit, biases aside.
      const kept = new Map(
        cellsOf(network.architecture).map((cell) => [
          cell.name,
          Uint8Array.from({ length: cell.size }, (_, u) => (cell.name === name && u === unit ? 0 : 1)),
        ]),
      );
      const without = silenced(network, kept);
      let squares = 0;
      for (const { role, offset, length } of network.tensors.values()) {
        if (role === "bias") continue;
        for (let i = offset; i < offset + length; i++)
          if (without.parameters[i] === 0) squares += network.parameters[i] ** 2;
      }
      all.push({ cell: name, unit, norm: squares });
    }
  }
  const count = all.length - Math.round(all.length * (1 - density));
  const best = new Set([...all].sort((a, b) => b.norm - a.norm).slice(0, count));
  const kept = new Map<string, Uint8Array>();
  for (const { name, size } of cellsOf(network.architecture)) kept.set(name, new Uint8Array(size));
  for (const own of best) kept.get(own.cell)![own.unit] = 1;
  return kept;
}

const shapes: readonly [string, (kind: CellKind) => Architecture][] = [
  ["strings", (kind) => over(7, layers(kind, 3, 5, 6))],
  ["texts", (kind) => over(7, everyStep(layers(kind, 3, 6)))],
  ["numbers", (kind) => overValues(3, layers(kind, 3, 5, 4))],
  ["forecasts", (kind) => forecasting(everyStep(overValues(2, layers(kind, 2, 5))))],
  ["both directions", (kind) => over(7, twoWay(kind, 3, 4, 3))],
  ["both directions of numbers", (kind) => overValues(2, everyStep(twoWay(kind, 2, 3, 4)))],
];

describe.each(shapes)("a network for %s", (_, make) => {
  it.each(cellKinds)(
    "of %s computes without its least units what it does with these masked",
    async (kind) => {
      const architecture = make(kind);
      const network = uneven(architecture);
      const smaller = prune(network, { density: 0.6, pattern: { kind: "unit" }, scope: "global" });
      const kept = expectedUnits(network, 0.6);
      for (const { name, size } of cellsOf(smaller.architecture)) {
        expect(size, name).toBe(kept.get(name)!.reduce((sum, bit) => sum + bit, 0));
      }
      const batches = fitted(random(), architecture, batchesOf(random(), [4, 3], 6, 6));
      const [small, large] = [
        await outputs(smaller, batches),
        await outputs(silenced(network, kept), batches),
      ];
      // To the last bit but one: sums over fewer columns are put together otherwise.
      expect(small).toHaveLength(large.length);
      for (const [i, value] of small.entries()) expect(Math.abs(value - large[i])).toBeLessThan(2e-7);
      expect(withoutAbsentUnits(silenced(network, kept)).parameters).toEqual(smaller.parameters);
      expect(small.some((value) => value !== 0)).toBe(true);
    },
  );
});

describe("units", () => {
  const deep = initialise(over(7, layers("gru", 3, 10, 5)), random());

  it("compete over all cells, or within each", () => {
    const sizes = (network: Network) => cellsOf(network.architecture).map(({ size }) => size);
    const together = prune(deep, { density: 0.4, pattern: { kind: "unit" }, scope: "global" });
    expect(sizes(together).reduce((sum, size) => sum + size)).toBe(6);
    expect(sizes(prune(deep, { density: 0.4, pattern: { kind: "unit" }, scope: "layer" }))).toEqual([4, 2]);
    expect(sizes(prune(deep, { percent: 60, pattern: { kind: "unit" } }))).toEqual([4, 2]);
  });

  it("go by chance as a control, and by their gradient", () => {
    const pattern = { kind: "unit" } as const;
    const drawn = (seed: number) =>
      prune(deep, { density: 0.4, pattern, scope: "layer", criterion: "random", random: new Random(seed) });
    expect(drawn(1).parameters).toEqual(drawn(1).parameters);
    expect(drawn(1).parameters).not.toEqual(drawn(2).parameters);
    // A gradient of the first four units of each cell alone.
    const gradient = new Float32Array(deep.parameters.length);
    for (const { name } of cellsOf(deep.architecture)) {
      const { offset, shape } = deep.tensor(tensorNames(name).weightHh);
      gradient.fill(1, offset, offset + 2 * shape[1]);
    }
    const chosen = prune(deep, { density: 0.2, pattern, scope: "layer", criterion: "snip", gradient });
    const { weightIh } = tensorNames("0");
    expect(chosen.values(weightIh).slice(0, 6)).toEqual(deep.values(weightIh).slice(0, 6));
  });

  it("take their part of a mask with them", () => {
    const { weightHh } = tensorNames("0");
    const mask = Uint8Array.from(deep.values(weightHh), (_, i) => (i % 3 === 0 ? 0 : 1));
    const masked = deep.copy(new Map([[weightHh, mask]]));
    const smaller = prune(masked, { density: 0.5, pattern: { kind: "unit" }, scope: "layer" });
    const own = smaller.masks.get(weightHh)!;
    expect(own).toHaveLength(3 * 5 * 5);
    for (const [i, value] of smaller.values(weightHh).entries()) expect(value === 0).toBe(own[i] === 0);
    expect(smaller.conventions).toEqual(deep.conventions);
  });

  it("all stay at a density of 1", () => {
    const same = prune(deep, { density: 1, pattern: { kind: "unit" } });
    expect(same.architecture).toEqual(deep.architecture);
    expect(same.parameters).toEqual(deep.parameters);
  });

  it.each<[string, () => Network, object, string]>([
    [
      "a sum",
      () => initialise(over(7, skips("gru")), random()),
      {},
      'node "s": it adds up units of several cells, which cannot go one by one; use another pattern for a structure with skips',
    ],
    [
      "a tied read-out",
      () => new Network(everyStep(over(7, layers("gru", 4, 4)), true)),
      {},
      "readout: it has the weights of the embedding, which is as wide as the last layer; use another pattern, or a network without --tie",
    ],
    [
      "all units in another cell",
      () => {
        const loud = deep.copy();
        for (const name of Object.values(tensorNames("0"))) loud.values(name).fill(9);
        return loud;
      },
      { density: 0.2, scope: "global" },
      'cell "1": none of its 5 units is left; use a larger density, or the scope layer, in which every cell keeps as many',
    ],
    ["a density of 0", () => deep, { density: 0 }, "density: 0 is not above 0 and up to 1"],
    [
      "a density by gate",
      () => deep,
      { density: { reset: 0.5 } },
      "density: a unit has a row in every gate, so that gates have no densities of their own; give one density",
    ],
    ["a target", () => deep, { target: "h2h" }, "target: a unit goes with all of its weights"],
    ["other matrices", () => deep, { also: ["readout"] }, "also: a unit goes with all of its weights"],
    ["a diagonal", () => deep, { keepDiagonal: true }, "keepDiagonal: a unit goes with all of its weights"],
    [
      "the scope of a gate",
      () => deep,
      { scope: "gate" },
      "scope: a unit goes with all of its weights, and competes with the units of its cell or of all cells; use the scope global or layer",
    ],
    [
      "a cell without units",
      () => deep,
      { density: 0.04, scope: "layer" },
      "density: 0.04 leaves none of 10 units; use a larger density or a wider scope",
    ],
  ])("are refused with %s", (_, network, options, line) => {
    expect(() => prune(network(), { density: 0.5, pattern: { kind: "unit" }, ...options })).toThrow(line);
  });
});

it("a stack of one cell of each kind keeps its least network", () => {
  for (const kind of cellKinds) {
    const network = initialise(stack({ cell: kind, hidden: 3, layers: 1, vocabulary: 5 }), random());
    const smaller = prune(network, { density: 0.34, pattern: { kind: "unit" } });
    expect(cellsOf(smaller.architecture)[0].size).toBe(1);
  }
});

it("a weight between two layers exists where its units of both do", () => {
  const network = new Network(stack({ cell: "rnn-tanh", hidden: 3, layers: 2, vocabulary: 4 }));
  const pattern = { kind: "unit" } as const;
  const layersOf = ["0", "1"].map((name) =>
    groupsOf(
      network,
      partsOf(network).filter(({ cell }) => cell === name),
      pattern,
    ),
  );
  const kept = [Uint8Array.of(1, 0, 1), Uint8Array.of(0, 1, 1)];
  const mask = new Uint8Array(network.parameters.length);
  for (const groups of layersOf) groups.mark(Uint8Array.of(1, 1, 1), mask);
  for (const [i, groups] of layersOf.entries()) groups.clear(kept[i], mask);
  const of = (name: string) => {
    const { offset, length } = network.tensor(name);
    return [...mask.subarray(offset, offset + length)];
  };
  expect(of(tensorNames("0").weightHh)).toEqual([1, 0, 1, 0, 0, 0, 1, 0, 1]);
  expect(of(tensorNames("1").weightIh)).toEqual([0, 0, 0, 1, 0, 1, 1, 0, 1]);
  expect(of(tensorNames("1").weightHh)).toEqual([0, 0, 0, 0, 1, 1, 0, 1, 1]);
  expect(of("readout.weight")).toEqual([0, 1, 1, 0, 1, 1]);
  for (const [i, groups] of layersOf.entries()) expect(groups.present(mask)).toEqual(kept[i]);
});
