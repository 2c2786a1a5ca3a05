// How a claimed trial gets done: in this process, or by a worker at the other end of a queue. The runner knows only
// this interface, so that claims, order, records and time limits are the same for both.
import { setImmediate } from "node:timers/promises";
import { FiligreeError, InputError } from "../errors.js";
import { check } from "./check.js";
import { findKind, type Kinds, type Resume, type TrialContext, type TrialResult } from "./kind.js";
import type { Trial } from "./trial.js";

/** One claimed trial and what its execution may use. */
export interface Task {
  readonly trial: Trial;
  readonly signal: AbortSignal;
  /** Seconds after which it has failed. */
  readonly timeLimit: number | undefined;
  readonly resume: Resume | undefined;
  /** The results of the trials it needs; read from the store when called. */
  needs(): readonly TrialResult[];
  /** Says that the trial is now being run. */
  started(resumedEpoch?: number): void;
  /** Records an epoch; the state is left out when it is kept elsewhere. Throws when the trial should stop. */
  saveEpoch(epoch: number, metrics: Readonly<Record<string, number>>, state?: Uint8Array): Promise<void>;
}

/** What comes of a task: its result and the seconds that it was worked on. */
export interface Outcome {
  readonly result: TrialResult;
  readonly seconds: number;
}

/** Something that executes trials. */
export interface Executor {
  /** How many trials it can take at once, at the moment. */
  slots(): number;
  /** Executes a task. Rejects when the trial fails, and with whatever it likes once the signal is aborted. */
  execute(task: Task): Promise<Outcome>;
  /** Called when how the trial ended is safely in the store. */
  recorded(trial: Trial, ended: "finished" | "failed"): void;
  close(): Promise<void>;
}

/** What executes trials cannot go on: no trial is to blame. */
export class ExecutorError extends FiligreeError {}

/** A trial did not end well where it was executed; `details` are for developers. */
export class TrialFailed extends Error {
  readonly details: string;
  constructor(line: string, details: string) {
    super(line);
    this.details = details;
  }
}

/** Executes up to `jobs` trials at once in this process. @throws InputError unless that is a whole number from 1. */
export function inProcess(kinds: Kinds, jobs: number): Executor {
  if (!Number.isSafeInteger(jobs) || jobs < 1)
    throw new InputError({ where: "jobs", what: `${jobs} is not a whole number of at least 1` });
  return {
    slots: () => jobs,
    execute(task) {
      task.started(task.resume?.epoch);
      return runTrial(kinds, task.trial, { ...task, needs: task.needs() });
    },
    recorded: () => {},
    close: () => Promise.resolve(),
  };
}

/** A kind that does not heed its time limit is left to itself after this many milliseconds. */
const grace = 10_000;

/**
 * Runs a trial's kind on the checked configuration, within its time limit.
 * @throws TrialFailed when the time is over; whatever the kind throws.
 */
export async function runTrial(
  kinds: Kinds,
  trial: Pick<Trial, "kind" | "configuration" | "seed">,
  context: Omit<TrialContext, "seed"> & { readonly timeLimit: number | undefined },
): Promise<Outcome> {
  const kind = findKind(kinds, trial.kind);
  const configuration = check(kind.schema, trial.configuration, `configuration of ${kind.name}`);
  const { timeLimit, resume, needs } = context;
  const begun = performance.now();
  const own = new AbortController();
  const stop = () => own.abort(context.signal.reason);
  if (context.signal.aborted) stop();
  context.signal.addEventListener("abort", stop);
  let timer: NodeJS.Timeout | undefined;
  let late: TrialFailed | undefined;
  const limit = new Promise<never>((_, reject) => {
    if (timeLimit === undefined) return;
    // First asks the trial to stop, later no longer waits for it.
    timer = setTimeout(() => {
      const line = `stopped after its time limit of ${timeLimit} s`;
      late = new TrialFailed(line, line);
      own.abort(late);
      timer = setTimeout(reject, grace, late);
    }, timeLimit * 1000);
  });
  let over = false;
  const saveEpoch: TrialContext["saveEpoch"] = async (epoch, metrics, state) => {
    if (over) throw new Error("the trial is over");
    await context.saveEpoch(epoch, metrics, state);
    // Lets timers and signals through, also between epochs that never leave this thread.
    await setImmediate();
    own.signal.throwIfAborted();
  };
  try {
    const run = kind.run(configuration, { seed: trial.seed, signal: own.signal, needs, resume, saveEpoch });
    const result = await Promise.race([run, limit]);
    return { result, seconds: (performance.now() - begun) / 1000 };
  } catch (error) {
    throw late ?? error;
  } finally {
    over = true;
    clearTimeout(timer);
    context.signal.removeEventListener("abort", stop);
  }
}
