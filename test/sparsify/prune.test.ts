import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellsOf, inputNames } from "../../src/network/architecture.js";
import { initialise, Network, stack, tensorNames } from "../../src/network/network.js";
import { readNetwork } from "../../src/paths/networks.js";
import "../../src/thesis/format.js";
import { dataFreeCriteria, densities, percentile, prune } from "../../src/sparsify/prune.js";
import { scopes } from "../../src/sparsify/scope.js";
import { type Target, targets } from "../../src/sparsify/target.js";

const reference = new URL("../../../shared/reference/pruning/", import.meta.url);
const noReference = !existsSync(reference);

const ih = "cells.0.weight_ih";
const hh = "cells.0.weight_hh";

/** One simple cell of two units whose matrices hold these weights. */
function tiny(weightIh: number[], weightHh: number[]): Network {
  const network = new Network(stack({ cell: "rnn-tanh", hidden: 2, layers: 1, vocabulary: 3 }));
  network.values(ih).set(weightIh);
  network.values(hh).set(weightHh);
  network.values("cells.0.bias_ih").fill(0.01);
  return network;
}

const maskOf = (network: Network, name: string) => [...(network.masks.get(name) ?? [])];

describe("percentile", () => {
  it("interpolates as numpy does", () => {
    const parts = [Float64Array.of(4, 1), Float64Array.of(2, 8)];
    expect(percentile(parts, 0)).toBe(1);
    expect(percentile(parts, 100)).toBe(8);
    expect(percentile(parts, 50)).toBe(3); // numpy.percentile([4, 1, 2, 8], 50)
    expect(percentile(parts, 10)).toBeCloseTo(1.3, 14);
    expect(percentile(parts, 90)).toBeCloseTo(6.8, 14);
    expect(percentile([Float64Array.of(5)], 37)).toBe(5);
  });

  it("finds the same value as sorting, ties included", () => {
    const random = new Random(1);
    for (const kinds of [1, 3, 1000]) {
      const values = Float64Array.from({ length: 501 }, () => random.below(kinds));
      const sorted = values.toSorted();
      for (let percent = 0; percent <= 100; percent += 4) {
        expect(percentile([values.slice(0, 100), values.slice(100)], percent)).toBe(sorted[percent * 5]);
      }
    }
  });
});

describe("prune", () => {
  const network = tiny([0.1, -0.2, 0.3, -0.4], [-5, 6, -7, 8]);

  it("removes the weights of least magnitude over all matrices", () => {
    const pruned = prune(network, { percent: 50 });
    expect(maskOf(pruned, ih)).toEqual([0, 0, 0, 0]);
    expect(maskOf(pruned, hh)).toEqual([]);
    expect(pruned.nonzeros(hh)).toBe(4);
    expect([...pruned.values(ih)]).toEqual([0, 0, 0, 0]);
    expect([...pruned.values(hh)]).toEqual([-5, 6, -7, 8]);
  });

  it("leaves the network that it is given, and everything but the chosen matrices, as they are", () => {
    const before = network.parameters.slice();
    const pruned = prune(network, { percent: 100, target: "i2h" });
    expect(network.parameters).toEqual(before);
    expect(network.masks.size).toBe(0);
    expect(pruned.values("cells.0.bias_ih")).toEqual(network.values("cells.0.bias_ih"));
    expect([...pruned.masks.keys()]).toEqual([ih]);
  });

  it("keeps the largest weight at 100 %, and every weight at 0 %", () => {
    expect(maskOf(prune(network, { percent: 100 }), hh)).toEqual([0, 0, 0, 1]);
    expect(prune(network, { percent: 0 }).masks.size).toBe(0);
  });

  it("keeps weights that tie with the threshold", () => {
    const tied = tiny([1, -1, 1, 1], [2, 2, 3, 3]);
    expect(prune(tied, { percent: 40 }).masks.size).toBe(0);
    expect(maskOf(prune(tied, { percent: 60 }), ih)).toEqual([0, 0, 0, 0]);
    expect(maskOf(prune(tied, { percent: 60 }), hh)).toEqual([]);
  });

  it("prunes each matrix for itself in the scope matrix, each cell in the scope layer", () => {
    const pruned = prune(network, { percent: 50, scope: "matrix" });
    expect(maskOf(pruned, ih)).toEqual([0, 0, 1, 1]);
    expect(maskOf(pruned, hh)).toEqual([0, 0, 1, 1]);
    const layers = stack({ cell: "gru", hidden: 4, layers: 2, vocabulary: 3 });
    const deep = initialise(layers, new Random(1));
    for (const name of Object.values(tensorNames("0"))) {
      const values = deep.values(name);
      values.set(values.map((weight) => 10 * weight));
    }
    const global = densities(prune(deep, { percent: 50, scope: "global" }));
    expect(global.map(({ nonzeros }) => nonzeros).slice(2)).not.toEqual([24, 24]);
    const perLayer = densities(prune(deep, { percent: 50, scope: "layer" }));
    expect(perLayer[0].nonzeros + perLayer[1].nonzeros).toBe(48);
    expect(perLayer[2].nonzeros + perLayer[3].nonzeros).toBe(48);
  });

  it.each<[CellKind, number]>([
    ["rnn-relu", 1],
    ["gru", 3],
    ["lstm", 4],
  ])("prunes each gate of %s for itself in the scope gate", (kind, gates) => {
    const cell = initialise(stack({ cell: kind, hidden: 4, layers: 1, vocabulary: 3 }), new Random(2));
    const pruned = prune(cell, { percent: 75, scope: "gate" });
    for (const name of [ih, hh]) {
      const mask = maskOf(pruned, name);
      const perGate = Array.from({ length: gates }, (_, g) => mask.slice(16 * g, 16 * (g + 1)));
      expect(perGate.map((bits) => bits.filter(Boolean).length)).toEqual(Array(gates).fill(4));
    }
  });

  it("keeps the masks there are, and counts their weights as gone", () => {
    const masks = new Map([
      [ih, Uint8Array.of(0, 0, 0, 1)],
      ["readout.weight", Uint8Array.of(1, 0, 1, 1)],
    ]);
    const masked = network.copy(masks);
    for (const criterion of dataFreeCriteria) {
      const pruned = prune(masked, { percent: 30, criterion, random: new Random(3) });
      expect(pruned.nonzeros(ih) + pruned.nonzeros(hh)).toBe(5);
      expect(maskOf(pruned, ih)).toEqual([0, 0, 0, 1]);
      const more = prune(pruned, { percent: 50, criterion, random: new Random(3) });
      expect(more.nonzeros(ih) + more.nonzeros(hh)).toBe(4);
      expect(maskOf(more, "readout.weight")).toEqual([1, 0, 1, 1]);
    }
    expect(masks.get(ih)).toEqual(Uint8Array.of(0, 0, 0, 1));
  });

  it("prunes the cells of any network, in the order of its nodes", () => {
    const cell = (name: string, inputs: string[]) =>
      ({ type: "cell", name, kind: "gru", size: 2, inputs }) as const;
    const nodes = [cell("a", [inputNames.symbols]), cell("b", ["a"]), cell("c", [inputNames.symbols])];
    const sum = { type: "sum", name: "s", of: ["b", "c"] } as const;
    const readout = { inputs: ["s"], outputs: 2 };
    const skip: Architecture = {
      input: { kind: "symbols", vocabulary: 3, width: 3 },
      nodes: [...nodes, sum],
      readout,
    };
    const pruned = prune(initialise(skip, new Random(1)), { percent: 100 });
    expect(densities(pruned).map(({ name, weights }) => [name, weights])).toEqual([
      ["cells.a.weight_ih", 18],
      ["cells.a.weight_hh", 12],
      ["cells.b.weight_ih", 12],
      ["cells.b.weight_hh", 12],
      ["cells.c.weight_ih", 18],
      ["cells.c.weight_hh", 12],
    ]);
    expect(densities(pruned).reduce((sum, { nonzeros }) => sum + nonzeros, 0)).toBe(1);
  });

  it.each([-0.1, 100.1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d percent", (percent) => {
    expect(() => prune(network, { percent })).toThrow(InputError);
  });
});

