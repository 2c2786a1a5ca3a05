import { describe, expect, it } from "vitest";
import { PythonSet } from "../../src/thesis/python-set.js";
import { orderedSets } from "../graph/sets.js";

describe("PythonSet", () => {
  it("has CPython's order", () => {
    for (const { added, order } of orderedSets) expect([...new PythonSet(added)]).toEqual(order);
  });

  it("has CPython's order of a difference", () => {
    for (const { added, without } of orderedSets)
      expect(new PythonSet(added).without(added[0])).toEqual(without);
  });

  it("puts what collides beside what came first", () => {
    expect([...new PythonSet([8, 0])]).toEqual([8, 0]);
    expect([...new PythonSet([0, 8])]).toEqual([0, 8]);
    expect([...new PythonSet([31, 63, 3, 32, 1])]).toEqual([32, 1, 3, 31, 63]);
  });
});
