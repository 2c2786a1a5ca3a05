// Which trial comes next: in the study's order, after the trials it needs. Kept in memory and apart from the store
// and the runner, so that both stay simple and this can be tested alone.
import type { Trial } from "./trial.js";

/** The order in which the trials of a study are run. Every trial is ready, taken, done, or waits for others. */
export class Schedule {
  private readonly trials: ReadonlyMap<string, Trial>;
  private readonly missing = new Map<string, number>();
  private readonly dependents = new Map<string, string[]>();
  // Trials ready to run. Those before `next` have been taken.
  private ready: string[] = [];
  private next = 0;

  /**
   * @param trials every trial after those it needs
   * @param order identities in the order of the study; trials that it needs come just before their first use
   * @param finished identities of trials that are already done
   */
  constructor(trials: ReadonlyMap<string, Trial>, order: readonly string[], finished: ReadonlySet<string>) {
    this.trials = trials;
    const entered = new Set<string>();
    const enter = (identity: string): void => {
      if (entered.has(identity) || finished.has(identity)) return;
      entered.add(identity);
      const open = (this.trials.get(identity) as Trial).needs.filter((needed) => !finished.has(needed));
      for (const needed of open) {
        enter(needed);
        const waiting = this.dependents.get(needed);
        if (waiting) waiting.push(identity);
        else this.dependents.set(needed, [identity]);
      }
      if (open.length === 0) this.ready.push(identity);
      else this.missing.set(identity, open.length);
    };
    for (const identity of order) enter(identity);
  }

  /** Takes up to `count` trials that can run now. */
  take(count: number): string[] {
    const taken = this.ready.slice(this.next, this.next + count);
    this.next += taken.length;
    if (this.next > 10_000 && this.next > this.ready.length / 2) {
      this.ready = this.ready.slice(this.next);
      this.next = 0;
    }
    return taken;
  }

  /** Puts back a trial that was taken. */
  putBack(identity: string): void {
    this.ready.push(identity);
  }

  /** Notes that a trial is finished; trials that waited only for it become ready. */
  finish(identity: string): void {
    for (const dependent of this.dependents.get(identity) ?? []) {
      const left = (this.missing.get(dependent) ?? 0) - 1;
      if (left > 0) this.missing.set(dependent, left);
      else if (this.missing.delete(dependent)) this.ready.push(dependent);
    }
    this.dependents.delete(identity);
  }

  /** Notes that a trial failed. @returns the trials that can now never run, each with the need that is missing. */
  fail(identity: string): { identity: string; need: string }[] {
    const doomed: { identity: string; need: string }[] = [];
    for (const dependent of this.dependents.get(identity) ?? []) {
      if (!this.missing.delete(dependent)) continue;
      doomed.push({ identity: dependent, need: identity }, ...this.fail(dependent));
    }
    this.dependents.delete(identity);
    return doomed;
  }

  /** Whether nothing is ready. Trials may still be running, or wait for those that are. */
  get empty(): boolean {
    return this.next >= this.ready.length;
  }
}
