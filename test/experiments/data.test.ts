import { createHash } from "node:crypto";
import fs, { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { anyDataSchema, type DataConfiguration, dataSchema, loadData } from "../../src/experiments/data.js";
import { kinds } from "../../src/experiments/kinds.js";
import { loadBaselines, loadNumbers, numberSchema } from "../../src/experiments/number-data.js";
import { parseStudy } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { slopes } from "../sequences.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();
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

describe("the files of trials", () => {
  const rows = ["ab,1", "ba,0", "aab,1", "bba,0", "abb,1", "baa,0"];
  const csv = (name: string, lines: readonly string[]) => {
    writeFileSync(path(name), ["string,valid", ...lines, ""].join("\n"));
    return path(name);
  };
  const identity = (data: object, kind = "train", more: object = {}) => {
    const configuration = { cell: "gru", ...more, data };
    const fixed = kind === "prune" ? { base: configuration, percent: 50 } : configuration;
    const study = parseStudy({ name: "s", kind, fixed: fixed as never });
    return defineStudy(study, kinds).members[0].identity;
  };
  const graph = { family: "watts_strogatz", number: 0 };

  it.each([
    ["train", {}],
    ["prune", {}],
    ["structure", { graph }],
  ])("identify a trial of kind %s by their content and not by their place", (kind, more) => {
    const [train, test] = [csv("a.csv", rows), csv("b.csv", rows.slice(0, 4))];
    const before = identity({ train, test }, kind, more);
    mkdirSync(path("elsewhere"), { recursive: true });
    const moved = path("elsewhere/other.csv");
    writeFileSync(moved, fs.readFileSync(train));
    expect(identity({ train: moved, test }, kind, more)).toBe(before);
    expect(identity({ train: test, test: train }, kind, more)).not.toBe(before);
    csv("a.csv", [...rows, "abab,1"]);
    expect(identity({ train, test }, kind, more)).not.toBe(before);
  });

  it("may name their columns, and have the classes of the strings to learn from", () => {
    const lines = ["word,language,kind", "Łódź,pl,a", "ab,en,a", "ba,en,b"];
    writeFileSync(path("words.csv"), `${lines.join("\n")}\n`);
    writeFileSync(path("more.csv"), `${lines.slice(0, 2).join("\n")}\n`);
    writeFileSync(path("other.csv"), "word,language,kind\nab,cy,a\n");
    const named = { train: path("words.csv"), test: path("more.csv"), labelColumn: "language" };
    const { train, test } = loadData(dataSchema.parse(named));
    expect(train.classes).toEqual(["en", "pl"]);
    expect([test.classes, [...test.labels]]).toEqual([train.classes, [1]]);
    expect(identity(named)).not.toBe(identity({ ...named, labelColumn: "kind" }));
    const other = dataSchema.parse({ ...named, test: path("other.csv") });
    expect(() => loadData(other)).toThrow('the label "cy" is no class of the training data');
  });

  it("identify texts likewise, in order, apart from how they are cut", () => {
    const [a, b] = [path("a.txt"), path("b.txt")];
    writeFileSync(a, "hello ".repeat(20));
    writeFileSync(b, "world ".repeat(20));
    const before = identity({ text: [a, b] });
    expect(identity({ text: [b, a] })).not.toBe(before);
    expect(identity({ text: [a], validation: b })).not.toBe(before);
    expect(identity({ text: [a, b], symbols: "bytes" })).not.toBe(before);
    expect(identity({ text: [a, b], split: 0.9 })).toBe(before);
    renameSync(a, path("c.txt"));
    expect(identity({ text: [path("c.txt"), b] })).toBe(before);
  });

  it("identify numbers likewise, with what says how they are read", () => {
    const write = (name: string, text: string) => {
      writeFileSync(path(name), text);
      return path(name);
    };
    const [numbers, test] = [write("n.csv", slopes(12)), write("m.csv", slopes(12, 2))];
    const before = identity({ numbers });
    expect(identity({ numbers, task: "classify" })).toBe(before);
    expect(identity({ numbers, labelColumn: "class" })).not.toBe(before);
    expect(identity({ numbers, test })).not.toBe(before);
    expect(identity({ numbers, validation: test })).not.toBe(identity({ numbers, test }));
    expect(identity({ numbers: test, test: numbers })).not.toBe(identity({ numbers, test }));
    renameSync(numbers, path("o.csv"));
    expect(identity({ numbers: path("o.csv") })).toBe(before);
    const pinned = anyDataSchema.parse({ numbers: path("o.csv") });
    expect(anyDataSchema.parse(pinned)).toEqual(pinned);
    write("o.csv", slopes(15));
    expect(() => anyDataSchema.parse(pinned)).toThrow("is not the one that the trial was described with");
  });

  it("of numbers are divided alike for all trials, and what rules reach is found once", () => {
    writeFileSync(path("k.csv"), slopes(20));
    const data = numberSchema.parse({ numbers: path("k.csv") });
    const loaded = loadNumbers(data);
    expect(loadNumbers(numberSchema.parse({ numbers: path("k.csv") }))).toBe(loaded);
    expect(loaded.task).toBe("classify");
    if (loaded.task === "forecast") return;
    expect(loaded.data.train.values).toHaveLength(15);
    expect(loaded.data.test.values).toHaveLength(5);
    expect(loadBaselines(data)).toBe(loadBaselines({ ...data }));
    expect(loadBaselines(data).baselines.map(({ name }) => name)).toContain("nearest neighbour");
  });

  it("may be pinned by the hash of both, as up to 0.1, and are refused when they have changed", () => {
    const [train, test] = [csv("p.csv", rows), csv("q.csv", rows)];
    const sha256 = createHash("sha256")
      .update(fs.readFileSync(train))
      .update(fs.readFileSync(test))
      .digest("hex");
    const found = dataSchema.parse({ train, test, sha256 });
    expect(dataSchema.parse(found)).toEqual(found);
    expect(identity({ train, test, sha256 })).toBe(identity({ train, test }));
    csv("p.csv", [...rows, "abab,1"]);
    expect(() => dataSchema.parse(found)).toThrow("is not the one that the trial was described with");
    const text = path("p.txt");
    writeFileSync(text, "some text");
    const pinned = anyDataSchema.parse({ text });
    writeFileSync(text, "another text");
    expect(() => anyDataSchema.parse(pinned)).toThrow("is not the one that the trial was described with");
  });

  it("are looked for in the folder of the command, which is said", () => {
    expect(() => anyDataSchema.parse({ text: "no/such.txt" })).toThrow(
      `no/such.txt: no such file, looked for at ${resolve("no/such.txt")}; paths are taken from`,
    );
  });

  describe("are read", () => {
    afterEach(() => {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    });

    it("once, however many trials there are", () => {
      const files = Array.from({ length: 6 }, (_, i) =>
        csv(`once-${i}.csv`, [...rows, `${"ab".repeat(i + 2)},1`]),
      );
      const opened = vi.spyOn(fs, "openSync");
      syncBuiltinESMExports();
      const data = files.map((file) => ({ train: file, test: file }));
      const study = parseStudy({
        name: "s",
        kind: "train",
        fixed: { cell: "gru" },
        grid: { data },
        replicates: 5,
      });
      const { trials } = defineStudy(study, kinds);
      expect(trials.size).toBe(30);
      for (const { configuration } of trials.values()) loadData(dataSchema.parse(configuration.data));
      expect(opened.mock.calls.map(([file]) => file).sort()).toEqual(files);
    });
  });
});
