// An executor that gives trials to workers through a queue in Redis. It alone talks to the store (through the runner);
// the queue and the results in it outlive this process, so that a coordinator that was killed finds them again.
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import { type Executor, ExecutorError, type Outcome, type Task, TrialFailed } from "../executor.js";
import type { Kinds, TrialResult } from "../kind.js";
import type { Trial } from "../trial.js";
import { getBundle, putBundle } from "./bundle.js";
import { type Connection, connect, type Notify, patiently, refusal } from "./connection.js";
import {
  decodeNumbers,
  type Job,
  jobId,
  keys,
  packResult,
  parse,
  prefix,
  progressSchema,
  queueName,
  returnSchema,
  unpackResult,
  versionOf,
} from "./protocol.js";
import { dropTrial, saveState } from "./state.js";

export interface RedisExecutorOptions {
  /** The id of the store that the trials belong to. */
  readonly store: string;
  /** The study's name, for those who watch. */
  readonly study: string;
  readonly kinds: Kinds;
  readonly notify?: Notify;
}

interface Pending {
  readonly task: Task;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  /** Whether the end of its job counts: not before it was added, and only once. */
  watched: boolean;
}

/** How long a coordinator counts as present without a sign, and how often it gives one, in milliseconds. */
const presence = 30_000;
/** How often jobs are looked at that no event told of, and requests of workers are answered, in milliseconds. */
const lookInterval = 2_000;
const answerInterval = 100;
/** How long a result stays that other trials start from; workers that need it later ask again. In milliseconds. */
const needLifetime = 600_000;

/**
 * An executor that gives trials to the workers of one Redis.
 * @throws InputError when there is no Redis at `url`.
 */
export async function redisExecutor(url: string, options: RedisExecutorOptions): Promise<Executor> {
  const notify = options.notify ?? (() => {});
  const connection = await connect(url, notify);
  return new Coordinator(connection, options, notify);
}

class Coordinator implements Executor {
  private readonly connection: Connection;
  private readonly redis: Redis;
  private readonly store: string;
  private readonly notify: Notify;
  private readonly queue: Queue;
  private readonly events: QueueEvents;
  private readonly eventsRedis: Redis;
  private readonly announcement: string;
  private readonly id = randomUUID();
  private readonly pending = new Map<string, Pending>();
  private readonly closing = new AbortController();
  private readonly leftovers = new Set<Promise<unknown>>();
  private active = 0;

  constructor(connection: Connection, { store, study, kinds }: RedisExecutorOptions, notify: Notify) {
    const { redis } = connection;
    this.connection = connection;
    this.redis = redis;
    this.store = store;
    this.notify = notify;
    const version = versionOf(kinds);
    const name = queueName(version);
    this.announcement = JSON.stringify({ store, study, ...version });
    this.queue = new Queue(name, { connection: redis, prefix });
    this.eventsRedis = redis.duplicate();
    this.events = new QueueEvents(name, { connection: this.eventsRedis, prefix });
    // Connection errors are told by `connect`.
    this.queue.on("error", () => {});
    this.events.on("error", () => {});
    this.events.on("active", ({ jobId }) => this.pending.get(jobId)?.task.started());
    this.events.on("progress", ({ jobId, data }) => this.progress(jobId, data));
    this.events.on("completed", ({ jobId }) => void this.attempt(() => this.look([jobId])));
    this.events.on("failed", ({ jobId }) => void this.attempt(() => this.look([jobId])));
    this.repeat(presence / 3, () => this.announce());
    this.repeat(answerInterval, () => this.answer());
    this.repeat(lookInterval, () => this.lookAround());
  }

  // As many in the queue as are being worked on, so that no worker waits, and no more, so that studies take turns.
  slots(): number {
    return Math.max(100, 2 * this.active);
  }

