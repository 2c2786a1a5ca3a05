import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseTs } from "../../../src/data/numbers/ts.js";
import { stepsOf } from "../../../src/data/sequences.js";

const HEADER =
  "# a comment\n@problemName p\n@univariate false\n@dimensions 2\n@classLabel true 10 9\n@data\n";

function complaint(text: string): string {
  try {
    parseTs(text, "p.ts");
  } catch (error) {
    return (error as Error).message;
  }
  return "no complaint";
}

describe("parseTs", () => {
  it("reads channels, lengths and the declared classes", () => {
    const { channels, values, target } = parseTs(`${HEADER}1,2,3:4,5,6:9\n\n7:8:10\r\n`, "p.ts");
    expect(channels).toEqual(["1", "2"]);
    expect(values.map((own) => [...own])).toEqual([
      [1, 4, 2, 5, 3, 6],
      [7, 8],
    ]);
    expect(target).toEqual({ kind: "class", labels: { classes: ["9", "10"], of: Int32Array.of(0, 1) } });
  });

  it("reads sequences without classes and with targets", () => {
    expect(parseTs("@univariate true\n@classLabel false\n@data\n1,2\n", "p.ts")).toEqual({
      channels: ["1"],
      values: [Float32Array.of(1, 2)],
    });
    expect(parseTs("@univariate true\n@targetLabel true\n@data\n1,2:.5\n", "p.ts").target).toEqual({
      kind: "numbers",
      names: ["target"],
      of: [Float32Array.of(Number.NaN, 0.5)],
    });
  });

  it("has the classes that it is given", () => {
    const { target } = parseTs(`${HEADER}1:2:9\n`, "p.ts", { classes: ["a", "9"] });
    expect(target).toMatchObject({ labels: { classes: ["a", "9"], of: Int32Array.of(1) } });
    expect(parseTs(`${HEADER}1:2:9\n`, "p.ts", { unlabelled: true }).target).toBeUndefined();
  });

  it.each([
    ["nothing", "", "p.ts: has no line @data"],
    ["no @data", "@univariate true\n@classLabel true a\n", "p.ts: has no line @data"],
    ["data before @data", "@univariate true\n1,2:a\n", "p.ts:2: no line @data comes before the data"],
    ["no sequences", HEADER, "p.ts: has no sequences after @data"],
    [
      "a missing value",
      `${HEADER}1,?:2,3:9\n`,
      'p.ts:7: channel 1, step 2 is missing: "?"; fill gaps or leave',
    ],
    ["NaN", `${HEADER}1,NaN:2,3:9\n`, 'p.ts:7: channel 1, step 2 is missing: "NaN"'],
    ["a missing class", `${HEADER}1:2:?\n`, "p.ts:7: its class is missing"],
    ["a word", `${HEADER}1:b:9\n`, 'p.ts:7: channel 2, step 1 is not a number: "b"'],
    ["time stamps", `${HEADER}(0,1),(1,2):(0,1),(1,2):9\n`, "p.ts:7: time stamps are not read"],
    [
      "time stamps declared",
      "@timeStamps true\n@univariate true\n@data\n1,2\n",
      "p.ts:1: time stamps are not read",
    ],
    [
      "a class that is not declared",
      `${HEADER}1:2:8\n`,
      'p.ts:7: the label "8" is none that @classLabel declares; they are 9 10',
    ],
    ["no class declared", "@univariate true\n@classLabel true\n@data\n1,2\n", "p.ts:2: declares no classes"],
    [
      "classes and no @classLabel",
      "@univariate true\n@data\n1,2:a\n",
      "p.ts:3: has 2 channels, not 1; check its colons; are classes declared",
    ],
    ["one channel too few", `${HEADER}1:9\n`, "p.ts:7: has 1 channel before the class, not 2"],
    ["a class alone", "@classLabel true a\n@data\na\n", "p.ts:3: has no values"],
    ["channels of two lengths", `${HEADER}1,2:3:9\n`, "p.ts:7: channel 2 has 1 step, the first 2"],
    [
      "another length than declared",
      "@univariate true\n@equalLength true\n@seriesLength 3\n@classLabel true a\n@data\n1,2:a\n",
      "p.ts:6: has 2 steps, not 3 as the header says",
    ],
    [
      "unequal lengths",
      "@univariate true\n@equalLength true\n@classLabel true a\n@data\n1,2:a\n1:a\n",
      "p.ts:6: has 1 step, not 2 as the first",
    ],
    ["a flag that is none", "@univariate maybe\n@data\n1\n", "p.ts:1: is neither true nor false"],
  ])("refuses %s", (_, text, message) => {
    expect(complaint(text)).toContain(message);
  });
});

const folder = new URL("../../../../shared/reference/series/", import.meta.url);
describe.skipIf(!existsSync(folder))("the series of the archive", () => {
  it.each([
    ["JapaneseVowels", 12, [270, 370], [7, 29], 9],
    ["BasicMotions", 6, [40, 40], [100, 100], 4],
    ["GunPoint", 1, [50, 150], [150, 150], 2],
    ["ItalyPowerDemand", 1, [67, 1029], [24, 24], 2],
    ["ArrowHead", 1, [36, 175], [251, 251], 3],
  ])("%s has the sizes that other readers give it", (name, channels, counts, lengths, classes) => {
    const sets = ["TRAIN", "TEST"].map((part) =>
      parseTs(readFileSync(new URL(`${name}_${part}.ts`, folder), "utf8"), name),
    );
    expect(sets.map(({ values }) => values.length)).toEqual(counts);
    const steps = sets.flatMap((set) => [...set.values.keys()].map((row) => stepsOf(set, row)));
    expect([Math.min(...steps), Math.max(...steps)]).toEqual(lengths);
    for (const set of sets) {
      expect(set.channels).toHaveLength(channels);
      expect(set.target).toMatchObject({ kind: "class", labels: { classes: { length: classes } } });
    }
  });
});
