// Runs a study: takes trials in order, claims them in the store, has them executed, and records what comes of them.
// Everything that must survive a crash is in the store; this module can be killed at any instruction.
import { setMaxListeners } from "node:events";
import { availableParallelism } from "node:os";
import { FiligreeError } from "../errors.js";
import { StoreBusy, StoreError, whenFree } from "./database.js";
import { parseStudy, type StudyInput } from "./document.js";
import { type Progress, type StudyEvent, Tally } from "./events.js";
import { type Executor, ExecutorError, inProcess, type Outcome, type Task, TrialFailed } from "./executor.js";
import { defineStudy, type Study } from "./expand.js";
import type { Kinds } from "./kind.js";
import { describeOutdated } from "./outdated.js";
import { meanSeconds } from "./reading.js";
import { Schedule } from "./schedule.js";
import { type Claim, ClaimLost, Store, type TrialState } from "./store.js";
import type { Trial } from "./trial.js";

export interface RunOptions {
  /** Path of the store, created when missing; or an open one, which stays open. */
  readonly store: string | Store;
  readonly kinds: Kinds;
  /** How many trials at once; as many as there are cores when left out. */
  readonly jobs?: number;
  /** Abort it to stop: trials end within moments and wait in the store, at their last saved epoch, for the next run. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StudyEvent) => void;
  /** Runs failed trials again. */
  readonly retryFailed?: boolean;
  /** Where trials are executed; in this process when left out. It is closed at the end. */
  readonly executor?: Executor;
}

export interface RunOutcome {
  readonly total: number;
  readonly finished: number;
  readonly failed: number;
  /** Whether it was stopped before all trials were finished or failed. */
  readonly stopped: boolean;
}

/**
 * Runs what is left of a study and returns when every trial is finished or failed, or when `signal` is aborted.
 * Any number of processes may run the same study on one store; each trial is run by one of them.
 * @throws InputError for a wrong study, StoreError when the store cannot be written, or read because it is
 * damaged (what was recorded is kept).
 */
export async function runStudy(study: StudyInput | Study, options: RunOptions): Promise<RunOutcome> {
  const executor = options.executor ?? inProcess(options.kinds, options.jobs ?? availableParallelism());
  let own: Store | undefined;
  try {
    const defined = isDefined(study) ? study : defineStudy(parseStudy(study), options.kinds);
    const { store, signal, onEvent } = options;
    const notify = (text: string) => onEvent?.({ type: "notice", text });
    if (typeof store === "string") own = await whenFree(() => Store.open(store), signal, notify);
    const open = own ?? (store as Store);
    const run = await whenFree(() => new Run(defined, open, executor, options), signal, notify);
    return await run.run();
  } finally {
    await executor.close();
    own?.close();
  }
}

function isDefined(study: StudyInput | Study): study is Study {
  return "members" in study;
}

/** How often other runners' trials are looked at, in milliseconds. */
const poll = 500;
/** How often this runner says that it lives, in milliseconds. */
const heartbeat = 5_000;

class Run {
  private readonly study: Study;
  private readonly store: Store;
  private readonly executor: Executor;
  private readonly options: RunOptions;
  private readonly rows: ReadonlyMap<string, { id: number }>;
  private readonly schedule: Schedule;
  private readonly tally: Tally;
  private readonly stop = new AbortController();
  // Trials in the hands of the executor, and those of them that are being run.
  private readonly active = new Set<string>();
  private readonly running = new Set<string>();
  // Trials that other runners have claimed.
  private readonly elsewhere = new Set<string>();
  private readonly outdated: string | undefined;
  private runner: number;
  private broken: unknown;
  // Work on the store that is under way, and whether another program kept it locked until the end.
  private turn: Promise<unknown> = Promise.resolve();
  private locked: unknown;
  private woken = false;
  private resume: () => void = () => {};

  constructor(study: Study, store: Store, executor: Executor, options: RunOptions) {
    this.study = study;
    this.store = store;
    this.executor = executor;
    this.options = options;
    // Every trial under way listens.
    setMaxListeners(0, this.stop.signal);
    this.outdated = describeOutdated(store.database, study);
    const rows = store.enter(study);
    if (options.retryFailed) {
      store.retry([...rows.values()].filter(({ state }) => state === "failed").map(({ id }) => id));
    }
    this.rows = rows;
    this.tally = new Tally(() => executor.slots(), meanSeconds(store.database));
    const finished = new Set<string>();
    for (const [identity, { state }] of rows) {
      if (state === "finished") finished.add(identity);
      this.tally.add(this.trial(identity).kind, state === "finished" ? "finished" : "left");
    }
    const order = study.members.map(({ identity }) => identity);
    this.schedule = new Schedule(study.trials, order, finished);
    this.runner = store.addRunner();
  }

