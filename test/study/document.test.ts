import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applySetting, parseStudy, readStudy, studySchema } from "../../src/study/document.js";
import { combinations, countCombinations, defineStudy } from "../../src/study/expand.js";
import { testFolder } from "./folder.js";
import { testKinds } from "./kinds.js";

const path = testFolder();

function values(study: object, parameter: string): unknown[] {
  const document = parseStudy({ name: "s", kind: "walk", ...study });
  return [...combinations(document)].map(({ parameters }) => parameters[parameter]);
}

describe("a study file", () => {
  it("is read from YAML, named after its file, and takes settings", () => {
    const file = path("my-study.yaml");
    writeFileSync(file, "# comment\nkind: walk\nfixed: {rate: 3.7}\ngrid:\n  epochs: [1, 2]\n");
    const study = readStudy(file, ["replicates=3", "fixed.rate=3.8", "grid.steps={from: 1, to: 3, step: 1}"]);
    expect(study).toMatchObject({
      name: "my-study",
      fixed: { rate: 3.8 },
      grid: { epochs: [1, 2], steps: { from: 1, to: 3, step: 1, scale: "linear" } },
      replicates: 3,
      seed: 0,
    });
    expect(countCombinations(study)).toBe(18);
  });

  it("is read from JSON", () => {
    const file = path("s.json");
    writeFileSync(file, '{"kind": "walk", "name": "other"}');
    expect(readStudy(file).name).toBe("other");
  });

  it.each([
    ["kind: walk\nreplicate: 3", "unknown key replicate; did you mean replicates"],
    ["kind: walk\ngrid: {rate: {from: 1, til: 2}}", "unknown key grid.rate.til"],
    ["kind: walk\nrandom: {draws: 2, values: {rate: {uniform: [1]}}}", "random.values.rate.uniform"],
    ["kind: walk\nrandom: {draws: 2, values: {rate: {unifrom: [1, 2]}}}", "did you mean uniform"],
    ["kind: walk\ngrid: {rate: []}", "grid.rate"],
    ["kind: walk\ngrid: {rate: [.nan]}", "grid.rate"],
    ["kind: walk\ngrid: {a..b: [1]}", "grid"],
    ["kind: walk\nname: ../../etc", "name: use letters"],
    ["kind: walk\nkind: walk", "Map keys must be unique at line 2"],
    ["kind: [unclosed", "at line 1"],
    ["- 1", "is not a study"],
    ["", "is not a study"],
    ["replicates: 2", "kind: invalid input"],
    [
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${"*a,".repeat(10)}]\nc: &c [${"*b,".repeat(10)}]\nd: [${"*c,".repeat(10)}]`,
      "alias",
    ],
    ["&a [*a]", "deep"],
  ])("%j is refused", (text, line) => {
    const file = path("bad.yaml");
    writeFileSync(file, text);
    expect(() => readStudy(file)).toThrow(line);
  });

  it.each([
    [
      "a list in a list",
      `kind: walk\nfixed: { x: ${"[".repeat(100)}${"]".repeat(100)} }`,
      "deeper than 64 levels",
    ],
    ["more levels than the call stack has", `kind: ${"[".repeat(1e5)}`, "deeper than 64 levels"],
    ["as many errors as there are lines", `kind: x\n${"}\n".repeat(3e4)}`, "at line 2, column 1"],
  ])("%s is refused at once", (_, text, line) => {
    const file = path("bad.yaml");
    writeFileSync(file, text);
    expect(() => readStudy(file)).toThrow(line);
  });

  it.each([
    ["epochs=5", "a value of the configuration is set with fixed.epochs"],
    ["replicate=5", "did you mean replicates"],
    ["replicates", "not of the form KEY=VALUE"],
    ["fixed.__proto__.x=1", "__proto__ is not a possible name"],
    ["name.x=1", "name is not an object"],
    ["fixed.x=[1", "at line 1"],
  ])("the setting %s is refused", (setting, line) => {
    expect(() => applySetting({ name: "s", kind: "walk" }, setting)).toThrow(line);
  });

  it("has a published schema that is current (regenerate it with `studySchema()`)", () => {
    const published = readFileSync(new URL("../../docs/study.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(published)).toEqual(studySchema());
    expect(studySchema(testKinds)).toMatchObject({ required: ["kind"], allOf: [{}, {}, {}] });
  });
});

describe("ranges", () => {
  it.each([
    [{ from: 10, to: 50, step: 20 }, [10, 30, 50]],
    [{ from: 10, to: 49, step: 20 }, [10, 30]],
    [{ from: 0, to: 0.3, step: 0.1 }, [0, 0.1, 0.2, 0.3]],
    [{ from: 0, to: 1, count: 5 }, [0, 0.25, 0.5, 0.75, 1]],
    [{ from: 0.001, to: 10, count: 5, scale: "log" }, [0.001, 0.01, 0.1, 1, 10]],
    [{ from: 5, to: 5, step: 1 }, [5]],
    [{ from: 1234567890123, to: 1234567890125, step: 1 }, [1234567890123, 1234567890124, 1234567890125]],
    [{ from: 1234567890123, to: 1234567890127, count: 3 }, [1234567890123, 1234567890125, 1234567890127]],
  ])("%j", (range, expected) => {
    expect(values({ grid: { rate: range } }, "rate")).toEqual(expected);
  });

  it.each([
    [{ from: 1, to: 2 }, "give either step or count"],
    [{ from: 1, to: 2, step: 1, count: 2 }, "give either step or count"],
    [{ from: 2, to: 1, step: 1 }, "from 2 is above to 1"],
    [{ from: 0, to: 1, count: 3, scale: "log" }, "a log scale needs"],
  ])("%j is refused", (range, line) => {
    expect(() => values({ grid: { rate: range } }, "rate")).toThrow(line);
  });
});

describe("random draws", () => {
  const random = (draws: number, more = {}) => ({
    random: { draws, values: { rate: { uniform: [2, 4] }, ...more } },
  });

  it("do not depend on how many there are or what else is drawn", () => {
    const five = values(random(5), "rate");
    expect(values(random(8, { steps: { integer: [1, 9] } }), "rate").slice(0, 5)).toEqual(five);
    expect(new Set(five).size).toBe(5);
    expect(values({ ...random(5), seed: 1 }, "rate")).not.toEqual(five);
  });

  it("stay within their bounds", () => {
    for (const rate of values(random(200), "rate") as number[]) expect(rate >= 2 && rate < 4).toBe(true);
    const drawn = (distribution: object) =>
      values({ random: { draws: 300, values: { x: distribution } } }, "x") as number[];
    expect([...new Set(drawn({ integer: [-1, 2] }))].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    expect(new Set(drawn({ choice: ["a", "b"] }))).toEqual(new Set(["a", "b"]));
    const logs = drawn({ logUniform: [0.001, 1000] });
    expect(Math.min(...logs)).toBeGreaterThanOrEqual(0.001);
    expect(Math.max(...logs)).toBeLessThanOrEqual(1000);
    const below = logs.filter((value) => value < 1).length;
    expect(Math.abs(below - 150)).toBeLessThan(45);
    const normals = drawn({ normal: [10, 2] });
    expect(Math.abs(normals.reduce((sum, value) => sum + value, 0) / 300 - 10)).toBeLessThan(0.5);
  });

  it.each([{ uniform: [2, 1] }, { logUniform: [0, 1] }, { integer: [0.5, 2] }])(
    "%j is refused",
    (distribution) => {
      expect(() => values({ random: { draws: 1, values: { x: distribution } } }, "x")).toThrow(
        "random.values.x",
      );
    },
  );
});

describe("a study's trials", () => {
  it("come in the order list, grid, draws, replicates", () => {
    const document = parseStudy({
      name: "s",
      kind: "walk",
      fixed: { sleep: 0 },
      list: [{ rate: 3.1 }, { rate: 3.2 }],
      grid: { epochs: [1, 2], steps: [10, 20] },
      replicates: 2,
      seed: 7,
    });
    const { members, trials } = defineStudy(document, testKinds);
    expect(
      members.map(({ parameters, replicate }) => [...Object.values(parameters), replicate]).slice(0, 9),
    ).toEqual([
      [3.1, 1, 10, 0],
      [3.1, 1, 10, 1],
      [3.1, 1, 20, 0],
      [3.1, 1, 20, 1],
      [3.1, 2, 10, 0],
      [3.1, 2, 10, 1],
      [3.1, 2, 20, 0],
      [3.1, 2, 20, 1],
      [3.2, 1, 10, 0],
    ]);
    expect(members).toHaveLength(16);
    expect(trials.get(members[1].identity)).toMatchObject({
      seed: 8,
      configuration: { rate: 3.1, epochs: 1, steps: 10, sleep: 0 },
    });
  });

  it("that come out equal are one", () => {
    const document = parseStudy({
      name: "s",
      kind: "walk",
      grid: { rate: [3.5, 3.5, 3.9] },
      list: [{}, { steps: 100 }],
    });
    expect(defineStudy(document, testKinds).members.map(({ parameters }) => parameters)).toEqual([
      { rate: 3.5 },
      { rate: 3.9 },
    ]);
  });

  it("merge nested values instead of replacing them", () => {
    const document = parseStudy({
      name: "s",
      kind: "sequel",
      fixed: { base: { epochs: 2 } },
      list: [{ base: { rate: 3.5 } }],
      grid: { "base.steps": [5] },
    });
    const { trials } = defineStudy(document, testKinds);
    expect([...trials.values()].map(({ kind, configuration }) => [kind, configuration])).toEqual([
      ["walk", { epochs: 2, rate: 3.5, sleep: 0, steps: 5 }],
      ["sequel", { base: { epochs: 2, rate: 3.5, sleep: 0, steps: 5 }, factor: 2 }],
    ]);
  });

  it("may vary a part of a fixed value, which stays as it is for the others and in the document", () => {
    const study = {
      fixed: { edges: [[5, 1], [2]], rate: {} },
      list: [{ "edges.0.1": 7 }, {}, { base: {} }, { base: { rate: 1 } }, { "rate.low": 1 }],
      random: { draws: 1, values: { "edges.1.0": { choice: [3] } } },
    };
    const document = parseStudy({ name: "s", kind: "walk", ...study });
    const edges = [[5, 1], [3]];
    expect([...combinations(document)].map(({ configuration }) => configuration)).toEqual([
      { edges: [[5, 7], [3]], rate: {} },
      { edges, rate: {} },
      { edges, rate: {}, base: {} },
      { edges, rate: {}, base: { rate: 1 } },
      { edges, rate: { low: 1 } },
    ]);
    expect(document).toMatchObject(study);
  });

  it("are refused when there are a billion, before any is made", () => {
    const axis = { from: 1, to: 1000, step: 1 };
    const document = parseStudy({ name: "s", kind: "walk", grid: { rate: axis, steps: axis, epochs: axis } });
    expect(() => defineStudy(document, testKinds)).toThrow(
      "s: describes 1,000,000,000 trials, more than 1,000,000; shorten the lists",
    );
    const endless = parseStudy({
      name: "s",
      kind: "walk",
      grid: { rate: { from: 0, to: 1e300, step: 1e-300 } },
    });
    expect(() => defineStudy(endless, testKinds)).toThrow("describes ∞ trials");
  });

  it.each([
    [{ kind: "wlk" }, "s: unknown kind wlk; did you mean walk"],
    [{ fixed: { epoch: 3 } }, "s: configuration of walk: unknown key epoch; did you mean epochs"],
    [{ fixed: { rate: Number.NaN } }, "study: fixed.rate: is not a value of JSON, which has no NaN"],
    [{ grid: { rate: [1, [Infinity]] } }, "study: grid.rate.1.0: is not a value of JSON"],
    [{ fixed: { epochs: "many" } }, "s: configuration of walk: epochs: invalid input"],
    [{ fixed: { rate: 1 }, grid: { rate: [1] } }, "rate is set twice, in fixed and in grid"],
    [{ fixed: { rate: 1 }, grid: { "rate.x": [1] } }, "rate is not an object"],
    [
      { fixed: { base: { rate: 1 } }, grid: { base: [{}] } },
      "s: base.rate is set twice, in fixed and with base in grid; write the values inside base by their paths, or in list",
    ],
    [{ grid: { base: [{}], "base.rate": [1] } }, "base.rate is set twice, in grid and with base in grid"],
    [
      { list: [{}, { "base.rate": 1 }], grid: { base: [{}] } },
      "base.rate is set twice, in list and with base in grid",
    ],
    [
      { list: [{ base: [1] }], random: { draws: 1, values: { "base.0": { choice: [1] } } } },
      "base.0 is set twice, in random and with base in list",
    ],
  ])("%j is refused", (wrong, line) => {
    expect(() => defineStudy(parseStudy({ name: "s", kind: "walk", ...wrong }), testKinds)).toThrow(line);
  });
});
