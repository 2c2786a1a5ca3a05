// How long something took that is interrupted and goes on: the wall time of all its sittings, kept in a small file.
import { existsSync } from "node:fs";
import { readText, writeWhole } from "../files.js";

/** Wall time over all the sittings that a run took. */
export class Clock {
  private readonly path: string;
  private readonly before: number;
  private readonly start = performance.now();

  /** @param path of the file; begun when there is none. */
  constructor(path: string) {
    this.path = path;
    this.before = existsSync(path) ? Number(JSON.parse(readText(path)).seconds) || 0 : 0;
  }

  /** Seconds so far; remembered for the next sitting. */
  seconds(): number {
    const seconds = this.before + (performance.now() - this.start) / 1000;
    writeWhole(this.path, `${JSON.stringify({ seconds })}\n`);
    return seconds;
  }
}
