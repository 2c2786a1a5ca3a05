import { describe, expect, it } from "vitest";
import {
  type Classified,
  type Labelled,
  scoreClassBaselines,
  scoreStepBaselines,
} from "../../../src/data/numbers/class-baselines.js";
import { Random } from "../../../src/math/random.js";
import { hasReference, skipNote } from "../../reference.js";
import { referenceSeries } from "./series.js";

function classified(rows: readonly (readonly [label: number, ...values: number[]])[]): Classified {
  return {
    channels: ["x"],
    values: rows.map(([, ...values]) => Float32Array.from(values)),
    target: {
      kind: "class",
      labels: { classes: ["0", "1", "2"], of: Int32Array.from(rows, ([label]) => label) },
    },
  };
}

const accuracies = (set: ReturnType<typeof scoreClassBaselines>) =>
  Object.fromEntries(set.baselines.map(({ name, accuracy }) => [name, accuracy]));

describe("scoreClassBaselines", () => {
  it("tells by which rule classes are told apart", () => {
    // The class is the sign of the last value and nothing else.
    const random = new Random(1);
    const rows = Array.from({ length: 300 }, () => {
      const values = Array.from({ length: 4 + random.below(4) }, () => random.normal());
      return [values.at(-1)! > 0 ? 1 : 0, ...values] as const;
    });
    const found = scoreClassBaselines(classified(rows.slice(0, 200)), classified(rows.slice(200)));
    expect(found.baselines.map(({ name }) => name)).toEqual([
      "majority",
      "length",
      "last values",
      "means",
      "means, deviations, length",
      "nearest neighbour",
      "nearest neighbour, warped",
    ]);
    const scores = accuracies(found);
    expect(scores["last values"]).toBeGreaterThan(0.95);
    for (const name of ["majority", "length"]) expect(Math.abs(scores[name] - 0.5)).toBeLessThan(0.15);
    expect(scores.means).toBeLessThan(0.85);
    expect(found.leftOut).toEqual([]);
  });

  it("has no rule of the length where all are equal, none right on a class that training does not show", () => {
    const train = classified([
      [0, 1, 1],
      [0, 1, 2],
      [1, 5, 5],
    ]);
    const test = classified([
      [0, 1, 1],
      [2, 5, 5],
    ]);
    const renamed: Classified = {
      ...test,
      target: { kind: "class", labels: { classes: ["new", "0"], of: Int32Array.of(1, 0) } },
    };
    for (const { name, correct, total } of scoreClassBaselines(train, renamed).baselines)
      expect([name, correct, total]).toEqual([name, 1, 2]);
    expect(accuracies(scoreClassBaselines(train, test))).not.toHaveProperty("length");
  });

  it("leaves out what takes too long and learns from some where there are many", () => {
    const rows = Array.from({ length: 50 }, (_, i) => [i % 2, i % 2, i % 2] as const);
    const { baselines, leftOut } = scoreClassBaselines(classified(rows), classified(rows), {
      neighbours: 5000,
      rows: 10,
    });
    expect(leftOut).toEqual([
      { name: "nearest neighbour, warped", why: "comparing 50 with 50 sequences takes 1e4 multiplications" },
    ]);
    expect(baselines.find(({ name }) => name === "means")).toMatchObject({
      rule: "logistic regression on the mean of each channel, learnt from 10 of them",
      accuracy: 1,
    });
  });

  // Published: UCR, Dau et al. 2019 (one channel); UEA, Bagnall et al. 2018 (several, dependent warping). Their Euclidean
  // accuracies of JapaneseVowels (.924, unequal lengths) and BasicMotions (.675) are of a distance that is not described.
  it.skipIf(!hasReference).each([
    ["GunPoint", 0.913, 0.907],
    ["ItalyPowerDemand", 0.955, 0.95],
    ["ArrowHead", 0.8, 0.703],
    ["JapaneseVowels", undefined, 0.949],
    ["BasicMotions", undefined, 0.975],
  ])(`has the published accuracies of %s${skipNote}`, (name, euclidean, warped) => {
    const scores = accuracies(scoreClassBaselines(...referenceSeries(name)));
    if (euclidean !== undefined) expect(scores["nearest neighbour"]).toBeCloseTo(euclidean, 3);
    expect(scores["nearest neighbour, warped"]).toBeCloseTo(warped, 3);
  });
});

describe("scoreStepBaselines", () => {
  const steps = (rows: readonly (readonly [value: number, label: number][])[]): Labelled => ({
    channels: ["x"],
    values: rows.map((own) => Float32Array.from(own, ([value]) => value)),
    target: {
      kind: "step-classes",
      classes: ["low", "high"],
      of: rows.map((own) => Int32Array.from(own, ([, label]) => label)),
    },
  });

  it("counts labelled steps only", () => {
    const train = steps([
      [
        [-1, 0],
        [-2, 0],
        [9, -1],
      ],
      [
        [1, 1],
        [-3, 0],
        [2, 1],
      ],
    ]);
    const test = steps([
      [
        [-5, 0],
        [5, 1],
        [5, -1],
      ],
      [[4, 1]],
    ]);
    expect(scoreStepBaselines(train, test).baselines).toMatchObject([
      { name: "majority", correct: 1, total: 3 },
      { name: "values", correct: 3, total: 3 },
    ]);
    expect(scoreStepBaselines(train, test, { rows: 3 }).baselines[1].rule).toMatch(/learnt from 3 steps$/);
  });
});
