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

  it.each([
    ["semicolons and decimal commas", "a;b\n1,5;2\n-,25;3,5e2\n"],
    ["tabs and decimal commas", "a\tb\r\n1,5\t2\r\n-0,25\t350\r\n"],
    ["tabs and points", "a\tb\n1.5\t2\n-.25\t350\n"],
    ["semicolons and points", "sep=;\na;b\n1.5; 2\n-.25; 350\n"],
    ["commas within quotes", 'a,b\n"1,5",2\r\n"-0,25","350,0"\r'],
    ["a comma that could be between thousands beside one that could not", "a;b\n1,500;2\n-0,25;350\n"],
    ["vertical bars and blanks", "a | b\n1.5 | 2\n-0.25 | 350\n"],
  ])("are read with %s", (_, text) => {
    const table = parseTable(text, "t.csv");
    expect(numbers(table, "a")).toEqual(Float64Array.of(1.5, -0.25));
    expect(numbers(table, "b")).toEqual(Float64Array.of(2, 350));
  });

  it.each([
    ["could be thousands", "a;b\n1,234;2\n12,500;3\n", "1,234"],
    ["stands beside points", "a;b\n1,5;2.5\n", "1,5"],
    ["stands between thousands", 'a,b\n"1,234,567",2\n', "1,234,567"],
    ["comes after points between thousands", "a;b\n1.234,5;2\n", "1.234,5"],
  ])("refuse a comma that %s", (_, text, cell) => {
    const table = parseTable(text, "t.csv");
    expect(isNumeric(table, "a")).toBe(true);
    expect(() => numbers(table, "a")).toThrow(
      `t.csv:2: column "a" is not a number: "${cell}"; write a decimal point, and nothing between thousands`,
    );
  });

  it("keep an empty cell between tabs in its column", () => {
    expect(parseTable("a\tb\tc\n1\t\t3\n", "t.csv").rows).toEqual([["1", "", "3"]]);
  });

  it("prefer the comma where others fit as well", () => {
    expect(parseTable("a|b,c\n1|2,3\n", "t.csv").columns).toEqual(["a|b", "c"]);
    expect(parseTable("a;b,c\n1;2,3\n4;5;6,7\n", "t.csv").columns).toEqual(["a;b", "c"]);
  });

  it("may have several columns without a name", () => {
    expect(parseTable(",a,,\n0,1,,\n", "t.csv").columns).toEqual(["", "a", "", ""]);
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
    [
      "a,b\n1,5,2,5\n",
      "t.csv:2: the row has not as many cells as the header; put a cell that contains a comma in double quotes, and write decimal points",
    ],
    ["a;b\n1\n", "check for a missing or an extra semicolon"],
  ])("refuse the text %j", (text, message) => {
    expect(() => parseTable(text, "t.csv")).toThrow(message);
  });

  it("refuse an open quote in one line", () => {
    expect(() => parseTable('a,b\n1,"2\n', "t.csv")).toThrow(
      /^t\.csv:\d+: a double quote is opened and never closed; [^\n]+$/,
    );
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
