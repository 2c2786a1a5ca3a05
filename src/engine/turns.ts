// What executors that work on JavaScript's own thread share: while one is at work nothing else is asked of it, and other
// work of the process, signals and heartbeats too, has its turn a few times a second.
import { EngineError } from "../errors.js";

/** Milliseconds between two turns of others. */
const TURN = 100;

/** Lets other work of the process have its turn. */
export function giveTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

export class Turns {
  private busy = false;
  private last = 0;
  /** Things in a slice, by how long the last ones took. */
  private slice = 1;

  /** @throws EngineError while work goes on. */
  checkIdle(): void {
    if (!this.busy) return;
    throw new EngineError({ what: "the executor is at work; wait for the promise of its last call" });
  }

  /** Does some work, alone. @throws EngineError while other work goes on. */
  async atWork<T>(work: () => Promise<T>): Promise<T> {
    this.checkIdle();
    this.busy = true;
    try {
      return await work();
    } finally {
      this.busy = false;
    }
  }

  /** Lets others have their turn, if the last one is long ago. */
  async give(): Promise<void> {
    if (performance.now() - this.last < TURN) return;
    await giveTurn();
    this.last = performance.now();
  }

  /**
   * Calls work(first, count) for slices of `total` things, so long that others have their turn in time, until it returns
   * fewer than it was to do.
   * @param most things of a slice at most.
   */
  async inSlices(total: number, work: (first: number, count: number) => number, most = total): Promise<void> {
    for (let first = 0; first < total; ) {
      const here = Math.min(this.slice, most, total - first);
      const start = performance.now();
      if (work(first, here) < here) return;
      first += here;
      const time = performance.now() - start;
      if (time < TURN / 4) this.slice = Math.max(this.slice, 2 * here);
      else if (time > TURN) this.slice = Math.ceil(here / 2);
      await this.give();
    }
  }
}
