// `filigree data text` from outside.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-text-"));
const text = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("filigree data text", () => {
  const poem = text("poem.txt", "rose is a rose is a rose is a rose\n".repeat(20));

  it("prints one document", async () => {
    const { code, stdout, stderr } = await filigree("data", "text", poem, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      files: [poem],
      symbols: "characters",
      split: 0.9,
      bytes: 700,
      lines: 20,
      length: 700,
      vocabulary: 8,
      train: 630,
      validation: 70,
      predictions: 69,
    });
    expect(document.frequencies[0]).toEqual({ symbol: " ", count: 180 });
    expect(document.baselines.map(({ context }: { context: number }) => context)).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ]);
    for (const { nats, bits, perplexity } of document.baselines) {
      expect(bits).toBeCloseTo(nats / Math.log(2), 12);
      expect(perplexity).toBeCloseTo(Math.exp(nats), 12);
    }
    expect(document.best).toEqual(document.baselines[6]);
  });

  it("tells what a network must beat", async () => {
    const { stdout } = await filigree("data", "text", poem, poem, "--split", "0.5");
    expect(stdout).toContain(
      "2 texts, 1400 bytes, 40 lines\n1400 characters, 8 different, a vocabulary of 8\n",
    );
    expect(stdout).toContain("of each the beginning trains, 700 in all; the rest is held out, 700 in all\n");
    expect(stdout).toMatch(/^ {1}" " █+ 360, 25\.7 %$/m);
    expect(stdout).toMatch(/A network must beat 0\.\d{3} nats a character\.\n$/);
  });

  it("cuts into words and bytes", async () => {
    const words = await filigree("data", "text", poem, "--symbols", "words");
    expect(words.stdout).toContain(
      "220 words, 5 different, a vocabulary of 6\nthe first 198 train, the other 22 are held out\n",
    );
    expect(words.stdout).toContain(
      "rare and unknown words share one symbol: 0.0 % of those that train, 0.0 % of those",
    );
    const bytes = await filigree(
      "data",
      "text",
      text("latin.txt", Buffer.from("caf\xe9 ol\xe9\n".repeat(3), "latin1")),
      "--symbols",
      "bytes",
    );
    expect(bytes.stdout).toContain("27 bytes, 8 different, a vocabulary of 256");
    expect(bytes.stdout).toContain("0xE9 █");
  });

  it("reads a pipe", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    spawn("sh", ["-c", 'cat "$0" > "$1"', poem, pipe], { stdio: "ignore" });
    const { stdout } = await filigree("data", "text", pipe, "--json");
    expect(JSON.parse(stdout).length).toBe(700);
  });

  const huge = text("huge.txt", "a text");
  truncateSync(huge, 4 * 2 ** 30);

  it.each([
    ["an empty text", [text("empty.txt", "")], "empty.txt: the text is empty; give at least two"],
    [
      "a text of one symbol",
      [text("one.txt", "é")],
      "one.txt: the text has only one symbol; give at least two",
    ],
    ["one symbol over and over", [text("same.txt", "aaaaaaaaaaaaaaaaaaaaaaa")], "it repeats a single symbol"],
    ["an empty text among others", [poem, text("empty.txt", "")], "empty.txt: the text is empty"],
    [
      "a text too short to hold out any of it",
      [text("short.txt", "abc")],
      "short.txt: too short: the part that is held",
    ],
    [
      "invalid UTF-8",
      [text("invalid.txt", Uint8Array.of(0x61, 0x0a, 0xc3))],
      "byte 0xc3 at offset 2, in line 2",
    ],
    [
      "UTF-16",
      [text("wide.txt", Buffer.from("\ufeffabc", "utf16le"))],
      "it looks like UTF-16; save it as UTF-8",
    ],
    ["a file of 4 GB", [huge], "huge.txt: larger than 537 MB, the most that a text may have; split it"],
    ["a folder", [folder], "is a directory, not a file"],
    ["a file that is not there", [join(folder, "none.txt")], "none.txt: no such file"],
    ["a file in a file", [join(poem, "none.txt")], "part of the path is a file"],
    ["a share of nothing", [poem, "--split", "0"], "--split: 0 is no share of a text"],
    ["a share beyond all", [poem, "--split", "1.5"], "Use a number from 0 to 1"],
    ["an unknown cut", [poem, "--symbols", "letters"], "characters, bytes, words"],
    ["no file", [], "missing required argument 'files'"],
  ])("refuses %s in one line", async (_, words, message) => {
    const { code, stdout, stderr } = await filigree("data", "text", ...words);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^filigree: .+\n$/);
    expect(code).toBe(2);
  });
});
