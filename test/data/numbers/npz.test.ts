import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { formatNpy } from "../../../src/data/numbers/npy.js";
import { formatNpz, npzFormat, openNpz } from "../../../src/data/numbers/npz.js";
import { parseZip } from "../../../src/data/numbers/zip.js";
import { InputError } from "../../../src/errors.js";
import { arrayCases, decoded } from "../../fixtures/arrays.js";

const archive = (name: string) => decoded(arrayCases.npz[name]);
const read = (bytes: Uint8Array) =>
  npzFormat.sequences({ where: "f.npz", bytes: () => bytes, text: () => "" }, {});
const said = (bytes: Uint8Array) => {
  try {
    read(bytes);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "read";
};
/** A copy with other bytes at some place. */
const put = (bytes: Uint8Array, at: number, ...values: number[]) => {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
};
/** Where the record of a signature begins. */
const place = (bytes: Uint8Array, ...signature: number[]) =>
  bytes.findIndex((_, at) => signature.every((byte, i) => bytes[at + i] === byte));

describe("archives of arrays", () => {
  it.each(["stored", "compressed"])("reads what numpy has %s", (name) => {
    const { values, target, channels } = read(archive(name));
    expect(channels).toEqual(["1", "2"]);
    expect(values).toEqual([Float32Array.of(0, 1, 2, 3), Float32Array.of(6, 7, 8, 9, 10, 11)]);
    expect(target).toEqual({ kind: "class", labels: { classes: ["no", "yes"], of: Int32Array.of(0, 1) } });
  });

  it("takes the only array for the data, whatever its name", () => {
    expect(read(archive("unnamed")).values).toHaveLength(2);
  });

  it("guesses nothing", () => {
    expect(said(archive("doubtful"))).toBe(
      'f.npz: which is the array of data, "X" or "data"?; name the sequences x, their labels y and their numbers of steps lengths',
    );
    expect(said(archive("other names"))).toMatch('no array is called x or data, but "a", "b";');
    expect(said(archive("objects"))).toMatch("f.npz, x: it holds Python objects");
    expect(said(zipSync({ "a.txt": new Uint8Array(3) }))).toMatch(
      'a zip archive without arrays, but "a.txt";',
    );
    expect(said(zipSync({}))).toMatch("a zip archive without arrays, but nothing;");
  });

  it("refuses damage", () => {
    for (const name of ["stored", "compressed"]) {
      const bytes = archive(name);
      for (let length = 0; length < bytes.length; length += 7)
        expect(said(bytes.subarray(0, length))).toMatch(/the zip archive is damaged; copy it again$/);
      const begin = place(bytes, 0x50, 0x4b, 1, 2);
      // A bit of the content, of the checksum, of its size and of the offset.
      for (const at of [100, begin + 16, begin + 24, begin + 42])
        expect(said(put(bytes, at, bytes[at] ^ 4))).toMatch(/damaged/);
      expect(said(put(bytes, begin + 8, 1))).toMatch("f.npz, x.npy: is encrypted");
      expect(said(put(bytes, begin + 10, 12))).toMatch("is compressed by method 12 of zip");
    }
    const zip64 = archive("stored");
    expect(said(put(zip64, place(zip64, 0x50, 0x4b, 5, 6) + 16, 255, 255, 255, 255))).toMatch("zip64");
  });

  it("refuses a bomb before or while it goes off", () => {
    const bomb = zipSync({ "x.npy": new Uint8Array(2 ** 24) }, { level: 9 });
    const begin = place(bomb, 0x50, 0x4b, 1, 2);
    expect(bomb.length).toBeLessThan(2 ** 16);
    expect(said(bomb)).toMatch("is no .npy file");
    // Promises less than there is, and more than there can be.
    expect(said(put(bomb, begin + 24, 0, 1, 0, 0))).toMatch("damaged");
    expect(said(put(bomb, begin + 24, 0, 0, 0, 64))).toMatch("damaged");
    expect(said(put(bomb, begin + 24, 0xff, 0xff, 0xff, 0xff))).toMatch(/damaged/);
  });

  it("refuses a name that is there twice", () => {
    const bytes = formatNpz({
      x: { shape: [1], values: Int32Array.of(1) },
      y: { shape: [1], values: ["a"] },
    });
    const renamed = bytes.map((byte, at) => (byte === 0x79 && bytes[at + 1] === 0x2e ? 0x78 : byte));
    expect(() => parseZip(renamed, "f.npz")).toThrow('the name "x.npy" is there twice');
  });

  it("reads past a comment", () => {
    const bytes = archive("stored");
    const comment = new Uint8Array([...bytes, ...new Array(300).fill(0x20)]);
    comment.set([44, 1], bytes.length - 2);
    expect(said(comment)).toBe("read");
  });
});

describe("formatNpz", () => {
  it("is read back and has the same bytes each time", () => {
    const x = { shape: [2, 2, 1], values: Float32Array.of(1, 2, 3, Number.NaN) };
    const y = { shape: [2], values: ["on", "off"] };
    const bytes = formatNpz({ x, y });
    expect(formatNpz({ x, y })).toEqual(bytes);
    const npz = openNpz(bytes, "f.npz");
    expect(npz.needed("data")).toMatchObject(x);
    expect(npz.needed("labels")).toMatchObject(y);
    expect(npz.find("lengths")).toBeUndefined();
    expect(read(bytes).values).toEqual([Float32Array.of(1, 2), Float32Array.of(3)]);
    expect(parseZip(bytes, "f").map(({ name, size }) => [name, size])).toEqual([
      ["x.npy", formatNpy(x).length],
      ["y.npy", formatNpy(y).length],
    ]);
  });
});
