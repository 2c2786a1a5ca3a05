import { expect, it } from "vitest";
import { type Kinds, kindsOf } from "../../src/study/kind.js";
import { runStudy } from "../../src/study/runner.js";
import { testFolder } from "./folder.js";
import { testKinds } from "./kinds.js";

const path = testFolder();

/** The notices of a run. */
async function run(store: string, kinds: Kinds, rates: number[] = [3.8, 3.9]): Promise<string[]> {
  const notices: string[] = [];
  await runStudy(
    { name: "old", kind: "walk", grid: { rate: rates } },
    { store, kinds, onEvent: (event) => void (event.type === "notice" && notices.push(event.text)) },
  );
  return notices;
}

it("trials of an earlier version or another executor are run again, which is said once in one line", async () => {
  const store = path();
  expect(await run(store, testKinds)).toEqual([]);
  expect(await run(store, testKinds, [3.9])).toEqual([]);
  const next = kindsOf({ ...testKinds.walk, version: 2 });
  expect(await run(store, next)).toEqual([
    "1 finished trial is of another version or executor and is run again",
  ]);
  expect(await run(store, next)).toEqual([]);
  const elsewhere = kindsOf({ ...testKinds.walk, version: 2, arithmetic: () => "reference" });
  expect(await run(store, elsewhere)).toEqual([
    "2 finished trials are of another version or executor and are run again",
  ]);
});
