import { spawnSync } from "node:child_process";
import { copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import Sqlite from "libsql";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { StudyInput } from "../../src/study/document.js";
import type { StudyEvent } from "../../src/study/events.js";
import { kindsOf, type TrialKind } from "../../src/study/kind.js";
import { StoreReader } from "../../src/study/reading.js";
import { type RunOptions, runStudy } from "../../src/study/runner.js";
import { Store } from "../../src/study/store.js";
import { encodeTable, resultsTable } from "../../src/study/table.js";
import { testFolder } from "./folder.js";
import { log, testKinds } from "./kinds.js";

const path = testFolder();
beforeEach(() => {
  log.length = 0;
});

const small: StudyInput = {
  name: "small",
  kind: "walk",
  fixed: { epochs: 4 },
  grid: { rate: [3.6, 3.7, 3.8] },
  replicates: 2,
  objective: { metric: "sum" },
};

function run(study: StudyInput, store: string, options: Partial<RunOptions> = {}) {
  return runStudy(study, { store, kinds: testKinds, jobs: 2, ...options });
}

function csv(store: string, study = "small"): string {
  const reader = StoreReader.open(store);
  const text = Buffer.from(encodeTable(resultsTable(reader, study), "csv")).toString();
  reader.close();
  return text;
}

describe("runStudy", () => {
  it.each([0, 1.5, Number.NaN])("refuses to run %d trials at once", async (jobs) => {
    await expect(run(small, path(), { jobs })).rejects.toThrow(
      `jobs: ${jobs} is not a whole number of at least 1`,
    );
  });

  it("runs every trial once and none again, also for another study in the same store", async () => {
    const store = path();
    const events: StudyEvent[] = [];
    const outcome = await run(small, store, { onEvent: (event) => events.push(event) });
    expect(outcome).toEqual({ total: 6, finished: 6, failed: 0, stopped: false });
    expect(log).toHaveLength(24);
    expect(events.filter(({ type }) => type === "epoch")).toHaveLength(24);
    expect(events.at(0)).toMatchObject({ type: "begun", progress: { total: 6, finished: 0, running: 0 } });
    expect(events.at(-1)).toMatchObject({
      type: "ended",
      progress: { finished: 6, running: 0, secondsLeft: 0 },
    });
    log.length = 0;
    expect(await run({ ...small, name: "other", grid: { rate: [3.7, 3.9] } }, store)).toMatchObject({
      finished: 4,
    });
    expect(log).toHaveLength(8);
    expect(await run(small, store)).toMatchObject({ finished: 6 });
    expect(log).toHaveLength(8);
  });

  it("stops at an epoch when asked and resumes to the same bits", async () => {
    const whole = path();
    await run(small, whole);
    const interrupted = path();
    let outcome: Awaited<ReturnType<typeof run>> | undefined;
    let stops = 0;
    for (; !outcome || outcome.stopped; stops++) {
      const abort = new AbortController();
      let epochs = 0;
      const onEvent = ({ type }: StudyEvent) => type === "epoch" && ++epochs === 3 && abort.abort();
      log.length = 0;
      outcome = await run(small, interrupted, { signal: abort.signal, onEvent });
      expect(log.length).toBeLessThanOrEqual(4);
      expect(new StoreReader(Store.open(interrupted).database).status("small").counts.running).toBe(0);
    }
    expect(stops).toBeGreaterThan(5);
    expect(csv(interrupted)).toBe(csv(whole));
    const series = (store: string) => {
      const reader = StoreReader.open(store);
      return [...reader.rows("small")].map(({ identity }) => reader.series(identity));
    };
    expect(series(interrupted)).toEqual(series(whole));
  });

  it("records a failure, goes on, and tries again only when asked", async () => {
    const store = path();
    const study: StudyInput = {
      name: "small",
      kind: "walk",
      list: [{ rate: 3.6 }, { rate: 3.7, failAt: 3 }, { rate: 3.8 }],
    };
    expect(await run(study, store)).toEqual({ total: 3, finished: 2, failed: 1, stopped: false });
    expect(csv(store).split("\n")[2]).toMatch(
      /^1,[0-9a-f]{64},walk,0,0,failed,the walk fell at epoch 3,3,3.7,,$/,
    );
    log.length = 0;
    expect(await run(study, store)).toMatchObject({ failed: 1 });
    expect(log).toHaveLength(0);
    expect(await run(study, store, { retryFailed: true })).toMatchObject({ failed: 1 });
    const reader = StoreReader.open(store);
    const { attempts } = reader.trial([...reader.rows("small")][1].identity);
    expect(attempts.map(({ outcome, resumedEpoch }) => [outcome, resumedEpoch])).toEqual([
      ["failed", null],
      ["failed", 2],
    ]);
  });

  it("runs what trials need first and once, and fails those whose need fails", async () => {
    const store = path();
    const study: StudyInput = {
      name: "s",
      kind: "sequel",
      grid: { "base.rate": [3.6, 3.7], factor: [1, 2, 3] },
    };
    expect(await run(study, store)).toEqual({ total: 8, finished: 8, failed: 0, stopped: false });
    expect(log).toHaveLength(6);
    const reader = StoreReader.open(store);
    const [first, second] = [...reader.rows("s")];
    expect(second.summary.product).toBe(2 * first.summary.base);
    expect(reader.status("s")).toMatchObject({ total: 6, counts: { finished: 6 }, needed: { finished: 2 } });
    const failing = { ...study, name: "f", fixed: { base: { failAt: 1 } } };
    expect(await run(failing, store)).toEqual({ total: 8, finished: 0, failed: 8, stopped: false });
    const [row] = [...reader.rows("f")];
    expect(row.error).toBe(`needs trial ${reader.trial(row.identity).needs[0].slice(0, 12)}, which failed`);
    expect(await run(failing, store, { retryFailed: true })).toMatchObject({ failed: 8 });
  });

  it("stops with one line when what a trial needs is damaged, and does not blame the trial", async () => {
    const file = path();
    const study: StudyInput = { name: "s", kind: "sequel", grid: { factor: [1, 2] } };
    await run({ ...study, grid: { factor: [1] } }, file);
    const store = Store.open(file);
    store.database.exec("UPDATE content SET bytes = zeroblob(size)");
    store.close();
    const line = `${file}: the store is damaged; restore a copy`;
    await expect(run(study, file)).rejects.toThrow(line);
    const reader = StoreReader.open(file);
    expect(reader.status("s").counts).toEqual({ waiting: 1, running: 0, finished: 1, failed: 0 });
    const [first] = reader.rows("s");
    expect(() => reader.artifact(reader.trial(first.identity).needs[0], "state")).toThrow(line);
    reader.close();
  });

  it("stops a trial after its time limit", async () => {
    const store = path();
    const study: StudyInput = {
      name: "small",
      kind: "walk",
      fixed: { epochs: 1000, sleep: 5 },
      grid: { rate: [3.5] },
      timeLimit: 0.05,
    };
    expect(await run(study, store)).toMatchObject({ failed: 1 });
    expect(csv(store)).toContain("stopped after its time limit of 0.05 s");
  });

  it("takes up the trials of a runner that was killed", async () => {
    const file = path();
    const events: StudyEvent[] = [];
    const abort = new AbortController();
    await run(small, file, {
      signal: abort.signal,
      onEvent: ({ type }) => type === "epoch" && abort.abort(),
    });
    const store = Store.open(file);
    const dead = store.addRunner();
    store.database.run("UPDATE runner SET pid = ? WHERE id = ?", spawnSync("true").pid, dead);
    store.claim([1, 2, 3], dead);
    await run(small, file, { onEvent: (event) => events.push(event) });
    expect(events).toContainEqual({ type: "notice", text: "took up 3 trials of a runner that is gone" });
    expect(store.database.get("SELECT count(*) AS n FROM runner")?.n).toBe(0);
    store.close();
    const whole = path();
    await run(small, whole);
    expect(csv(file)).toBe(csv(whole));
  });

  it("goes on when it was silent for so long that another took it for dead", async () => {
    const file = path();
    const other = Store.open(file);
    const buriedAt = (...types: string[]) => ({
      jobs: 1,
      onEvent: ({ type }: StudyEvent) => {
        if (!types.includes(type)) return;
        other.database.run("UPDATE runner SET seen_at = 0");
        other.takeBack();
      },
    });
    expect(await run(small, file, buriedAt("finished"))).toMatchObject({ finished: 6, stopped: false });
    const failing: StudyInput = { name: "f", kind: "sequel", fixed: { base: { failAt: 2 } } };
    expect(await run(failing, file, buriedAt("epoch", "failed"))).toMatchObject({
      failed: 2,
      stopped: false,
    });
    expect(new StoreReader(other.database).status("f").counts.failed).toBe(1);
    other.close();
  });

  it("shares a store with another runner: no trial is run twice, both see the end", async () => {
    const store = path();
    const study: StudyInput = {
      name: "small",
      kind: "sequel",
      fixed: { base: { sleep: 2 } },
      grid: { "base.rate": { from: 3.5, to: 3.9, count: 20 }, factor: [1, 2] },
    };
    const outcomes = await Promise.all([run(study, store), run(study, store)]);
    expect(outcomes).toEqual(Array(2).fill({ total: 60, finished: 60, failed: 0, stopped: false }));
    expect(log).toHaveLength(60);
    const attempts = Store.open(store).database.all("SELECT count(*) AS n FROM attempt GROUP BY trial");
    expect(new Set(attempts.map(({ n }) => n))).toEqual(new Set([1]));
  });

  it("stops with one line when the disk is full, and goes on later", async () => {
    const file = path();
    const heavy: TrialKind<{ n: number }> = {
      name: "heavy",
      version: 1,
      schema: z.strictObject({ n: z.number() }),
      run: ({ n }) =>
        Promise.resolve({ summary: { n }, artifacts: { bytes: new Uint8Array(200_000).fill(n) } }),
    };
    const study: StudyInput = { name: "heavy", kind: "heavy", grid: { n: { from: 1, to: 20, step: 1 } } };
    const options = { kinds: kindsOf(heavy), jobs: 2 };
    const store = Store.open(file);
    store.database.exec("PRAGMA max_page_count = 500");
    await expect(runStudy(study, { store, ...options })).rejects.toThrow(`${file}: the disk is full`);
    const before = new StoreReader(store.database).status("heavy").counts.finished;
    expect(before).toBeGreaterThan(3);
    store.database.exec("PRAGMA max_page_count = 1000000");
    expect(await runStudy(study, { store, ...options })).toMatchObject({ finished: 20 });
    store.close();
  });

  it("stops when a listener throws", async () => {
    const onEvent = ({ type }: StudyEvent) => {
      if (type === "finished") throw new Error("listener");
    };
    await expect(run(small, path(), { onEvent })).rejects.toThrow("listener");
  });

  it.each<[string, (store: string) => void]>([
    ["deleted", (store) => rmSync(store)],
    ["moved", (store) => renameSync(store, `${store}.moved`)],
    [
      "replaced by a copy",
      (store) => {
        copyFileSync(store, `${store}.copy`);
        renameSync(`${store}.copy`, store);
      },
    ],
    [
      "replaced by something else",
      (store) => {
        rmSync(store);
        writeFileSync(store, "notes");
      },
    ],
  ])("a store that is %s while a study runs is not taken for a success", async (_, disturb) => {
    const store = path();
    let epochs = 0;
    const onEvent = ({ type }: StudyEvent) => {
      if (type === "epoch" && ++epochs === 22) disturb(store);
    };
    const line = `${store}: the store was deleted, moved or replaced while it was in use; put it back`;
    await expect(run(small, store, { onEvent })).rejects.toThrow(line);
  });

  it("the same after the last epoch", async () => {
    const store = path();
    const onEvent = ({ type }: StudyEvent) => {
      if (type === "finished") rmSync(store, { force: true });
    };
    const one = { name: "one", kind: "walk" };
    await expect(run(one, store, { onEvent })).rejects.toThrow("was deleted, moved or replaced");
  });

  /** Keeps a store locked as another program would, and says how to let it go. */
  function lock(store: string): () => void {
    const other = new Sqlite(store);
    other.exec("BEGIN IMMEDIATE");
    return () => {
      other.exec("COMMIT");
      other.close();
    };
  }

  it.each(["from the beginning", "in the middle"])(
    "waits, and says so, while another program keeps the store locked %s",
    async (when) => {
      const store = path();
      Store.open(store).close();
      const notices: string[] = [];
      let release = when === "in the middle" ? undefined : lock(store);
      if (release) setTimeout(release, 1_500);
      const onEvent = (event: StudyEvent) => {
        if (event.type === "notice") notices.push(event.text);
        if (event.type !== "epoch" || release) return;
        release = lock(store);
        setTimeout(release, 1_500);
      };
      expect(await run(small, store, { onEvent })).toMatchObject({ finished: 6, stopped: false });
      expect(notices).toEqual([
        `${store}: another program is writing to the store; waiting until it has finished`,
      ]);
      expect(log).toHaveLength(24);
    },
  );

  it("hears that it should stop while another program keeps the store locked, and goes on later", async () => {
    const store = path();
    const stop = new AbortController();
    let release: (() => void) | undefined;
    let epochs = 0;
    const onEvent = ({ type }: StudyEvent) => {
      if (type !== "epoch" || ++epochs !== 5) return;
      release = lock(store);
      setTimeout(() => stop.abort(), 200);
    };
    expect(await run(small, store, { onEvent, signal: stop.signal })).toMatchObject({ stopped: true });
    release?.();
    // Nothing could be given back. That is done by others when this process has ended.
    const { database } = Store.open(store);
    expect(database.run("UPDATE runner SET pid = ?", spawnSync("true").pid)).toBe(1);
    expect(await run(small, store)).toMatchObject({ finished: 6, failed: 0 });
    database.close();
  });

  it("hears it also before it has begun", async () => {
    const store = path();
    Store.open(store).close();
    const release = lock(store);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("asked to stop")), 200);
    await expect(run(small, store, { signal: stop.signal })).rejects.toThrow("asked to stop");
    release();
  });

  it("does nothing when it is stopped before it begins", async () => {
    expect(await run(small, path(), { signal: AbortSignal.abort() })).toEqual({
      total: 6,
      finished: 0,
      failed: 0,
      stopped: true,
    });
    expect(log).toHaveLength(0);
  });
});
