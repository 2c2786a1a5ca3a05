import { expect, it } from "vitest";
import { isEqual } from "../../src/network/equal.js";

it.each([
  [1, 1],
  [Number.NaN, Number.NaN],
  [
    { a: [1, { b: "x" }], c: undefined },
    { c: undefined, a: [1, { b: "x" }] },
  ],
  [new Float32Array([1, 2]), new Float32Array([1, 2])],
  [[], []],
])("%j and %j are equal", (a, b) => {
  expect(isEqual(a, b)).toBe(true);
  expect(isEqual(b, a)).toBe(true);
});

it.each([
  [0, -0],
  [1, "1"],
  [[1], [1, 2]],
  [[1], { 0: 1 }],
  [{ a: undefined }, {}],
  [{ a: undefined }, { b: undefined }],
  [{ a: 1 }, { a: 2 }],
  [undefined, [3]],
  [null, {}],
  [new Float32Array([1, 2]), new Float32Array([1, 3])],
])("%j and %j are not", (a, b) => {
  expect(isEqual(a, b)).toBe(false);
  expect(isEqual(b, a)).toBe(false);
});
