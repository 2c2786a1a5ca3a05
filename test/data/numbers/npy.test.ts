import { describe, expect, it } from "vitest";
import { formatNpy, parseNpy } from "../../../src/data/numbers/npy.js";
import { InputError } from "../../../src/errors.js";
import { arrayCases, decoded } from "../../fixtures/arrays.js";

const { good, bad, versions } = arrayCases;
const small = decoded(versions[1]);

/** The small array with another header of the same length. */
function withHeader(header: string): Uint8Array {
  const bytes = small.slice();
  bytes.set(new TextEncoder().encode(header.padEnd(117)), 10);
  return bytes;
}

const said = (bytes: Uint8Array) => {
  try {
    parseNpy(bytes, "x.npy");
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "read";
};

describe("parseNpy", () => {
  it.each(Object.keys(good))("reads %s as numpy saved it", (name) => {
    const array = parseNpy(decoded(good[name].bytes), name);
    expect(array.shape).toEqual(good[name].shape);
    const wanted = good[name].values.map((value) => {
      if (name === "text" || typeof value === "number") return value;
      return value === "nan" ? Number.NaN : value === "inf" ? Number.POSITIVE_INFINITY : Number(value);
    });
    expect(Array.from<number | string>(array.values)).toEqual(wanted);
  });

  it.each(Object.keys(versions))("reads version %s of the format", (version) => {
    expect(parseNpy(decoded(versions[version]), "x").values).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
  });

  it("reads from any offset", () => {
    for (let offset = 1; offset < 8; offset++) {
      const bytes = new Uint8Array(small.length + offset);
      bytes.set(small, offset);
      for (const own of [bytes, Buffer.from(bytes.buffer)])
        expect(parseNpy(own.subarray(offset), "x").values).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
    }
  });

  it("refuses what is no array of numbers or texts, in one line each", () => {
    const lines = Object.fromEntries(
      Object.entries(bad).map(([name, bytes]) => [name, said(decoded(bytes))]),
    );
    expect(lines).toEqual({
      "Fortran order": "x.npy: it is in Fortran order; save numpy.ascontiguousarray(x)",
      "big-endian": 'x.npy: it is big-endian (>f4); save x.astype(x.dtype.newbyteorder("<"))',
      objects:
        "x.npy: it holds Python objects, which are a pickle and are not read; save numbers, ragged ones padded with NaN",
      bytes: 'x.npy: it holds texts of bytes; save x.astype("U")',
      records: "x.npy: it holds records of several fields; save one field, as an array of numbers",
      complex: "x.npy: it holds complex numbers; save their parts as channels",
      dates: 'x.npy: it holds dates; save them as numbers, x.astype("int64")',
      longdouble: 'x.npy: it holds floating-point numbers of an unusual size; save x.astype("float32")',
      "beyond 2^53": "x.npy: its element 1, 9007199254740994, is beyond 2^53; save it as float64",
    });
  });

  it("refuses damage", () => {
    expect(said(small.subarray(0, 140))).toBe(
      "x.npy: it is truncated: (2, 3) of <f4 takes 24 bytes, 12 are there; copy the file again",
    );
    expect(said(small.subarray(0, 60))).toBe("x.npy: it is truncated within its header; copy the file again");
    expect(said(small.subarray(0, 7))).toBe("x.npy: it is truncated; copy the file again");
    expect(said(new Uint8Array([...small, 0]))).toMatch("1 bytes at its end belong to no array");
    expect(said(small.subarray(1))).toBe("x.npy: it is no .npy file; check the path");
    expect(said(small.with(6, 4))).toMatch("version 4 of the format");
    expect(said(small.with(9, 255))).toMatch("truncated within its header");
  });

  it("refuses tricks in the header before it allocates", () => {
    const header = (shape: string, rest = "") =>
      `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, ${rest}}`;
    expect(said(withHeader(header("(2, 3)")))).toBe("read");
    expect(said(withHeader(header("(2L, 3L)")))).toBe("read");
    expect(said(withHeader(`{"shape": (6,), "fortran_order": False, "descr": "<f4"}`))).toBe("read");
    expect(said(withHeader(header("(4294967296, 4294967296)")))).toMatch("more than 1073741824 values");
    expect(said(withHeader(header("(99999999999999999999, 0)")))).toMatch(/truncated|bytes at its end/);
    expect(said(withHeader(header("(1073741824,)")))).toMatch("truncated");
    for (const shape of ["(-2, -3)", "(2.0, 3)", "6", "[2, 3]", "(2, 3", "(2 3)", "(__import__('os'),)"])
      expect(said(withHeader(header(shape)))).toMatch("its header cannot be read");
    expect(said(withHeader(header("(2, 3)", "'shape': (6,), ")))).toMatch("its header cannot be read");
    expect(said(withHeader(header("(2, 3)", "'more': True")))).toMatch("its header cannot be read");
    expect(said(withHeader("{'descr': '<f4', 'shape': (2, 3)}"))).toMatch("its header cannot be read");
    expect(said(withHeader(`{'descr': '<f4"', 'fortran_order': False, 'shape': (2, 3)}`))).toMatch("header");
    expect(said(withHeader(header("(6,)").replace("<f4", "<q9")))).toMatch('unknown type, "<q9"');
  });

  it("refuses texts that are none", () => {
    const text = formatNpy({ shape: [1], values: ["a"] });
    const broken = text.slice();
    broken.set([0, 0xd8, 0, 0], broken.length - 4);
    expect(said(broken)).toMatch("its text 1 has something that is no character");
  });
});

describe("formatNpy", () => {
  it("writes what numpy writes", () => {
    const values = Float32Array.of(0, 1, 2, 3, 4, 5);
    expect(formatNpy({ shape: [2, 3], values })).toEqual(small);
    const { bytes, shape, values: texts } = good.text;
    expect(formatNpy({ shape, values: texts as string[] })).toEqual(decoded(bytes));
    expect(
      formatNpy({ shape: [2, 3], values: Int32Array.from(good.int32.values.concat(1, 2, 3), Number) }).length,
    ).toBe(decoded(good.int32.bytes).length + 12);
  });

  it("is read back", () => {
    for (const array of [
      { shape: [], values: Int32Array.of(-7) },
      { shape: [0, 3], values: new Float32Array() },
      { shape: [2], values: ["", ""] },
    ])
      expect(parseNpy(formatNpy(array), "x")).toMatchObject(array);
    expect(() => formatNpy({ shape: [2], values: Int32Array.of(1) })).toThrow("1 values do not fill (2,)");
  });
});
