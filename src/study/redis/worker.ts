// The other end of the queue: takes trials, runs them and sends back what comes of them. A worker keeps nothing; it
// can be killed at any instruction, and another one goes on from the last epoch.
import { setTimeout } from "node:timers/promises";
import { type Job as QueueJob, UnrecoverableError, WaitingError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { InputError } from "../../errors.js";
import { check } from "../check.js";
import { ExecutorError, runTrial } from "../executor.js";
import { encodeNumbers } from "../json.js";
import type { Kinds, TrialResult } from "../kind.js";
import { TrialResolver } from "../trial.js";
import { describeAddress, parseAddress } from "./address.js";
import { getBundle, putBundle, week } from "./bundle.js";
import { connect, type Notify, patiently, refusal } from "./connection.js";
import {
  announcements,
  type Job,
  jobId,
  jobSchema,
  keys,
  lockDuration,
  maxStalledCount,
  packResult,
  prefix,
  queueName,
  stalledInterval,
  unpackResult,
  type Version,
  versionOf,
} from "./protocol.js";
import { loadState, saveState } from "./state.js";

export interface WorkerOptions {
  readonly kinds: Kinds;
  /** How many trials at once. */
  readonly jobs: number;
  /** Abort it to stop: trials go back to the queue with their last saved epoch. */
  readonly signal: AbortSignal;
  readonly notify?: Notify;
  readonly onEvent?: (event: WorkerEvent) => void;
}

export type WorkerEvent =
  | { readonly type: "started" | "stopped"; readonly job: Job; readonly resumedEpoch?: number }
  | { readonly type: "finished"; readonly job: Job; readonly seconds: number }
  | { readonly type: "failed"; readonly job: Job; readonly error: string };

/**
 * Works for every study that is run over this Redis by the same version, until `signal` is aborted.
 * @throws InputError when there is no Redis, or its only studies are run by another version.
 */
export async function runWorker(url: string, options: WorkerOptions): Promise<void> {
  const notify = options.notify ?? (() => {});
  const connection = await connect(url, notify);
  const { redis } = connection;
  const version = versionOf(options.kinds);
  // Aborted when the server refuses for good what a worker does.
  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  const processor = new Processor(redis, { ...options, signal }, notify, (error) => broken.abort(error));
  const worker = new Worker(
    queueName(version),
    (job, token, signal) => processor.process(job, token, signal),
    {
      connection: redis,
      prefix,
      concurrency: options.jobs,
      lockDuration,
      stalledInterval,
      maxStalledCount,
      runRetryDelay: 1_000,
    },
  );
  // Another worker has the job; what this one still computes is not wanted.
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) worker.cancelJob(id, "its lock was lost");
  });
  // Connection errors are told by `connect`, the others belong to a job that another worker will take up.
  worker.on("error", (error) => {
    const refused = refusal(error);
    if (refused) broken.abort(refused);
  });
  try {
    // Not in its loop: every turn would leave something behind with a promise that lives as long as the worker.
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });
    const where = describeAddress(parseAddress(url));
    await Promise.race([watchVersions(redis, where, version, signal, notify), stopped]);
    broken.signal.throwIfAborted();
  } finally {
    const closed = worker.close();
    await processor.idle();
    // BullMQ waits for the end of connections, which one that is trying to come back never reports.
    await Promise.race([closed, setTimeout(2_000)]);
    connection.close();
  }
}

// Looks who is there, until the signal is aborted; longer when an answer has to wait for a Redis that is gone.
async function watchVersions(
  redis: Redis,
  where: string,
  own: Version,
  signal: AbortSignal,
  notify: Notify,
): Promise<void> {
  const told = new Set<string>();
  const tell = (text: string) => {
    if (!told.has(text)) notify(text);
    told.add(text);
  };
  while (!signal.aborted) {
    const coordinators = await patiently(() => announcements(redis), signal, notify).catch((error) => {
      if (error instanceof ExecutorError) throw error;
      return [];
    });
    const others = coordinators.filter((other) => queueName(other) !== queueName(own));
    const lines = others.map(
      (other) => `study ${other.study} is run by ${say(other)}, this worker is ${say(own)}`,
    );
    if (lines.length > 0 && lines.length === coordinators.length) {
      throw new InputError({
        where,
        what: lines[0],
        hint: hintOn(coordinators, own),
      });
    }
    for (const line of lines) tell(`${line}; not working for it`);
    if (coordinators.length === 0 && !signal.aborted)
      tell(`${where}: waiting for a study to be run with --redis`);
    await setTimeout(2_000, undefined, { signal }).catch(() => {});
  }
}

// Programs that differ in nothing else run on different executors.
function hintOn(others: readonly Version[], own: Version): string {
  const name = (version: Version) => queueName({ ...version, arithmetics: {} });
  return others.some((other) => name(other) === name(own))
    ? "choose the same executor on both (FILIGREE_EXECUTOR)"
    : "install the same version on both";
}

function say({ filigree, kinds, arithmetics }: Version): string {
  const list = Object.entries(kinds).map(([name, version]) =>
    [name, version, arithmetics[name]].filter((part) => part !== undefined).join(" "),
  );
  return `filigree ${filigree} (${list.join(", ")})`;
}

