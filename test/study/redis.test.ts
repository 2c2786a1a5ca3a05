import { setTimeout } from "node:timers/promises";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseStudy, type StudyInput } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { kindsOf } from "../../src/study/kind.js";
import { StoreReader } from "../../src/study/reading.js";
import { getBundle, putBundle } from "../../src/study/redis/bundle.js";
import { redisExecutor } from "../../src/study/redis/coordinator.js";
import { jobId, keys, prefix, queueName, versionOf } from "../../src/study/redis/protocol.js";
import { loadState, saveState } from "../../src/study/redis/state.js";
import { runWorker, type WorkerEvent } from "../../src/study/redis/worker.js";
import { type RunOptions, runStudy } from "../../src/study/runner.js";
import { Store } from "../../src/study/store.js";
import { encodeTable, resultsTable, seriesTable } from "../../src/study/table.js";
import { testFolder } from "./folder.js";
import { log, testKinds, walk } from "./kinds.js";
import { noRedis, RedisServer } from "./redis-server.js";

const path = testFolder();

const study: StudyInput = {
  name: "far",
  kind: "sequel",
  fixed: { base: { epochs: 3 } },
  grid: { "base.rate": [3.6, 3.7], factor: [1, 2, 3] },
  objective: { metric: "product" },
};

