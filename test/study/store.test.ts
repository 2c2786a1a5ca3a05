import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import Sqlite from "libsql";
import { describe, expect, it, vi } from "vitest";
import { Database } from "../../src/study/database.js";
import { parseStudy } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { StoreReader } from "../../src/study/reading.js";
import { deleteStudy } from "../../src/study/removal.js";
import { type Claim, ClaimLost, Store } from "../../src/study/store.js";
import { testFolder } from "./folder.js";
import { testKinds } from "./kinds.js";

const path = testFolder();

function study(name: string, rest: object = {}) {
  return defineStudy(parseStudy({ name, kind: "walk", grid: { rate: [3.5, 3.6, 3.7] }, ...rest }), testKinds);
}

function enter(store: Store, name = "s", rest: object = {}): number[] {
  return [...store.enter(study(name, rest)).values()].map(({ id }) => id);
}

const extremes = {
  third: 1 / 3,
  tiny: 5e-324,
  huge: 1.7976931348623157e308,
  odd: 2 ** 53 - 1,
  power: 2 ** 63,
  nan: Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
  minus: Number.NEGATIVE_INFINITY,
  zero: 0,
};

describe("a store", () => {
  it("gives back exactly the numbers and bytes that were recorded", () => {
    const file = path();
    const store = Store.open(file);
    const [trial] = enter(store);
    const [claim] = store.claim([trial], store.addRunner()) as [Claim];
    store.saveEpoch(claim, 1, extremes, Uint8Array.of(1, 0, 255));
    const artifacts = {
      weights: Uint8Array.of(0, 1, 2),
      same: Uint8Array.of(0, 1, 2),
      empty: new Uint8Array(0),
    };
    store.finish(claim, { summary: extremes, artifacts }, 0.5);
    store.close();
    const again = Store.open(file);
    const result = again.result(trial);
    expect(result.summary).toEqual(extremes);
    expect(
      Object.fromEntries(Object.entries(result.artifacts).map(([name, bytes]) => [name, [...bytes]])),
    ).toEqual({
      weights: [0, 1, 2],
      same: [0, 1, 2],
      empty: [],
    });
    expect(again.database.get("SELECT count(*) AS n FROM content")?.n).toBe(2);
    const reader = new StoreReader(again.database);
    const detail = reader.trial(reader.identity([...study("s").trials.keys()][0]));
    expect(detail.series).toEqual([{ epoch: 1, metrics: extremes }]);
    expect(detail.attempts).toMatchObject([{ outcome: "finished", seconds: 0.5, resumedEpoch: null }]);
    expect(again.database.get("SELECT count(*) AS n FROM checkpoint")?.n).toBe(0);
    again.close();
  });

  it("lets one runner have a trial, and only it may write", () => {
    const file = path();
    const [a, b] = [Store.open(file), Store.open(file)];
    const trials = enter(a);
    const [first, second] = [a.addRunner(), b.addRunner()];
    const [claim] = a.claim(trials.slice(0, 1), first) as [Claim];
    expect(b.claim(trials, second).map((got) => (typeof got === "string" ? got : "claimed"))).toEqual([
      "running",
      "claimed",
      "claimed",
    ]);
    const forged = { ...claim, runner: second };
    expect(() => b.saveEpoch(forged, 1, { x: 1 })).toThrow(ClaimLost);
    expect(() => b.finish(forged, { summary: {}, artifacts: {} }, 1)).toThrow(ClaimLost);
    a.finish(claim, { summary: { x: 1 }, artifacts: {} }, 1);
    expect(() => a.finish(claim, { summary: { x: 2 }, artifacts: {} }, 1)).toThrow(ClaimLost);
    expect(b.state(trials[0])).toBe("finished");
    expect(b.result(trials[0]).summary).toEqual({ x: 1 });
    a.close();
    b.close();
  });

  it("takes back the trials of a dead process and of a silent one, with their checkpoints", () => {
    const store = Store.open(path());
    const trials = enter(store);
    const [dead, silent, alive] = [store.addRunner(), store.addRunner(), store.addRunner()];
    const { database } = store;
    database.run("UPDATE runner SET pid = ? WHERE id = ?", spawnSync("true").pid, dead);
    database.run("UPDATE runner SET machine = 'far away', seen_at = 0 WHERE id = ?", silent);
    const claims = [dead, silent, alive].map(
      (runner, index) => store.claim([trials[index]], runner)[0] as Claim,
    );
    store.saveEpoch(claims[0], 2, { x: 1 }, Uint8Array.of(7));
    const reader = new StoreReader(database);
    expect(reader.status("s").counts).toEqual({ waiting: 2, running: 1, finished: 0, failed: 0 });
    expect(store.takeBack(silent)).toBe(1);
    expect(store.takeBack()).toBe(1);
    expect(store.takeBack()).toBe(0);
    expect(trials.map((trial) => store.state(trial))).toEqual(["waiting", "waiting", "running"]);
    expect(store.seen(silent)).toBe(false);
    expect(store.seen(alive)).toBe(true);
    const [again] = store.claim([trials[0]], alive) as [Claim];
    expect(again.resume).toEqual({ epoch: 2, state: Uint8Array.of(7) });
    expect(() => store.saveEpoch(claims[0], 3, { x: 1 })).toThrow(ClaimLost);
    const outcomes = database.all("SELECT outcome FROM attempt ORDER BY id").map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["lost", "lost", null, null]);
    store.close();
  });

  it("keeps nothing of a result that cannot be recorded whole", () => {
    const store = Store.open(path());
    const [trial] = enter(store);
    const [claim] = store.claim([trial], store.addRunner()) as [Claim];
    const finish = (result: object) => () => store.finish(claim, result as never, 1);
    expect(finish({ summary: { x: 1, y: "2" }, artifacts: {} })).toThrow('y is not a number: "2"');
    expect(finish({ summary: { x: 1 }, artifacts: { w: [1] } })).toThrow("w is not a Uint8Array");
    expect(store.result(trial)).toEqual({ summary: {}, artifacts: {} });
    expect(store.state(trial)).toBe("running");
    store.close();
  });

  it("says so in one line when the disk is full, and keeps what was recorded", () => {
    const file = path();
    const store = Store.open(file);
    const [one, two] = enter(store);
    const claims = store.claim([one, two], store.addRunner()) as Claim[];
    store.finish(claims[0], { summary: { x: 1 }, artifacts: {} }, 1);
    store.database.exec("PRAGMA max_page_count = 1");
    const large = { summary: {}, artifacts: { weights: new Uint8Array(1e6) } };
    expect(() => store.finish(claims[1], large, 1)).toThrow(
      `${file}: the disk is full; free some space and run the same command again; everything recorded so far is kept`,
    );
    store.close();
    const again = Store.open(file);
    expect([again.state(one), again.state(two)]).toEqual(["finished", "running"]);
    expect(again.database.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
    again.close();
  });

  it("brings a study of the same name up to date and keeps its trials", () => {
    const store = Store.open(path());
    const before = enter(store);
    const after = enter(store, "s", { grid: { rate: [3.6, 3.9] } });
    expect(after[0]).toBe(before[1]);
    const reader = new StoreReader(store.database);
    expect([...reader.rows("s")].map(({ number, parameters }) => [number, parameters.rate])).toEqual([
      [0, 3.6],
      [1, 3.9],
    ]);
    expect(store.database.get("SELECT count(*) AS n FROM trial")?.n).toBe(4);
    store.close();
  });

  it("deletes a study and what only it has", () => {
    const store = Store.open(path());
    enter(store, "base");
    const sequels = { kind: "sequel", grid: { "base.rate": [3.5, 3.9], factor: [1, 2] } };
    enter(store, "sequels", sequels);
    const count = () => store.database.get("SELECT count(*) AS n FROM trial")?.n;
    expect(count()).toBe(3 + 1 + 4);
    const runner = store.addRunner();
    const [claim] = store.claim([enter(store, "sequels", sequels)[0]], runner) as [Claim];
    store.finish(claim, { summary: { x: 1 }, artifacts: { w: new Uint8Array(9) } }, 1);
    expect(deleteStudy(store, "base")).toBe(2);
    expect(count()).toBe(6);
    const [held] = enter(store, "sequels", sequels).slice(1);
    store.claim([held], runner);
    expect(() => deleteStudy(store, "sequels")).toThrow(
      "sequels: 1 of the trials that would go are being run; stop the run first",
    );
    store.removeRunner(runner);
    expect(deleteStudy(store, "sequels")).toBe(6);
    expect(count()).toBe(0);
    expect(store.database.get("SELECT count(*) AS n FROM content")?.n).toBe(0);
    expect(() => deleteStudy(store, "sequels")).toThrow("no study sequels; it holds no study yet");
    store.close();
  });

  it("deletes with a study what it had before its file was changed, but nothing that another study needs", () => {
    const store = Store.open(path());
    const sequels = (factor: number[]) => ({ kind: "sequel", grid: { factor } });
    enter(store, "s", sequels([1, 2]));
    enter(store, "s", sequels([1]));
    enter(store, "other", { kind: "sequel", grid: { "base.rate": [3.5] } });
    const count = () => store.database.get("SELECT count(*) AS n FROM trial")?.n;
    expect(count()).toBe(3 + 2);
    expect(deleteStudy(store, "s")).toBe(3);
    expect(count()).toBe(2);
    store.close();
  });
});

