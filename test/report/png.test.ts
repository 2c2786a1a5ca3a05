import { crc32, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bitmap, greyscale } from "../../src/report/png.js";

/** The chunks of a PNG, each checked against its checksum. */
function chunks(uri: string): { type: string; data: Buffer }[] {
  const png = Buffer.from(uri.slice("data:image/png;base64,".length), "base64");
  expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  const found = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    found.push({ type: body.toString("latin1", 0, 4), data: body.subarray(4) });
    at += length + 12;
  }
  return found;
}

describe("bitmap", () => {
  it("is a PNG of one bit per pixel, rows padded to bytes", () => {
    const bits = Uint8Array.from([1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
    const [header, content, end] = chunks(bitmap(bits, 9, 2));
    expect(header.type).toBe("IHDR");
    expect([...header.data]).toEqual([0, 0, 0, 9, 0, 0, 0, 2, 1, 0, 0, 0, 0]);
    expect(content.type).toBe("IDAT");
    expect([...inflateSync(content.data)]).toEqual([0, 0b10100000, 0b10000000, 0, 0b01000000, 0b10000000]);
    expect(end.type).toBe("IEND");
  });
});

describe("greyscale", () => {
  it("is a PNG of a byte per pixel", () => {
    const [header, content] = chunks(greyscale(Uint8Array.from([0, 128, 255, 1, 2, 3]), 3, 2));
    expect([...header.data]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
    expect([...inflateSync(content.data)]).toEqual([0, 0, 128, 255, 0, 1, 2, 3]);
  });
});
