import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { parse, quote, type StoredTensor, serialise, strictJson } from "../../src/network/safetensors.js";

/** A file with this header, as an object or as raw text, and this many bytes of data or these bytes. */
function file(header: unknown, data: number | Uint8Array = 0): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, typeof data === "number" ? Buffer.alloc(data) : data]);
}

const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("parse and serialise", () => {
  const tensors = new Map<string, StoredTensor>([
    ["mask", { dtype: "BOOL", shape: [3], values: Uint8Array.of(1, 0, 1) }],
    ["weight", { dtype: "F32", shape: [2, 2], values: Float32Array.of(1.5, -0, 1e-45, Number.NaN) }],
    ["bytes", { dtype: "U8", shape: [2], values: Uint8Array.of(7, 255) }],
    ["steps", { dtype: "I64", shape: [], values: BigInt64Array.of(-5n) }],
    ["nothing", { dtype: "F32", shape: [0, 4], values: new Float32Array(0) }],
  ]);
  const metadata = new Map([["a", "ä ✓"]]);

  it("give back every bit", () => {
    const back = parse(serialise({ tensors, metadata }), "x");
    expect(new Map(back.tensors)).toEqual(tensors);
    expect(Object.is(back.tensors.get("weight")!.values[1], -0)).toBe(true);
    expect(back.metadata).toEqual(metadata);
  });

  it("lay tensors out aligned, behind a header padded to eight bytes", () => {
    const bytes = Buffer.from(serialise({ tensors, metadata }));
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString("utf8", 8, 8 + length))).toEqual({
      __metadata__: { a: "ä ✓" },
      steps: entry("I64", [], 0, 8),
      weight: entry("F32", [2, 2], 8, 24),
      nothing: entry("F32", [0, 4], 24, 24),
      mask: entry("BOOL", [3], 24, 27),
      bytes: entry("U8", [2], 27, 29),
    });
    expect(bytes.length).toBe(8 + length + 29);
  });

  it("read halves, bfloats and doubles as float32, at any offset", () => {
    const data = Buffer.alloc(27);
    data[0] = 1;
    [0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00].forEach((word, i) => {
      data.writeUInt16LE(word, 1 + 2 * i);
    });
    [0x3f80, 0xc2f7, 0x0080].forEach((word, i) => {
      data.writeUInt16LE(word, 11 + 2 * i);
    });
    data.writeDoubleLE(0.1, 17);
    const header = {
      flag: entry("BOOL", [1], 0, 1),
      half: entry("F16", [5], 1, 11),
      brain: entry("BF16", [3], 11, 17),
      double: entry("F64", [1], 17, 25),
      rest: entry("U8", [2], 25, 27),
    };
    const { tensors } = parse(file(header, data), "x");
    expect([...tensors.get("half")!.values]).toEqual([1, -2, 2 ** -24, 65504, Number.NEGATIVE_INFINITY]);
    expect([...tensors.get("brain")!.values]).toEqual([1, -123.5, 2 ** -126]);
    expect([...tensors.get("double")!.values]).toEqual([Math.fround(0.1)]);
  });

  it("copy, so that a file's buffer can be reused", () => {
    const bytes = serialise({ tensors, metadata });
    const { tensors: read } = parse(bytes, "x");
    bytes.fill(0);
    expect(read.get("bytes")!.values).toEqual(Uint8Array.of(7, 255));
  });

  it("refuse to write values that do not fill the shape", () => {
    const wrong = new Map<string, StoredTensor>([
      ["w", { dtype: "U8", shape: [3], values: new Uint8Array(2) }],
    ]);
    expect(() => serialise({ tensors: wrong, metadata: new Map() })).toThrow(InputError);
  });
});

