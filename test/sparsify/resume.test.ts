// A training that is stopped anywhere in the schedule of its method and goes on from a file gives the same bits, masks and
// history as one that was never stopped.
import { afterEach, describe, expect, it, vi } from "vitest";
import { optimisers } from "../../src/engine/executor.js";
import type { Network } from "../../src/network/network.js";
import {
  type MethodName,
  methodNames,
  type Sparsification,
  sparsifying,
} from "../../src/sparsify/methods.js";
import { parsePattern } from "../../src/sparsify/pattern.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/train/checkpoint.js";
import type { EpochMetrics } from "../../src/train/task.js";
import { type Run, type TrainOptions, train } from "../../src/train/train.js";
import { executors, type Subject, subjects } from "./subjects.js";

const [ofStrings, , , , ofText] = subjects;

/** Settings with which something happens within and between epochs of five or six updates. */
const settings: Record<MethodName, Partial<Sparsification>> = {
  random: {},
  snip: { batches: 2 },
  magnitude: {},
  gradual: { begin: 0.1, end: 0.7, every: 2 },
  iterative: { rounds: 3, rewind: 1 },
  set: { every: 3 },
  rigl: { every: 3 },
  "top-k": {},
  "top-kast": { every: 3 },
  "hard-concrete": { penalty: 0.4 },
};

afterEach(() => vi.restoreAllMocks());

interface Outcome {
  readonly network: Network;
  readonly history: readonly EpochMetrics[];
  readonly last: Run;
}

/** @param saved takes every state between two updates, through a file. */
async function trained(
  subject: Subject,
  wanted: Sparsification,
  more: Partial<TrainOptions>,
  saved?: Run[],
): Promise<Outcome> {
  const network = subject.network("gru");
  let last: Run | undefined;
  const save = (run: Run) =>
    void saved?.push(decodeCheckpoint(encodeCheckpoint({ run, notes: new Map() }), "saved").run);
  const result = await train(network, subject.task(network), {
    epochs: 3,
    seed: 5,
    learningRate: 0.01,
    schedule: "cosine",
    optimiser: { ...optimisers.adam, clip: 0.5 },
    dropout: { embedding: 0.1, layers: 0.1, readout: 0.1 },
    ...more,
    sparsify: sparsifying(wanted),
    onPause: saved && save,
    onEpoch(_, __, run) {
      last = run;
      save(run);
    },
  });
  return { network: result, history: last!.history, last: last! };
}

/** Every look at the clock is two minutes after the last, so that a training pauses after each update. */
function hurry() {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    now += 120_000;
    return now;
  });
}

function expectSame(some: Outcome, other: Outcome, where: string) {
  expect(some.network.parameters, where).toEqual(other.network.parameters);
  expect(some.network.masks, where).toEqual(other.network.masks);
  expect(some.history, where).toEqual(other.history);
  expect(some.last, where).toEqual(other.last);
}

describe.each(executors)("on %s", (executor) => {
  it.each(methodNames)("%s goes on to the same bits from anywhere", async (method) => {
    const wanted: Sparsification = { method, density: 0.25, ...settings[method] };
    const whole = await trained(ofStrings, wanted, { executor });
    hurry();
    const saved: Run[] = [];
    expectSame(await trained(ofStrings, wanted, { executor }, saved), whole, "with pauses");
    vi.restoreAllMocks();
    const steps = new Set(saved.map(({ step }) => step));
    expect(steps.size).toBeGreaterThan(12);
    // Some: after changes, right before them, at the ends of epochs and within.
    const some = saved.filter((_, i) => (executor === "native" ? i % 4 === 1 : i % 7 === 3));
    for (const resume of some.filter(({ step }) => step < whole.last.step)) {
      expectSame(await trained(ofStrings, wanted, { executor, resume }), whole, `from update ${resume.step}`);
    }
  });
});

it.each(["rigl", "top-kast", "hard-concrete"] as const)(
  "%s in blocks goes on with what lanes carry from window to window",
  async (method) => {
    const wanted: Sparsification = {
      method,
      density: 0.5,
      ...settings[method],
      pattern: parsePattern("2x1"),
    };
    const whole = await trained(ofText, wanted, { executor: "reference", epochs: 2 });
    hurry();
    const saved: Run[] = [];
    await trained(ofText, wanted, { executor: "reference", epochs: 2 }, saved);
    vi.restoreAllMocks();
    const within = saved.filter(({ updates }) => updates > 0);
    expect(within.length).toBeGreaterThan(5);
    for (const resume of within.filter((_, i) => i % 4 === 2)) {
      expectSame(
        await trained(ofText, wanted, { executor: "reference", epochs: 2, resume }),
        whole,
        `from update ${resume.step}`,
      );
    }
  },
);

it.each(["gradual", "rigl", "top-k", "hard-concrete"] as const)(
  "%s of whole units goes on to the same smaller network",
  async (method) => {
    const pattern = parsePattern("unit");
    const wanted: Sparsification = { method, density: 0.5, ...settings[method], pattern };
    const whole = await trained(ofStrings, wanted, {});
    expect(whole.network.tensor("cells.0.weight_hh").shape).toEqual([6, 2]);
    hurry();
    const saved: Run[] = [];
    await trained(ofStrings, wanted, {}, saved);
    vi.restoreAllMocks();
    for (const resume of saved.filter(({ step }) => step % 5 === 4 && step < whole.last.step)) {
      expectSame(await trained(ofStrings, wanted, { resume }), whole, `from update ${resume.step}`);
    }
  },
);

it("a run that is over is returned as it was", async () => {
  const wanted: Sparsification = { method: "rigl", density: 0.25, every: 3 };
  const whole = await trained(ofStrings, wanted, {});
  const network = ofStrings.network("gru");
  const again = await train(network, ofStrings.task(network), {
    epochs: 3,
    seed: 5,
    sparsify: sparsifying(wanted),
    resume: whole.last,
  });
  expect(again.parameters).toEqual(whole.network.parameters);
  expect(again.masks).toEqual(whole.network.masks);
});
