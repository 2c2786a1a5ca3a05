// What a run tells the world while it goes on. Nothing in this folder prints; the command line turns these events into
// a progress bar or lines, and a program that embeds studies may do with them what it likes.
import type { Trial } from "./trial.js";

/** How far a run is. `total` = `finished` + `failed` + those that are left. */
export interface Progress {
  readonly total: number;
  readonly finished: number;
  readonly failed: number;
  readonly running: number;
  /** An estimate in seconds, once one is possible. */
  readonly secondsLeft: number | undefined;
}

export type StudyEvent =
  | { readonly type: "begun"; readonly study: string; readonly progress: Progress }
  | {
      readonly type: "started";
      readonly trial: Trial;
      readonly resumedEpoch?: number;
      readonly progress: Progress;
    }
  | {
      readonly type: "epoch";
      readonly trial: Trial;
      readonly epoch: number;
      readonly metrics: Readonly<Record<string, number>>;
    }
  | {
      readonly type: "finished";
      readonly trial: Trial;
      readonly summary: Readonly<Record<string, number>>;
      readonly seconds: number;
      readonly progress: Progress;
    }
  | { readonly type: "failed"; readonly trial: Trial; readonly error: string; readonly progress: Progress }
  | { readonly type: "stopped"; readonly trial: Trial; readonly progress: Progress }
  /** Something a person should know: trials of a dead runner taken back, a queue that is gone or back. */
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "ended"; readonly study: string; readonly progress: Progress };

/** Counts trials and estimates the time left: the mean time of each kind, divided by how many run side by side. */
export class Tally {
  private readonly left = new Map<string, number>();
  private readonly mean = new Map<string, { seconds: number; count: number }>();
  private readonly begun = performance.now();
  private readonly slots: () => number;
  private busy = 0;
  private total = 0;
  finished = 0;
  failed = 0;

  /**
   * @param slots how many trials may run side by side
   * @param history mean seconds of a kind's trials in the past
   */
  constructor(slots: () => number, history: ReadonlyMap<string, number>) {
    this.slots = slots;
    for (const [kind, seconds] of history) this.mean.set(kind, { seconds, count: 1 });
  }

  add(kind: string, state: "left" | "finished" | "failed"): void {
    this.total++;
    if (state === "left") this.left.set(kind, (this.left.get(kind) ?? 0) + 1);
    else this[state]++;
  }

  /** Notes the end of a trial; `seconds` when it ran here from its beginning. */
  settle(kind: string, state: "finished" | "failed", seconds?: number): void {
    this[state]++;
    this.left.set(kind, (this.left.get(kind) ?? 1) - 1);
    if (seconds === undefined) return;
    this.busy += seconds;
    const mean = this.mean.get(kind) ?? { seconds: 0, count: 0 };
    mean.count++;
    mean.seconds += (seconds - mean.seconds) / mean.count;
    this.mean.set(kind, mean);
  }

  progress(running: number): Progress {
    const { total, finished, failed } = this;
    return { total, finished, failed, running, secondsLeft: this.secondsLeft() };
  }

  private secondsLeft(): number | undefined {
    if (this.mean.size === 0) return undefined;
    const means = [...this.mean.values()];
    const typical = means.reduce((sum, { seconds }) => sum + seconds, 0) / means.length;
    let work = 0;
    for (const [kind, count] of this.left) work += count * (this.mean.get(kind)?.seconds ?? typical);
    const elapsed = (performance.now() - this.begun) / 1000;
    // Observed once a few trials have gone through, before that the number of slots.
    const sideBySide = this.finished > 0 && this.busy > 0 ? this.busy / elapsed : this.slots();
    return work / Math.max(sideBySide, 1e-3);
  }
}