describe.skipIf(noRedis)(`over Redis${noRedis ? ` (${noRedis})` : ""}`, () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
    redis.on("error", () => {});
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => redis.flushall());

  const workers: { stop: AbortController; done: Promise<void> }[] = [];
  afterEach(async () => {
    for (const { stop } of workers) stop.abort();
    await Promise.all(workers.splice(0).map(({ done }) => done));
    log.length = 0;
  });

  function startWorker(events: WorkerEvent[] = [], notices: string[] = [], kinds = testKinds) {
    const stop = new AbortController();
    const done = runWorker(server.url, {
      kinds,
      jobs: 2,
      signal: stop.signal,
      notify: (text) => notices.push(text),
      onEvent: (event) => events.push(event),
    });
    const worker = { stop, done };
    workers.push(worker);
    return worker;
  }

  async function run(
    file: string,
    input: StudyInput = study,
    options: Partial<RunOptions> = {},
    notices: string[] = [],
  ) {
    const { kinds = testKinds } = options;
    const store = Store.open(file);
    const executor = await redisExecutor(server.url, {
      store: store.id,
      study: "far",
      kinds,
      notify: (text) => notices.push(text),
    });
    try {
      return await runStudy(input, { store, kinds, executor, ...options });
    } finally {
      store.close();
    }
  }

  function tables(file: string, name = "far"): string {
    const reader = StoreReader.open(file);
    const text = [resultsTable, seriesTable]
      .map((table) => encodeTable(table(reader, name), "csv"))
      .join("\n");
    reader.close();
    return text;
  }

  it("a study gives the same table as in one process, and leaves nothing in Redis but what expires", async () => {
    const here = path();
    await runStudy(study, { store: here, kinds: testKinds });
    log.length = 0;
    const there = path();
    startWorker();
    startWorker();
    expect(await run(there)).toEqual({ total: 8, finished: 8, failed: 0, stopped: false });
    expect(log).toHaveLength(6);
    expect(tables(there)).toBe(tables(here));
    const left = (await redis.keys("*")).filter(
      (key) => !key.includes(":trials-") && !key.includes(":need:"),
    );
    expect(left).toEqual([]);
  });

  it("a study stops with one line when what its trials need is damaged", async () => {
    const file = path();
    startWorker();
    await run(file, { ...study, grid: { factor: [1] } });
    await redis.flushall();
    const store = Store.open(file);
    store.database.exec("UPDATE content SET bytes = zeroblob(size)");
    store.close();
    await expect(run(file, { ...study, grid: { factor: [2] } })).rejects.toThrow("the store is damaged");
  });

  it("a failure and a time limit are recorded, and the rest goes on", async () => {
    const file = path();
    startWorker();
    const mixed: StudyInput = {
      name: "far",
      kind: "walk",
      list: [{ rate: 3.6 }, { failAt: 2 }, { epochs: 10_000, sleep: 5 }],
      timeLimit: 1,
    };
    expect(await run(file, mixed)).toEqual({ total: 3, finished: 1, failed: 2, stopped: false });
    const reader = StoreReader.open(file);
    expect([...reader.rows("far")].map(({ error }) => error)).toEqual([
      null,
      "the walk fell at epoch 2",
      "stopped after its time limit of 1 s",
    ]);
    reader.close();
    expect(await run(file, mixed, { retryFailed: true })).toMatchObject({ failed: 2 });
  });

  it("a failed trial is run again when asked, after its last epoch, also when a failure was left behind", async () => {
    let broken = true;
    const flaky: typeof walk = {
      ...walk,
      run: (configuration, context) =>
        walk.run(broken ? { ...configuration, failAt: 3 } : configuration, context),
    };
    const kinds = kindsOf(flaky);
    const input: StudyInput = { name: "far", kind: "walk", fixed: { epochs: 4 }, grid: { rate: [3.6, 3.7] } };
    const here = path();
    await runStudy(input, { store: here, kinds: testKinds });
    log.length = 0;
    startWorker([], [], kinds);
    const there = path();
    expect(await run(there, input, { kinds })).toMatchObject({ failed: 2 });
    // This one dies, as it were, when it has recorded the failures and before it clears them away.
    const store = Store.open(there);
    const executor = await redisExecutor(server.url, { store: store.id, study: "far", kinds });
    vi.spyOn(executor, "recorded").mockImplementation(() => {});
    expect(await runStudy(input, { store, kinds, executor, retryFailed: true })).toMatchObject({ failed: 2 });
    store.close();
    broken = false;
    expect(await run(there, input, { kinds, retryFailed: true })).toMatchObject({ finished: 2 });
    expect(log).toHaveLength(2 * 4);
    expect(tables(there)).toBe(tables(here));
    const left = (await redis.keys("*")).filter((key) => !key.includes(":trials-"));
    expect(left).toEqual([]);
  });

  const slow: StudyInput = {
    name: "far",
    kind: "walk",
    fixed: { epochs: 6, sleep: 15 },
    grid: { rate: [3.5, 3.6, 3.7, 3.8] },
  };

  it("a worker that is stopped gives its trials back, and another goes on after their last epoch", async () => {
    const here = path();
    await runStudy(slow, { store: here, kinds: testKinds });
    log.length = 0;
    const there = path();
    const events: WorkerEvent[] = [];
    const first = startWorker(events);
    const done = run(there, slow);
    while (log.length < 5) await setTimeout(5);
    first.stop.abort();
    await first.done;
    expect(events.filter(({ type }) => type === "stopped")).toHaveLength(2);
    startWorker(events);
    await done;
    expect(
      events.filter((event) => event.type === "started" && event.resumedEpoch !== undefined),
    ).toHaveLength(2);
    expect(log).toHaveLength(24);
    expect(tables(there)).toBe(tables(here));
  });

  it("a coordinator that is stopped or killed finds its trials again", async () => {
    const here = path();
    await runStudy(slow, { store: here, kinds: testKinds });
    log.length = 0;
    const there = path();
    startWorker();
    const stop = new AbortController();
    const stopped = run(there, slow, { signal: stop.signal });
    while (log.length < 5) await setTimeout(5);
    stop.abort();
    expect(await stopped).toMatchObject({ stopped: true });
    while ((await redis.keys(`${prefix}:*:result:*`)).length < 2) await setTimeout(10);
    const again = await run(there, slow);
    expect(again).toEqual({ total: 4, finished: 4, failed: 0, stopped: false });
    expect(log).toHaveLength(24);
    expect(tables(there)).toBe(tables(here));
  });

  it("a trial that was begun in this process goes on there after its last epoch", async () => {
    const file = path();
    const stop = new AbortController();
    await runStudy(slow, {
      store: file,
      kinds: testKinds,
      jobs: 1,
      signal: stop.signal,
      onEvent: (event) => event.type === "epoch" && event.epoch === 4 && stop.abort(),
    });
    log.length = 0;
    startWorker();
    await run(file, slow);
    expect(log).toHaveLength(20);
  });

  it("Redis is killed in the middle and comes back: everything waits and goes on", async () => {
    const here = path();
    await runStudy(slow, { store: here, kinds: testKinds });
    log.length = 0;
    const there = path();
    const notices: string[] = [];
    startWorker();
    const done = run(there, slow, {}, notices);
    while (log.length < 6) await setTimeout(5);
    await server.kill();
    await setTimeout(300);
    await server.run();
    expect(await done).toMatchObject({ finished: 4 });
    expect(notices[0]).toMatch(/^redis:\/\/127\.0\.0\.1:\d+ is gone \(.*\); waiting for it to come back$/);
    expect(notices[1]).toMatch(/is back$/);
    expect(tables(there)).toBe(tables(here));
  }, 40_000);

  it("a worker whose Redis is gone ends when it is asked to", async () => {
    const own = await RedisServer.start();
    const stop = new AbortController();
    const notices: string[] = [];
    const notify = (text: string) => void notices.push(text);
    const done = runWorker(own.url, { kinds: testKinds, jobs: 1, signal: stop.signal, notify });
    await waitFor(async () => notices);
    await own.stop();
    // The next look at who is there is now waiting for an answer.
    await setTimeout(2_500);
    stop.abort();
    await done;
  });

  it("two studies are run at once by one worker", async () => {
    startWorker();
    const [a, b] = [path(), path()];
    const outcomes = await Promise.all([run(a), run(b, { ...slow, name: "far" })]);
    expect(outcomes.map(({ finished }) => finished)).toEqual([8, 4]);
  });

  it("a worker of another version is refused with one line, and runs nothing", async () => {
    const stop = new AbortController();
    const done = run(path(), study, { signal: stop.signal });
    await setTimeout(100);
    const older = kindsOf({ ...testKinds.walk, version: 0 }, testKinds.sequel, testKinds.noop);
    const worker = runWorker(server.url, { kinds: older, jobs: 1, signal: new AbortController().signal });
    await expect(worker).rejects.toThrow(
      /^redis:\/\/[\d.:]+: study far is run by filigree [\d.]+ \(noop 1, walk 1, sequel 1\), this worker is filigree [\d.]+ \(walk 0, sequel 1, noop 1\); install the same version on both$/,
    );
    expect(log).toHaveLength(0);
    stop.abort();
    await done;
  });

  it("a worker with another arithmetic is refused likewise", async () => {
    const on = (name: string) =>
      kindsOf({ ...testKinds.walk, arithmetic: () => name }, testKinds.sequel, testKinds.noop);
    const far = await redisExecutor(server.url, { store: "1".repeat(16), study: "far", kinds: on("native") });
    try {
      await setTimeout(100);
      const { signal } = new AbortController();
      const worker = runWorker(server.url, { kinds: on("reference"), jobs: 1, signal });
      await expect(worker).rejects.toThrow(
        /study far is run by filigree [\d.]+ \(walk 1 native, .*, this worker is filigree [\d.]+ \(walk 1 reference, .*; choose the same executor on both/,
      );
    } finally {
      await far.close();
    }
  });

  it("malformed and hostile jobs are refused, and the worker lives on", async () => {
    const queue = new Queue(queueName(versionOf(testKinds)), { connection: redis, prefix });
    const store = "0".repeat(16);
    const [trial] = defineStudy(parseStudy({ name: "s", kind: "walk" }), testKinds).trials.values();
    const { identity, configuration, seed } = trial;
    const good = { store, identity, kind: "walk", version: 1, seed, configuration, needs: [] };
    const hostile = [
      null,
      "text",
      { ...good, kind: "__proto__" },
      { ...good, kind: "constructor" },
      { ...good, seed: 1 },
      { ...good, version: 2 },
      { ...good, configuration: { rate: "rm -rf /" } },
      { ...good, configuration: { ...configuration, epochs: 1e9 } },
      { ...good, needs: [identity] },
      { ...good, store: "../../etc" },
      { ...good, extra: 1 },
    ];
    for (const [index, data] of hostile.entries())
      await queue.add("walk", data, { jobId: `hostile-${index}` });
    await queue.add("walk", { ...good, store: "1".repeat(16) }, { jobId: jobId(store, identity) });
    const notices: string[] = [];
    startWorker([], notices);
    while ((await queue.getFailedCount()) < hostile.length + 1) await setTimeout(10);
    expect(log).toHaveLength(0);
    const refusals = notices.filter((text) => text.startsWith("refused a malformed job: "));
    expect(refusals).toHaveLength(hostile.length + 1);
    expect(await run(path())).toMatchObject({ finished: 8 });
    await queue.close();
  });

  it("a forged or lost result is not recorded; the trial is run once more", async () => {
    const file = path();
    const done = run(file, { name: "far", kind: "walk" });
    const [id] = await waitFor(async () => redis.keys(`${prefix}:trials-*:*-${"?".repeat(64)}`));
    await redis.hset(id, { finishedOn: "1", returnvalue: '{"seconds":-1,"evil":true}' });
    await setTimeout(50);
    startWorker();
    expect(await done).toMatchObject({ finished: 1 });
    expect(log.length).toBeGreaterThanOrEqual(3);
  });

  async function waitFor<T>(look: () => Promise<T[]>): Promise<T[]> {
    for (;;) {
      const found = await look();
      if (found.length > 0) return found;
      await setTimeout(10);
    }
  }

  it("bundles come back whole or not at all", async () => {
    const parts = {
      large: new Uint8Array(2.5 * 2 ** 20).map((_, index) => index * 7),
      empty: new Uint8Array(0),
    };
    await putBundle(redis, "bundle", { header: "head", parts }, 1000);
    const back = await getBundle(redis, "bundle");
    expect(back?.header).toBe("head");
    expect(Buffer.compare(Buffer.from(back?.parts.large ?? []), Buffer.from(parts.large))).toBe(0);
    expect(back?.parts.empty).toHaveLength(0);
    expect(await redis.hlen("bundle")).toBe(4);
    expect(await redis.pttl("bundle")).toBeGreaterThan(0);
    await redis.hset("bundle", "0.1", "forged");
    expect(await getBundle(redis, "bundle")).toBeUndefined();
    await redis.hset("bundle", "manifest", '{"header":"","parts":[["x",1e300,"00"]]}');
    expect(await getBundle(redis, "bundle")).toBeUndefined();
    expect(await getBundle(redis, "none")).toBeUndefined();
  });

  it("a state replaces the one before", async () => {
    const place = { store: "s", identity: "i" };
    await saveState(redis, place, { epoch: 1, state: Uint8Array.of(1) }, { epoch: 1 });
    await saveState(redis, place, { epoch: 2, state: Uint8Array.of(2) }, { epoch: 2 });
    expect(await loadState(redis, place)).toEqual({ epoch: 2, state: Uint8Array.of(2) });
    expect(await redis.exists(keys.state("s", "i", 1))).toBe(0);
    expect(await redis.hkeys(keys.series("s", "i"))).toEqual(["1", "2"]);
  });

  it("a password is needed where one is set, and is never shown", async () => {
    const guarded = await RedisServer.start("--requirepass", "secret");
    const executor = (url: string) =>
      redisExecutor(url, { store: "0".repeat(16), study: "s", kinds: testKinds });
    await expect(executor(guarded.url)).rejects.toThrow("Redis refuses the login (NOAUTH)");
    const wrong = executor(guarded.url.replace("//", "//:wrong@"));
    await expect(wrong).rejects.toThrow(/^redis:\/\/127.0.0.1:\d+: Redis refuses the login \(WRONGPASS\)/);
    await (await executor(guarded.url.replace("//", "//:secret@"))).close();
    await guarded.stop();
  });

  it.each([
    [
      "redis://127.0.0.1:1",
      "redis://127.0.0.1:1: no Redis answers (connect ECONNREFUSED 127.0.0.1:1); start one with",
    ],
    ["http://127.0.0.1", "--redis: is not the address of a Redis server; write redis://host:port"],
    ["nonsense", "--redis: is not the address of a Redis server"],
  ])("%s is answered with one line", async (url, line) => {
    const signal = new AbortController().signal;
    await expect(runWorker(url, { kinds: testKinds, jobs: 1, signal })).rejects.toThrow(line);
  });
});
