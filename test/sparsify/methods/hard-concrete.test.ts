// The hard concrete distribution against its closed forms; whole trainings are compared with PyTorch's in ../pytorch.test.ts.
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/math/random.js";
import { gateOf, openness, testGate } from "../../../src/sparsify/gates.js";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const alphas = [-6, -2.5, -1, 0, 0.3, 2, 7];

describe("a gate", () => {
  it("is clamp(1.2 s - 0.1, 0, 1) with s = σ((ln u - ln(1 - u) + ln α)/β)", () => {
    for (const alpha of alphas) {
      for (const u of [1e-9, 0.1, 0.37, 0.5, 0.9, 1 - 1e-9]) {
        const s = sigmoid((Math.log(u) - Math.log1p(-u) + alpha) / (2 / 3));
        expect(gateOf(alpha, u).gate).toBeCloseTo(Math.min(1, Math.max(0, 1.2 * s - 0.1)), 12);
      }
    }
    expect(gateOf(0, 0.5).gate).toBeCloseTo(0.5, 15);
    expect([gateOf(-6, 0.5).gate, gateOf(6, 0.5).gate]).toEqual([0, 1]);
  });

  it("has the slope of that by ln α, and none where it is clamped", () => {
    const h = 1e-6;
    for (const alpha of alphas) {
      for (const u of [0.1, 0.37, 0.5, 0.9]) {
        const numeric = (gateOf(alpha + h, u).gate - gateOf(alpha - h, u).gate) / (2 * h);
        expect(gateOf(alpha, u).slope).toBeCloseTo(numeric, 7);
      }
    }
    expect([gateOf(-6, 0.5).slope, gateOf(6, 0.5).slope]).toEqual([0, 0]);
  });

  it("is not 0 with a probability of σ(ln α - β ln(0.1/1.1))", () => {
    for (const alpha of alphas) {
      expect(openness(alpha)).toBeCloseTo(sigmoid(alpha - (2 / 3) * Math.log(0.1 / 1.1)), 13);
    }
    const random = new Random(4);
    for (const alpha of [-2.5, -1, 0.3]) {
      const draws = 20_000;
      let open = 0;
      for (let i = 0; i < draws; i++) if (gateOf(alpha, (random.uint32() + 0.5) / 2 ** 32).gate > 0) open++;
      const p = openness(alpha);
      expect(Math.abs(open / draws - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / draws));
    }
  });

  it("stands at clamp(1.2 σ(ln α) - 0.1, 0, 1) when nothing is drawn", () => {
    for (const alpha of alphas) {
      expect(testGate(alpha)).toBeCloseTo(Math.min(1, Math.max(0, 1.2 * sigmoid(alpha) - 0.1)), 13);
    }
    expect([testGate(-6), testGate(0), testGate(6)]).toEqual([0, expect.closeTo(0.5, 15), 1]);
  });
});
