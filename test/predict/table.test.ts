import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isNumeric, numbers, parseTable, readTable, tableOf } from "../../src/predict/table.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("tables", () => {
  it("read numbers of every decimal form, quoted cells and blank lines", () => {
    const path = join(folder, "good.csv");
    writeFileSync(path, '\uFEFFname,x,test_acc\r\n"a,\nb",1e-3,.5\r\n\r\nc, -2. ,+3E2\r\n');
    const table = readTable(path);
    expect(table.columns).toEqual(["name", "x", "test_acc"]);
    expect(table.lines).toEqual([3, 5]);
    expect(numbers(table, "x")).toEqual(Float64Array.of(0.001, -2));
    expect(numbers(table, "test_acc")).toEqual(Float64Array.of(0.5, 300));
    expect([isNumeric(table, "name"), isNumeric(table, "x")]).toEqual([false, true]);
  });

  it("are made from records without losing a bit", () => {
    const table = tableOf("results", [
      { cell: "gru", accuracy: 0.1 + 0.2 },
      { cell: "gru", accuracy: 1e-320 },
    ]);
    expect(numbers(table, "accuracy")).toEqual(Float64Array.of(0.1 + 0.2, 1e-320));
  });

  it.each([
    ["", "t.csv: is empty; give a CSV with a header"],
    ["a,b,a\n1,2,3\n", 't.csv:1: column "a" appears twice; rename one of them'],
    [
      "a,b\n1,2\n3\n",
      "t.csv:3: the row has not as many cells as the header; check for a missing or an extra comma, or a file that was cut off",
    ],
  ])("refuse the text %j", (text, message) => {
    expect(() => parseTable(text, "t.csv")).toThrow(message);
  });

  it("refuse an open quote in one line", () => {
    expect(() => parseTable('a,b\n1,"2\n', "t.csv")).toThrow(/^t\.csv:\d+: is not a CSV: [^\n]+$/);
  });

  it.each([
    ["", 't.csv:3: column "a" is blank; correct the cell or remove the row'],
    ["NaN", 't.csv:3: column "a" is not a number: "NaN"'],
    ["inf", 't.csv:3: column "a" is not a number: "inf"'],
    ["0x10", 't.csv:3: column "a" is not a number: "0x10"'],
    ["1e400", 't.csv:3: column "a" is too large: 1e400'],
  ])("refuse the cell %j and say where it is", (cell, message) => {
    const table = parseTable(`a,b\n1,2\n${cell},2\n`, "t.csv");
    expect(() => numbers(table, "a")).toThrow(message);
    expect(numbers(table, "b")).toEqual(Float64Array.of(2, 2));
  });

  it("suggest the nearest column, or list what there is", () => {
    const table = parseTable("test_acc,time\n1,2\n", "t.csv");
    expect(() => numbers(table, "test_ac")).toThrow('t.csv: has no column "test_ac"; did you mean test_acc?');
    expect(() => numbers(table, "accuracy")).toThrow("use test_acc or time");
  });

  it("pass on that there is no such file", () => {
    expect(() => readTable(join(folder, "none.csv"))).toThrow("no such file; check the path");
  });
});
