import { describe, expect, it } from "vitest";
import { Random } from "../../src/math/random.js";
import { initialise, Network, stack } from "../../src/network/network.js";

const architecture = stack({ cell: "gru", hidden: 3, layers: 1, vocabulary: 5 });
const NAME = "cells.0.weight_hh";
const { parameters } = initialise(architecture, new Random(1));
const { offset, length } = new Network(architecture).tensor(NAME);
const masked = (mask: Uint8Array, own = parameters) =>
  new Network(architecture, own, new Map([[NAME, mask]]));
const mask = Uint8Array.from({ length }, (_, i) => i % 2);

describe("a network of somebody's parameters", () => {
  it("leaves them as they are where a mask takes some away", () => {
    const before = parameters.slice();
    const network = masked(mask);
    expect(parameters).toEqual(before);
    expect(network.values(NAME)).toEqual(
      parameters.slice(offset, offset + length).map((weight, i) => (mask[i] ? weight : 0)),
    );
    network.values(NAME).fill(7);
    expect(parameters).toEqual(before);
  });

  it("has them and no copy where nothing is taken away", () => {
    expect(new Network(architecture, parameters).parameters).toBe(parameters);
    expect(masked(new Uint8Array(length).fill(1)).parameters).toBe(parameters);
    const sparse = masked(mask).parameters;
    expect(masked(mask, sparse).parameters).toBe(sparse);
  });
});
