import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NETWORK, recording } from "../../src/experiments/recording.js";
import { trainKind } from "../../src/experiments/training.js";
import { parseNetwork } from "../../src/network/weights.js";
import { readSequences } from "../../src/paths/sequences.js";
import { check } from "../../src/study/check.js";
import type { Resume, TrialContext, TrialResult } from "../../src/study/kind.js";
import { evaluateForecast } from "../../src/train/forecast.js";
import { decodeSequenceNotes, SEQUENCE_NOTES } from "../../src/train/sequence-notes.js";
import { decodeNotes, TEXT_NOTES } from "../../src/train/text-notes.js";
import { slopes, waves } from "../sequences.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();

const vector = new Float32Array(2);
const state = { parameters: vector, firstMoment: vector, secondMoment: vector, step: 3 };
const run = { updates: 0, step: 3, state, carry: vector, sums: { loss: 0, count: 0, correct: 0 } };

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

describe("a training on sequences of numbers", () => {
  const file = (name: string, text: string) => {
    writeFileSync(path(name), text);
    return path(name);
  };
  const classes = { numbers: file("c.csv", slopes(24)), validation: file("v.csv", slopes(12, 2)) };
  const series = { numbers: file("s.csv", waves(90)), task: "forecast" };
  const ofClasses = { data: classes, hidden: 4, epochs: 5, batch: 8, learningRate: 0.02, dropout: 0.1 };
  const ofSeries = { data: series, hidden: 4, epochs: 5, batch: 2, window: 8, learningRate: 0.02 };
  const train = (configuration: object, context: Partial<TrialContext> = {}): Promise<TrialResult> =>
    trainKind.run(complete(configuration), { ...nothing, ...context });

  it("says how its best epoch did beside the best rule, and keeps notes", async () => {
    const losses: number[] = [];
    const saveEpoch = async (_: number, { validationLoss }: Readonly<Record<string, number>>) =>
      void losses.push(validationLoss);
    const { summary, artifacts } = await train(ofClasses, { saveEpoch });
    const best = Math.min(...losses);
    expect(summary).toMatchObject({ validationLoss: best, bestEpoch: losses.indexOf(best) + 1, epochs: 5 });
    const notes = decodeSequenceNotes(artifacts[SEQUENCE_NOTES]);
    if (notes?.task !== "classify") throw new Error("no notes of classes");
    expect(notes.correct / notes.total).toBe(summary.testAccuracy);
    expect(Math.max(...notes.baselines.map(({ accuracy }) => accuracy ?? 0))).toBe(summary.baseline);
  });

  it("says what a forecast reaches in its own units beside naive ones, and of test data what the network does that is kept", async () => {
    const data = { ...series, test: file("t.csv", waves(60, 2)), validation: file("w.csv", waves(60, 3)) };
    const { summary, artifacts } = await train({ ...ofSeries, data });
    expect(summary.trainAccuracy).toBeUndefined();
    const notes = decodeSequenceNotes(artifacts[SEQUENCE_NOTES]);
    if (notes?.task !== "forecast") throw new Error("no notes of forecasts");
    expect(notes.network.meanSquaredError).toBeCloseTo(summary.validationLoss, 6);
    expect(Math.min(...notes.baselines.map((rule) => rule.meanSquaredError ?? Number.NaN))).toBe(
      summary.naive,
    );
    const network = parseNetwork(artifacts[NETWORK], "network");
    const tested = readSequences(data.test, { table: { task: "forecast" } });
    const { meanSquaredError } = await evaluateForecast(network, { series: tested }, { batch: 2 });
    expect(summary.testLoss).toBe(meanSquaredError);
  });

  it.each([
    ["classes", ofClasses],
    ["forecasts", ofSeries],
  ])("ends with the same bits when it was interrupted: %s", async (_, configuration) => {
    const whole = await train(configuration);
    let saved: Resume | undefined;
    const stop = new Error("stop");
    const saveEpoch = async (epoch: number, _: unknown, state: Uint8Array) => {
      saved = { epoch, state };
      if (epoch === 3) throw stop;
    };
    await expect(train(configuration, { saveEpoch })).rejects.toBe(stop);
    expect(await train(configuration, { resume: saved })).toEqual(whole);
  });

  it("has defaults by its task", () => {
    const forecast = complete({ data: series });
    expect(complete({ data: classes })).toMatchObject({ cell: "gru", hidden: 128, layers: 1, clip: 1 });
    expect(forecast).toMatchObject({ hidden: 64, window: 64, horizon: 1, standardise: true, batch: 32 });
    for (const configuration of [complete({ data: classes, bidirectional: true }), forecast]) {
      const plain = JSON.parse(JSON.stringify(configuration));
      expect(JSON.parse(JSON.stringify(complete(plain)))).toEqual(plain);
    }
  });
});

it("strings may be read in both directions, and are not otherwise when nothing is said", () => {
  const plain = complete({ cell: "gru" });
  expect(complete({ cell: "gru", bidirectional: false })).toEqual(plain);
  expect(complete({ cell: "gru", bidirectional: true })).toEqual({ ...plain, bidirectional: true });
});
