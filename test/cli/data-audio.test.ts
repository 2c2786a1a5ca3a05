// Folders of recordings become one file that every verb reads, and each thing that is wrong with a folder is one line.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openNpz } from "../../src/data/numbers/npz.js";
import { parseZip } from "../../src/data/numbers/zip.js";
import { stepsOf } from "../../src/data/sequences.js";
import { readSequences } from "../../src/paths/sequences.js";
import { hasReference, reference, skipNote } from "../reference.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-audio-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A WAV of 16 bits with a tone. */
function wav({ count = 1600, rate = 8000, channels = 1 } = {}): Buffer {
  const bytes = Buffer.alloc(44 + 2 * channels * count);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * channels * rate, 28);
  bytes.writeUInt16LE(2 * channels, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(2 * channels * count, 40);
  for (let i = 0; i < channels * count; i++)
    bytes.writeInt16LE(Math.round(9000 * Math.sin(i / 3)), 44 + 2 * i);
  return bytes;
}

let made = 0;
function folderOf(files: Record<string, Buffer | string>): string {
  const own = join(folder, String(made++));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(own, name, ".."), { recursive: true });
    writeFileSync(join(own, name), content);
  }
  return own;
}
const out = join(folder, "out.npz");
const audio = (...words: string[]) => filigree("data", "audio", ...words, "--out", out);
async function refused(words: string[], line: string | RegExp) {
  rmSync(out, { force: true });
  const { code, stdout, stderr } = await audio(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(existsSync(out)).toBe(false);
}

describe("data audio", () => {
  it("writes frames, labels and names that are read as sequences", async () => {
    const own = folderOf({
      "on_1.wav": wav(),
      "off_1.wav": wav({ count: 800 }),
      "more/on_2.WAV": wav({ count: 900 }),
    });
    const { code, stdout, stderr } = await audio(own, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      folder: own,
      out,
      rate: 8000,
      bands: 40,
      windowMs: 25,
      hopMs: 10,
      recordings: 3,
      frames: { total: 18 + 8 + 9, least: 8, most: 18 },
      classes: [
        { label: "off", count: 1 },
        { label: "on", count: 2 },
      ],
    });
    const sequences = readSequences(out);
    expect(sequences.channels).toHaveLength(40);
    expect([0, 1, 2].map((row) => stepsOf(sequences, row))).toEqual([9, 8, 18]);
    expect(sequences.target).toEqual({
      kind: "class",
      labels: { classes: ["off", "on"], of: Int32Array.of(1, 0, 1) },
    });
    const bytes = readFileSync(out);
    expect(parseZip(bytes, out).map(({ name }) => name)).toEqual(["x.npy", "y.npy", "names.npy", "rate.npy"]);
    expect(openNpz(bytes, out).needed("data").shape).toEqual([3, 18, 40]);
    const text = await audio(own, "--bands", "10", "--window-ms", "50", "--hop-ms", "20");
    expect(text.stdout).toContain("15 frames of 10 bands, 50 ms every 20 ms; 3 to 8 a recording");
  });

  it("takes and leaves files by their names", async () => {
    const own = folderOf(
      Object.fromEntries(["a_s1_0", "a_s2_1", "b_s1_1"].map((name) => [`${name}.wav`, wav()])),
    );
    const counts = async (...words: string[]) =>
      JSON.parse((await audio(own, ...words, "--json")).stdout).recordings;
    expect(await counts("--only", "_s1_")).toBe(2);
    expect(await counts("--except", "_s1_")).toBe(1);
    expect(await counts("--only", "^a", "--except", "_1\\.wav$")).toBe(1);
    await refused([own, "--only", "c_"], "has no .wav file that the patterns choose");
    const { code, stderr } = await audio(own, "--only", "(");
    expect(code).toBe(2);
    expect(stderr).toContain("--only");
  });

  it("reads labels from CSV", async () => {
    const own = folderOf({ "1.wav": wav(), "x/2.wav": wav() });
    const labels = join(folder, "labels.csv");
    const csv = (text: string) => writeFileSync(labels, text);
    csv("label;file\nyes;1.wav\nno;2.wav\nno;3.wav\n");
    expect((await audio(own, "--labels", labels)).code).toBe(0);
    expect(readSequences(out).target).toMatchObject({
      labels: { classes: ["no", "yes"], of: Int32Array.of(1, 0) },
    });
    csv("file,label\n1.wav,yes\n");
    await refused([own, "--labels", labels], "labels.csv: has no row for x/2.wav");
    csv("file,label\n1.wav,yes\n1.wav,no\n");
    await refused(
      [own, "--labels", labels],
      "labels.csv:3: 1.wav is there before, as yes; give every file one label",
    );
    csv("file,label\n1.wav,\n");
    await refused([own, "--labels", labels], "labels.csv:2: the row lacks a file or a label");
    csv("name,label\n1.wav,yes\n");
    await refused([own, "--labels", labels], 'no column "file" in the header');
    await refused([own], /1\.wav: has no label before an underscore in its name; call it LABEL_/);
  });

  it("says what it averages and leaves out", async () => {
    const own = folderOf({
      "a_1.wav": wav({ channels: 2 }),
      "a_2.wav": wav(),
      "README.txt": "",
      ".hidden.wav": "",
    });
    const { code, stderr } = await audio(own);
    expect(code).toBe(0);
    expect(stderr.trimEnd().split("\n")).toEqual([
      `${own}: what is not called .wav is left out, README.txt`,
      `${own}: 1 of 2 recordings have several channels, which are averaged`,
    ]);
  });

  it("refuses a folder with something wrong in it", async () => {
    const two = (other: Buffer | string) => folderOf({ "a_1.wav": wav(), "b_1.wav": other });
    await refused([two("no sound")], /b_1\.wav: it is no WAV file; check the path/);
    await refused([two(wav().subarray(0, 999))], /b_1\.wav: it is truncated: 3200 bytes promised, 955 there/);
    await refused(
      [two(wav({ rate: 16000 }))],
      /b_1\.wav: has 16000 samples a second, and a_1\.wav has 8000;/,
    );
    await refused([two(wav({ count: 100 }))], /b_1\.wav: its 100 samples are fewer than a window of 200;/);
    await refused([two(wav()), "--bands", "128"], /--bands: band 1 of 128 lies between/);
    await refused([folderOf({ "a.txt": "" })], "has no .wav file; name the folder with the recordings");
    await refused([join(folder, "none")], "no such file");
    await refused([join(two(wav()), "a_1.wav")], "part of the path is a file");
  });

  it.runIf(hasReference)(`reads the spoken digits${skipNote}`, async () => {
    const { code } = await audio(reference("audio/spoken-digits"), "--only", "_s1_[0-4]\\.wav$");
    expect(code).toBe(0);
    expect(readSequences(out).target).toMatchObject({ labels: { classes: [..."0123456789"] } });
    expect(readSequences(out).values).toHaveLength(50);
  });
});
