// What the dashboard makes of a table: filters, order, curves, scales, the command that repeats a trial.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseStudy } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { formatAddress, linkTo, parseAddress } from "../../src/web/dashboard/address.js";
import { columnsOf, metricColumn, ordered } from "../../src/web/dashboard/columns.js";
import { csvOf } from "../../src/web/dashboard/files.js";
import {
  filterRows,
  formatFilter,
  parseFilter,
  rangeOf,
  termOf,
  withTerm,
} from "../../src/web/dashboard/filter.js";
import { courseOf, meanLines, smoothed, thin, wantsLog } from "../../src/web/dashboard/groups.js";
import { importancesOf } from "../../src/web/dashboard/importance.js";
import { repeatCommand } from "../../src/web/dashboard/repeat.js";
import { scaleOf } from "../../src/web/dashboard/scale.js";
import { leaves } from "../../src/web/dashboard/spoken.js";
import { TrialTable, WordWriter } from "../../src/web/store/table.js";
import { testFolder } from "../study/folder.js";
import { testKinds } from "../study/kinds.js";

const path = testFolder();

/** Twelve trials: two cells, three densities, two seeds; the last has failed. */
function table(): TrialTable {
  const made = new TrialTable(12);
  const parameter = (name: string) => {
    const column = { words: [], codes: new Uint32Array(12) };
    made.parameters.set(name, column);
    return new WordWriter(column);
  };
  const [cell, density, note] = [parameter("cell"), parameter("density"), parameter("a note")];
  const accuracy = made.metric("accuracy")!;
  made.identities = "";
  for (let row = 0; row < 12; row++) {
    made.identities += (row + 10).toString(16).repeat(16).slice(0, 16);
    made.number[row] = row;
    made.seed[row] = row % 2;
    cell.set(row, JSON.stringify(row < 6 ? "lstm" : "gru"));
    density.set(row, JSON.stringify([0.01, 0.1, 1][(row >> 1) % 3]));
    if (row === 3) note.set(row, JSON.stringify("odd <one>"));
    made.state[row] = row === 11 ? 3 : 2;
    made.ended[row] = 1000 * (12 - row);
    accuracy[row] = row === 11 ? Number.NaN : 0.5 + row / 100;
  }
  new WordWriter(made.error).set(11, "the loss is not finite");
  return made;
}

const made = table();
const columns = columnsOf(made, new Map([[made.identity(4)!, ["good", "odd"]]]));
const objective = { metric: "accuracy", direction: "maximize" } as const;
const rows = (line: string) => [...filterRows(line, made, columns, objective).rows];
const remarks = (line: string) => filterRows(line, made, columns, objective).remarks;
const all = Uint32Array.from({ length: 12 }, (_, i) => i);

