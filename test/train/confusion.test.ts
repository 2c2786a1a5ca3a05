import { describe, expect, it } from "vitest";
import {
  accuraciesOf,
  classAccuracies,
  confusionOf,
  describeWorst,
  worstClasses,
} from "../../src/train/confusion.js";

const names = ["a", "b", "c", "d"];
const labels = [0, 0, 0, 0, 1, 1, 2, -1, 2];
const said = [0, 1, 1, 2, 1, 1, 0, 3, 2];

describe("confusion", () => {
  const confusion = confusionOf(4, labels, said);

  it("counts classes against predictions, without those that have none", () => {
    expect(confusion).toEqual([
      [1, 2, 1, 0],
      [0, 2, 0, 0],
      [1, 0, 1, 0],
      [0, 0, 0, 0],
    ]);
  });

  it("tells how each class fares", () => {
    const [a, b, c, d] = classAccuracies(names, confusion);
    expect(a).toEqual({
      name: "a",
      total: 4,
      correct: 1,
      accuracy: 0.25,
      precision: 0.5,
      mistakenFor: { name: "b", count: 2 },
    });
    expect(b).toEqual({ name: "b", total: 2, correct: 2, accuracy: 1, precision: 0.5 });
    expect(c.mistakenFor).toEqual({ name: "a", count: 1 });
    expect(d).toEqual({ name: "d", total: 0, correct: 0, accuracy: Number.NaN, precision: Number.NaN });
  });

  it("tells the same without a matrix", () => {
    expect(accuraciesOf(names, labels, said)).toEqual(classAccuracies(names, confusion));
  });

  it("says which are worst", () => {
    const accuracies = classAccuracies(names, confusion);
    expect(worstClasses(accuracies).map(({ name }) => name)).toEqual(["a", "c"]);
    expect(describeWorst(accuracies)).toBe(
      "worst classes: a 25.0 % (1 of 4, 2 taken for b), c 50.0 % (1 of 2, 1 taken for a)",
    );
    expect(describeWorst(accuracies, 1)).toBe("worst class: a 25.0 % (1 of 4, 2 taken for b)");
    expect(describeWorst(classAccuracies(["a"], [[3]]))).toBeUndefined();
  });

  it("refuses lists that do not fit", () => {
    expect(() => confusionOf(2, [0, 1], [0])).toThrow("there are 2 labels and 1 predictions");
    expect(() => confusionOf(2, [0, 1], [0, 2])).toThrow("example 2: 2 is none of 2 classes");
    expect(() => confusionOf(2, [0, -2], [0, 1])).toThrow("-2 is none of 2 classes");
  });
});
