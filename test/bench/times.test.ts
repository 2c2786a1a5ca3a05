import { describe, expect, it } from "vitest";
import { breakEven } from "../../src/bench/density.js";
import { kernelSide, leastSeconds } from "../../src/bench/kernels.js";
import { patternMask, randomMask } from "../../src/bench/patterns.js";
import { interleave, median, ratioOf } from "../../src/bench/rounds.js";
import { stepper } from "../../src/bench/steps.js";
import { loadNative, type NativeExecutor } from "../../src/engine/native.js";
import { Random } from "../../src/math/random.js";

describe("rounds", () => {
  it("go from side to side, each as often as fits its time, the slow ones in fewer rounds", async () => {
    const calls: string[] = [];
    const side = (name: string, milliseconds: number, rounds?: number) => ({
      rounds,
      run: (n: number) => {
        calls.push(`${name}${n}`);
        return milliseconds;
      },
    });
    const times = await interleave([side("a", 5), side("b", 300, 1)], { rounds: 2, milliseconds: 20 });
    expect(calls).toEqual(["a1", "a1", "b1", "b1", "a4", "b1", "a4"]);
    expect(times).toEqual([[5, 5], [300]]);
  });

  it("are compared within a round", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(ratioOf([2, 30, 8], [1, 10, 2])).toBe(3);
    expect(ratioOf([2, 30, 8], [1])).toBe(2);
  });
});

describe("the density at which the compressed form breaks even", () => {
  it("lies on the line between two densities", () => {
    const points = [
      { density: 0.2, ratio: 0.5 },
      { density: 0.4, ratio: 0.9 },
      { density: 0.6, ratio: 1.3 },
    ];
    expect(breakEven(points)).toBeCloseTo(0.45);
    expect(breakEven(points.slice(0, 2))).toBe(1);
    expect(breakEven(points.slice(2))).toBe(0);
  });
});

describe("the roofline", () => {
  it("allows what arithmetic and memory allow, whichever is slower", () => {
    const levels = [8e9, 4e9, 2e9, 1e9].map((bandwidth, i) => ({ name: `${i}`, size: 1, bandwidth }));
    const ceilings = { peak: 1e9, levels };
    expect(leastSeconds({ operations: 1e6, bytes: 1000 }, ceilings)).toBe(1e-3);
    expect(leastSeconds({ operations: 1, bytes: 1e9 }, ceilings)).toBe(1);
    expect(leastSeconds({ operations: 1, bytes: 2 ** 20 }, ceilings)).toBe(2 ** 20 / 4e9);
  });
});

describe.skipIf(!loadNative().addon)("the native executor", () => {
  const shape = { rows: 30, columns: 10, lanes: 32, steps: 9 };

  it.each(["product", "transposedProduct", "gradient", "refresh", "training"])("times %s", async (kernel) => {
    const mask = randomMask(300, 0.2, new Random(1));
    for (const form of [shape, { ...shape, mask }]) {
      expect(await kernelSide(kernel, form).run(2)).toBeGreaterThanOrEqual(0);
    }
  });

  it.each([
    ...["tanhForward", "tanhBackward", "reluForward", "reluBackward", "lstmForward", "lstmBackward"],
    ...["gruForward", "gruBackward", "gather", "scatterRows", "rowSums", "spread", "copy", "add", "squares"],
    ...["adam", "read"],
  ])("times %s", async (kernel) => {
    expect(await kernelSide(kernel, { ...shape, rows: 32, steps: 1 }).run(2)).toBeGreaterThanOrEqual(0);
  });

  it("refuses kernels and shapes that there are not", () => {
    expect(() => kernelSide("sort", shape)).toThrow('there is no kernel "sort"');
    expect(() => kernelSide("product", { ...shape, lanes: 8 })).toThrow("cannot be measured");
    expect(() => kernelSide("product", { ...shape, mask: new Uint8Array(7) })).toThrow("cannot be measured");
  });

  it("tells what it holds, less of it where a matrix is compressed", () => {
    const bytes = [1, 0.05].map((density) => {
      const { executor } = stepper({ cell: "lstm", hidden: 50, layers: 2, batch: 32, length: 9, density });
      return (executor as NativeExecutor).footprint();
    });
    expect(bytes[0].activations).toBe(bytes[1].activations);
    expect(bytes[0].parameters).toBeGreaterThan(4 * 4 * 3 * 200 * 50);
    expect(bytes[1].matrices).toBeLessThan(bytes[0].matrices);
  });
});

it("draws masks in blocks that end with their gates", () => {
  const gates = { gates: 3, units: 5, columns: 6 };
  const mask = patternMask(gates, { rows: 4, columns: 4 }, 0.5, new Random("blocks"));
  const blocks = new Set<string>();
  for (let i = 0; i < 15; i++) {
    for (let j = 0; j < 6; j++) {
      const corner = (i - ((i % 5) % 4)) * 6 + (j - (j % 4));
      expect(mask[i * 6 + j]).toBe(mask[corner]);
      if (mask[corner] === 1) blocks.add(String(corner));
    }
  }
  expect(blocks.size).toBe(6); // Of three gates of two by two.
});