describe("random pruning", () => {
  const network = initialise(stack({ cell: "lstm", hidden: 20, layers: 2 }), new Random(5));
  const count = (pruned: Network) => densities(pruned).reduce((sum, { nonzeros }) => sum + nonzeros, 0);

  it("removes as many weights as magnitude pruning, in every scope and target", () => {
    for (const scope of scopes) {
      for (const target of targets) {
        for (const percent of [0, 12.5, 50, 90, 100]) {
          const options = { percent, scope, target };
          const control = prune(network, { ...options, criterion: "random", random: new Random(1) });
          expect(count(control)).toBe(count(prune(network, options)));
        }
      }
    }
  });

  it("depends on the seed alone, and removes more of the same as the percentage rises", () => {
    const at = (percent: number, seed: number) =>
      prune(network, { percent, criterion: "random", random: new Random(seed) }).masks.get(ih)!;
    expect(at(50, 1)).toEqual(at(50, 1));
    expect(at(50, 1)).not.toEqual(at(50, 2));
    const half = at(50, 1);
    expect(at(80, 1).every((bit, i) => bit <= half[i])).toBe(true);
  });

  it("has no favourites among the weights", () => {
    const kept = { large: 0, small: 0 };
    const { masks } = prune(network, { percent: 50, criterion: "random", random: new Random(7) });
    for (const [name, mask] of masks) {
      const magnitudes = network.values(name).map(Math.abs);
      const median = magnitudes.toSorted()[mask.length / 2];
      mask.forEach((bit, i) => {
        kept[magnitudes[i] < median ? "small" : "large"] += bit;
      });
    }
    expect(Math.abs(kept.large / (kept.large + kept.small) - 0.5)).toBeLessThan(0.02);
  });

  it("asks for a generator", () => {
    expect(() => prune(network, { percent: 50, criterion: "random" })).toThrow(InputError);
  });
});

describe.skipIf(noReference)("the thesis's masks", () => {
  interface Setting {
    readonly mode: string;
    readonly target: Target | "none";
    readonly percent: number;
    readonly mask_nonzeros?: number[];
  }
  const settings: Setting[] = noReference
    ? []
    : JSON.parse(readFileSync(new URL("oracle.json", reference), "utf8"));

  it.each(["RNN_TANH", "GRU"])("of %s are reproduced in all settings", (mode) => {
    const network = readNetwork(fileURLToPath(new URL(`${mode.toLowerCase()}.safetensors`, reference)));
    expect(cellsOf(network.architecture)).toHaveLength(3);
    let compared = 0;
    for (const { mode: of, target, percent, mask_nonzeros: expected } of settings) {
      if (of !== mode || target === "none") continue;
      const pruned = prune(network, { percent, target });
      expect(densities(pruned).map(({ nonzeros }) => nonzeros)).toEqual(expected);
      compared++;
    }
    expect(compared).toBe(30);
  });
});
