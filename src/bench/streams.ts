// Times streams: what `filigree bench stream` prints and bench/inference.mjs compares.

import { Calibration } from "../engine/calibrate.js";
import type { Plan, StageOp } from "../engine/plan.js";
import { type StreamOptions, stream } from "../engine/stream.js";
import { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import { initialise, Network, stack } from "../network/network.js";
import type { Pattern } from "./patterns.js";
import { interleave, median, timed } from "./rounds.js";
import { sparsified } from "./steps.js";

export interface StreamerOptions extends Pick<StreamOptions, "executor" | "form" | "int8"> {
  readonly cell: CellKind;
  readonly hidden: number;
  readonly layers: number;
  /** Width of the embedding; `hidden` when left out. */
  readonly embedding?: number;
  /** Share of the weights that stay, in (0, 1]. */
  readonly density: number;
  /** Blocks that masks are cut in; single weights when left out. */
  readonly pattern?: Pattern;
}

export interface StreamTiming {
  /** Microseconds of one symbol: the median and the best of the rounds. */
  readonly median: number;
  readonly best: number;
  /** What one symbol reads: weights, places of nonzeros, rows of tables. */
  readonly bytes: number;
  /** Billions of them per second, at the median. */
  readonly gigabytes: number;
}

/** One stream under test: `step(n)` takes in the first n of `symbols`, again and again, and returns the last logits. */
export function streamer(options: StreamerOptions): {
  network: Network;
  symbols: Uint8Array;
  bytes: number;
  step(n: number): Float32Array;
} {
  const random = new Random("benchmark");
  const drawn = sparsified(initialise(stack(options), random), options.density, random, options.pattern);
  const letters = [66, 69, 80, 83, 84, 86, 88];
  const symbols = Uint8Array.from({ length: 256 }, () => random.pick(letters));
  const { executor, form, int8 } = options;
  const network = int8 ? calibratedOn(drawn, symbols) : drawn;
  const subject = stream(network, { symbols: letters, executor, form, int8 });
  return {
    network,
    symbols,
    bytes: int8 ? int8BytesOf(subject.plan) : bytesOf(subject.plan),
    step(n) {
      let logits = subject.step(symbols[0]);
      for (let i = 1; i < n; i++) logits = subject.step(symbols[i % symbols.length]);
      return logits;
    },
  };
}

function calibratedOn(network: Network, symbols: Uint8Array): Network {
  const calibration = new Calibration(network);
  for (const symbol of symbols) calibration.step(symbol);
  return new Network(network.architecture, network.parameters, network.masks, {
    ...network.conventions,
    activations: calibration.ranges(100),
  });
}

/** Times each of the streams in turn for `rounds` rounds of about `milliseconds` each. */
export async function timeStreams(
  networks: readonly StreamerOptions[],
  { rounds = 25, milliseconds = 20 } = {},
): Promise<StreamTiming[]> {
  const runs = networks.map(streamer);
  const sides = runs.map(({ step }) => ({ run: timed(async (n) => void step(n)) }));
  const times = await interleave(sides, { rounds, milliseconds });
  return runs.map(({ bytes }, i) => {
    const typical = 1000 * median(times[i]);
    return {
      median: typical,
      best: 1000 * Math.min(...times[i]),
      bytes,
      gigabytes: bytes / typical / 1000,
    };
  });
}

/** The least that one step of a stream in int8 reads: the weights that exist, a byte each, and 4 for an entry of a table. */
function int8BytesOf(plan: Plan): number {
  const ops = [...plan.forward, ...plan.read].flatMap((stage): readonly StageOp[] => stage.ops);
  return ops.reduce((sum, op) => {
    if (op.op === "gather") return sum + 4 * op.to.rows;
    return op.op === "affine" || op.op === "cell" ? sum + plan.blocks[op.block].nonzeros : sum;
  }, 0);
}

/** Bytes that one step of a stream reads: 4 for a weight, 6 for a nonzero and its place, 4 for an entry of a table. */
function bytesOf(plan: Plan): number {
  const ops = [...plan.forward, ...plan.read].flatMap((stage): readonly StageOp[] => stage.ops);
  return ops.reduce((sum, op) => {
    if (op.op === "gather") return sum + 4 * op.to.rows;
    if (op.op !== "affine" && op.op !== "cell") return sum;
    const { sparse, nonzeros, rows, columns } = plan.blocks[op.block];
    return sum + (sparse ? 6 * nonzeros : 4 * rows * columns);
  }, 0);
}
