import { describe, expect, it } from "vitest";
import {
  curveOf,
  medianRegained,
  outcomesOf,
  toleratedBy,
} from "../../../src/thesis/report/pruning-outcomes.js";
import { base, pruned, rows } from "./sample.js";

describe("outcomes of pruning", () => {
  const all = outcomesOf(rows);

  it("orders cells, settings and percents, whatever the order of rows", () => {
    expect(all.cells).toEqual(["rnn-tanh", "lstm"]);
    expect(outcomesOf([...rows].reverse())).toEqual(all);
    expect(all.outcomes.map((o) => `${o.cell} ${o.target} ${o.criterion} ${o.percent}`)).toEqual([
      "rnn-tanh both magnitude 50",
      "lstm both magnitude 50",
      "lstm both magnitude 90",
      "lstm both magnitude 100",
      "lstm both random 50",
      "lstm both random 90",
      "lstm i2h magnitude 50",
      "lstm h2h magnitude 50",
    ]);
  });

  it("compares with the last epoch of the base training of the same seed", () => {
    const two = outcomesOf([
      ...base("gru", [0.5, 0.9], 1),
      ...base("gru", [0.5, 1], 2),
      ...pruned("gru", "both", "magnitude", 80, [0.85], 2),
      ...pruned("gru", "both", "magnitude", 80, [0.85], 1),
    ]);
    expect(two.outcomes[0].runs.map(({ seed, unpruned }) => [seed, unpruned])).toEqual([
      [1, 0.9],
      [2, 1],
    ]);
    expect(two.outcomes[0].accuracy).toBe(0.85);
    expect(two.outcomes[0].lost).toBeCloseTo(0.1, 12);
  });

  it("counts epochs until accuracy is within exactly one point", () => {
    const regained = (unpruned: number, accuracy: number[]) =>
      outcomesOf([...base("gru", [unpruned]), ...pruned("gru", "both", "magnitude", 80, accuracy)])
        .outcomes[0].runs[0].regained;
    expect(regained(1, [0.99, 0.5])).toBe(0);
    expect(regained(1, [0.9899, 0.98, 0.99])).toBe(2);
    expect(regained(1, [0.9, 0.98])).toBe("never");
    expect(regained(1, [0.9])).toBeUndefined();
  });

  it("cannot judge without base training", () => {
    const [outcome] = outcomesOf(pruned("gru", "both", "magnitude", 80, [0.9, 1])).outcomes;
    expect(outcome.runs[0].regained).toBeUndefined();
    expect(medianRegained(outcome)).toBeUndefined();
    expect(toleratedBy([outcome])).toBeUndefined();
  });

  it("takes the middle seed, never being later than any epoch", () => {
    const seeds = [
      [0.9, 1],
      [0.9, 0.9],
      [0.9, 0.9],
    ];
    const of = (count: number) =>
      outcomesOf(
        seeds
          .slice(0, count)
          .flatMap((accuracy, i) => [
            ...base("gru", [1], i),
            ...pruned("gru", "both", "magnitude", 80, accuracy, i),
          ]),
      ).outcomes[0];
    expect(medianRegained(of(1))).toBe(1);
    expect(medianRegained(of(2))).toBe("never");
    expect(medianRegained(of(3))).toBe("never");
  });

  it("tolerates percents up to the first that costs more than a point", () => {
    const tolerated = toleratedBy(curveOf(all, "lstm", "both", "magnitude"));
    expect([tolerated?.percent, tolerated?.next?.percent]).toEqual([50, 90]);
    expect(toleratedBy(curveOf(all, "lstm", "both", "random"))?.percent).toBe(0);
    expect(toleratedBy(curveOf(all, "lstm", "h2h", "magnitude"))).toEqual({ percent: 50, next: undefined });
  });
});