/** How long a coordinator that is present may leave a question unanswered, in milliseconds. */
const patience = 60_000;

class Processor {
  private readonly redis: Redis;
  private readonly options: WorkerOptions;
  private readonly notify: Notify;
  private readonly onRefusal: (error: ExecutorError) => void;
  private busy = 0;

  constructor(
    redis: Redis,
    options: WorkerOptions,
    notify: Notify,
    onRefusal: (error: ExecutorError) => void,
  ) {
    this.redis = redis;
    this.options = options;
    this.notify = notify;
    this.onRefusal = onRefusal;
  }

  /** Runs one job. Whatever it throws makes the job fail, except when it is given back. */
  async process(queued: QueueJob, token?: string, lock?: AbortSignal): Promise<{ seconds: number }> {
    this.busy++;
    try {
      return await this.execute(queued, token, lock);
    } finally {
      this.busy--;
    }
  }

  /** Waits until trials have stopped, but not for a Redis that is gone to give them back to. */
  async idle(): Promise<void> {
    for (let away = 0; this.busy > 0 && away < 50; away = this.redis.status === "ready" ? 0 : away + 1) {
      await setTimeout(100);
    }
  }

  private async execute(queued: QueueJob, token?: string, lock?: AbortSignal): Promise<{ seconds: number }> {
    const { signal } = this.options;
    const job = this.accept(queued);
    const stop = AbortSignal.any(lock ? [signal, lock] : [signal]);
    try {
      const seconds = await this.run(queued, job, stop);
      this.options.onEvent?.({ type: "finished", job, seconds });
      return { seconds };
    } catch (error) {
      // No fault of the trial, which another worker may have the right to run.
      if (error instanceof ExecutorError) this.onRefusal(error);
      if (lock?.aborted || signal.aborted) this.options.onEvent?.({ type: "stopped", job });
      if (signal.aborted && !lock?.aborted) {
        // Where that is refused, another worker takes it up when the lock has run out.
        await queued.moveToWait(token).catch(() => {});
        throw new WaitingError();
      }
      const line = (error as Error).message.trim().split("\n")[0];
      if (!stop.aborted) this.options.onEvent?.({ type: "failed", job, error: line });
      throw error;
    }
  }

  // Anyone who reaches the server can put jobs into the queue.
  private accept(queued: QueueJob): Job {
    try {
      const job = check(jobSchema, queued.data, "job");
      const { kind, seed, configuration } = job;
      const { identity, version, needs } = new TrialResolver(this.options.kinds).resolve({
        kind,
        seed,
        configuration,
      });
      const same =
        identity === job.identity && version === job.version && queued.id === jobId(job.store, identity);
      if (!same || needs.join() !== job.needs.join()) {
        throw new InputError({ where: "job", what: "is not the trial that it claims to be" });
      }
      return job;
    } catch (error) {
      const line = `refused a malformed job: ${(error as Error).message}`;
      this.notify(line);
      throw new UnrecoverableError(line);
    }
  }

  private async run(queued: QueueJob, job: Job, signal: AbortSignal): Promise<number> {
    const { store, identity } = job;
    const { redis, notify } = this;
    const resume = await patiently(() => loadState(redis, job), signal, notify);
    this.options.onEvent?.({ type: "started", job, resumedEpoch: resume?.epoch });
    const needs: TrialResult[] = [];
    for (const needed of job.needs) needs.push(await this.fetch(store, needed, signal));
    const { result, seconds } = await runTrial(this.options.kinds, job, {
      signal,
      resume,
      needs,
      timeLimit: job.timeLimit,
      saveEpoch: async (epoch, metrics, state) => {
        const row = { epoch, metrics: encodeNumbers(metrics) };
        await patiently(() => saveState(redis, job, { epoch, state }, row), signal, notify);
        // For those who watch; the series itself is already safe.
        void queued.updateProgress(row).catch(() => {});
        signal.throwIfAborted();
      },
    });
    const packed = packResult(result);
    await patiently(() => putBundle(redis, keys.result(store, identity), packed, week), signal, notify);
    return seconds;
  }

  // Asks for a result, again and again: whoever answers may be restarted meanwhile, and so may the server. A job that
  // its coordinator no longer knows is given up.
  private async fetch(store: string, identity: string, signal: AbortSignal): Promise<TrialResult> {
    const { redis, notify } = this;
    const key = keys.need(store, identity);
    let unanswered = 0;
    for (let pause = 50; unanswered < patience; pause = Math.min(2 * pause, 1_000)) {
      const result = await patiently(async () => unpackResult(await getBundle(redis, key)), signal, notify);
      if (result) return result;
      await patiently(() => redis.sadd(keys.wanted(store), identity), signal, notify);
      await setTimeout(pause, undefined, { signal });
      const present = await patiently(() => announcements(redis), signal, notify);
      if (present.some((coordinator) => coordinator.store === store)) unanswered += pause;
    }
    throw new UnrecoverableError(
      `no coordinator has the result of trial ${identity}, which this one starts from`,
    );
  }
}
