import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { parseSequences } from "../../../src/data/numbers/formats.js";
import { isIdx } from "../../../src/data/numbers/idx.js";
import { InputError } from "../../../src/errors.js";

/** An IDX file of bytes. */
function idx(sizes: readonly number[], values: readonly number[], type = 8): Uint8Array {
  const head = new Uint8Array(4 + 4 * sizes.length);
  head.set([0, 0, type, sizes.length]);
  for (const [axis, size] of sizes.entries()) new DataView(head.buffer).setUint32(4 + 4 * axis, size);
  return new Uint8Array([...head, ...values]);
}

const file = (bytes: Uint8Array, where = "images-idx3-ubyte") => ({ where, bytes, text: () => "" });
const said = (bytes: Uint8Array, labels?: Uint8Array) => {
  try {
    parseSequences(file(bytes), { labels: labels && file(labels, "labels") });
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "read";
};

const images = idx([2, 3, 2], [0, 51, 102, 153, 204, 255, 0, 0, 0, 0, 0, 255]);
const labels = idx([2], [7, 3]);

describe("IDX", () => {
  it("reads images as sequences of rows, from 0 to 1", () => {
    for (const bytes of [images, gzipSync(images)]) {
      const { channels, values, target } = parseSequences(file(bytes), {
        labels: file(gzipSync(labels), "labels.gz"),
      });
      expect(channels).toEqual(["1", "2"]);
      expect(values).toEqual([Float32Array.of(0, 0.2, 0.4, 0.6, 0.8, 1), Float32Array.of(0, 0, 0, 0, 0, 1)]);
      expect(target).toMatchObject({ kind: "class", labels: { of: Int32Array.of(7, 3) } });
    }
  });

  it("refuses damage and other types", () => {
    expect(said(images.subarray(0, 20))).toBe(
      "images-idx3-ubyte: its sizes 2 × 3 × 2 are of 12 values, 4 are there; copy the file again",
    );
    expect(said(images.subarray(0, 9))).toMatch("truncated within its sizes");
    expect(said(new Uint8Array([...images, 1]))).toMatch("12 values, 13 are there");
    expect(said(idx([2 ** 31, 2 ** 31, 2], []))).toMatch("of more than 1073741824 values");
    expect(said(idx([2, 1, 1], [0, 0, 0, 0], 0x0d))).toMatch(
      "floating-point numbers; of IDX only bytes are read",
    );
    expect(said(labels)).toMatch("it has one number for each example, as labels do");
    expect(said(idx([2, 1, 1, 1], [1, 2]))).toMatch("it has the shape (2, 1, 1, 1)");
    expect(said(images, idx([3], [1, 2, 3]))).toBe(
      "labels: labels of the shape (3,) for 2 sequences; give labels of every sequence",
    );
    expect(isIdx(new TextEncoder().encode("a,b\n"))).toBe(false);
  });

  it("refuses damaged and lying gzip", () => {
    const packed = gzipSync(images);
    expect(said(packed.subarray(0, packed.length - 9))).toMatch("is compressed, and damaged or cut off");
    for (let at = 10; at < packed.length; at++) {
      const broken = packed.with(at, packed[at] ^ 16);
      expect(said(broken)).not.toBe("read");
    }
    const bomb = gzipSync(idx([1, 2 ** 12, 2 ** 12], new Array(2 ** 12).fill(0)), { level: 9 });
    const claims = bomb.slice();
    claims.set([255, 255, 255, 255], bomb.length - 4);
    expect(said(claims)).toMatch("says that it holds 4294967295 bytes");
  });
});
