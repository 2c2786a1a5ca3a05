// Files that a verb writes: never in the place of what it reads, and a bad place is found before the work.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/study/json.js";
import { Store } from "../../src/study/store.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-outputs-"));
const at = (name: string) => join(folder, name);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every file of the folder, with what it holds. Those who have a store open share its -shm, and change it. */
const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => [path, statSync(path).ino, path.endsWith("-shm") ? "" : sha256(readFileSync(path))])
    .sort();

/** Runs a command that must fail with one line and leave every file as it was. */
async function refused(words: string[], line: string): Promise<void> {
  const before = files();
  const { code, stdout, stderr } = await filigree(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(line);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(files()).toEqual(before);
}

const store = at("store.html");
const data = ["--data", at("train.csv"), "--test", at("test.csv")];
beforeAll(async () => {
  const study = at("numbers.json");
  writeFileSync(study, JSON.stringify({ kind: "noop", grid: { value: [1, 2] } }));
  expect(await filigree("study", "run", study, "--store", at("store.html"))).toMatchObject({ code: 0 });
  const made = await filigree("data", "reber", "--count", "60", "--max-length", "15", "--out", folder);
  expect(made).toMatchObject({ code: 0 });
  writeFileSync(
    at("g.json"),
    JSON.stringify({ nodes: [{ id: 0 }, { id: 1 }], links: [{ source: 0, target: 1 }] }),
  );
  const small = ["--hidden", "2", "--layers", "1", "--epochs", "1"];
  const trained = await filigree("train", "--cell", "gru", ...small, ...data, "--out", at("model"));
  expect(trained).toMatchObject({ code: 0 });
  writeFileSync(
    at("table.csv"),
    `a,b\n${Array.from({ length: 20 }, (_, i) => `${i},${i * i}`).join("\n")}\n`,
  );
  symlinkSync(at("store.html"), at("link.html"));
});

describe("an output that is an input is refused", () => {
  const replaces = "would replace what is read; name another file to write";
  let open: Store;
  beforeAll(() => {
    // Someone who has it open, so that its other files are there.
    open = Store.open(store);
    open.addRunner();
  });
  afterAll(() => open.close());

  it.each<[string, string[]]>([
    ["a report's own choice", ["report", store]],
    ["a report's own choice, by a link", ["report", at("link.html")]],
    ["a report by another spelling", ["report", store, "--out", relative(".", store)]],
    ["a report by a link", ["report", store, "--out", at("link.html")]],
    ["a report for the store's log", ["report", at("link.html"), "--out", `${store}-wal`]],
    ["a report for the store's index", ["report", store, "--out", `${store}-shm`]],
    ["an export", ["study", "export", "--store", store, "--out", store]],
    ["an export for the store's log", ["study", "export", "--store", store, "--out", `${store}-wal`]],
    ["training data", ["train", "--cell", "gru", ...data, "--out", at("train.csv")]],
    ["test data", ["train", "--cell", "gru", ...data, "--out", at("test.csv")]],
    ["a graph", ["structure", "train", at("g.json"), "--cell", "gru", ...data, "--out", at("g.json")]],
    ["a table", ["predict", at("table.csv"), "--target", "b", "--repeats", "1", "--save", at("table.csv")]],
    ["the data of a pruning", ["prune", at("model"), "--percent", "9", ...data, "--out", at("test.csv")]],
  ])("%s", (_, words) => refused(words, replaces));

  it("but a network may be pruned in place", async () => {
    expect(await filigree("prune", at("model"), "--percent", "50", "--out", at("model"))).toMatchObject({
      code: 0,
    });
  });
});

describe("an output that cannot be written is refused before the work", () => {
  const taken = at("taken");
  beforeAll(() => mkdirSync(join(taken, "test.csv"), { recursive: true }));

  const training = ["train", "--cell", "gru", ...data];
  it.each<[string, string[], string]>([
    ["a folder", [...training, "--out", taken], "taken: is a directory, not a file"],
    ["no name", [...training, "--out", ""], "the name of the file to write is empty; name a file"],
    [
      "a folder that is a file",
      [...training, "--out", at("model/x")],
      "model: is a file, not a folder; check the path",
    ],
    ["a device", [...training, "--out", "/dev/null"], "/dev/null: is not an ordinary file"],
    [
      "a folder, for a pruned network",
      ["prune", at("model"), "--percent", "9", "--retrain", "1000000", ...data, "--out", taken],
      "taken: is a directory, not a file",
    ],
    [
      "a place that takes no files",
      ["prune", at("model"), "--percent", "9", "--retrain", "1000000", ...data, "--out", "/proc/none/x"],
      "/proc/none: its folder does not exist",
    ],
    [
      "a folder, for the second half of a data set",
      ["data", "reber", "--count", "60", "--out", taken],
      "test.csv: is a dir",
    ],
    [
      "a folder, for a predictor",
      ["predict", at("table.csv"), "--target", "b", "--repeats", "1000", "--save", taken],
      "taken: is a directory, not a file",
    ],
  ])("%s", (_, words, line) => refused(words, line));
});
