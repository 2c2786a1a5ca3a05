import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadTexts, type TextConfiguration } from "../../src/experiments/data.js";
import { kinds } from "../../src/experiments/kinds.js";
import { languageResults, languageStudy } from "../../src/experiments/language.js";
import { parseStudy } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { StoreReader } from "../../src/study/reading.js";
import { Store } from "../../src/study/store.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();

describe("the language model of a reproduction", () => {
  it("has a text of at least 200 kB that is in the package, with its origin", () => {
    const [trial] = defineStudy(parseStudy(languageStudy(1)), kinds).trials.values();
    const data = trial.configuration.data as unknown as TextConfiguration;
    expect(readFileSync(data.text[0]).length).toBeGreaterThan(200_000);
    expect(JSON.parse(readFileSync("package.json", "utf8")).files).toContain("data");
    expect(readFileSync("data/README.md", "utf8")).toContain("public domain");
    const { vocabulary, baselines } = loadTexts(data);
    expect(vocabulary).toHaveLength(83);
    expect(baselines[2].nats).toBeCloseTo(2.062, 3);
  });

  it("has no results before it has been trained", () => {
    const store = Store.open(path());
    const reader = new StoreReader(store.database);
    expect(languageResults(reader)).toBeUndefined();
    store.enter(defineStudy(parseStudy(languageStudy(1)), kinds));
    expect(languageResults(reader)).toBeUndefined();
    store.close();
  });
});
