import { parse } from "csv-parse/sync";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareStudies, compareTrials } from "../../src/study/compare.js";
import { parseStudy, type StudyInput } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { planStudy } from "../../src/study/plan.js";
import { StoreReader } from "../../src/study/reading.js";
import { runStudy } from "../../src/study/runner.js";
import { type Claim, Store } from "../../src/study/store.js";
import { type Cell, encodeTable, resultsTable, seriesTable } from "../../src/study/table.js";
import { testFolder } from "./folder.js";
import { testKinds } from "./kinds.js";

const path = testFolder();
const file = path("store.db");

const study: StudyInput = {
  name: "walks",
  kind: "walk",
  list: [{ rate: 3.6 }, { rate: 3.8 }, { rate: 3.7, failAt: 2 }],
  fixed: { epochs: 2 },
  replicates: 2,
  objective: { metric: "sum" },
};

let reader: StoreReader;
beforeAll(async () => {
  await runStudy(study, { store: file, kinds: testKinds, jobs: 1 });
  await runStudy({ ...study, name: "one", replicates: 1 }, { store: file, kinds: testKinds, jobs: 1 });
  reader = StoreReader.open(file);
});
afterAll(() => reader.close());

describe("looking at a store", () => {
  it("lists studies with counts", () => {
    expect(
      reader.list().map(({ name, total, counts }) => [name, total, counts.finished, counts.failed]),
    ).toEqual([
      ["walks", 6, 4, 2],
      ["one", 3, 2, 1],
    ]);
    expect(() => reader.status("walk")).toThrow(`${file}: no study walk; did you mean walks`);
  });

  it("ranks combinations by the mean of their replicates", () => {
    const rows = [...reader.rows("walks")];
    const mean = (rate: number) => {
      const sums = rows
        .filter(({ parameters }) => parameters.rate === rate)
        .map(({ summary }) => summary.sum);
      return (sums[0] + sums[1]) / 2;
    };
    const best = reader.best("walks", 10);
    expect(best).toHaveLength(2);
    expect(best.map(({ value }) => value)).toEqual([mean(3.6), mean(3.8)].sort((a, b) => b - a));
    expect(best[0]).toMatchObject({ replicates: 2, parameters: { rate: best[0].number === 0 ? 3.6 : 3.8 } });
    expect(reader.best("one", 1)).toHaveLength(1);
  });

  it("shows a trial by the beginning of its identity", () => {
    const [row] = reader.rows("walks");
    expect(reader.trial(row.identity.slice(0, 8))).toMatchObject({
      identity: row.identity,
      configuration: { rate: 3.6, epochs: 2, steps: 100 },
      studies: [
        { name: "one", number: 0 },
        { name: "walks", number: 0 },
      ],
      artifacts: [{ name: "state", size: 16 }],
      series: [{ epoch: 1 }, { epoch: 2 }],
    });
    expect(new Float64Array(reader.artifact(row.identity, "state").buffer)[1]).toBe(row.summary.sum);
    expect(() => reader.artifact(row.identity, "weights")).toThrow("has no artifact weights");
    expect(() => reader.trial("zz")).toThrow("zz is not a trial; give at least 4 digits");
    expect(() => reader.trial("000000000")).toThrow("no trial 000000000");
  });

  it("compares trials and studies", () => {
    const [a, , b] = reader.rows("walks");
    const trials = compareTrials(reader, a.identity, b.identity);
    expect(trials.configuration).toEqual([{ name: "rate", a: 3.6, b: 3.8 }]);
    expect(trials.summary).toContainEqual({ name: "sum", a: a.summary.sum, b: b.summary.sum });
    const studies = compareStudies(reader, "one", "walks");
    expect(studies.rows).toHaveLength(2);
    expect(studies.rows[0]).toMatchObject({ parameters: { rate: 3.6 }, a: a.summary.sum });
  });

  it("plans against what is there", () => {
    const larger = defineStudy(parseStudy({ ...study, replicates: 3 }), testKinds);
    const plan = planStudy(larger, file, 2);
    expect(plan).toMatchObject({
      trials: 9,
      needed: 0,
      states: { waiting: 3, running: 0, finished: 4, failed: 2 },
      parameters: { rate: 3, failAt: 1 },
    });
    expect(plan.seconds).toBeGreaterThan(0);
    expect(planStudy(larger, path("none.db"), 2)).toMatchObject({
      states: { waiting: 9 },
      seconds: undefined,
    });
  });
});