describe("a filter", () => {
  it.each([
    ["", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ["cell=gru", [6, 7, 8, 9, 10, 11]],
    ["cell=gru|lstm density=1", [4, 5, 10, 11]],
    ["cell!=gru density!=1", [0, 1, 2, 3]],
    ["density=0.05..1", [2, 3, 4, 5, 8, 9, 10, 11]],
    ["density=..0.1 seed=1", [1, 3, 7, 9]],
    ["density=1e-2", [0, 1, 6, 7]],
    ["accuracy>0.59", [10]],
    ["accuracy>=0.59", [9, 10]],
    ["accuracy<0.52 accuracy>.5", [1]],
    ["state=failed", [11]],
    ["error~FINITE", [11]],
    ["finite", [11]],
    ["lst seed=0", [0, 2, 4]],
    ['"a note"="odd <one>"', [3]],
    ['"a note"~<one', [3]],
    ["tag=good", [4]],
    ["odd", [3, 4]],
    [`trial=${made.identity(7)!.slice(0, 6)}`, [7]],
    [`trial=${made.identity(7)}${"0".repeat(48)}`, [7]],
    ["top=10%", [10]],
    ["top=50% cell=lstm", [3, 4, 5]],
    ["top=100%", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ])("%s", (line, expected) => {
    expect(remarks(line)).toEqual([]);
    expect(rows(line)).toEqual(expected);
  });

  it("says what it does not understand, and does the rest", () => {
    expect(remarks("cel=gru seed=0")).toEqual(["there is no column cel; did you mean cell?"]);
    expect(rows("cel=gru density=1")).toEqual([4, 5, 10, 11]);
    expect(remarks("density<much")).toEqual(["density<much: much is no number"]);
    expect(remarks("top=some")).toEqual(["top=some is no share; write top=5%"]);
    expect(filterRows("top=5%", made, columns, undefined).remarks).toHaveLength(1);
  });

  it("is the same after it was read and written", () => {
    for (const line of [
      "cell=gru|lstm density=0.01..1",
      '"a note"~"odd one" <b>',
      "top=5% accuracy>=0.5",
      "a b c",
    ]) {
      expect(parseFilter(formatFilter(parseFilter(line)))).toEqual(parseFilter(line));
    }
  });

  it("has one term of equality for a brush", () => {
    const line = withTerm("lstm density=1 density>0.5", "density", "..0.1");
    expect(line).toBe("lstm density>0.5 density=..0.1");
    expect(termOf(line, "density")).toBe("..0.1");
    expect(withTerm(line, "density", undefined)).toBe("lstm density>0.5");
  });

  it("knows a range by its two dots", () => {
    expect(rangeOf("-1.5..2e-3")).toEqual([-1.5, 0.002]);
    expect(rangeOf("..3")).toEqual([Number.NEGATIVE_INFINITY, 3]);
    for (const text of ["..", "1", "a..b", "1.5"]) expect(rangeOf(text)).toBeUndefined();
  });
});

describe("columns", () => {
  it("order rows by number, word or state, without a value last", () => {
    const order = (name: string, descending: boolean) => [...ordered(all, columns.get(name)!, descending)];
    expect(order("accuracy", true)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11]);
    expect(order("accuracy", false).at(-1)).toBe(11);
    expect(order("cell", false)).toEqual([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]);
    expect(order("a note", true)[0]).toBe(3);
    expect(order("state", true)[0]).toBe(11);
    expect(order("ended", false)[0]).toBe(11);
  });

  it("that would be called the same are told apart by what they are", () => {
    const clash = new TrialTable(1);
    clash.parameters.set("seed", { words: ["7"], codes: Uint32Array.of(1) });
    clash.parameters.set("loss", { words: ['"l1"'], codes: Uint32Array.of(1) });
    clash.metric("loss")![0] = 0.25;
    const named = columnsOf(clash, new Map());
    expect(named.get("parameter.seed")?.number(0)).toBe(7);
    expect(named.get("seed")?.number(0)).toBe(0);
    expect(named.get("loss")?.text(0)).toBe("l1");
    expect(metricColumn(named, "loss")?.number(0)).toBe(0.25);
  });
});

describe("charts", () => {
  it("are drawn from means with the intervals of reports", () => {
    const lines = meanLines(all, columns.get("density")!, columns.get("accuracy")!, columns.get("cell"));
    expect(lines.map(({ name }) => name)).toEqual(["gru", "lstm"]);
    const [first] = lines[1].points;
    expect(first).toMatchObject({ x: 0.01, trials: 2 });
    expect(first.mean).toBeCloseTo(0.505, 12);
    // Student's t with one degree of freedom: 12.706 times the standard error 0.005.
    expect(first.high - first.mean).toBeCloseTo(12.7062 * 0.005, 5);
    const last = lines[0].points.at(-1)!;
    expect(last).toMatchObject({ x: 1, mean: 0.6, low: 0.6, high: 0.6, trials: 1 });
  });

  it("tell where the best so far became better", () => {
    const { points, best } = courseOf(all, columns.get("ended")!, columns.get("accuracy")!, objective);
    expect(points.map(({ row }) => row)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(best.map(({ row, x }) => [row, x])).toEqual([
      [10, 2000],
      [10, 12000],
    ]);
    const down = courseOf(all, columns.get("ended")!, columns.get("accuracy")!, {
      ...objective,
      direction: "minimize",
    });
    expect(down.best).toHaveLength(11);
  });

  it("smooth as Adam corrects its moments", () => {
    expect(smoothed([1, 2, 3], 0)).toEqual([1, 2, 3]);
    const [a, b, c] = smoothed([1, 2, 4], 0.5);
    expect([a, b, c]).toEqual([1, (0.25 * 1 + 0.5 * 2) / 0.75, (0.125 * 1 + 0.25 * 2 + 0.5 * 4) / 0.875]);
    expect(smoothed([1, Number.NaN, 1], 0.9)).toEqual([1, Number.NaN, 1]);
  });

  it("take some of many without meeting the period of a grid", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => i);
    const some = thin(many, 100);
    expect(new Set(some).size).toBe(100);
    expect(new Set(some.map((i) => i % 10)).size).toBe(10);
    expect(thin([1, 2], 5)).toEqual([1, 2]);
  });

  it("want a logarithm where values crowd at the low end", () => {
    expect(wantsLog([0.001, 0.002, 0.01, 0.05, 1])).toBe(true);
    expect(wantsLog([1, 2, 3, 4])).toBe(false);
    expect(wantsLog([-1, 0.001, 0.01, 1])).toBe(false);
  });

  it("have scales whose brushes mean what they cover", () => {
    const log = scaleOf(columns.get("density")!, all, true);
    expect(log.place(0)).toBe(0);
    expect(log.place(2)).toBeCloseTo(0.5, 12);
    expect(log.between(-0.1, 0.5)).toBe("..0.1");
    expect(log.between(0.25, 1.2)).toBe("0.03162..");
    expect(log.between(0, 1)).toBeUndefined();
    expect(log.span("..0.1")).toEqual([0, log.place(2)]);
    const cell = scaleOf(columns.get("cell")!, all, false);
    expect(cell.between(0.4, 1)).toBe("lstm");
    expect(cell.span("lstm")![0]).toBeLessThan(1);
    expect(rows(`density=${log.between(0.4, 0.6)}`)).toEqual([2, 3, 8, 9]);
  });

  it("are saved as CSV that others read", () => {
    const text = csvOf(
      ["a", 'b "c"'],
      [
        ["x,y", Number.NaN],
        ["line\nend", 0.5],
        [undefined, Number.POSITIVE_INFINITY],
      ],
    );
    expect(text).toBe('a,"b ""c"""\r\n"x,y",\r\n"line\nend",0.5\r\n,Infinity\r\n');
  });
});