describe("parse refuses", () => {
  const huge = Buffer.alloc(16);
  huge.writeBigUInt64LE(2n ** 63n);
  const long = Buffer.concat([Buffer.alloc(8), Buffer.from("{}")]);
  long.writeBigUInt64LE(3n);
  const f32 = (name: string, begin: number, end: number) => ({ [name]: entry("F32", [1], begin, end) });

  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "too short"],
    ["a huge header length", huge, "not a safetensors file"],
    ["a negative header length", Buffer.alloc(16, 0xff), "not a safetensors file"],
    ["a pickle", Buffer.from("PK\x03\x04 archive/data.pkl"), "not as a pickle"],
    ["a header beyond the file", long, "truncated: 11 bytes promised, 10 there"],
    ["no header", Buffer.alloc(8), "header cannot be read: it is not JSON"],
    ["a header that is not UTF-8", file("{X}").map((byte) => (byte === 88 ? 0xff : byte)), "utf-8"],
    ["a header that is not JSON", file("{'a'}"), "it is not JSON"],
    ["a string without an end", file('{"a'), "it is not JSON"],
    ["deep nesting", file(`{"a":${"[".repeat(1e5)}`), "nested deeper than 3 levels"],
    ["a name twice", file('{"a\\u0062" : 1, "ab": 2}'), 'the name "ab" is there twice'],
    ["metadata that is not text", file({ __metadata__: { a: 1 } }), 'metadata "a" is not text'],
    ["metadata that is no object", file({ __metadata__: "a" }), "metadata is not a JSON object"],
    ["a tensor without description", file({ w: null }), 'tensor "w" is not described'],
    ["an unknown type", file({ w: entry("F8", [1], 0, 1) }, 1), 'tensor "w" is of type "F8"'],
    ["a type of the prototype", file({ w: entry("constructor", [1], 0, 1) }, 1), 'is of type "constructor"'],
    ["no type", file({ w: { shape: [1], data_offsets: [0, 1] } }, 1), 'is of type "undefined"'],
    ["a negative extent", file({ w: entry("U8", [-1], 0, 1) }, 1), 'tensor "w" has no valid shape'],
    ["a fractional extent", file({ w: entry("U8", [0.5], 0, 1) }, 1), "no valid shape"],
    ["a shape that is text", file({ w: entry("U8", "1", 0, 1) }, 1), "no valid shape"],
    ["too many dimensions", file({ w: entry("U8", Array(33).fill(1), 0, 1) }, 1), "no valid shape"],
    [
      "a shape that overflows",
      file({ w: entry("F32", [2 ** 31, 2 ** 31], 0, 4) }, 4),
      'tensor "w" is too large',
    ],
    ["a shape beyond the bytes", file({ w: entry("F32", [2], 0, 4) }, 4), "has 4 bytes, but F32 [2] takes 8"],
    ["a range between elements", file({ w: entry("F32", [1], 0, 5) }, 5), "has 5 bytes"],
    ["a range with one end", file({ w: { dtype: "U8", shape: [1], data_offsets: [0] } }, 1), "byte range"],
    ["a negative offset", file({ w: entry("U8", [1], -1, 0) }, 1), "no valid byte range"],
    ["a reversed range", file({ w: entry("U8", [1], 1, 0) }, 1), "ends at byte 0, before its beginning at 1"],
    ["a range beyond the file", file(f32("w", 0, 4), 3), "truncated: 4 bytes promised, 3 there"],
    ["overlap", file({ ...f32("v", 0, 4), ...f32("w", 2, 6) }, 6), 'tensor "w" overlaps another tensor'],
    ["the same range twice", file({ ...f32("v", 0, 4), ...f32("w", 0, 4) }, 4), "overlaps"],
    ["a gap", file({ ...f32("v", 0, 4), ...f32("w", 8, 12) }, 12), 'tensor "w" leaves a gap before it'],
    ["a gap at the start", file(f32("w", 4, 8), 8), "leaves a gap"],
    ["bytes that belong to no tensor", file(f32("w", 0, 4), 6), "2 bytes at its end"],
    ["a boolean of 2", file({ w: entry("BOOL", [1], 0, 1) }, Uint8Array.of(2)), "more than 0 and 1"],
  ])("%s", (_, bytes, message) => {
    let error: unknown;
    try {
      parse(bytes, "model.safetensors");
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(/^model\.safetensors: [^\n]*$/);
    expect((error as Error).message).toContain(message);
  });

  it("nothing but with an InputError, whatever bytes are changed", () => {
    const good = serialise({
      tensors: new Map([["w", { dtype: "F32", shape: [2, 3], values: new Float32Array(6) }]]),
      metadata: new Map([["k", "v"]]),
    });
    for (let i = 0; i < good.length; i++) {
      for (const change of [1, 2, 16, 255]) {
        const damaged = good.slice();
        damaged[i] ^= change;
        try {
          parse(damaged, "x");
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }
      expect(() => parse(good.subarray(0, i), "x")).toThrow(InputError);
    }
  });
});

describe("strictJson and quote", () => {
  it("accept what JSON is, with equal names in different objects", () => {
    const value = { a: [{ "b\\": '"}' }, { "b\\": ":" }] };
    expect(strictJson(JSON.stringify(value), 3)).toEqual(value);
  });

  it("keep names on one short line", () => {
    expect(quote("a\n\u001b[31m")).toBe('"a\\n\\u001b[31m"');
    expect(quote("x".repeat(1000))).toHaveLength(83);
  });
});
