import { describe, expect, it } from "vitest";
import {
  checkLongEnough,
  countWindows,
  makeWindows,
  textSteps,
  type Windows,
} from "../../src/data/windows.js";
import { Random } from "../../src/math/random.js";

const upTo = (n: number, from = 0) => Uint16Array.from({ length: n }, (_, i) => from + i);

/** Batches one by one as [step][lane]. */
function unpack({ count, sizes, steps, inputs, targets, carry }: Windows) {
  let at = 0;
  return Array.from({ length: count }, (_, batch) => {
    const rows = (values: ArrayLike<number>) =>
      Array.from({ length: steps[batch] }, (_, step) =>
        Array.from({ length: sizes[batch] }, (_, lane) => values[at + step * sizes[batch] + lane]),
      );
    const unpacked = { inputs: rows(inputs), targets: rows(targets), carry: carry[batch] };
    at += steps[batch] * sizes[batch];
    return unpacked;
  });
}

describe("makeWindows", () => {
  it("cuts a text into streams and the streams into windows, the last one shorter", () => {
    // 12 inputs: two streams of floor(11 / 2) = 5, symbols 0 to 4 and 5 to 9.
    const windows = makeWindows([upTo(12)].map(textSteps), { batch: 2, window: 2 });
    expect(windows).toEqual({
      count: 3,
      sizes: Int32Array.of(2, 2, 2),
      steps: Int32Array.of(2, 2, 1),
      inputs: Uint16Array.of(0, 5, 1, 6, 2, 7, 3, 8, 4, 9),
      targets: Int32Array.of(1, 6, 2, 7, 3, 8, 4, 9, 5, 10),
      lengths: Int32Array.of(2, 2, 2, 2, 1, 1),
      carry: Uint8Array.of(0, 1, 1),
    });
  });

  it("shifts all windows by an offset", () => {
    // 9 symbols are left: two streams of 4.
    expect(unpack(makeWindows([upTo(12)].map(textSteps), { batch: 2, window: 3, offset: 3 }))).toEqual([
      {
        inputs: [
          [3, 7],
          [4, 8],
          [5, 9],
        ],
        targets: [
          [4, 8],
          [5, 9],
          [6, 10],
        ],
        carry: 0,
      },
      { inputs: [[6, 10]], targets: [[7, 11]], carry: 1 },
    ]);
  });

  it("begins anew with every text and predicts nothing across their border", () => {
    const texts = [upTo(4), upTo(1, 50), upTo(3, 10), upTo(0)];
    expect(unpack(makeWindows(texts.map(textSteps), { batch: 1, window: 2 }))).toEqual([
      { inputs: [[0], [1]], targets: [[1], [2]], carry: 0 },
      { inputs: [[2]], targets: [[3]], carry: 1 },
      { inputs: [[10], [11]], targets: [[11], [12]], carry: 0 },
    ]);
  });

  it("predicts, with one lane, every symbol that has one before it", () => {
    const text = upTo(100);
    for (const window of [1, 7, 99, 1000]) {
      const { targets } = makeWindows([text].map(textSteps), { batch: 1, window });
      expect([...targets]).toEqual([...text.subarray(1)]);
    }
  });

  it("gives the same as a plain reading of the definition, whole or in parts", () => {
    const random = new Random(5);
    for (let i = 0; i < 200; i++) {
      const batch = 1 + random.below(5);
      const window = 1 + random.below(6);
      const offset = random.below(window);
      const texts = Array.from({ length: 1 + random.below(3) }, () =>
        Int32Array.from({ length: random.below(60) }, () => random.below(100_000)),
      );
      const expected = texts.flatMap((text) => {
        const stream = Math.floor((text.length - 1 - offset) / batch);
        const starts = Array.from({ length: Math.max(0, stream) }, (_, at) => at).filter(
          (at) => at % window === 0,
        );
        return starts.map((start) => {
          const steps = Array.from({ length: Math.min(window, stream - start) }, (_, step) => start + step);
          const read = (further: number) =>
            steps.map((at) =>
              Array.from({ length: batch }, (_, lane) => text[offset + lane * stream + at + further]),
            );
          return { inputs: read(0), targets: read(1), carry: start === 0 ? 0 : 1 };
        });
      });
      const windowing = { batch, window, offset };
      expect(unpack(makeWindows(texts.map(textSteps), windowing))).toEqual(expected);
      expect(countWindows(texts.map(textSteps), windowing)).toBe(expected.length);
      const first = random.below(expected.length + 2);
      const count = random.below(6);
      expect(unpack(makeWindows(texts.map(textSteps), windowing, first, count))).toEqual(
        expected.slice(first, first + count),
      );
      expect(unpack(makeWindows(texts.map(textSteps), windowing, first))).toEqual(expected.slice(first));
    }
  });

  it("refuses batches and windows that are none", () => {
    expect(() => makeWindows([upTo(9)].map(textSteps), { batch: 0, window: 2 })).toThrow(
      "batch: 0 is not a positive whole number",
    );
    expect(() => makeWindows([upTo(9)].map(textSteps), { batch: 1, window: 1.5 })).toThrow(
      "window: 1.5 is not",
    );
  });
});

describe("checkLongEnough", () => {
  const check = (length: number, batch: number, window: number) => () =>
    checkLongEnough([upTo(50_000), upTo(length)], ["long.txt", "short.txt"], { batch, window });

  it("wants one whole window in every lane and says what would do", () => {
    expect(check(2049, 32, 64)).not.toThrow();
    expect(check(2048, 32, 64)).toThrow(
      "short.txt: 2048 symbols to train on are too few for 32 streams of 64 steps, which take 2049; use --batch 31 or --window 63",
    );
    expect(check(50, 32, 64)).toThrow("use --window 1");
    expect(check(70, 128, 64)).toThrow("use --batch 1");
    expect(check(20, 32, 64)).toThrow("use --batch 1 --window 19");
    expect(check(1, 32, 64)).toThrow("give more text");
  });

  it("is content with what it says would do, also where an offset takes the most it may", () => {
    for (const length of [2, 3, 20, 50, 70, 500, 2048]) {
      try {
        check(length, 32, 64)();
      } catch (error) {
        for (const option of (error as Error).message.split("; use ")[1].split(" or ")) {
          const batch = Number(/--batch (\d+)/.exec(option)?.[1] ?? 32);
          const window = Number(/--window (\d+)/.exec(option)?.[1] ?? 64);
          expect(check(length, batch, window)).not.toThrow();
          expect(
            countWindows([upTo(length)].map(textSteps), { batch, window, offset: window - 1 }),
          ).toBeGreaterThan(0);
        }
      }
    }
  });
});
