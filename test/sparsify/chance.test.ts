// Masks that chance draws: exact numbers, the same for a seed, nested as the density falls, one matrix moving no other.
import { describe, expect, it } from "vitest";
import { Random } from "../../src/math/random.js";
import { Network, stack } from "../../src/network/network.js";
import { randomMask } from "../../src/sparsify/chance.js";
import { type Budget, partDensities, poolsFor } from "../../src/sparsify/density.js";
import { partsOf } from "../../src/sparsify/parts.js";
import { parsePattern } from "../../src/sparsify/pattern.js";

const network = new Network(stack({ cell: "lstm", hidden: 10, layers: 2, vocabulary: 5 }));
const parts = partsOf(network);

function drawn(budget: Budget, seed: number | string = 1, pattern = "weight"): Uint8Array {
  const mask = new Uint8Array(network.parameters.length).fill(1);
  const own = parsePattern(pattern);
  randomMask(network, poolsFor(network, budget, own, "matrix"), mask, new Random(seed), { pattern: own });
  return mask;
}
const counts = (mask: Uint8Array) => partDensities(parts, mask).map(({ nonzeros }) => nonzeros);

describe("a random mask", () => {
  it("has the density asked for, to the weight", () => {
    expect(counts(drawn({ density: 0.13, scope: "gate" }))).toEqual(Array(16).fill(13));
    const perMatrix = counts(drawn({ density: 0.13 }));
    for (let matrix = 0; matrix < 4; matrix++) {
      const own = perMatrix.slice(4 * matrix, 4 * matrix + 4);
      expect(own.reduce((sum, count) => sum + count)).toBe(52);
    }
    const byGate = counts(drawn({ density: { forget: 0.5, output: 0.02 } }));
    expect(byGate.slice(0, 4)).toEqual([100, 50, 100, 2]);
  });

  it("is given twice for a seed, and another for another", () => {
    expect(drawn({ density: 0.2 })).toEqual(drawn({ density: 0.2 }));
    expect(drawn({ density: 0.2 })).not.toEqual(drawn({ density: 0.2 }, 2));
  });

  it.each(["weight", "4x2"])("of a lower density is within one of a higher: %s", (pattern) => {
    const [low, high] = [drawn({ density: 0.1 }, 3, pattern), drawn({ density: 0.4 }, 3, pattern)];
    expect(low.every((bit, i) => bit <= high[i])).toBe(true);
  });

  it("of one matrix does not depend on which others are drawn", () => {
    const [both, alone] = [drawn({ density: 0.2 }), drawn({ density: 0.2, target: "h2h" })];
    const { offset, length } = network.tensor("cells.1.weight_hh");
    expect(alone.slice(offset, offset + length)).toEqual(both.slice(offset, offset + length));
  });

  it("leaves biases, the embedding and the read-out alone", () => {
    const mask = drawn({ density: 0.1 });
    for (const name of ["embedding.weight", "readout.weight", "cells.0.bias_hh"]) {
      const { offset, length } = network.tensor(name);
      expect(mask.subarray(offset, offset + length)).not.toContain(0);
    }
  });

  it("takes from what a network has, and gives nothing back", () => {
    const mask = drawn({ density: 0.3 });
    const before = mask.slice();
    randomMask(
      network,
      poolsFor(network, { density: 0.1 }, parsePattern("weight"), "matrix"),
      mask,
      new Random(9),
      {
        pattern: { kind: "weight" },
      },
    );
    expect(mask.every((bit, i) => bit <= before[i])).toBe(true);
    expect(counts(mask).reduce((sum, count) => sum + count)).toBe(160);
  });
});