describe("tables", () => {
  it("are the same in CSV, JSON lines and Parquet", async () => {
    const table = resultsTable(reader, "walks");
    const expected = [...reader.rows("walks")];
    const csv = parse(Buffer.from(encodeTable(table, "csv")), { columns: true }) as Record<string, string>[];
    const lines = Buffer.from(encodeTable(table, "jsonl")).toString().trim().split("\n");
    const jsonl = lines.map((line) => JSON.parse(line));
    const parquet = await parquetReadObjects({ file: new Uint8Array(encodeTable(table, "parquet")).buffer });
    expect(Object.keys(csv[0])).toEqual([
      ..."number identity kind seed replicate state error failAt rate position sum".split(" "),
    ]);
    for (const [index, row] of expected.entries()) {
      const { identity, state } = row;
      expect(csv[index]).toMatchObject({ identity, state, rate: String(row.parameters.rate) });
      expect(jsonl[index]).toMatchObject({ number: index, identity, state, rate: row.parameters.rate });
      expect(parquet[index]).toMatchObject({ number: index, identity, state, rate: row.parameters.rate });
      expect(csv[index].sum === "" ? undefined : Number(csv[index].sum)).toBe(row.summary.sum);
      expect(jsonl[index].sum).toBe(row.summary.sum);
      expect(parquet[index].sum ?? undefined).toBe(row.summary.sum);
    }
  });

  it("have a row for each epoch when asked", () => {
    const lines = Buffer.from(encodeTable(seriesTable(reader, "one"), "csv"))
      .toString()
      .trim()
      .split("\n");
    expect(lines[0]).toBe("number,identity,seed,replicate,epoch,failAt,rate,position,sum");
    expect(lines.slice(1).map((line) => [line.split(",")[0], line.split(",")[4]].join(" "))).toEqual([
      "0 1",
      "0 2",
      "1 1",
      "1 2",
      "2 1",
    ]);
  });

  it("keep NaN, infinities, nested values and names that occur twice", async () => {
    const store = Store.open(path());
    const odd: StudyInput = { name: "odd", kind: "noop", grid: { value: [1, 2] } };
    const rows = [...store.enter(defineStudy(parseStudy(odd), testKinds)).values()];
    const claims = store.claim(
      rows.map(({ id }) => id),
      store.addRunner(),
    ) as Claim[];
    store.finish(
      claims[0],
      { summary: { value: Number.NaN, seed: Number.NEGATIVE_INFINITY }, artifacts: {} },
      1,
    );
    store.finish(claims[1], { summary: { seed: 0.1 }, artifacts: {} }, 1);
    store.database.run(`UPDATE member SET parameters = '{"value":[1,{"a":"b"}]}' WHERE number = 1`);
    const table = resultsTable(new StoreReader(store.database), "odd");
    expect([...table].slice(7)).toEqual([
      ["value", [1, [1, { a: "b" }]]],
      ["metric.seed", [Number.NEGATIVE_INFINITY, 0.1]],
      ["metric.value", [Number.NaN, undefined]],
    ]);
    const csv = Buffer.from(encodeTable(table, "csv")).toString().trim().split("\n");
    expect(csv.map((line) => line.slice(line.indexOf("finished") + 10))).toEqual([
      expect.anything(),
      "1,-Infinity,NaN",
      '"[1,{""a"":""b""}]",0.1,',
    ]);
    const [line] = Buffer.from(encodeTable(table, "jsonl")).toString().split("\n");
    expect(JSON.parse(line)).toMatchObject({ value: 1, "metric.seed": "-Infinity", "metric.value": "NaN" });
    const parquet = await parquetReadObjects({ file: new Uint8Array(encodeTable(table, "parquet")).buffer });
    expect(parquet[0]).toMatchObject({ "metric.seed": Number.NEGATIVE_INFINITY, "metric.value": Number.NaN });
    expect(parquet[1]).toMatchObject({ "metric.value": null, value: '[1,{"a":"b"}]' });
    store.close();
  });

  it("keep in Parquet whatever a value called epoch may be", async () => {
    const read = (values: readonly Cell[]) => {
      const bytes = encodeTable(new Map([["epoch", values]]), "parquet");
      return parquetReadObjects({ file: new Uint8Array(bytes).buffer });
    };
    for (const values of [
      [1, 2],
      [0.5, 2],
      [3e9, 1],
      ["first", "last"],
      [1, undefined],
    ]) {
      expect(await read(values)).toEqual(values.map((epoch) => ({ epoch: epoch ?? null })));
    }
  });
});
