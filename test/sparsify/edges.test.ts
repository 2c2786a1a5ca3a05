// The pattern `edge`: a weight in every gate at one place, that live or die together.
import { describe, expect, it } from "vitest";
import { maskVector } from "../../src/network/masks.js";
import type { Network } from "../../src/network/network.js";
import { poolsFor } from "../../src/sparsify/density.js";
import { groupsOf } from "../../src/sparsify/groups.js";
import { methodNames, sparsifying } from "../../src/sparsify/methods.js";
import { partsOf } from "../../src/sparsify/parts.js";
import { formatPattern, parsePattern } from "../../src/sparsify/pattern.js";
import { prune } from "../../src/sparsify/prune.js";
import { train } from "../../src/train/train.js";
import { subjects } from "./subjects.js";

const [ofStrings] = subjects;
const edge = parsePattern("edge");
const network = ofStrings.network("gru", 2);

/** Of each matrix the mask of each gate. */
function gatesOf(of: Network): Uint8Array[][] {
  const mask = maskVector(of);
  const tensors = new Map<string, Uint8Array[]>();
  for (const { tensor, begin, rows, columns } of partsOf(of)) {
    const own = tensors.get(tensor) ?? [];
    own.push(mask.slice(begin, begin + rows * columns));
    tensors.set(tensor, own);
  }
  return [...tensors.values()];
}

describe("edges", () => {
  const groups = groupsOf(network, partsOf(network), edge);
  const places = partsOf(network).reduce((sum, { rows, columns }) => sum + rows * columns, 0) / 3;

  it("are as many as the places of a gate", () => {
    expect(formatPattern(edge)).toBe("edge");
    expect(groups.count).toBe(places);
  });

  it("have the norm of a weight from each gate, and are scaled and cleared in all of them", () => {
    const [r, z, n] = partsOf(network);
    const w = network.parameters;
    const norms = groups.norms(w);
    for (const i of [0, 5, r.rows * r.columns - 1])
      expect(norms[i]).toBeCloseTo(Math.hypot(w[r.begin + i], w[z.begin + i], w[n.begin + i]), 6);
    const factors = Float64Array.from({ length: groups.count }, (_, g) => (g === 5 ? 0.5 : 1));
    const scaled = w.slice();
    groups.scale(factors, scaled);
    const changed = [...scaled.keys()].filter((i) => scaled[i] !== w[i]);
    expect(changed).toEqual([r, z, n].map(({ begin }) => begin + 5));
    const products = groups.products(w, w);
    for (const [g, norm] of norms.entries()) expect(products[g]).toBeCloseTo(norm ** 2, 6);
    const mask = maskVector(network);
    groups.clear(new Uint8Array(groups.count), mask);
    expect(groups.present(mask).every((bit) => bit === 0)).toBe(true);
    groups.mark(new Uint8Array(groups.count).fill(1), mask);
    expect(mask).toEqual(maskVector(network));
  });

  it.each(methodNames)("stay whole under %s, as many as the density says", async (method) => {
    const sparse = await train(network, ofStrings.task(network), {
      epochs: 2,
      seed: 1,
      learningRate: 0.01,
      sparsify: sparsifying({
        method,
        density: 0.25,
        pattern: edge,
        ...(method === "iterative" && { rounds: 2 }),
      }),
    });
    const gates = gatesOf(sparse);
    for (const [first, ...others] of gates) for (const own of others) expect(own).toEqual(first);
    const left = gates.reduce((sum, [first]) => sum + first.reduce((a, b) => a + b, 0), 0);
    // Method by method the scope is all matrices or each, which rounds.
    expect(Math.abs(left - places / 4)).toBeLessThanOrEqual(2);
  });

  it("are pruned, and have no densities by gate", () => {
    const pruned = prune(network, { density: 0.5, pattern: edge });
    for (const [first, ...others] of gatesOf(pruned)) for (const own of others) expect(own).toEqual(first);
    const refusal = /an edge is a weight in every gate/;
    expect(() => poolsFor(network, { density: 0.5, scope: "gate" }, edge)).toThrow(refusal);
    expect(() => poolsFor(network, { density: { reset: 0.5 } }, edge)).toThrow(refusal);
  });
});
