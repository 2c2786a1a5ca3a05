// Two trainings that write one file would mix their checkpoints, and one would report a network that the other has
// replaced. So a training claims its output by a file beside it, which names the process; that of a process which has
// ended counts no more.
import { randomUUID } from "node:crypto";
import { readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { FileError, InputError } from "../errors.js";
import { realPath } from "../files.js";
import { hasEnded, thisProcess } from "../study/process.js";

const ownerSchema = z.object({
  machine: z.string(),
  pid: z.int().positive(),
  process: z.string(),
  token: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;

/** How often a claim shows that it is alive, and how old the last sign of one on another machine may be, in milliseconds. */
const heartbeat = 10_000;
const lease = 60_000;

/** The right to write a file, until it is released or the process ends. */
export class Claim {
  private readonly output: string;
  private readonly path: string;
  private readonly owner: Owner = { ...thisProcess(), token: randomUUID() };
  private readonly timer: NodeJS.Timeout;
  private readonly found: string | undefined;

  /** @throws InputError when another process has it, FileError when nothing can be written beside the output. */
  constructor(output: string) {
    this.output = output;
    this.path = `${join(realPath(dirname(output)), basename(output))}.lock`;
    this.take();
    this.found = stateOf(output);
    this.timer = setInterval(() => this.beat(), heartbeat).unref();
  }

  /** Makes sure of it before something is written. @throws InputError when someone else has taken it or written the file. */
  check(): void {
    if (this.read()?.token !== this.owner.token) this.take();
    const there = stateOf(this.output);
    if (there === undefined || there === this.found) return;
    throw new InputError({
      where: this.output,
      what: "another program has written it meanwhile",
      hint: "move it away, and run the same command again to go on from the last epoch",
    });
  }

  release(): void {
    clearInterval(this.timer);
    if (this.read()?.token === this.owner.token) remove(this.path);
  }

  private take(): void {
    try {
      if (this.isStale()) remove(this.path);
      writeFileSync(this.path, JSON.stringify(this.owner), { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw new FileError(this.path, error, "write");
      const other = this.read();
      throw new InputError({
        where: this.output,
        what: `another training writes it${other ? ` (process ${other.pid} on ${other.machine.split("/")[0]})` : ""}`,
        hint: `name another --out, or wait until it has ended; if there is none, delete ${this.path}`,
      });
    }
  }

  private isStale(): boolean {
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there === undefined) return false;
    const other = this.read();
    const ended = other ? hasEnded(other) : "unknown";
    return ended === "unknown" ? there.mtimeMs < Date.now() - lease : ended;
  }

  private read(): Owner | undefined {
    try {
      return ownerSchema.parse(JSON.parse(readFileSync(this.path, "utf8")));
    } catch {
      // None, or one that is being written.
      return undefined;
    }
  }

  private beat(): void {
    try {
      utimesSync(this.path, new Date(), new Date());
    } catch {
      // `check` will find out.
    }
  }
}

// Not rmSync, which reports a missing right as something else.
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Which file there is, and when it was written; undefined when there is none. */
function stateOf(path: string): string | undefined {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there && [there.dev, there.ino, there.size, there.mtimeNs].join();
}
