import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type DataConfiguration, dataSchema, loadData } from "../../src/experiments/data.js";
import { kinds } from "../../src/experiments/kinds.js";
import { parseStudy } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";

const strings = (seed: number): DataConfiguration =>
  dataSchema.parse({ count: 40, minLength: 5, maxLength: 12, seed });

describe("the data of trials", () => {
  it("are kept for the trials that share them, but only the last few", () => {
    const first = loadData(strings(1));
    loadData(strings(2));
    expect(loadData(strings(1))).toBe(first);
    for (const seed of [3, 4, 5, 6]) loadData(strings(seed));
    const again = loadData(strings(1));
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  it.each([
    [{ count: 3 }, "data.count: too small"],
    [{ minLength: 20, maxLength: 19 }, "minLength: is more than maxLength"],
    [{ maxLength: 10 }, "minLength: is more than maxLength"],
    [{ maxLength: 10_001 }, "maxLength: too big"],
  ])("are refused when a study is planned: %j", (data, message) => {
    const study = parseStudy({ name: "s", kind: "train", fixed: { cell: "gru", data } });
    expect(() => defineStudy(study, kinds)).toThrow(message);
  });

  it("say where a file was looked for", () => {
    const data = { train: "no/train.csv", test: "no/test.csv" };
    const study = parseStudy({ name: "s", kind: "train", fixed: { cell: "gru", data } });
    const line = `no/train.csv: no such file, looked for at ${resolve("no/train.csv")}; paths are taken from the folder`;
    expect(() => defineStudy(study, kinds)).toThrow(line);
    const folder = { train: "test", test: "test" };
    expect(() => dataSchema.parse(folder)).toThrow(
      `is a directory, not a file, looked for at ${resolve("test")};`,
    );
    const whole = resolve("no/train.csv");
    expect(() => dataSchema.parse({ train: whole, test: whole })).toThrow(
      `${whole}: no such file; check the path`,
    );
  });

  it("may have as few as four strings", () => {
    expect(loadData(dataSchema.parse({ count: 4 })).train.strings).toHaveLength(2);
  });
});
