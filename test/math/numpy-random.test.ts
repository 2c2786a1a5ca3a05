import { describe, expect, it } from "vitest";
import { NumpyRandom } from "../../src/math/numpy-random.js";
import { fixture } from "../predict/fixture.js";

describe.each(fixture.numpy)("NumpyRandom($seed)", ({ seed, permutation, below1000, uniform, after700 }) => {
  it("permutes as RandomState.permutation", () => {
    expect(Array.from(new NumpyRandom(seed).permutation(20))).toEqual(permutation);
  });

  it("draws integers as RandomState.randint", () => {
    const random = new NumpyRandom(seed);
    expect(below1000.map(() => random.below(1000))).toEqual(below1000);
  });

  it("draws numbers as RandomState.random_sample", () => {
    const random = new NumpyRandom(seed);
    expect(uniform.map(() => random.uniform())).toEqual(uniform);
  });

  it("goes on beyond its first 624 words", () => {
    const random = new NumpyRandom(seed);
    for (let i = 1; i < 700; i++) random.uint32();
    expect(random.uint32()).toBe(after700);
  });
});

describe("NumpyRandom.below", () => {
  it("spends no draw on a range of one", () => {
    const random = new NumpyRandom(1);
    expect(random.below(1)).toBe(0);
    expect(random.uint32()).toBe(new NumpyRandom(1).uint32());
  });
});