  async execute(task: Task): Promise<Outcome> {
    const { trial, signal } = task;
    const id = jobId(this.store, trial.identity);
    const outcome = new Promise<Outcome>((resolve, reject) => {
      this.pending.set(id, { task, resolve, reject, watched: false });
    });
    const stop = () => {
      this.pending.get(id)?.reject(signal.reason);
      this.later(this.withdraw(id));
    };
    signal.addEventListener("abort", stop);
    try {
      void this.begin(id, task).catch((error) => this.pending.get(id)?.reject(error));
      return await outcome;
    } finally {
      signal.removeEventListener("abort", stop);
      this.pending.delete(id);
    }
  }

  // A job that has failed already is that of an earlier attempt, whose coordinator died before it removed it.
  private async begin(id: string, task: Task): Promise<void> {
    const clear = async () => {
      const [end, reason] = await this.redis.hmget(this.queue.toKey(id), "finishedOn", "failedReason");
      if (end !== null && reason !== null) await this.queue.remove(id);
    };
    await patiently(clear, task.signal, this.notify);
    const pending = this.pending.get(id);
    if (pending) pending.watched = true;
    await this.add(task);
  }

  private async add({ trial, resume, timeLimit, signal }: Task): Promise<void> {
    const { identity, kind, version, seed, configuration, needs } = trial;
    const { store, redis } = this;
    const data: Job = {
      store,
      identity,
      kind,
      version,
      seed,
      configuration: configuration as Job["configuration"],
      needs: [...needs],
      timeLimit,
    };
    const work = async () => {
      if (resume && (await redis.exists(keys.epoch(store, identity))) === 0) {
        await saveState(redis, data, resume);
      }
      // The same job twice is one job: one that a former coordinator added goes on.
      const week = { age: 7 * 24 * 3600 };
      await this.queue.add(kind, data, {
        jobId: jobId(store, identity),
        removeOnComplete: week,
        removeOnFail: week,
      });
    };
    await patiently(work, signal, this.notify);
  }

  private progress(id: string, data: unknown): void {
    const row = progressSchema.safeParse(data);
    const pending = this.pending.get(id);
    if (!row.success || !pending?.watched) return;
    try {
      void pending.task.saveEpoch(row.data.epoch, decodeNumbers(row.data.metrics)).catch(() => {});
    } catch {
      // Not numbers: the whole series is checked at the end.
    }
  }

  // Looks at jobs, and settles those that have ended.
  private async look(ids: readonly string[]): Promise<void> {
    const mine = ids.filter((id) => this.pending.get(id)?.watched);
    if (mine.length === 0) return;
    const fields = ["data", "finishedOn", "returnvalue", "failedReason", "stacktrace"];
    const read = () => {
      const commands = this.redis.pipeline();
      for (const id of mine) commands.hmget(this.queue.toKey(id), ...fields);
      return commands.exec();
    };
    const replies = await patiently(read, this.closing.signal, this.notify);
    for (const [index, id] of mine.entries()) {
      const [error, values] = replies?.[index] ?? [];
      const refused = refusal(error);
      if (refused) throw refused;
      const pending = this.pending.get(id);
      if (error || !pending?.watched) continue;
      const [data, finishedOn, returned, reason, stack] = values as (string | null)[];
      // Redis lost its last second when it was killed.
      if (data === null) await this.add(pending.task);
      else if (finishedOn !== null) {
        pending.watched = false;
        if (reason !== null) pending.reject(failure(reason, stack));
        else void this.collect(id, pending, returned).catch(pending.reject);
      }
    }
  }

