import { describe, expect, it } from "vitest";
import { applyScaling, fitScaling, fromColumns, take, takeRows } from "../../src/math/matrix.js";
import { expectClose, fixture, matrix } from "../predict/fixture.js";

describe("matrix", () => {
  it("is built from columns and taken apart by rows", () => {
    const x = fromColumns([Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)], 3);
    expect(Array.from(x.data)).toEqual([1, 4, 2, 5, 3, 6]);
    expect(takeRows(x, [2, 0])).toEqual({ rows: 2, columns: 2, data: Float64Array.of(3, 6, 1, 4) });
    expect(Array.from(take([7, 8, 9], [2, 2]))).toEqual([9, 9]);
  });
});

describe("MinMax scaling", () => {
  it("is scikit-learn's, constant features included", () => {
    const scaling = fitScaling(matrix(fixture.continuous.x));
    expectClose(scaling.scale, fixture.continuous.scaling.scale, 0);
    expectClose(scaling.offset, fixture.continuous.scaling.offset, 0);
  });

  it("maps a constant feature to 0 and does not clip", () => {
    const scaling = fitScaling(
      matrix([
        [1, 5],
        [3, 5],
      ]),
    );
    expect(Array.from(applyScaling(matrix([[5, 5]]), scaling).data)).toEqual([2, 0]);
  });
});
