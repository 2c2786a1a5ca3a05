import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NETWORK, recording } from "../../src/experiments/recording.js";
import { trainKind } from "../../src/experiments/training.js";
import { parseNetwork } from "../../src/network/weights.js";
import { check } from "../../src/study/check.js";
import type { Resume, TrialContext, TrialResult } from "../../src/study/kind.js";
import { decodeNotes, TEXT_NOTES } from "../../src/train/text-notes.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();

const vector = new Float32Array(2);
const state = { parameters: vector, firstMoment: vector, secondMoment: vector, step: 3 };
const run = { updates: 0, state, carry: vector, sums: { loss: 0, count: 0, correct: 0 } };

describe("the record of a trial's epochs", () => {
  it("comes back after an interruption, losses that are not finite too", async () => {
    let saved: Resume | undefined;
    const context: TrialContext = {
      seed: 1,
      signal: new AbortController().signal,
      needs: [],
      resume: undefined,
      saveEpoch: async (epoch, _metrics, bytes) => {
        saved = { epoch, state: bytes };
      },
    };
    const { options, history } = recording(context);
    const epoch = { trainLoss: 0.5, trainAccuracy: 0.7, testLoss: Number.NaN, testAccuracy: 0.6 };
    // What no schema lists is kept, too.
    const epochs = [
      { ...epoch, forgetting: 0.25 },
      { ...epoch, testLoss: Number.POSITIVE_INFINITY },
    ];
    await options.onEpoch?.(1, epochs[0], { ...run, epoch: 1, history: epochs.slice(0, 1) });
    await options.onEpoch?.(2, epochs[1], { ...run, epoch: 2, history: epochs });
    const resumed = recording({ ...context, resume: saved });
    expect(history()).toEqual(epochs);
    expect(resumed.history()).toEqual(epochs);
    expect(resumed.options.resume?.epoch).toBe(2);
  });
});

const nothing: TrialContext = {
  seed: 1,
  signal: new AbortController().signal,
  needs: [],
  resume: undefined,
  saveEpoch: async () => {},
};

const complete = (configuration: object) => check(trainKind.schema, configuration, "c");

describe("a training on texts", () => {
  const text = path("text.txt");
  writeFileSync(text, "the cat sat on the mat and the rat ate the hat.\n".repeat(30));
  const configuration = {
    data: { text, split: 0.8 },
    cell: "gru",
    hidden: 12,
    batch: 4,
    window: 16,
    epochs: 4,
    dropout: 0.1,
    learningRate: 0.01,
    warmUp: 2,
  };
  const train = (more: object = {}, context: Partial<TrialContext> = {}): Promise<TrialResult> =>
    trainKind.run(complete({ ...configuration, ...more }), { ...nothing, ...context });

  it("says how well its best epoch did, in nats, bits and perplexity, and what n-grams do", async () => {
    const losses: number[] = [];
    const { summary, artifacts } = await train(
      {},
      { saveEpoch: async (_, { validationLoss }) => void losses.push(validationLoss) },
    );
    const best = Math.min(...losses);
    expect(losses).toHaveLength(4);
    expect(summary).toMatchObject({ validationLoss: best, epochs: 4, bestEpoch: losses.indexOf(best) + 1 });
    expect(summary.bits).toBeCloseTo(best / Math.log(2), 12);
    expect(summary.perplexity).toBeCloseTo(Math.exp(best), 12);
    const notes = decodeNotes(artifacts[TEXT_NOTES]);
    expect(notes?.baselines.map(({ context }) => context)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(summary.ngrams).toBe(Math.min(...notes!.baselines.map(({ nats }) => nats)));
    expect(notes?.samples.map((sample) => [...sample.text].length)).toEqual([400, 400, 400]);
    const network = parseNetwork(artifacts[NETWORK], "network");
    expect(network.conventions.vocabulary.symbols).toContain("h");
  });

  it("ends with the same bits when it was interrupted", async () => {
    const whole = await train();
    let saved: Resume | undefined;
    const stop = new Error("stop");
    const interrupted = train(
      {},
      {
        saveEpoch: async (epoch, _, state) => {
          saved = { epoch, state };
          if (epoch === 2) throw stop;
        },
      },
    );
    await expect(interrupted).rejects.toBe(stop);
    expect(await train({}, { resume: saved })).toEqual(whole);
  });

  it("may vary everything that train has", async () => {
    const more = { tie: true, layers: 2, optimiser: "rmsprop", schedule: "constant", patience: 1, clip: 0.5 };
    const data = { text: [text, text], symbols: "words", validation: [text] };
    const { summary } = await train({ ...more, data, weightDecay: 0.1, readoutDropout: 0.3, epochs: 2 });
    expect(summary.validationLoss).toBeGreaterThan(0);
    const { summary: short } = await train({ epochs: undefined, updates: 3 });
    expect(short.epochs).toBe(1);
  });

  it("has defaults of its own, and those of strings are as they were", () => {
    const texts = complete({ data: { text } });
    expect(texts).toMatchObject({
      cell: "lstm",
      hidden: 256,
      embedding: 64,
      layers: 1,
      window: 64,
    });
    expect(texts).toMatchObject({
      optimiser: "adamw",
      schedule: "cosine",
      weightDecay: 0.01,
      clip: 1,
      dropout: 0.2,
    });
    expect(complete({ cell: "gru" })).toMatchObject({
      hidden: 50,
      embedding: 50,
      layers: 3,
      epochs: 50,
      batch: 32,
    });
    for (const configuration of [texts, complete({ cell: "gru" })]) {
      const plain = JSON.parse(JSON.stringify(configuration));
      expect(JSON.parse(JSON.stringify(complete(plain)))).toEqual(plain);
    }
  });

  it.each([
    [{ cell: "gru", window: 8 }, "window: goes with texts and forecasts alone"],
    [{ cell: "gru", patience: 2 }, "patience: goes with texts and classes of numbers and forecasts alone"],
    [{ data: { text }, protocol: "thesis" }, "protocol: goes with strings alone"],
    [{ data: { text }, tie: true, hidden: 8, embedding: 4 }, "embedding: is as wide as a layer"],
    [{ data: { text }, epochs: 2, updates: 5 }, "updates: goes without epochs"],
    [{ data: { text, split: 1.5 } }, "data.split: "],
    [{ data: { text, validation: text, split: 0.5 } }, "data.split: nothing is held out"],
    [{ data: { text, symbls: "words" } }, "unknown key data.symbls; did you mean symbols"],
    [{ data: { text: [] } }, "data.text"],
    [{}, "cell: is missing"],
  ])("is refused when it is planned: %j", (configuration, message) => {
    expect(() => complete(configuration)).toThrow(message);
  });
});
