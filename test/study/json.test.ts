import { describe, expect, it } from "vitest";
import { canonicalJson, decodeNumber, encodeNumber, flatten, sha256 } from "../../src/study/json.js";

describe("canonicalJson", () => {
  it("orders keys, leaves out undefined, spells numbers as ECMAScript does", () => {
    expect(canonicalJson({ b: [1, 2.5, -0], a: { d: null, c: undefined }, é: 1e21, "\u0000": "x" })).toBe(
      '{"\\u0000":"x","a":{"d":null},"b":[1,2.5,0],"é":1e+21}',
    );
  });

  it("agrees with the example of RFC 8785", () => {
    const value: unknown = JSON.parse(
      '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],' +
        '"string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}',
    );
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, new Date(0), new Map()])(
    "refuses %s",
    (value) => {
      expect(() => canonicalJson({ value })).toThrow(TypeError);
    },
  );
});

describe("numbers", () => {
  it.each([
    0,
    0.1,
    1 / 3,
    5e-324,
    1.7976931348623157e308,
    2 ** 53,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    Infinity,
  ])("%s comes back from JSON", (value) => {
    expect(decodeNumber(JSON.parse(JSON.stringify(encodeNumber(value))))).toBe(value);
  });

  it("refuses what is no number", () => {
    expect(() => decodeNumber("1")).toThrow(TypeError);
    expect(() => decodeNumber(null)).toThrow(TypeError);
  });
});

it("flatten gives leaves by path", () => {
  expect(flatten({ a: { b: 1, c: { d: [1] } }, e: {}, f: null })).toEqual({
    "a.b": 1,
    "a.c.d": [1],
    e: {},
    f: null,
  });
});

it("sha256 is the standard one", () => {
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
