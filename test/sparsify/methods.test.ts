// The settings of methods: what each has, what is filled in, and what is refused in one line.
import { describe, expect, it } from "vitest";
import {
  type MethodName,
  methodNames,
  methodOf,
  methods,
  type Sparsification,
} from "../../src/sparsify/methods.js";

const given = (method: string, more: object = {}) => ({ method, density: 0.1, ...more }) as Sparsification;

describe("the settings of a method", () => {
  it.each<[MethodName, object]>([
    ["random", {}],
    ["snip", { batches: 1 }],
    ["magnitude", {}],
    ["gradual", { begin: 0, end: 0.6, every: undefined }],
    ["iterative", { rounds: 5, rewind: 0 }],
    ["set", { end: 0.75, every: undefined, share: 0.3 }],
    ["rigl", { end: 0.75, every: undefined, share: 0.3 }],
    ["top-k", {}],
    ["top-kast", { every: undefined, backward: 0.5, penalty: 1e-4 }],
    ["hard-concrete", { end: 0.6, penalty: 0.05 }],
  ])("%s are filled in", (method, uses) => {
    expect(methodOf(given(method)).options).toEqual({ method, density: 0.1, ...uses });
    expect(methodOf(given(method, { density: 0.2, share: undefined })).options.density).toBe(0.2);
    for (const [name, value] of Object.entries(uses)) {
      expect(methodOf(given(method, { [name]: value })).method).toBe(methods[method]);
    }
  });

  it("are all of which there is one here", () => {
    expect(methodNames).toHaveLength(10);
    for (const name of methodNames) expect(methods[name].about).toMatch(/^[a-z].*[^.]$/);
  });

  it.each<[string, object, string]>([
    ["riggl", {}, 'sparsify: "riggl" is none of its values; did you mean rigl?'],
    // What changes masks, of a method whose masks are fixed.
    ["random", { share: 0.3 }, "share: random has no such setting; leave it out; random has none"],
    ["snip", { every: 10 }, "every: snip has no such setting; leave it out; snip has batches"],
    ["magnitude", { end: 0.5 }, "end: magnitude has no such setting"],
    [
      "gradual",
      { share: 0.3 },
      "share: gradual has no such setting; leave it out; gradual has begin, end, every",
    ],
    ["rigl", { begin: 0.1 }, "begin: rigl has no such setting; leave it out; rigl has end, every, share"],
    ["top-k", { penalty: 1 }, "penalty: top-k has no such setting"],
    ["rigl", { density: undefined }, "density: it is missing; say what share of the weights is to be kept"],
    [
      "rigl",
      { end: 1.5 },
      "end: a schedule from 0 to 1.5 does not end within the training; use shares of its updates",
    ],
    ["rigl", { end: 0 }, "end: a schedule from 0 to 0 does not end within the training"],
    ["gradual", { begin: 0.7 }, "end: a schedule from 0.7 to 0.6 does not end within the training"],
    ["gradual", { begin: -0.1 }, "begin: -0.1 is not a share from 0 up to 1"],
    ["gradual", { begin: 1 }, "begin: 1 is not a share from 0 up to 1"],
    ["gradual", { end: Number.NaN }, "end: a schedule from 0 to NaN does not end"],
    ["rigl", { every: 0 }, "every: 0 is not a whole number of at least 1; use 1 or more"],
    ["rigl", { every: 1.5 }, "every: 1.5 is not a whole number of at least 1"],
    ["rigl", { share: 0 }, "share: 0 is not a share above 0 and below 1; try 0.3"],
    ["set", { share: 1 }, "share: 1 is not a share above 0 and below 1"],
    ["iterative", { rounds: 1 }, "rounds: 1 is not a whole number of at least 2"],
    ["iterative", { rewind: -1 }, "rewind: -1 is not a whole number of at least 0"],
    ["iterative", { rewind: 0.5 }, "rewind: 0.5 is not a whole number of at least 0"],
    ["snip", { batches: 0 }, "batches: 0 is not a whole number of at least 1"],
    ["top-kast", { backward: 1.2 }, "backward: 1.2 is not a share above 0 and below 1"],
    [
      "top-kast",
      { density: 0.5, backward: 0.2 },
      "backward: 0.2 of the weights cannot get a gradient where 0.5 are used; use at least 0.5",
    ],
    ["hard-concrete", { penalty: -1 }, "penalty: -1 is not a number of at least 0; try 0.01"],
    [
      "hard-concrete",
      { penalty: Number.POSITIVE_INFINITY },
      "penalty: Infinity is not a number of at least 0",
    ],
  ])("%s %j is refused", (method, more, line) => {
    expect(() => methodOf(given(method, more))).toThrow(line);
  });
});
