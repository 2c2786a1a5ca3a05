// What the kinds promise of their trials.
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kinds } from "../../src/experiments/kinds.js";
import type { StudyInput } from "../../src/study/document.js";
import { StoreReader } from "../../src/study/reading.js";
import { runStudy } from "../../src/study/runner.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();
const data = { count: 40, maxLength: 15 };
const cell = { cell: "gru", hidden: 2, layers: 1 };

function text(): string {
  const file = path();
  writeFileSync(file, "the cat sat on the mat. ".repeat(40));
  return file;
}

describe("a kind", () => {
  it.each<[kind: string, ...configurations: NonNullable<StudyInput["fixed"]>[]]>([
    ["noop", {}],
    ["train", { ...cell, data, epochs: 1 }, { ...cell, data: { text: text() }, epochs: 1 }],
    ["prune", { base: { ...cell, data, epochs: 1 }, percent: 50, epochs: 0 }],
    ["structure", { cell: "gru", data, graph: { family: "watts_strogatz", number: 0 }, epochs: 1 }],
  ])("%s has the metrics that it says it has", async (kind, ...configurations) => {
    const found = new Set<string>();
    for (const fixed of configurations) {
      const store = path();
      expect(await runStudy({ name: "s", kind, fixed }, { store, kinds })).toMatchObject({
        finished: 1 + (kind === "prune" ? 1 : 0),
      });
      const reader = StoreReader.open(store);
      for (const metric of reader.columns("s").metrics) found.add(metric);
      reader.close();
    }
    expect([...found].sort()).toEqual([...(kinds[kind].metrics ?? [])].sort());
  });
});