describe("opening a store", () => {
  const files: [string, (file: string) => void, string][] = [
    ["a missing file", () => {}, "no such file"],
    ["a folder", (file) => mkdirSync(file), "is a directory"],
    ["a pipe", (file) => void spawnSync("mkfifo", [file]), "is not an ordinary file"],
    ["an empty file", (file) => writeFileSync(file, ""), "is not a Filigree store"],
    ["text", (file) => writeFileSync(file, "hello ".repeat(1000)), "is not a Filigree store"],
    [
      "another program's database",
      (file) => {
        const sqlite = new Sqlite(file);
        sqlite.exec("CREATE TABLE t (a); PRAGMA user_version = 1");
        sqlite.close();
      },
      "is an SQLite database, but not a Filigree store",
    ],
    [
      "a newer store",
      (file) => {
        const store = Store.open(file);
        store.database.exec("PRAGMA user_version = 99");
        store.close();
      },
      "is from a newer Filigree (store version 99, this one knows 1); update Filigree",
    ],
  ];

  it.each(files)("%s is answered with one line", (_, make, line) => {
    const file = path();
    make(file);
    expect(() => Database.open(file, "read")).toThrow(`${file}: ${line}`);
  });

  it("a damaged store is answered with one line", () => {
    const file = path();
    const store = Store.open(file);
    const rate = { from: 1, to: 4, count: 2000 };
    enter(store, "s", { grid: { rate } });
    store.close();
    // Over the pages behind the first two.
    const bytes = Buffer.alloc(200_000, 0xa5);
    const sqlite = spawnSync("dd", [`of=${file}`, "conv=notrunc", "bs=4096", "seek=2"], { input: bytes });
    expect(sqlite.status).toBe(0);
    expect(() => {
      const reader = StoreReader.open(file);
      reader.list();
      [...reader.rows("s")];
    }).toThrow(`${file}: the store is damaged; restore a copy`);
  });

  it("waits for another process that is creating it", () => {
    const file = path();
    const other = new Sqlite(file);
    const { exec } = Sqlite.prototype;
    let tries = 0;
    // The other one writes when this one is about to change the journal, which SQLite then refuses without waiting.
    const spy = vi.spyOn(Sqlite.prototype, "exec").mockImplementation(function (this: Sqlite.Database, sql) {
      if (sql !== "PRAGMA journal_mode = WAL") return exec.call(this, sql);
      exec.call(other, tries++ === 0 ? "BEGIN IMMEDIATE" : "COMMIT");
      return exec.call(this, sql);
    });
    const store = Store.open(file);
    spy.mockRestore();
    expect(tries).toBe(2);
    expect(store.database.get("PRAGMA journal_mode")).toEqual({ journal_mode: "wal" });
    store.close();
    other.close();
  });

  it.each([
    ["the document of a study", "UPDATE study SET document = '[' || document"],
    ["the values of a trial", "UPDATE member SET parameters = '[' || parameters"],
    ["the configuration of a trial", "UPDATE trial SET configuration = '[' || configuration"],
    ["a table", "DROP TABLE series"],
    ["a column", "ALTER TABLE study RENAME COLUMN document TO text"],
  ])("a store with damage in %s is answered with one line", (_, damage) => {
    const file = path();
    const store = Store.open(file);
    const [trial] = enter(store, "s", { objective: { metric: "x" } });
    const [claim] = store.claim([trial], store.addRunner()) as [Claim];
    store.finish(claim, { summary: { x: 1 }, artifacts: {} }, 1);
    store.database.exec("PRAGMA foreign_keys = OFF");
    store.database.exec(damage);
    const reader = StoreReader.open(file);
    const looks = [
      () => reader.list(),
      () => reader.columns("s"),
      () => [...reader.rows("s")],
      () => reader.best("s", 1),
      () => reader.trial(reader.identity([...study("s").trials.keys()][0])),
    ];
    const answers = looks.flatMap((look) => {
      try {
        look();
        return [];
      } catch (error) {
        return (error as Error).message;
      }
    });
    reader.close();
    store.close();
    const hint = "restore a copy, or save what can be read with `sqlite3 FILE .recover`";
    expect([...new Set(answers)]).toEqual([`${file}: the store is damaged; ${hint}`]);
  });

  it("that another program keeps to itself is answered with one line", () => {
    const [made, file] = [path(), path()];
    Store.open(made).close();
    // The package closes a file in its own time.
    copyFileSync(made, file);
    const other = new Sqlite(file);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE store SET id = 'x'");
    const line = `${file}: another program is writing to the store and keeps it locked; close it and run the same command again`;
    expect(() => StoreReader.open(file)).toThrow(line);
    expect(() => Store.open(file)).toThrow(line);
    other.close();
  });

  it("for reading leaves it unchanged, and readers do not hinder a writer", () => {
    const file = path();
    const store = Store.open(file);
    const [trial] = enter(store);
    const reader = StoreReader.open(file);
    const rows = reader.rows("s");
    rows.next();
    const [claim] = store.claim([trial], store.addRunner()) as [Claim];
    store.finish(claim, { summary: { x: 1 }, artifacts: {} }, 1);
    expect(reader.status("s").counts.finished).toBe(1);
    const readOnly = Database.open(file, "read");
    expect(() => readOnly.run("DELETE FROM trial")).toThrow("no permission to write it");
    readOnly.close();
    reader.close();
    store.close();
  });
});
