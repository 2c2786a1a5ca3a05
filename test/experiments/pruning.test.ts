import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pruneKind } from "../../src/experiments/pruning.js";
import { trainKind } from "../../src/experiments/training.js";
import type { TrialContext, TrialResult } from "../../src/study/kind.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();

const base = { data: { count: 800 }, cell: "gru", hidden: 12, layers: 1, protocol: "corrected", epochs: 6 };
const context = {
  seed: 1,
  signal: new AbortController().signal,
  needs: [],
  resume: undefined,
  saveEpoch: async () => {},
};
const trained = trainKind.run(trainKind.schema.parse(base), context);

async function run(settings: object, more: Partial<TrialContext> = {}): Promise<TrialResult> {
  const configuration = pruneKind.schema.parse({
    base,
    percent: 60,
    criterion: "random",
    epochs: 8,
    ...settings,
  });
  return await pruneKind.run(configuration, { ...context, needs: [await trained], ...more });
}

describe("retraining a pruned network until accuracy is regained", () => {
  it("ends there, with the same epochs until then, and goes on from there no more when it is resumed", async () => {
    const accuracies: number[] = [];
    await run({}, { saveEpoch: async (_, { testAccuracy }) => void accuracies.push(testAccuracy) });
    const least = (await trained).summary.testAccuracy - 0.01;
    const regained = accuracies.findIndex((accuracy) => accuracy >= least);
    expect(regained).toBeGreaterThan(0);
    expect(regained).toBeLessThan(8);

    const fewer: number[] = [];
    const states: Uint8Array[] = [];
    const saveEpoch: TrialContext["saveEpoch"] = async (_, { testAccuracy }, state) => {
      fewer.push(testAccuracy);
      states.push(state);
    };
    const result = await run({ untilRegained: true }, { saveEpoch });
    expect(fewer).toEqual(accuracies.slice(0, regained + 1));
    expect(result.summary).toMatchObject({ regainedAfter: regained, testAccuracy: accuracies[regained] });
    const resume = { epoch: regained, state: states[regained] };
    expect(await run({ untilRegained: true }, { saveEpoch, resume })).toEqual(result);
    expect(fewer).toHaveLength(regained + 1);
  });

  it("does not begin when pruning cost nothing", async () => {
    const epochs: number[] = [];
    const saveEpoch = async (epoch: number) => void epochs.push(epoch);
    const { summary } = await run({ percent: 0, untilRegained: true }, { saveEpoch });
    expect(epochs).toEqual([0]);
    expect(summary.regainedAfter).toBe(0);
  });
});

describe("pruning a network on a text", () => {
  const text = path("text.txt");
  writeFileSync(text, "the cat sat on the mat, and the dog lay by the door. ".repeat(60));
  const base = { data: { text }, hidden: 12, epochs: 4 };
  const trained = trainKind.run(trainKind.schema.parse(base), context);

  async function run(settings: object) {
    const losses: number[] = [];
    const { summary } = await pruneKind.run(pruneKind.schema.parse({ base, ...settings }), {
      ...context,
      needs: [await trained],
      saveEpoch: async (_, { validationLoss }) => void losses.push(validationLoss),
    });
    return { summary, losses };
  }

  it("says its nats before, after pruning and after the best epoch of retraining", async () => {
    const { summary, losses } = await run({ percent: 80, epochs: 3 });
    const { baseLoss, prunedLoss, validationLoss } = summary;
    expect(baseLoss).toBe((await trained).summary.validationLoss);
    expect(prunedLoss).toBeGreaterThan(baseLoss);
    expect(losses).toHaveLength(4);
    expect(losses[0]).toBe(prunedLoss);
    expect(validationLoss).toBe(Math.min(...losses.slice(1)));
    expect(validationLoss).toBeLessThan(prunedLoss);
  });

  it("loses nothing where nothing goes and nothing is trained", async () => {
    const { summary, losses } = await run({ percent: 0, epochs: 0 });
    expect(summary).toMatchObject({ prunedLoss: summary.baseLoss, validationLoss: summary.baseLoss });
    expect(losses).toEqual([summary.baseLoss]);
  });

  it("does not wait for an accuracy", () => {
    const { error } = pruneKind.schema.safeParse({ base, percent: 80, untilRegained: true });
    expect(error?.issues).toMatchObject([{ path: ["untilRegained"] }]);
  });
});
