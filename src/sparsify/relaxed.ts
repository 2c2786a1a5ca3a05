// Methods that train more weights than they use: they keep the weights that there could be outside the executor, hand it the
// ones in use before every update, and make the update themselves. That is a dense step, an optimiser in TypeScript and a
// copy of all weights for every update: 2 to 3.5 times as long as a dense training's (docs/sparsify.md).
import type { Executor } from "../engine/executor.js";
import { updateParameters } from "../engine/reference-update.js";
import { masksOf, maskVector } from "../network/masks.js";
import type { Network } from "../network/network.js";
import type { BatchOutcome, Moment } from "../train/sparsifier.js";
import type { Pool } from "./select.js";

/** Parameters with an optimiser of their own. */
export class Trainee {
  readonly values: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  private updates = 0;

  constructor(values: Float32Array) {
    this.values = values.slice();
    this.firstMoment = new Float32Array(values.length);
    this.secondMoment = new Float32Array(values.length);
  }

  /** One update with a gradient times `scale`. */
  update(
    { optimiser, rate, frozen }: Pick<Moment, "optimiser" | "rate"> & Partial<Pick<Moment, "frozen">>,
    gradient: Float32Array,
    scale = 1,
  ): void {
    const { values: parameters, firstMoment, secondMoment } = this;
    this.updates++;
    const vectors = { gradient, parameters, firstMoment, secondMoment };
    updateParameters(optimiser, rate, this.updates, scale, vectors, { frozen });
  }

  state(): [name: string, values: Float32Array][] {
    const { values, firstMoment, secondMoment, updates } = this;
    return Object.entries({ values, firstMoment, secondMoment, updates: Float32Array.of(updates) });
  }

  restore(stateOf: (name: string) => Float32Array | undefined): void {
    for (const name of ["values", "firstMoment", "secondMoment"] as const) {
      const values = stateOf(name);
      if (values) this[name].set(values);
    }
    this.updates = stateOf("updates")?.[0] ?? 0;
  }
}

/** Hands an executor the parameters to use. Its moments are not used, and its step only tells dropout's draws apart. */
export function use(executor: Executor, parameters: Float32Array, step: number): void {
  const zeros = new Float32Array(parameters.length);
  executor.setState({ parameters, firstMoment: zeros, secondMoment: zeros, step });
}

/** The factor by which a gradient of this norm is clipped. */
export function clipping({ optimiser }: Moment, { norm }: BatchOutcome): number {
  return Math.min(1, optimiser.clip / (norm + 1e-6));
}

/** A network without the masks of these pools: what is trained may become any of their weights. Other masks stay. */
export function unmasked(network: Network, pools: readonly Pool[]): Network {
  const mask = maskVector(network);
  for (const { begin, rows, columns } of pools.flatMap(({ parts }) => parts))
    mask.fill(1, begin, begin + rows * columns);
  return network.copy(masksOf(network, mask));
}

/** The values under a mask. */
export function masked(values: Float32Array, mask: Uint8Array): Float32Array {
  return values.map((value, i) => (mask[i] === 1 ? value : 0));
}