  async run(): Promise<RunOutcome> {
    const { signal } = this.options;
    const onAbort = () => this.halt(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort);
    const beat = setInterval(() => void this.guard(() => this.beat()), heartbeat);
    const study = this.study.document.name;
    try {
      this.emit({ type: "begun", study, progress: this.progress() });
      if (this.outdated) this.emit({ type: "notice", text: this.outdated });
      await this.guard(() => this.takeBack());
      while (!this.stop.signal.aborted && this.unsettled()) {
        await this.guard(() => this.fill());
        if (!this.unsettled()) break;
        await this.pause();
        if (this.elsewhere.size > 0) await this.guard(() => this.lookElsewhere());
      }
      while (this.active.size > 0) await this.pause();
      await this.guard(() => this.record(() => this.store.removeRunner(this.runner)));
      if (this.broken) throw this.broken;
    } finally {
      clearInterval(beat);
      signal?.removeEventListener("abort", onAbort);
    }
    const progress = this.progress();
    this.emit({ type: "ended", study, progress });
    const { total, finished, failed } = progress;
    return { total, finished, failed, stopped: finished + failed < total };
  }

  private unsettled(): boolean {
    return !this.schedule.empty || this.active.size + this.elsewhere.size > 0;
  }

  // Waits until a trial ends, if none has since the last time, or for a moment, after which other runners are looked at.
  private async pause(): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, poll);
        this.resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.woken = false;
  }

  private wake(): void {
    this.woken = true;
    this.resume();
  }

  private halt(reason: unknown): void {
    this.stop.abort(reason);
    this.wake();
  }

  // Work with the store. When it fails (a full disk), nothing more can be recorded, so everything stops.
  private async guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.break(error);
    }
  }

  private break(error: unknown): void {
    // What cannot be given back because the store is locked, others take back when this process has ended.
    if (this.locked !== undefined && error === this.stop.signal.reason) return;
    this.broken ??= error;
    this.halt(error);
  }

  // Writes to the store, one after the other: while another program keeps it locked, only one tries.
  private record<T>(work: () => T): Promise<T> {
    const notify = (text: string) => this.emit({ type: "notice", text });
    const turn = this.turn.then(async () => {
      if (this.locked !== undefined) throw this.locked;
      try {
        return await whenFree(work, this.stop.signal, notify);
      } catch (error) {
        if (error instanceof StoreBusy || error === this.stop.signal.reason) this.locked = error;
        throw error;
      }
    });
    this.turn = turn.catch(() => {});
    return turn;
  }

  private async beat(): Promise<void> {
    await this.record(() => this.live());
  }

  private live(): void {
    // Taken for dead after a long sleep: the claims are lost, the next ones need a new name.
    if (!this.store.seen(this.runner)) this.runner = this.store.addRunner();
  }

  private async takeBack(): Promise<void> {
    const count = await this.record(() => this.store.takeBack(this.runner));
    if (count === 0) return;
    this.emit({
      type: "notice",
      text: `took up ${count} ${count === 1 ? "trial" : "trials"} of a runner that is gone`,
    });
  }

  private async fill(): Promise<void> {
    for (;;) {
      const free = this.executor.slots() - this.active.size;
      const identities = free > 0 ? this.schedule.take(free) : [];
      if (identities.length === 0) return;
      for (const [index, claim] of (await this.claim(identities)).entries()) {
        const identity = identities[index];
        if (typeof claim === "object") {
          // The trial before may have brought everything to a stop.
          if (this.stop.signal.aborted) await this.record(() => this.store.giveBack(claim, 0));
          else void this.execute(identity, claim);
        } else if (claim === "running") this.elsewhere.add(identity);
        else await this.settledElsewhere(identity, claim);
      }
    }
  }

  // Tells first that this runner lives: it may have been taken for dead since the last beat.
  private claim(identities: readonly string[]): Promise<(Claim | TrialState)[]> {
    const trials = identities.map((identity) => this.row(identity));
    return this.record(() => {
      this.live();
      return this.store.claim(trials, this.runner);
    });
  }

  private async lookElsewhere(): Promise<void> {
    await this.takeBack();
    for (const identity of this.elsewhere) {
      const state = this.store.state(this.row(identity));
      if (state === "running") continue;
      this.elsewhere.delete(identity);
      await this.settledElsewhere(identity, state);
    }
  }

  private async settledElsewhere(identity: string, state: TrialState): Promise<void> {
    if (state === "waiting") {
      this.schedule.putBack(identity);
      return;
    }
    const trial = this.trial(identity);
    if (state === "finished") {
      this.tally.settle(trial.kind, "finished");
      this.schedule.finish(identity);
    } else {
      await this.failed(trial, this.store.error(this.row(identity)));
    }
  }

  private async execute(identity: string, claim: Claim): Promise<void> {
    const trial = this.trial(identity);
    const begun = performance.now();
    this.active.add(identity);
    let over = false;
    let outcome: Outcome | undefined;
    try {
      const { result, seconds } = await this.executor.execute(this.task(trial, claim, () => over));
      over = true;
      await this.record(() => this.store.finish(claim, result, seconds));
      outcome = { result, seconds };
    } catch (error) {
      over = true;
      this.running.delete(identity);
      await this.guard(() => this.endBadly(trial, claim, error, (performance.now() - begun) / 1000));
    }
    this.active.delete(identity);
    this.running.delete(identity);
    if (outcome) {
      const { result, seconds } = outcome;
      this.tally.settle(trial.kind, "finished", claim.resume ? undefined : seconds);
      this.schedule.finish(identity);
      this.emit({ type: "finished", trial, summary: result.summary, seconds, progress: this.progress() });
      this.executor.recorded(trial, "finished");
    }
    this.wake();
  }

  private async endBadly(trial: Trial, claim: Claim, error: unknown, seconds: number): Promise<void> {
    if (error instanceof StoreError || error instanceof ExecutorError) throw error;
    if (error instanceof ClaimLost) {
      this.elsewhere.add(trial.identity);
    } else if (this.stop.signal.aborted && !(error instanceof TrialFailed)) {
      await this.record(() => this.store.giveBack(claim, seconds));
      this.emit({ type: "stopped", trial, progress: this.progress() });
    } else {
      const line = firstLine(error);
      if (await this.record(() => this.store.fail(claim, line, detailsOf(error), seconds))) {
        this.executor.recorded(trial, "failed");
        await this.failed(trial, line);
      } else this.elsewhere.add(trial.identity);
    }
  }

  // Counts a failed trial, and fails those that needed it.
  private async failed(trial: Trial, error: string): Promise<void> {
    this.tally.settle(trial.kind, "failed");
    this.emit({ type: "failed", trial, error, progress: this.progress() });
    for (const { identity, need } of this.schedule.fail(trial.identity)) {
      const [claim] = await this.claim([identity]);
      const line = `needs trial ${need.slice(0, 12)}, which failed`;
      if (typeof claim === "object") await this.record(() => this.store.fail(claim, line, line, 0));
      this.tally.settle(this.trial(identity).kind, "failed");
      this.emit({ type: "failed", trial: this.trial(identity), error: line, progress: this.progress() });
    }
  }

  private task(trial: Trial, claim: Claim, over: () => boolean): Task {
    const { signal } = this.stop;
    return {
      trial,
      signal,
      timeLimit: this.study.document.timeLimit,
      resume: claim.resume,
      needs: () => trial.needs.map((needed) => this.store.result(this.row(needed))),
      started: (resumedEpoch) => {
        this.running.add(trial.identity);
        this.emit({ type: "started", trial, resumedEpoch, progress: this.progress() });
      },
      saveEpoch: async (epoch, metrics, state) => {
        if (over()) throw new ClaimLost({ what: "the trial is over" });
        try {
          await this.record(() => this.store.saveEpoch(claim, epoch, metrics, state));
        } catch (error) {
          // Not left to the kind, which may do with the error what it likes.
          if (error instanceof StoreError) this.break(error);
          throw error;
        }
        this.emit({ type: "epoch", trial, epoch, metrics });
        signal.throwIfAborted();
      },
    };
  }

  private row(identity: string): number {
    return (this.rows.get(identity) as { id: number }).id;
  }

  private trial(identity: string): Trial {
    return this.study.trials.get(identity) as Trial;
  }

  private progress(): Progress {
    return this.tally.progress(this.running.size);
  }

  private emit(event: StudyEvent): void {
    try {
      this.options.onEvent?.(event);
    } catch (error) {
      this.break(error);
    }
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split("\n")[0] || "it failed without a message";
}

function detailsOf(error: unknown): string {
  if (error instanceof TrialFailed) return error.details;
  return error instanceof Error && !(error instanceof FiligreeError)
    ? (error.stack ?? error.message)
    : String(error);
}
