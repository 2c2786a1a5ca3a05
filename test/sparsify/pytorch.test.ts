// Methods that change masks or values while a network trains, update by update against what PyTorch does with them written
// independently (../fixtures/make/sparsify.py): masks exactly, and losses, norms, values, Adam's moments and ages.
import { describe, expect, it } from "vitest";
import { optimisers } from "../../src/engine/executor.js";
import { maskVector } from "../../src/network/masks.js";
import type { Network } from "../../src/network/network.js";
import { sparsifying } from "../../src/sparsify/methods.js";
import { parsePattern } from "../../src/sparsify/pattern.js";
import { type Run, type TrainOptions, train, type UpdateMetrics } from "../../src/train/train.js";
import { flatten } from "../fixtures/cells.js";
import { matrices, oneByOne, type SparsifyRun, sparsifyFile, startOf } from "../fixtures/sparsify.js";
import { executors } from "./subjects.js";

const { optimiser, rate, runs } = sparsifyFile;

/** The largest absolute difference. */
const apart = (some: ArrayLike<number>, others: ArrayLike<number>) => {
  expect(some.length).toBe(others.length);
  return Math.max(...Array.from(some, (value, i) => Math.abs(value - others[i])));
};

type Executor = (typeof executors)[number];

function optionsOf(run: SparsifyRun, executor: Executor): TrainOptions {
  const pattern = parsePattern((run.block ?? [1, 1]).join("x"));
  return {
    updates: run.updates,
    optimiser: { ...optimisers.adam, ...optimiser, clip: run.clip ?? Number.POSITIVE_INFINITY },
    learningRate: rate,
    seed: run.seed,
    sparsify: sparsifying({ ...run.options, method: run.method, pattern }),
    executor,
  };
}

interface Replay {
  /** The run after each update, and what was told of it. */
  readonly after: Run[];
  readonly told: UpdateMetrics[];
  readonly trained: Network;
}

async function replay(run: SparsifyRun, executor: Executor): Promise<Replay> {
  const after: Run[] = [];
  const told: UpdateMetrics[] = [];
  const trained = await train(startOf(run), oneByOne, {
    ...optionsOf(run, executor),
    onUpdate: (update) => told.push(update),
    onEpoch: (_, __, state) => void after.push(state),
  });
  return { after, told, trained };
}

const replays = new Map<string, Promise<Replay>>();

/** Each run is trained once by each executor. */
function replayed(run: SparsifyRun, executor: Executor = "reference"): Promise<Replay> {
  const key = `${run.seed} ${executor}`;
  if (!replays.has(key)) replays.set(key, replay(run, executor));
  return replays.get(key)!;
}

const relaxed = (run: SparsifyRun) => run.method === "top-k" || run.method === "top-kast";

/** The masks of the two matrices, as the fixture writes them. */
function masksOf(run: SparsifyRun, { state, sparsity }: Run): string[] {
  const network = startOf(run);
  const used = sparsity?.get("used");
  const mask = used ? Uint8Array.from(used) : (state.wiring?.mask ?? maskVector(network));
  return matrices.map((name) => {
    const { offset, length } = network.tensor(name);
    return mask.slice(offset, offset + length).join("");
  });
}

const cases = executors.flatMap((executor) =>
  runs.map((run) => [`${run.method} of ${run.cell} on ${executor}`, run, executor] as const),
);

