// What the dashboard reads of a store, against the readers that the command line has: tables, what changes from look to look,
// files that were copied while in use.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Database } from "../../src/study/database.js";
import { parseStudy, type StudyInput } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { StoreReader } from "../../src/study/reading.js";
import { runStudy } from "../../src/study/runner.js";
import { deadRunners, Store } from "../../src/study/store.js";
import { mergeLog } from "../../src/web/store/log.js";
import {
  applyDelta,
  decodeTable,
  deltaOf,
  encodeTable,
  limits,
  states,
  type TrialTable,
  wordOf,
} from "../../src/web/store/table.js";
import { readArtifact, readTrial } from "../../src/web/store/trial.js";
import { changedStates, readTable, refresh } from "../../src/web/store/trials.js";
import { distanceOf, StoreWatch } from "../../src/web/store/watch.js";
import { testFolder } from "../study/folder.js";
import { testKinds } from "../study/kinds.js";

const path = testFolder();

const study = {
  name: "walks",
  kind: "walk",
  fixed: { steps: 10 },
  grid: { rate: [3.7, 3.8, 3.9], epochs: [2, 3] },
  replicates: 2,
  objective: { metric: "sum" },
};

const falling = { name: "falling", kind: "walk", grid: { failAt: [1, 9], rate: [3.5, 3.6] } };

async function filled(): Promise<string> {
  const store = path();
  await runStudy(study, { store, kinds: testKinds, jobs: 2 });
  await runStudy(falling, { store, kinds: testKinds, jobs: 2 });
  return store;
}

/** The rows of a table as `StoreReader.rows` gives them. */
function rowsOf(table: TrialTable) {
  return Array.from({ length: table.rows }, (_, row) => ({
    number: table.number[row],
    digits: table.identity(row),
    seed: table.seed[row],
    replicate: table.replicate[row],
    state: states[table.state[row]],
    error: wordOf(table.error, row) ?? null,
    parameters: Object.fromEntries(
      [...table.parameters].flatMap(([name, column]) => {
        const word = wordOf(column, row);
        return word === undefined ? [] : [[name, JSON.parse(word)]];
      }),
    ),
    summary: Object.fromEntries(
      [...table.metrics].flatMap(([name, column]) =>
        Number.isNaN(column[row]) ? [] : [[name, column[row]]],
      ),
    ),
  }));
}

function expected(reader: StoreReader, name: string) {
  return [...reader.rows(name)].map(({ identity, kind: _, ...row }) => ({
    ...row,
    digits: identity.slice(0, 16),
  }));
}

async function tableOf(rows: Database, name: string) {
  const id = new StoreReader(rows).study(name).id;
  return readTable(rows, id, breathe);
}

describe("a table", () => {
  it("has what the store has, also after it has travelled", async () => {
    const store = await filled();
    const rows = Database.open(store, "read");
    const reader = new StoreReader(rows);
    for (const name of ["walks", "falling"]) {
      const { table } = await tableOf(rows, name);
      expect(rowsOf(table)).toEqual(expected(reader, name));
      const there = decodeTable(encodeTable(table).buffer);
      expect(there).toEqual(table);
      expect(rowsOf(there)).toEqual(expected(reader, name));
    }
    rows.close();
  });

  it("keeps infinities and has nothing where there is no number", async () => {
    const store = Store.open(path());
    const { database } = store;
    await runStudy({ name: "values", kind: "noop", grid: { value: [1, 2, 3] } }, { store, kinds: testKinds });
    const metric = database.get("SELECT id FROM metric WHERE name = 'value'")?.id as number;
    for (const [trial, value] of [
      [1, Number.POSITIVE_INFINITY],
      [2, Number.NEGATIVE_INFINITY],
      [3, null],
    ] as const) {
      database.run("UPDATE summary SET value = ? WHERE trial = ? AND metric = ?", value, trial, metric);
    }
    const { table } = await tableOf(database, "values");
    const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    expect([...table.metrics.get("value")!]).toEqual(values);
    expect([...decodeTable(encodeTable(table).buffer).metrics.get("value")!]).toEqual(values);
    table.version++;
    const copy = decodeTable(encodeTable(table).buffer);
    copy.metrics.get("value")!.fill(0);
    copy.version--;
    expect(applyDelta(copy, JSON.parse(JSON.stringify(deltaOf(table, [0, 1, 2]))))).toBe(true);
    expect(copy).toEqual(table);
    store.close();
  });

  it("takes a step only from the version before, and an old one not again", async () => {
    const store = await filled();
    const rows = Database.open(store, "read");
    const { table } = await tableOf(rows, "walks");
    const copy = decodeTable(encodeTable(table).buffer);
    table.version = 2;
    table.state[0] = 3;
    const delta = deltaOf(table, [0]);
    expect(applyDelta(copy, delta)).toBe(false);
    expect(copy.version).toBe(0);
    copy.version = 2;
    expect(applyDelta(copy, delta)).toBe(true);
    expect(copy.state[0]).toBe(2);
    rows.close();
  });

  it("shortens words and leaves out columns beyond its limits, and says so", async () => {
    const store = Store.open(path());
    await runStudy({ name: "values", kind: "noop", grid: { value: [1] } }, { store, kinds: testKinds });
    const many = Object.fromEntries(
      Array.from({ length: limits.parameters + 5 }, (_, i) => [`p${i}`, "x".repeat(2_000)]),
    );
    store.database.run("UPDATE member SET parameters = ?", JSON.stringify(many));
    store.database.run("UPDATE trial SET state = 'failed', error = ?", "e".repeat(9_999));
    const { table } = await tableOf(store.database, "values");
    expect(table.parameters.size).toBe(limits.parameters);
    expect(table.leftOut).toBe(`parameters beyond ${limits.parameters}`);
    expect(wordOf(table.parameters.get("p0")!, 0)).toHaveLength(limits.word + 1);
    expect(wordOf(table.error, 0)).toHaveLength(160);
    store.close();
  });
});

