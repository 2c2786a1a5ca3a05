// Searches as a whole: they find a wiring that is known, give the same bits when they are interrupted, and refuse what cannot be.
import { beforeAll, describe, expect, it } from "vitest";
import { FROZEN, type Planted, planted, recovered } from "../../src/bench/planted.js";
import { Random } from "../../src/math/random.js";
import { maskVector } from "../../src/network/masks.js";
import { needsHeld, type SearchOptions, search } from "../../src/search/search.js";
import type { Searcher } from "../../src/search/searcher.js";
import { temperatureAt } from "../../src/search/searchers/top-k.js";
import { searcherNames } from "../../src/search/searchers.js";
import { searching } from "../../src/search/searching.js";
import { networkUnder, redrawn, weightSpace } from "../../src/search/weights.js";
import { parsePattern } from "../../src/sparsify/pattern.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/train/checkpoint.js";
import type { Beginning } from "../../src/train/sparsifier.js";
import { type Run, train } from "../../src/train/train.js";
import { executors, subjects } from "../sparsify/subjects.js";

describe("a planted wiring", () => {
  let small: Planted;
  const options = { updates: 300, learningRate: 0.02, schedule: "cosine", freeze: FROZEN, seed: 1 } as const;
  beforeAll(async () => {
    small = await planted({ seed: 3, units: 10, sequences: 640, held: 320, steps: 12, batch: 32 });
  });

  it.each(searcherNames)("is found by %s and not by chance", async (searcher) => {
    const { scores } = await search(small.space, small.task, { ...options, searcher, held: small.held });
    expect(recovered(small, scores)).toBeGreaterThanOrEqual(0.9);
    const chance = Array.from({ length: 200 }, (_, i) => {
      const random = new Random(`chance ${i}`);
      return recovered(
        small,
        Array.from(small.mask, () => random.uniform()),
      );
    });
    expect(chance.reduce((sum, share) => sum + share, 0) / chance.length).toBeCloseTo(0.1, 1);
  });
});

const [ofStrings, , , , ofText] = subjects;

describe.each(executors)("a search on %s", (executor) => {
  it.each(searcherNames)("by %s goes on to the same bits from anywhere", async (searcher) => {
    for (const subject of [ofStrings, ofText]) {
      const network = subject.network("gru", 2);
      const space = weightSpace(network, { weights: 60 });
      const task = subject.task(network);
      const options: SearchOptions = {
        epochs: 3,
        seed: 5,
        learningRate: 0.02,
        searcher,
        executor,
        held: task,
      };
      const saved: Uint8Array[] = [];
      const save = (_: number, __: object, run: Run) =>
        void saved.push(encodeCheckpoint({ run, notes: new Map() }));
      const whole = await search(space, task, { ...options, onEpoch: save });
      expect(whole.marked.reduce((sum, bit) => sum + bit, 0)).toBe(60);
      for (const bytes of saved.slice(0, 2)) {
        const again = await search(space, task, {
          ...options,
          resume: decodeCheckpoint(bytes, "a test").run,
        });
        expect(again.scores).toEqual(whole.scores);
        expect(again.marked).toEqual(whole.marked);
        expect(again.course).toEqual(whole.course);
      }
      const others = await Promise.all([search(space, task, options), search(space, task, options)]);
      for (const other of others) expect(other.scores).toEqual(whole.scores);
    }
  });
});

it("tells what an epoch's gates were", async () => {
  const network = ofStrings.network("gru", 2);
  const space = weightSpace(network, { weights: 60 });
  const seen: object[] = [];
  const { course } = await search(space, ofStrings.task(network), {
    epochs: 4,
    seed: 1,
    searcher: "top-k",
    onEpoch: (_, metrics) => void seen.push(metrics),
  });
  expect(seen[0]).toMatchObject({ temperature: expect.any(Number), "expected count": expect.any(Number) });
  expect(seen[3]).toMatchObject({ temperature: 0, "expected count": 60 });
  expect(course.gates.length).toBe(course.moments.length + 1);
  expect(course.gates.at(-1)!.reduce((sum, gate) => sum + gate, 0)).toBe(60);
  expect([0, 0.45, 0.9, 1].map(temperatureAt)).toEqual([2, expect.closeTo(Math.sqrt(0.1), 12), 0, 0]);
});

describe("what cannot be searched", () => {
  const network = ofStrings.network("gru", 2);
  const task = ofStrings.task(network);

  it("is refused in one line", async () => {
    const space = weightSpace(network, { weights: 60 });
    await expect(search(space, task, { epochs: 1, seed: 1, searcher: "mixture" })).rejects.toThrow(
      /mixture: its gates learn from data that are held out/,
    );
    expect(searcherNames.filter(needsHeld)).toEqual(["mixture"]);
    const frozen = search(space, task, { epochs: 1, seed: 1, searcher: "top-k", freeze: ["cells.1"] });
    await expect(frozen).rejects.toThrow(/cells\.1\.weight_ih is frozen, and which of its weights stay/);
    const free = maskVector(network).length;
    expect(() => weightSpace(network, { weights: free })).toThrow(/weights are more than the 204/);
    expect(() => weightSpace(network, { weights: 11 })).toThrow(/do not connect .* at least 12/);
    expect(() => weightSpace(network, { weights: 61, pattern: parsePattern("2x2") })).toThrow(/use 60 or 64/);
    expect(() => weightSpace(network, { weights: 60, pattern: parsePattern("2:4") })).toThrow(
      /weights or blocks/,
    );
  });
});

it("a search of which all gates close ends with what to try", async () => {
  const network = ofStrings.network("gru");
  const space = weightSpace(network, { weights: 60 });
  const none = (count: number) => new Float64Array(count);
  const closing: Searcher = {
    about: "closes all gates after two updates",
    begin: (count) => {
      let updates = 0;
      return {
        open: () => (updates++ < 2 ? none(count).fill(1) : none(count)),
        still: () => none(count),
        metrics: () => ({}),
        state: () => [],
        restore: () => {},
      };
    },
  };
  const sparsify = (beginning: Beginning) => searching(space, closing, beginning, { seed: 1 });
  await expect(train(network, ofStrings.task(network), { epochs: 3, seed: 1, sparsify })).rejects.toThrow(
    /update 3 of the search: all gates are closed; use a larger budget/,
  );
});

describe("a topology of weights", () => {
  const network = ofStrings.network("gru", 2);

  it("has so many of them, and one in every gate of every matrix", () => {
    const space = weightSpace(network, { weights: 48, pattern: parsePattern("2x2") });
    // All of the highest scores in one matrix.
    const marked = space.choose(Float64Array.from({ length: space.groups.count }, (_, g) => -g));
    const found = networkUnder(space, marked);
    const names = [...found.masks.keys()];
    expect(names.length).toBe(4);
    expect(names.reduce((sum, name) => sum + found.nonzeros(name), 0)).toBe(48);
    const others = redrawn(found, network, new Random(1));
    for (const name of names) expect(others.nonzeros(name)).toBe(found.nonzeros(name));
    expect(maskVector(others)).not.toEqual(maskVector(found));
  });
});