describe.each(cases)("%s", (_, run, executor) => {
  const { steps, end, count } = run;

  it("has PyTorch's losses, norms and masks at every update", async () => {
    const { after, told } = await replayed(run, executor);
    expect(after).toHaveLength(run.updates);
    for (const [i, { loss, norm, masks }] of steps.entries()) {
      expect(told[i].loss, `loss ${i}`).toBeCloseTo(loss, 5);
      expect(told[i].gradientNorm / norm, `norm ${i}`).toBeCloseTo(1, 4);
      if (masks.length > 0) expect(masksOf(run, after[i]), `masks of update ${i}`).toEqual(masks);
    }
  });

  it("ends with PyTorch's values, moments and ages", async () => {
    const network = startOf(run);
    const { after, trained } = await replayed(run, executor);
    const { state, sparsity, step } = after[run.updates - 1];
    expect(step).toBe(run.updates);
    const own = (name: "values" | "firstMoment" | "secondMoment") =>
      relaxed(run) ? sparsity!.get(name)! : state[name === "values" ? "parameters" : name];
    const expected = (values: SparsifyRun["end"]["first"]) => flatten(network, values);
    expect(apart(own("values"), expected(end.values))).toBeLessThan(2e-5);
    expect(apart(own("firstMoment"), expected(end.first))).toBeLessThan(2e-6);
    expect(apart(own("secondMoment"), expected(end.second))).toBeLessThan(1e-6);
    if (relaxed(run)) {
      expect(sparsity!.get("updates")).toEqual(Float32Array.of(count));
      return;
    }
    expect(state.step).toBe(count);
    for (const name of matrices) {
      const { offset, length } = network.tensor(name);
      expect([...state.wiring!.born.subarray(offset, offset + length)], name).toEqual(end.born[name]);
    }
    expect(trained.parameters).toEqual(state.parameters);
  });
});

describe.each(
  cases.flatMap(([name, run, executor]) => (run.gates ? [[name, run, run.gates, executor] as const] : [])),
)("%s", (_, run, gates, executor) => {
  it("has PyTorch's gates and multipliers when gates are closed", async () => {
    const { after } = await replayed(run, executor);
    const { sparsity } = after[Math.round((run.options.end ?? 0) * run.updates) - 1];
    const expected = matrices.map((name) => gates.values[name]);
    const pools = run.options.scope === "global" ? [expected.flat()] : expected;
    for (const [p, values] of pools.entries()) {
      expect(apart(sparsity!.get(`gates ${p} values`)!, values)).toBeLessThan(1e-4);
      expect(sparsity!.get(`multiplier ${p}`)![0]).toBeCloseTo(gates.multipliers[p], 5);
    }
  });
});

describe("a change of masks", () => {
  const rigl = runs.find(({ method, cell }) => method === "rigl" && cell === "rnn-tanh")!;
  const set = runs.find(({ method }) => method === "set")!;

  it("by RigL takes the place of an update: Adam's count stands still, the run's does not", async () => {
    const { after } = await replayed(rigl);
    const changes = [3, 6, 9];
    for (const step of changes) {
      expect(after[step].step).toBe(after[step - 1].step + 1);
      expect(after[step].state.step).toBe(after[step - 1].state.step);
    }
    expect(after.at(-1)!.state.step).toBe(rigl.updates - changes.length);
    const { after: plain } = await replayed(set);
    expect(plain.at(-1)!.state.step).toBe(set.updates);
  });

  it("starts what grows at 0 with fresh moments, also what is dropped in the same change", async () => {
    const network = startOf(rigl);
    const { after } = await replayed(rigl);
    // 85 % are dropped, more than there are other places with a larger gradient: some grow again at once.
    const [before, changed] = [after[2], after[3]];
    const old = before.state.wiring?.mask ?? maskVector(network);
    const { mask, born } = changed.state.wiring!;
    const { step } = changed.state;
    const grown = [...mask.keys()].filter((i) => mask[i] === 1 && born[i] === step);
    const again = grown.filter((i) => old[i] === 1);
    expect(again.length).toBeGreaterThan(0);
    expect(again.length).toBeLessThan(grown.length);
    for (const i of grown) {
      const { parameters, firstMoment, secondMoment } = changed.state;
      expect([parameters[i], firstMoment[i], secondMoment[i]]).toEqual([0, 0, 0]);
    }
    // They are counted as both.
    const { born: births, dropped } = changed.history[3];
    expect(births).toBe(grown.length);
    expect(dropped).toBe(grown.length);
  });

  it("keeps the density of each matrix", async () => {
    for (const run of [rigl, set]) {
      const { trained } = await replayed(run);
      for (const [i, name] of matrices.entries()) {
        expect(trained.nonzeros(name)).toBe([...run.masks[i]].filter((bit) => bit === "1").length);
      }
    }
  });
});