describe("a watch", () => {
  it("counts as the command line does, and its steps lead to the table that is there, whatever happens between", async () => {
    const file = path();
    const store = Store.open(file);
    const rows = Database.open(file, "read");
    const reader = new StoreReader(rows);
    await runStudy({ ...study, grid: { rate: [3.7] } }, { store, kinds: testKinds });
    const watch = new StoreWatch(rows, () => deadRunners(rows));
    let table = await tableOf(rows, "walks");
    let copy = decodeTable(encodeTable(table.table).buffer);
    const compare = () => {
      expect(rowsOf(copy)).toEqual(expected(reader, "walks"));
      for (const { name, counts, total } of watch.overview().studies) {
        const status = reader.status(name);
        expect({ counts, total }).toEqual({ counts: status.counts, total: status.total });
      }
    };
    let looks = 0;
    const look = () => {
      const { trials, members, begun } = watch.look();
      expect(members).toBe(false);
      const all = begun ? [...trials, ...changedStates(rows, reader.study("walks").id, table)] : trials;
      const changed = refresh(rows, table, new Set(all));
      table.table.version++;
      expect(applyDelta(copy, JSON.parse(JSON.stringify(deltaOf(table.table, changed))))).toBe(true);
      compare();
      looks++;
    };
    const enter = async (input: StudyInput) => {
      store.enter(defineStudy(parseStudy(input), testKinds));
      expect(watch.look().members).toBe(true);
      table = await tableOf(rows, "walks");
      copy = decodeTable(encodeTable(table.table).buffer);
      compare();
    };
    let events = 0;
    const onEvent = () => {
      if (events++ % 3 === 0) look();
    };
    // Runs that fail, are stopped in their midst and go on, and of which some events pass unseen.
    await enter(study);
    await runStudy(study, { store, kinds: testKinds, jobs: 3, onEvent });
    const failing = { ...study, fixed: { steps: 10, failAt: 3 }, grid: { rate: [3.7, 3.8], epochs: [2, 3] } };
    await enter(failing);
    await runStudy(failing, { store, kinds: testKinds, jobs: 2, onEvent });
    look();
    expect(watch.overview().studies[0].counts.failed).toBe(4);
    const slow = { ...failing, fixed: { steps: 10, failAt: 3, sleep: 30 } };
    await enter(slow);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await runStudy(slow, { store, kinds: testKinds, jobs: 2, signal: stop.signal, onEvent });
    look();
    await runStudy(slow, { store, kinds: testKinds, jobs: 2, retryFailed: true, onEvent });
    await runStudy(slow, { store, kinds: testKinds, jobs: 2, retryFailed: true, onEvent });
    look();
    expect(looks).toBeGreaterThan(10);
    // Nothing was written since.
    expect(watch.look()).toEqual({ trials: new Set(), members: false, begun: false });
    rows.close();
    store.close();
  });

  it("gives the trials of a dead runner back to those that wait", async () => {
    const store = Store.open(path());
    await runStudy({ name: "values", kind: "noop", grid: { value: [1, 2] } }, { store, kinds: testKinds });
    store.database.run("UPDATE trial SET state = 'waiting'");
    const runner = store.addRunner();
    store.claim([1], runner);
    const alive = new StoreWatch(store.database, () => []);
    expect(alive.overview().studies[0].counts).toMatchObject({ waiting: 1, running: 1 });
    expect(alive.overview().runners[0]).toMatchObject({
      alive: true,
      running: 1,
      trials: [{ study: "values", number: 0 }],
    });
    const dead = new StoreWatch(store.database, () => [runner]);
    expect(dead.overview().studies[0].counts).toMatchObject({ waiting: 2, running: 0 });
    expect(dead.overview().runners[0]).toMatchObject({ alive: false, trials: [] });
    store.close();
  });

  it("takes the speed of trials since the last pause", () => {
    const minute = 60_000;
    expect(distanceOf([])).toBeUndefined();
    expect(distanceOf([5])).toBeUndefined();
    expect(distanceOf([0, 10, 20, 30])).toBe(10);
    expect(distanceOf([0, 10, 20, 30 + 100 * minute, 50 + 100 * minute, 70 + 100 * minute])).toBe(20);
    // Slow trials have no pause between them.
    expect(distanceOf([0, 50 * minute, 110 * minute])).toBe(55 * minute);
  });
});

