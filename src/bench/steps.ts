// Times training steps: what `filigree bench step` prints. Two networks can be timed in turn, so that their ratio holds
// while the machine's speed drifts.

import type { Batches } from "../data/batches.js";
import { compile } from "../engine/compile.js";
import { createExecutor, describeExecutor, type ExecutorName } from "../engine/engine.js";
import { type Executor, type Footprint, optimisers } from "../engine/executor.js";
import { loadNative } from "../engine/native.js";
import type { CompileOptions } from "../engine/options.js";
import type { Plan } from "../engine/plan.js";
import { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import { cellsOf, gateCount } from "../network/architecture.js";
import { initialise, type Network, stack, tensorNames } from "../network/network.js";
import { type Pattern, patternMask } from "./patterns.js";
import { interleave, median, timed } from "./rounds.js";

export interface StepOptions {
  readonly cell: CellKind;
  readonly hidden: number;
  readonly layers: number;
  readonly batch: number;
  /** Time steps of every sequence. */
  readonly length: number;
  /** Share of the weights that stay, in (0, 1]. */
  readonly density: number;
  /** Blocks that stay or go as a whole; single weights when left out. */
  readonly pattern?: Pattern;
  /** How matrices with a mask are held; see `CompileOptions`. */
  readonly form?: CompileOptions["form"];
  readonly executor?: ExecutorName;
  readonly threads?: number;
  readonly recompute?: CompileOptions["recompute"];
}

export interface StepTiming {
  /** Milliseconds of one training step: the median and the best of the rounds. */
  readonly median: number;
  readonly best: number;
  /** Useful operations of a step: two for each multiply-add with a weight that exists. */
  readonly operations: number;
  /** Billions of them per second, at the median. */
  readonly gflops: number;
  /** `gflops` as a share of what one core reaches in this run; undefined on the reference executor. */
  readonly ofPeak: number | undefined;
  /** What the native executor holds. */
  readonly footprint: Footprint | undefined;
}

/**
 * Operations of one training step on `batch` sequences of `length` steps: forward, gradient of the input and gradient
 * of the weights, each two for every existing weight of every matrix. Looking up the first layer's table is free.
 */
export function operationsOf(plan: Plan, batch: number, length: number): number {
  // Every matrix but that of a read-out at the end has one operation for its gradient in every step, and none twice.
  let weights = 0;
  for (const { time, ops } of plan.backward) {
    for (const op of ops) {
      if (time === "backward" && op.op === "weightGradient") weights += plan.blocks[op.block].nonzeros;
    }
  }
  return 6 * weights * batch * length;
}

/** One network under test: `step(n)` makes n training steps. */
export function stepper(options: StepOptions): {
  executor: Executor;
  operations: number;
  step(n: number): Promise<void>;
} {
  const { batch, length, form, recompute } = options;
  const random = new Random("benchmark");
  const network = sparsified(initialise(stack(options), random), options.density, random, options.pattern);
  const letters = [66, 69, 80, 83, 84, 86, 88];
  const repeats = 64;
  const batches: Batches = {
    count: repeats,
    sizes: new Int32Array(repeats).fill(batch),
    steps: new Int32Array(repeats).fill(length),
    inputs: Uint16Array.from({ length: repeats * batch * length }, () => random.pick(letters)),
    lengths: new Int32Array(repeats * batch).fill(length),
    targets: Int32Array.from({ length: repeats * batch }, () => random.below(2)),
  };
  const plan = compile(network, { batch, steps: length, symbols: letters, form, recompute });
  const executor = createExecutor(plan, network.parameters, options);
  return {
    executor,
    operations: operationsOf(plan, batch, length),
    async step(n) {
      for (let done = 0; done < n; done += repeats)
        await executor.train(batches, 0, Math.min(repeats, n - done), {
          optimiser: optimisers.adam,
          rates: 1e-3,
        });
    },
  };
}

/** Times each of the networks in turn for `rounds` rounds of about `milliseconds` each. */
export async function timeSteps(
  networks: readonly StepOptions[],
  { rounds = 15, milliseconds = 100 } = {},
): Promise<StepTiming[]> {
  const peak =
    describeExecutor(networks[0].executor).name === "native" ? loadNative().addon?.peak() : undefined;
  const runs = networks.map(stepper);
  const sides = runs.map(({ step }, i) => ({ run: timed(step, networks[i].threads) }));
  const times = await interleave(sides, { rounds, milliseconds });
  return runs.map(({ operations, executor }, i) => {
    const typical = median(times[i]);
    const gflops = operations / typical / 1e6;
    return {
      median: typical,
      best: Math.min(...times[i]),
      operations,
      gflops,
      ofPeak: peak === undefined ? undefined : (gflops * 1e9) / peak,
      footprint: executor.footprint?.(),
    };
  });
}

/** A network with this share of the weights of its cells, or of blocks of them, drawn at random. */
export function sparsified(network: Network, density: number, random: Random, pattern?: Pattern): Network {
  if (density >= 1) return network;
  const masks = new Map<string, Uint8Array>();
  for (const cell of cellsOf(network.architecture)) {
    const { weightIh, weightHh } = tensorNames(cell.name);
    for (const name of [weightIh, weightHh]) {
      const gates = { gates: gateCount(cell.kind), units: cell.size, columns: network.tensor(name).shape[1] };
      masks.set(name, patternMask(gates, pattern, density, random.stream(name)));
    }
  }
  return network.copy(masks);
}
