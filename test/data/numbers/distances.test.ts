import { describe, expect, it } from "vitest";
import { costOfNeighbours, nearestNeighbours } from "../../../src/data/numbers/nearest.js";
import { boxBound, boxOf, warpingDistance } from "../../../src/data/numbers/warping.js";
import type { Sequences } from "../../../src/data/sequences.js";
import { Random } from "../../../src/math/random.js";
import { sequenceFixture } from "./fixture.js";

const sequences = sequenceFixture.sequences.map((steps) => Float32Array.from(steps.flat()));

function walks(count: number, channels: number, random: Random): Sequences {
  const values = Array.from({ length: count }, () => {
    const steps = new Float32Array((5 + random.below(20)) * channels);
    for (let i = 0; i < steps.length; i++)
      steps[i] = (i < channels ? 0 : steps[i - channels]) + random.normal();
    return steps;
  });
  return { channels: Array.from({ length: channels }, (_, c) => String(c)), values };
}

describe("warpingDistance", () => {
  it("is aeon's, of two channels and unequal lengths", () => {
    for (const [i, j, distance] of sequenceFixture.dtw)
      expect(warpingDistance(sequences[i], sequences[j], 2)).toBeCloseTo(distance, 4);
  });

  it("is aeon's within a band", () => {
    for (const [i, j, share, distance] of sequenceFixture.banded) {
      const radius = Math.floor(share * (sequences[i].length / 2));
      const none = Number.POSITIVE_INFINITY;
      expect(warpingDistance(sequences[i], sequences[j], 2, none, radius)).toBeCloseTo(distance, 4);
    }
  });

  it("of a radius of 0 is Euclidean, and of one below the difference of lengths there is none", () => {
    const none = Number.POSITIVE_INFINITY;
    const [a, b, c] = [
      [1, 2, 3],
      [1, 4, 1],
      [1, 2],
    ].map((steps) => Float32Array.from(steps));
    expect(warpingDistance(a, b, 1, none, 0)).toBe(8);
    expect(warpingDistance(a, c, 1, none, 0)).toBe(none);
    expect(warpingDistance(c, a, 1, none, 0)).toBe(none);
    expect(warpingDistance(a, c, 1, none, 1)).toBe(1);
  });

  it("is known up to its limit and infinite above", () => {
    const random = new Random(3);
    const { values } = walks(12, 3, random);
    for (const a of values) {
      for (const b of values) {
        const distance = warpingDistance(a, b, 3);
        expect(warpingDistance(a, b, 3, distance)).toBe(distance);
        if (distance > 0) expect(warpingDistance(a, b, 3, distance * 0.999)).toBe(Number.POSITIVE_INFINITY);
        expect(boxBound(a, 3, boxOf(b, 3))).toBeLessThanOrEqual(distance * (1 + 1e-12));
      }
    }
  });
});

describe("nearestNeighbours", () => {
  it("finds what comparing with all finds", () => {
    const random = new Random(4);
    const [train, test] = [walks(40, 2, random), walks(15, 2, random)];
    // A tie: the first is meant.
    const values = [...train.values, ...train.values.slice(0, 20)];
    const found = nearestNeighbours({ ...train, values }, test, "warping");
    for (const [i, row] of found.entries()) {
      const distances = values.map((steps) => warpingDistance(test.values[i], steps, 2));
      expect(row).toBe(distances.indexOf(Math.min(...distances)));
    }
  });

  it("lets the shorter of two sequences go on with its last values", () => {
    const of = (...values: number[][]): Sequences => ({
      channels: ["a"],
      values: values.map((steps) => Float32Array.from(steps)),
    });
    const train = of([1, 1, 1, 9], [1, 1, 5, 5], [1]);
    expect([...nearestNeighbours(train, of([1, 1, 5], [1, 1, 1, 1, 1], [1, 1, 1, 8]), "euclidean")]).toEqual([
      1, 2, 0,
    ]);
  });

  it("knows what it costs", () => {
    const train: Sequences = { channels: ["a", "b"], values: [new Float32Array(8), new Float32Array(4)] };
    const test: Sequences = { channels: ["a", "b"], values: [new Float32Array(6)] };
    expect(costOfNeighbours(train, test, "warping")).toBe((4 + 2) * 3 * 2);
    expect(costOfNeighbours(train, test, "euclidean")).toBe(12);
  });
});
