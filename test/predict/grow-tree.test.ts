import { describe, expect, it } from "vitest";
import { NumpyRandom } from "../../src/math/numpy-random.js";
import { sortColumns, takeSorted } from "../../src/predict/columns.js";
import { type GrownTree, growTree } from "../../src/predict/grow-tree.js";
import { addPredictions, singlePrecision } from "../../src/predict/tree.js";
import { expectClose, fixture, matrix } from "./fixture.js";

const full = { maximumDepth: Number.POSITIVE_INFINITY, criterion: "squared-error", seed: 1 } as const;

function expectTree({ tree, importances }: GrownTree, want: typeof fixture.continuous.tree): void {
  expect(tree.feature).toEqual(want.feature);
  expect(tree.right).toEqual(want.right);
  expectClose(tree.value, want.value, 1e-14);
  expectClose(importances, want.importances);
}

describe.each(["continuous", "discrete"] as const)("a tree on the %s table", (name) => {
  const { x, y, tree, friedman } = fixture[name];
  const table = sortColumns(matrix(x));
  const target = Float64Array.from(y);
  const even = new Float64Array(y.length).fill(1);

  it("is scikit-learn's DecisionTreeRegressor, node by node", () => {
    expectTree(growTree(table, target, even, { ...full, seed: new NumpyRandom(0).seed() }), tree);
  });

  it("is scikit-learn's with Friedman's score and three levels", () => {
    const options = { maximumDepth: 3, criterion: "friedman", seed: new NumpyRandom(1).seed() } as const;
    expectTree(growTree(table, target, even, options), friedman);
  });

  it("weighs a row of weight two as two rows", () => {
    const twice = [...y.keys(), ...y.keys()].filter((i) => i % 3 > 0);
    const rows = Int32Array.from(twice);
    const copies = growTree(
      takeSorted(table, rows),
      Float64Array.from(rows, (i) => y[i]),
      new Float64Array(rows.length).fill(1),
      full,
    );
    const weighted = growTree(
      table,
      target,
      Float64Array.from(y, (_, i) => (i % 3 > 0 ? 2 : 0)),
      full,
    );
    const predictions = [copies, weighted].map((grown) => {
      const sums = new Float64Array(x.length);
      addPredictions(grown.tree, singlePrecision(matrix(x)), 1, sums);
      return sums.filter((_, i) => i % 3 > 0);
    });
    expectClose(predictions[0], Array.from(predictions[1]));
  });
});

describe("growTree", () => {
  it("puts the threshold halfway and sends equal values left", () => {
    const { tree } = growTree(
      sortColumns(matrix([[1], [2], [4], [8]])),
      Float64Array.of(0, 0, 6, 6),
      Float64Array.of(1, 1, 1, 1),
      full,
    );
    expect(tree).toEqual({ feature: [0, -1, -1], right: [2, 0, 0], value: [3, 0, 6] });
    const sums = new Float64Array(2);
    addPredictions(tree, singlePrecision(matrix([[3], [3.001]])), 2, sums);
    expect(Array.from(sums)).toEqual([0, 12]);
  });

  it("makes one leaf of constant features or of a constant target", () => {
    const weight = Float64Array.of(1, 1);
    const constant = growTree(sortColumns(matrix([[1], [1]])), Float64Array.of(0, 6), weight, full);
    expect(constant.tree).toEqual({ feature: [-1], right: [0], value: [3] });
    const pure = growTree(sortColumns(matrix([[1], [2]])), Float64Array.of(5, 5), weight, full);
    expect(pure.tree).toEqual({ feature: [-1], right: [0], value: [5] });
  });
});

describe("takeSorted", () => {
  it("is what sorting the taken rows would give", () => {
    const x = matrix(fixture.discrete.x);
    const rows = Int32Array.from({ length: 40 }, (_, i) => (i * 7) % 30);
    const taken = takeSorted(sortColumns(x), rows);
    const values = Array.from({ length: x.columns }, (_, j) =>
      Array.from(taken.order.subarray(j * 40, (j + 1) * 40), (i) => taken.values[j * 40 + i]),
    );
    for (let j = 0; j < x.columns; j++) {
      const want = Array.from(rows, (i) => fixture.discrete.x[i][j]).sort((a, b) => a - b);
      expect(values[j]).toEqual(want);
      expect(new Set(taken.order.subarray(j * 40, (j + 1) * 40)).size).toBe(40);
    }
  });
});
