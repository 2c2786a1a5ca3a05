// Moments of a training to which it can go back: ever further apart, so that their number stays small however long it is.

import { maskVector } from "../../network/masks.js";
import type { Network } from "../../network/network.js";
import { changes } from "../../sparsify/changes.js";
import { partDensities } from "../../sparsify/density.js";
import type { Part } from "../../sparsify/parts.js";
import type { Glance, Run } from "../../train/train.js";
import type { Mark } from "./protocol.js";

export interface Checkpoint {
  readonly run: Run;
  readonly network: Network;
  readonly mask: Uint8Array;
  readonly mark: Mark;
}

const MOST = 64;
/** Bytes that all of them may take. */
const MOST_BYTES = 3e8;
/** Four vectors and what belongs to a mask. */
const BYTES_OF_PARAMETER = 22;
const FIRST_INTERVAL = 10;

export class Checkpoints {
  private kept: Checkpoint[] = [];
  private interval = FIRST_INTERVAL;
  private readonly parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.parts = parts;
  }

  /** The first update, after this one, at which there should be a checkpoint. */
  next(step: number): number {
    return (Math.floor(step / this.interval) + 1) * this.interval;
  }

  isDue(step: number): boolean {
    return step % this.interval === 0 && this.kept.at(-1)?.run.step !== step;
  }

  /** Keeps this moment; forgets every second one where there are too many. */
  keep(glance: Glance): void {
    const last = this.kept.at(-1);
    if (last && last.run.step >= glance.step) return;
    const network = glance.present();
    const mask = maskVector(network);
    const run = glance.snapshot();
    this.kept.push({ run, network, mask, mark: this.markOf(run.step, mask, last) });
    const most = Math.max(
      4,
      Math.min(MOST, Math.floor(MOST_BYTES / (network.parameters.length * BYTES_OF_PARAMETER))),
    );
    while (this.kept.length > most) {
      this.interval *= 2;
      const fewer = this.kept.filter(({ run }, i) => i === 0 || run.step % this.interval === 0);
      this.kept = fewer.map((one, i) => ({
        ...one,
        mark: this.markOf(one.run.step, one.mask, fewer[i - 1]),
      }));
    }
  }

  private markOf(step: number, mask: Uint8Array, before: Checkpoint | undefined): Mark {
    const densities = Float32Array.from(
      partDensities(this.parts, mask),
      ({ nonzeros, weights }) => nonzeros / weights,
    );
    return { step, densities, ...changes(before?.mask ?? mask, mask) };
  }

  at(step: number): Checkpoint | undefined {
    return this.kept.find(({ run }) => run.step === step);
  }

  /** Forgets all after an update. */
  forgetAfter(step: number): void {
    this.kept = this.kept.filter(({ run }) => run.step <= step);
  }

  marks(): Mark[] {
    return this.kept.map(({ mark }) => mark);
  }

  /** A weight at every checkpoint; null where it was absent. */
  history(weight: number): [number, number | null][] {
    return this.kept.map(({ run, network, mask }) => [
      run.step,
      mask[weight] === 1 ? network.parameters[weight] : null,
    ]);
  }
}
