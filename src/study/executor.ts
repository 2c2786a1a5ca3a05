// How a claimed trial gets done: in this process, or by a worker at the other end of a queue. The runner knows only
// this interface, so that claims, order, records and time limits are the same for both.
import { check } from "./check.js";
import { findKind, type Kinds, type Resume, type TrialResult } from "./kind.js";
import type { Trial } from "./trial.js";

/** One claimed trial and what its execution may use. */
export interface Task {
  readonly trial: Trial;
  readonly signal: AbortSignal;
  readonly resume: Resume | undefined;
  /** The results of the trials it needs; read from the store when called. */
  needs(): readonly TrialResult[];
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
  /** Called when what `execute` returned is safely in the store. */
  recorded(trial: Trial): Promise<void>;
  close(): Promise<void>;
}

/** A trial did not end well where it was executed; `details` are for developers. */
export class TrialFailed extends Error {
  readonly details: string;
  constructor(line: string, details: string) {
    super(line);
    this.details = details;
  }
}

/** Executes up to `jobs` trials at once in this process. */
export function inProcess(kinds: Kinds, jobs: number): Executor {
  return {
    slots: () => jobs,
    async execute(task) {
      const begun = performance.now();
      const result = await runTrial(kinds, task);
      return { result, seconds: (performance.now() - begun) / 1000 };
    },
    recorded: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** Runs a trial's kind on the checked configuration. */
export function runTrial(kinds: Kinds, { trial, ...task }: Task): Promise<TrialResult> {
  const kind = findKind(kinds, trial.kind);
  const configuration = check(kind.schema, trial.configuration, `configuration of ${kind.name}`);
  return kind.run(configuration, {
    seed: trial.seed,
    signal: task.signal,
    needs: task.needs(),
    resume: task.resume,
    saveEpoch: task.saveEpoch,
  });
}
