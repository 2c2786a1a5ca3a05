// Language models: what PyTorch computes for the shared models, and what training them must keep: the same bits
// however a run is cut, the best of its epochs, and one clear line for every bad input.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { createTextData, encodeTexts } from "../../src/data/text.js";
import { describeExecutor, executorNames } from "../../src/engine/engine.js";
import { optimisers } from "../../src/engine/executor.js";
import { Random } from "../../src/math/random.js";
import { initialise, Network, stack } from "../../src/network/network.js";
import { parseNetwork, saveNetwork } from "../../src/network/weights.js";
import { readNetwork } from "../../src/paths/networks.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/train/checkpoint.js";
import { evaluateTexts, nextSymbol } from "../../src/train/language.js";
import { writeText } from "../../src/train/sample.js";
import { type Run, type TrainOptions, train, type UpdateMetrics } from "../../src/train/train.js";
import { reference } from "../reference.js";

const native = describeExecutor().name === "native";
const here = executorNames.filter((name) => native || name !== "native");

interface Oracle {
  valid_nats: number;
  valid_characters: number;
  logits8: number[][];
  trace: [loss: number, norm: number][];
  valid_nats_after20: number;
}

describe.skipIf(!existsSync(reference("language")))("the language oracle", () => {
  const text = () => readFileSync(reference("text/tinyshakespeare.txt"), "utf8");
  const model = (name: string) => {
    const { architecture, parameters, masks, conventions } = readNetwork(
      reference(`language/${name}.safetensors`),
    );
    const readout = { ...architecture.readout, at: "every-step" as const };
    return new Network({ ...architecture, readout }, parameters, masks, conventions);
  };
  const oracle = (name: string): Oracle =>
    JSON.parse(readFileSync(reference(`language/${name}.json`), "utf8"));

  it.each(["gru", "rnn_tanh"])("%s: nats and logits of the last tenth", async (name) => {
    const expected = oracle(name);
    const network = model(name);
    const whole = text();
    const tail = whole.slice(Math.floor(0.9 * whole.length));
    for (const executor of here) {
      // The reference reads the beginning alone, for its time.
      const part = executor === "reference" ? tail.slice(0, 200) : tail;
      const { texts } = encodeTexts(network.conventions.vocabulary.symbols, [{ name: "tail", text: part }]);
      const { symbols, nats, logits } = await evaluateTexts(network, texts, { executor, outputs: 8 });
      for (const [i, row] of expected.logits8.entries()) {
        for (const [k, value] of row.entries()) {
          expect(Math.abs(logits[i * row.length + k] - value)).toBeLessThan(1e-4);
        }
      }
      if (executor === "reference") continue;
      expect(symbols).toBe(expected.valid_characters);
      expect(Math.abs(nats - expected.valid_nats)).toBeLessThan(1e-5);
    }
  });

  it.skipIf(!native).each(["gru", "rnn_tanh"])("%s: twenty updates by Adam", async (name) => {
    const expected = oracle(name);
    const network = model(name);
    const data = createTextData([{ name: "text", text: text() }], {
      vocabulary: network.conventions.vocabulary.symbols,
    });
    const updates: UpdateMetrics[] = [];
    const trained = await train(network, nextSymbol(data, { batch: 32, window: 64 }), {
      updates: 20,
      seed: 1,
      onUpdate: (update) => updates.push(update),
    });
    expect(updates).toHaveLength(20);
    for (const [i, [loss, norm]] of expected.trace.entries()) {
      expect(Math.abs(updates[i].loss - loss)).toBeLessThan(1e-4);
      expect(updates[i].gradientNorm / norm).toBeCloseTo(1, 3);
    }
    const { nats } = await evaluateTexts(trained, data.validation.texts);
    expect(Math.abs(nats - expected.valid_nats_after20)).toBeLessThan(1e-4);
  });
});

const words = "the cat sat on the mat and the dog sat on the cat; ".repeat(60);
const data = createTextData([{ name: "words", text: words }]);
const task = nextSymbol(data, { batch: 4, window: 10 });

function model(cell: "lstm" | "gru" | "rnn-tanh" = "lstm", tie = false): Network {
  const vocabulary = data.vocabulary.length;
  const made = stack({
    cell,
    hidden: 12,
    layers: 2,
    embedding: tie ? 12 : 5,
    vocabulary,
    outputs: vocabulary,
  });
  const readout = { ...made.readout, at: "every-step" as const, ...(tie && { tied: true as const }) };
  return initialise({ ...made, readout }, new Random(7));
}