  private async collect(id: string, { task, resolve }: Pending, returned: string | null): Promise<void> {
    const { identity } = task.trial;
    const read = async () => ({
      result: unpackResult(await getBundle(this.redis, keys.result(this.store, identity))),
      series: await this.redis.hgetall(keys.series(this.store, identity)),
    });
    const { result, series } = await patiently(read, task.signal, this.notify);
    const end = returnSchema.safeParse(parse(returned));
    if (!result || !end.success) {
      // Lost or forged: once more.
      await patiently(() => this.queue.remove(id), task.signal, this.notify);
      const pending = this.pending.get(id);
      if (pending) pending.watched = true;
      await this.add(task);
      return;
    }
    const rows = Object.values(series).map((text) => progressSchema.safeParse(parse(text)));
    const epochs = rows.flatMap((row) => (row.success ? [row.data] : [])).sort((a, b) => a.epoch - b.epoch);
    for (const { epoch, metrics } of epochs) await task.saveEpoch(epoch, decodeNumbers(metrics));
    resolve({ result, seconds: end.data.seconds });
  }

  recorded({ identity }: Trial, ended: "finished" | "failed"): void {
    const { store, redis } = this;
    const forget = async () => {
      // A trial that failed keeps its last epoch, from which it may be run again.
      if (ended === "finished") await dropTrial(redis, { store, identity });
      await this.queue.remove(jobId(store, identity));
    };
    this.later(forget());
  }

  // A job that a worker has, or has finished, stays: the next coordinator will find its result.
  private async withdraw(id: string): Promise<void> {
    if ((await this.queue.getJobState(id)) === "waiting") await this.queue.remove(id);
  }

  // Work that nobody waits for before the end.
  private later(work: Promise<unknown>): void {
    const done = work.catch(() => {}).finally(() => this.leftovers.delete(done));
    this.leftovers.add(done);
  }

  // Gives workers the results that their trials start from.
  private async answer(): Promise<void> {
    const wanted = await this.redis.spop(keys.wanted(this.store), 16);
    for (const identity of wanted) {
      const key = keys.need(this.store, identity);
      if (await this.redis.hexists(key, "manifest")) continue;
      for (const { task, reject } of this.pending.values()) {
        const position = task.trial.needs.indexOf(identity);
        if (position < 0) continue;
        let needed: TrialResult;
        try {
          needed = task.needs()[position];
        } catch (error) {
          // A store that cannot be read: the worker would ask for ever.
          reject(error);
          break;
        }
        await putBundle(this.redis, key, packResult(needed), needLifetime);
        break;
      }
    }
  }

  private async announce(): Promise<void> {
    await this.redis.set(keys.coordinator(this.id), this.announcement, "PX", presence);
    await this.redis.sadd(keys.coordinators, this.id);
  }

  private async lookAround(): Promise<void> {
    this.active = await this.queue.getActiveCount();
    await this.look([...this.pending.keys()]);
  }

  // Does what is done again at the next turn when it fails now, unless the server refuses for good.
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const refused = error instanceof ExecutorError ? error : refusal(error);
      if (refused) for (const { reject } of this.pending.values()) reject(refused);
    }
  }

  private repeat(interval: number, work: () => Promise<void>): void {
    const { signal } = this.closing;
    const loop = async () => {
      while (!signal.aborted) {
        await this.attempt(work);
        await setTimeout(interval, undefined, { signal }).catch(() => {});
      }
    };
    void loop();
  }

  async close(): Promise<void> {
    const leave = async () => {
      await Promise.all(this.leftovers);
      await this.redis.unlink(keys.coordinator(this.id));
      await this.redis.srem(keys.coordinators, this.id);
    };
    // Not longer than this for a Redis that is gone: what is left behind there expires.
    await Promise.race([leave().catch(() => {}), setTimeout(3_000, undefined, { ref: false })]);
    this.closing.abort();
    // Not awaited: they wait for the end of a connection, which one that is trying to come back never reports.
    void this.events.close().catch(() => {});
    void this.queue.close().catch(() => {});
    this.eventsRedis.disconnect();
    this.connection.close();
  }
}

function failure(reason: string, stack: string | null): TrialFailed {
  if (/stalled more than/.test(reason)) {
    const line = "its workers were lost again and again; it probably needs more memory than they have";
    return new TrialFailed(line, reason);
  }
  return new TrialFailed(reason.split("\n")[0], stack ?? reason);
}