describe("a trial", () => {
  it("has what the store has", async () => {
    const store = await filled();
    const rows = Database.open(store, "read");
    const reader = new StoreReader(rows);
    for (const { identity } of reader.rows("walks")) {
      const detail = reader.trial(identity);
      const trial = readTrial(rows, identity.slice(0, 16))!;
      expect(trial).toMatchObject({
        identity,
        kind: detail.kind,
        seed: detail.seed,
        configuration: detail.configuration,
        summary: detail.summary,
        studies: detail.studies,
        needs: detail.needs,
        leftOut: [],
      });
      const rowsThere = trial.curves.flatMap(({ metric, epochs, values }) =>
        epochs.map((epoch, i) => [epoch, metric, values[i]]),
      );
      const rowsHere = detail.series.flatMap(({ epoch, metrics }) =>
        Object.entries(metrics).map(([metric, value]) => [epoch, metric, value]),
      );
      expect(new Set(rowsThere.map(String))).toEqual(new Set(rowsHere.map(String)));
      expect(readArtifact(rows, identity, "state")).toEqual(reader.artifact(identity, "state"));
    }
    expect(readTrial(rows, "ffffffff")).toBeUndefined();
    expect(readTrial(rows, "no identity")).toBeUndefined();
    expect(readArtifact(rows, [...reader.rows("walks")][0].identity, "../state")).toBeUndefined();
    rows.close();
  });

  it("of a hostile store is cut where it is too large", async () => {
    const store = Store.open(path());
    await runStudy({ name: "values", kind: "noop", grid: { value: [1] } }, { store, kinds: testKinds });
    const { database } = store;
    const long = "<script>alert(1)</script>".repeat(400_000);
    database.run("UPDATE trial SET error = ?, configuration = ?", long, long);
    database.run("UPDATE attempt SET error = ?, machine = ?", long, long);
    const identity = database.get("SELECT identity FROM trial")?.identity as string;
    const trial = readTrial(database, identity)!;
    expect(trial.configuration).toBeUndefined();
    expect(trial.leftOut).toHaveLength(2);
    expect(JSON.stringify(trial).length).toBeLessThan(100_000);
    store.close();
  });
});

describe("a store that was copied in use", () => {
  it("is read with its log, up to the last whole transaction", async () => {
    const [file, copy] = [path(), path()];
    const store = Store.open(file);
    await runStudy(study, { store, kinds: testKinds });
    store.database.all("PRAGMA wal_checkpoint(PASSIVE)");
    await runStudy(falling, { store, kinds: testKinds });
    const expectedRows = expected(new StoreReader(store.database), "falling");
    copyFileSync(file, copy);
    const log = new Uint8Array(readFileSync(`${file}-wal`));
    expect(log.length).toBeGreaterThan(10_000);
    const read = (bytes: Uint8Array) => {
      const whole = path();
      writeFileSync(whole, bytes);
      const rows = Database.open(whole, "read");
      try {
        expect(rows.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
        const reader = new StoreReader(rows);
        return reader.names().includes("falling") ? expected(reader, "falling") : [];
      } finally {
        rows.close();
      }
    };
    const main = new Uint8Array(readFileSync(copy));
    expect(read(mergeLog(main, log))).toEqual(expectedRows);
    // A log that was cut, or has a wrong byte, ends before; what is in the file alone is the first study. Behind what was written
    // since the checkpoint the log has what was written before it, which counts no more.
    const read17 = Array.from({ length: 17 }, (_, i) =>
      read(mergeLog(main, log.subarray(0, Math.floor((i * log.length) / 64)))),
    );
    expect(read17[0]).toEqual([]);
    const counts = read17.map((rows) => rows.filter(({ state }) => state !== "waiting").length);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBeGreaterThan(2);
    const wrong = log.slice();
    wrong[log.length >> 6] ^= 1;
    expect(read(mergeLog(main, wrong))).not.toEqual(expectedRows);
    expect(read(mergeLog(main))).toEqual([]);
    expect(read(mergeLog(main, new Uint8Array(100)))).toEqual([]);
    store.close();
  });
});
