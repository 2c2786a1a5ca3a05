import { describe, expect, it } from "vitest";
import { decodeUtf8 } from "../../src/data/utf8.js";
import { Random } from "../../src/math/random.js";

const decode = (...bytes: number[]) => decodeUtf8(Uint8Array.from(bytes), "my.txt");

describe("decodeUtf8", () => {
  it("reads characters of one to four bytes and leaves out a byte order mark", () => {
    const text = "a\0é€\u{10ffff}\u{1f600}\r\n";
    expect(decodeUtf8(new TextEncoder().encode(text), "my.txt")).toBe(text);
    expect(decode(0xef, 0xbb, 0xbf, 0x61)).toBe("a");
    expect(decode()).toBe("");
  });

  it.each([
    ["Latin-1", [0x61, 0x0a, 0xe9, 0x20], 2, 2],
    ["a continuation without a beginning", [0x80], 0, 1],
    ["an overlong form", [0x61, 0xc0, 0x80], 1, 1],
    ["an overlong form of three bytes", [0xe0, 0x9f, 0xbf], 0, 1],
    ["an overlong form of four bytes", [0xf0, 0x8f, 0xbf, 0xbf], 0, 1],
    ["half a surrogate pair", [0x0a, 0x0a, 0xed, 0xa0, 0x80], 2, 3],
    ["a code point beyond the last", [0xf4, 0x90, 0x80, 0x80], 0, 1],
    ["a byte that UTF-8 never has", [0xc3, 0xa9, 0xff], 2, 1],
    ["a character that breaks off at the end", [0x61, 0xf0, 0x9f, 0x98], 1, 1],
    ["a character that breaks off in the middle", [0xe2, 0x82, 0x61], 0, 1],
  ])("names the place of %s", (_, bytes, offset, line) => {
    const byte = `0x${bytes[offset].toString(16)}`;
    expect(() => decode(...bytes)).toThrow(
      `my.txt: is not UTF-8: byte ${byte} at offset ${offset}, in line ${line}, belongs to no character; save it as UTF-8`,
    );
  });

  it("knows UTF-16 by its mark", () => {
    expect(() => decode(0xff, 0xfe, 0x61, 0)).toThrow("it looks like UTF-16; save it as UTF-8");
    expect(() => decode(0xfe, 0xff, 0, 0x61)).toThrow("it looks like UTF-16; save it as UTF-8");
  });

  it("objects to exactly what a strict decoder objects to, at the first place where it does", () => {
    const random = new Random(1);
    const lead = [0x61, 0xc3, 0xe0, 0xe2, 0xed, 0xf0, 0xf3, 0xf4, 0xf5, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf];
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const isValid = (bytes: Uint8Array) => {
      try {
        strict.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    let invalid = 0;
    for (let i = 0; i < 5000; i++) {
      const bytes = Uint8Array.from({ length: 1 + random.below(6) }, () => random.pick(lead));
      let offset: number | undefined;
      try {
        decodeUtf8(bytes, "");
      } catch (error) {
        offset = Number(/at offset (\d+)/.exec((error as Error).message)?.[1]);
        invalid++;
      }
      expect(offset === undefined).toBe(isValid(bytes));
      if (offset === undefined) continue;
      expect(isValid(bytes.subarray(0, offset))).toBe(true);
      for (let end = offset + 1; end <= Math.min(offset + 4, bytes.length); end++) {
        expect(isValid(bytes.subarray(offset, end))).toBe(false);
      }
    }
    expect(invalid).toBeGreaterThan(1000);
  });
});
