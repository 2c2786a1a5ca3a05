import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { formatNpy } from "../../src/data/numbers/npy.js";
import { formatNpz } from "../../src/data/numbers/npz.js";
import { stepsOf } from "../../src/data/sequences.js";
import { readSequences } from "../../src/paths/sequences.js";
import { hasReference, reference, skipNote } from "../reference.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-sequences-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: Uint8Array | string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const x = file("x.npy", formatNpy({ shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }));
const y = file("y.npy", formatNpy({ shape: [2], values: ["b", "a"] }));
const both = file(
  "both.npz",
  formatNpz({
    x: { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) },
    y: { shape: [2, 9, 9, 9], values: new Int32Array(1458) },
  }),
);

describe("readSequences", () => {
  it("reads data and labels of different files and formats", () => {
    expect(readSequences(x).target).toBeUndefined();
    expect(readSequences(x, { labels: y }).target).toMatchObject({ labels: { classes: ["a", "b"] } });
    expect(readSequences(x, { labels: y, classes: ["c", "b", "a"] }).target).toMatchObject({
      labels: { of: Int32Array.of(1, 2) },
    });
    // Labels in the data are replaced, and not looked at.
    expect(() => readSequences(both)).toThrow("labels of the shape (2, 9, 9, 9)");
    expect(readSequences(both, { labels: y }).target).toMatchObject({ labels: { of: Int32Array.of(1, 0) } });
  });

  it("tells formats by what is in a file", () => {
    const renamed = file("renamed.csv", formatNpy({ shape: [1, 1], values: Float32Array.of(1) }));
    expect(readSequences(renamed).values).toEqual([Float32Array.of(1)]);
    const other = file("data.bin", "\x7fELF\0");
    expect(() => readSequences(other)).toThrow(
      "is of no format that is known for sequences of numbers (NumPy's .npy",
    );
    expect(() => readSequences(folder)).toThrow("is a directory");
    expect(() => readSequences(join(folder, "none.npy"))).toThrow("no such file");
    expect(() => readSequences(file("empty.npy", ""))).toThrow("empty");
  });

  it("refuses a file of 4 GB or more by its size", () => {
    const large = file("large.npy", formatNpy({ shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }));
    truncateSync(large, 5 * 2 ** 30);
    const before = process.memoryUsage().rss;
    expect(() => readSequences(large)).toThrow("has 5.4 GB; a file of 4 GB or more is not read; split it");
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
    rmSync(large);
  });
});

describe.runIf(hasReference)(`reference data${skipNote}`, () => {
  it("of six classes and of a label at every step", () => {
    for (const name of ["gru_classes", "bigru2_classes"]) {
      const own = readSequences(reference(`numbers/${name}_x.npy`), {
        labels: reference(`numbers/${name}_y.npy`),
      });
      expect(own.target?.kind).toBe("class");
    }
    const steps = readSequences(reference("numbers/bigru2_steps_x.npy"), {
      labels: reference("numbers/bigru2_steps_y.npy"),
    });
    expect(steps.channels).toHaveLength(4);
    if (steps.target?.kind !== "step-classes") throw new Error("no classes of steps");
    // A label for every step, and none beyond: the two files agree on where sequences end.
    for (const [row, of] of steps.target.of.entries()) {
      expect(of).toHaveLength(stepsOf(steps, row));
      expect(of.every((place) => place >= 0)).toBe(true);
    }
  });
});