describe("importances", () => {
  it("find what decides, and want enough trials", () => {
    const n = 200;
    const decides = Float64Array.from({ length: n }, (_, i) => (i * 7) % 10);
    const idle = Float64Array.from({ length: n }, (_, i) => (i * 13) % 17);
    const target = decides.map((value) => value ** 2);
    const found = importancesOf({ names: ["idle", "decides"], columns: [idle, decides], target })!;
    expect(found.values[0].name).toBe("decides");
    expect(found.values[0].mean).toBeGreaterThan(1);
    expect(Math.abs(found.values[1].mean)).toBeLessThan(0.05);
    expect(found.r2).toBeGreaterThan(0.95);
    const few = { names: ["a"], columns: [decides.slice(0, 10)], target: target.slice(0, 10) };
    expect(importancesOf(few)).toBeUndefined();
  });
});

describe("addresses", () => {
  it("lead to where they came from", () => {
    const link = linkTo(["study", "a/b ?#é", "table"], { filter: "x=1 & y", sort: "" });
    const { path, chosen } = parseAddress(link);
    expect(path).toEqual(["study", "a/b ?#é", "table"]);
    expect([...chosen]).toEqual([["filter", "x=1 & y"]]);
    expect(formatAddress({ path, chosen })).toBe(link);
    expect(parseAddress("#/study/%E0%A4%A").path).toEqual(["study", "%E0%A4%A"]);
  });

  it("of configurations are the paths of their leaves", () => {
    expect([...leaves({ a: { b: 1, c: {} }, d: [1, { e: 2 }] })]).toEqual([
      ["a.b", 1],
      ["a.c", {}],
      ["d", [1, { e: 2 }]],
    ]);
  });
});

describe("the command that repeats a trial", () => {
  it("describes a study whose one trial has the same identity", () => {
    const study = defineStudy(
      parseStudy({ name: "s", kind: "walk", seed: 5, grid: { rate: [3.7] }, replicates: 3 }),
      testKinds,
    );
    for (const { identity } of study.members) {
      const { kind, seed, text } = study.trials.get(identity)!;
      const configuration = { ...JSON.parse(text), remark: undefined };
      const command = repeatCommand({ kind, seed, configuration }).split(" && ")[0];
      const folder = path("");
      expect(spawnSync("sh", ["-c", command], { cwd: folder }).status).toBe(0);
      const again = defineStudy(
        parseStudy(JSON.parse(readFileSync(`${folder}/repeat.json`, "utf8"))),
        testKinds,
      );
      expect(again.members.map((member) => member.identity)).toEqual([identity]);
    }
  });

  it("takes any text through a shell", () => {
    const configuration = { text: `it's "quoted" \\ $HOME \`id\` %s\n<b>é` };
    const command = repeatCommand({ kind: "k", seed: 0, configuration }).split(" && ")[0];
    const folder = path("");
    expect(spawnSync("sh", ["-c", command], { cwd: folder }).status).toBe(0);
    expect(JSON.parse(readFileSync(`${folder}/repeat.json`, "utf8")).fixed).toEqual(configuration);
  });
});
