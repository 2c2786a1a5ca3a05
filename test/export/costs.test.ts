// What `filigree size` says that a network takes is what its export takes.
import { expect, it } from "vitest";
import { stream } from "../../src/engine/stream.js";
import { exportC } from "../../src/export/c/c.js";
import { costsOf } from "../../src/export/costs.js";
import { goldenOf } from "../../src/export/golden.js";
import { Random } from "../../src/math/random.js";
import { Network } from "../../src/network/network.js";
import { layers, networkWith, overValues, twoWay } from "../engine/setups.js";

const random = new Random("costs");
const sparse = networkWith(overValues(5, layers("gru", 1, 40)), 0.1, random);

it.each([false, true])("as exported C has it (int8: %s)", (int8) => {
  const activations = { values: 3, "0": 1 };
  const { architecture, parameters, masks, conventions } = sparse;
  const network = new Network(architecture, parameters, masks, { ...conventions, activations });
  const golden = goldenOf(network, stream(network, { int8 }));
  const { flash, operations } = exportC(network, golden, { name: "net", math: "own", int8 }).size;
  const cost = costsOf(network).find(({ form }) => form === `${int8 ? "int8" : "float32"}, fewest bytes`)!;
  const bytes = flash.weights + flash.indices + flash.others;
  expect(cost.read).toBe(cost.bytes);
  // Weights that int8 rounds to nothing are not exported.
  const most = int8 ? 1.02 : 1;
  for (const [told, taken] of [
    [cost.bytes, bytes],
    [cost.operations, operations],
  ]) {
    expect(told).toBeGreaterThanOrEqual(taken);
    expect(told).toBeLessThanOrEqual(most * taken);
  }
});

it("counts every weight of a dense form, and those that exist of single ones", () => {
  const [dense, single, fewest, int8] = costsOf(sparse);
  const weights = 120 * 5 + 120 * 40 + 3 * 40;
  expect(dense).toEqual({
    form: "float32, dense",
    bytes: 4 * (weights + 4 * 40 + 3),
    operations: 2 * weights,
    read: dense.bytes,
  });
  const nonzeros = ["cells.0.weight_ih", "cells.0.weight_hh", "readout.weight"].map((name) =>
    sparse.nonzeros(name),
  );
  const exist = nonzeros.reduce((sum, count) => sum + count, 0);
  expect(single.operations).toBe(2 * exist);
  expect(single.bytes).toBe(4 * exist + exist + 2 * (120 + 120 + 3) + 4 * (4 * 40 + 3));
  expect(fewest.bytes).toBeLessThanOrEqual(single.bytes);
  expect(int8.bytes).toBeLessThan(fewest.bytes);
});

it("is not told of a network that is no stream", () => {
  expect(() => costsOf(networkWith(twoWay("gru", 2, 3), 1, random))).toThrow(/is bidirectional/);
});