const settings: TrainOptions = {
  epochs: 3,
  seed: 5,
  optimiser: { ...optimisers.adamw, clip: 1 },
  learningRate: 5e-3,
  schedule: "cosine",
  warmUp: 20,
  dropout: { embedding: 0.1, layers: 0.2, readout: 0.3 },
};
const hash = ({ parameters }: Network) => createHash("sha256").update(parameters).digest("hex");

describe("training a language model", () => {
  it.each(["lstm", "gru", "rnn-tanh"] as const)("%s learns the text, tied or not", async (cell) => {
    for (const tie of [false, true]) {
      const before = await evaluateTexts(model(cell, tie), data.validation.texts);
      const trained = await train(model(cell, tie), task, { ...settings, epochs: 6, dropout: undefined });
      const { nats } = await evaluateTexts(trained, data.validation.texts);
      expect(nats).toBeLessThan(0.6 * before.nats);
      expect(trained.conventions.vocabulary.symbols).toEqual(data.vocabulary);
      expect(parseNetwork(saveNetwork(trained), "again").architecture).toEqual(trained.architecture);
    }
  });

  it("gives the same bits in one sitting, in many, beside others and on two threads", async () => {
    const whole = hash(await train(model(), task, settings));
    const crowd = await Promise.all(
      [1, 2, 2].map((threads) => train(model(), task, { ...settings, threads })),
    );
    for (const network of crowd) expect(hash(network)).toBe(whole);
    // Stopped after every epoch, and what was saved went through a file.
    let resume: Run | undefined;
    for (let epoch = 1; epoch <= 3; epoch++) {
      const controller = new AbortController();
      const onEpoch = (_: number, __: object, run: Run) => {
        resume = decodeCheckpoint(encodeCheckpoint({ run, notes: new Map() }), "saved").run;
        if (epoch < 3) controller.abort(new Error("stop"));
      };
      const run = train(model(), task, { ...settings, resume, onEpoch, signal: controller.signal });
      if (epoch < 3) await expect(run).rejects.toThrow("stop");
      else expect(hash(await run)).toBe(whole);
    }
  });

  it("goes on from within an epoch to the same bits", async () => {
    const whole = hash(await train(model(), task, settings));
    const saved: Run[] = [];
    // Every look at the clock is two minutes after the last.
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => {
      now += 120_000;
      return now;
    });
    await train(model(), task, {
      ...settings,
      onPause(run) {
        saved.push(decodeCheckpoint(encodeCheckpoint({ run, notes: new Map() }), "saved").run);
      },
    });
    clock.mockRestore();
    const within = saved.filter(({ updates }) => updates > 0 && updates % 20 === 7);
    expect(within.length).toBeGreaterThan(3);
    for (const resume of within)
      expect(hash(await train(model(), task, { ...settings, resume }))).toBe(whole);
  });

  it("keeps the best of its epochs and ends when patience does", async () => {
    const losses: number[] = [];
    const wild: TrainOptions = {
      ...settings,
      epochs: 12,
      learningRate: 0.3,
      schedule: "constant",
      patience: 2,
    };
    const trained = await train(model(), task, {
      ...wild,
      onEpoch: (_, { validationLoss }) => {
        losses.push(validationLoss!);
      },
    });
    const best = losses.indexOf(Math.min(...losses));
    expect(losses.length).toBe(Math.min(12, best + 3));
    const { nats } = await evaluateTexts(trained, data.validation.texts);
    expect(nats).toBeCloseTo(losses[best], 6);
  });

  it("draws samples by the seed, from the likeliest symbols where asked", async () => {
    const trained = await train(model(), task, { ...settings, epochs: 8, dropout: undefined });
    const write = (seed: number, topK?: number) => {
      const written = writeText(trained, { prompt: [0], temperature: 1, topK }, new Random(seed));
      return Array.from({ length: 40 }, () => written.next().value).join(",");
    };
    expect(write(1)).toBe(write(1));
    expect(write(1)).not.toBe(write(2));
    expect(write(1, 1)).toBe(write(2, 1));
  });

  it("refuses what cannot be trained, in one line", async () => {
    const reads = stack({ cell: "gru", hidden: 3, layers: 1 });
    await expect(train(initialise(reads, new Random(1)), task, settings)).rejects.toThrow(
      "the network does not predict the next symbol of a text; train one with --text",
    );
    expect(() => nextSymbol(data, { batch: 400, window: 10 })).toThrow(
      /too few for 400 streams of 10 steps.*; use/,
    );
    await expect(train(model(), task, { ...settings, epochs: undefined })).rejects.toThrow("needs a length");
    await expect(train(model(), task, { ...settings, learningRate: 1e30 })).rejects.toThrow(
      /not a number|is Infinity/,
    );
  });
});
