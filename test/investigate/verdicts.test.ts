import { describe, expect, it } from "vitest";
import type { Row } from "../../src/investigate/row.js";
import { apartText, claimText, signOf, thresholdText } from "../../src/investigate/verdicts/evidence.js";
import { languageFindings } from "../../src/investigate/verdicts/language.js";
import { thresholdFindings } from "../../src/investigate/verdicts/thresholds.js";
import { facts, row, rowsOf, strings, text } from "./sample.js";

const GRID = [50, 80, 90, 95];
const plain = (sentences: readonly string[]) =>
  sentences.map((sentence) => sentence.replaceAll("\u00a0", " "));

describe("numbers in sentences", () => {
  it("have their intervals, and say where the grid ends", () => {
    const written = (threshold: Parameters<typeof thresholdText>[0]) => plain([thresholdText(threshold)])[0];
    expect(written({ value: 85.2, low: 80, high: 91.26 })).toBe("85 % (80 to 91.3)");
    expect(written({ value: 95, beyond: "above" })).toBe("at least 95 %");
    expect(written({ value: 50, beyond: "below", low: 50, high: 62 })).toBe("less than 50 % (50 to 62)");
    expect(apartText({ value: -12, low: -15.5, high: -8 })).toBe("12 points (8 to 15.5)");
    expect(apartText({ value: 0.13, low: -0.01, high: 0.2 }, "nats")).toBe("0.13 nats (−0.01 to 0.2)");
    expect(apartText({ value: 3, bound: true })).toBe("at least 3 points");
    expect(apartText({ value: -0.6, low: -25, high: -0.03 })).toBe("0.6 points (0.03 to 25)");
  });

  it("are as strong as their intervals", () => {
    expect(signOf({ value: 3 })).toBe("untold");
    expect(signOf({ value: 3, low: -1, high: 5 })).toBe("open");
    expect(signOf({ value: 3, low: 1, high: 5 })).toBe("more");
    expect(signOf({ value: -3, low: -5, high: -1 })).toBe("less");
    expect(signOf({ value: 0, low: 0, high: 0, unknown: true })).toBe("open");
    expect(claimText({ value: 85, low: 81, high: 89 })).toBe("as claimed");
    expect(claimText({ value: 85, low: 70, high: 89 })).toBe("which leaves the claim open");
    expect(claimText({ value: 60, low: 50, high: 79 })).toBe("less than claimed");
    expect(claimText({ value: 95, low: 91, high: 95 })).toBe("more than claimed");
    expect(claimText({ value: 95 })).toBe("more than claimed with these seeds");
  });
});

describe("the verdict on thresholds", () => {
  /** All is well up to a sparsity, and five points are lost beyond. */
  const upTo = (most: number) => (sparsity: number) => (sparsity <= most ? 0.95 : 0.9);
  const rows: Row[] = (["rnn-tanh", "gru"] as const).flatMap((cell) => [
    ...rowsOf(cell, "dense", [0], () => 0.95),
    ...rowsOf(cell, "magnitude", GRID, upTo(cell === "gru" ? 80 : 50)),
    ...rowsOf(cell, "iterative", GRID, upTo(90)),
    ...rowsOf(cell, "random", GRID, upTo(50)),
    ...rowsOf(cell, "small", GRID, upTo(95)),
  ]);

  it("says that regimes differ where intervals do", () => {
    const { key, verdicts, limits, thresholds } = thresholdFindings({ rows, conditions: [strings], facts });
    const [regimes, share, gated, control] = plain(key);
    // Two of three pairs are apart in RNN-Tanh, which chance may do with three seeds.
    expect(regimes).toBe(
      "Yes: thresholds vary across training regimes: in GRU from 58 % with random masks to 91.3 % with iterative pruning with rewinding. In RNN-Tanh no more pairs of them are told apart than by chance.",
    );
    expect(share).toMatch(
      /^At a cost of at most 1 point, with pruning without retraining, 58 % can go in RNN-Tanh, less than claimed; 83 % can go in GRU, as claimed\.$/,
    );
    expect(gated).toMatch(
      /^These seeds do not tell whether gated cells bear more: the interval excludes 0 in 1 of 3 comparisons with cells without gates, and by chance 0\.8 would\.$/,
    );
    expect(control).toBe(
      "Methods, each in each cell: by their intervals 3 of 4 bear more than random masks and 0 less (by chance 1.0 would differ); by their intervals 0 of 4 bear more than small dense networks and 4 less (by chance 1.0 would differ).",
    );
    const answers = plain(verdicts[0].answer.flat());
    expect(answers).toContain(
      "RNN-Tanh: the 95 % interval of the difference excludes 0 in 2 of 3 pairs of regimes; by chance 0.8 would.",
    );
    expect(answers.join("\n")).toMatch(
      /GRU: Iterative pruning with rewinding bears 8\.7 points more than pruning without retraining\./,
    );
    expect(limits.join("\n")).toMatch(
      /excludes 0 too often where there is no difference: in 25 of 100 with 3 seeds/,
    );
    expect(thresholds).toHaveLength(8);
    expect(thresholds[0]).toMatchObject({ cell: "rnn-tanh", regime: "magnitude", epsilon: 0.01, seeds: 3 });
  });

  it("claims nothing of two seeds", () => {
    const few = rows.filter(({ seed }) => seed < 3);
    const { key, limits } = thresholdFindings({ rows: few, conditions: [strings], facts });
    expect(key[0]).toMatch(/^Thresholds differ between regimes as far as these networks tell/);
    expect(key[2]).toMatch(/without intervals\.$/);
    expect(limits.join("\n")).toMatch(/There are fewer than 3 seeds, too few for intervals/);
  });

  it("leaves out cells that have learnt nothing, and says nothing of nothing", () => {
    const unlearnt = [...rowsOf("lstm", "dense", [0], () => 0.5), ...rowsOf("lstm", "set", GRID, () => 0.5)];
    const { key, limits, verdicts } = thresholdFindings({ rows: unlearnt, conditions: [strings], facts });
    expect(key).toEqual([]);
    expect(limits.join("\n")).toMatch(/Dense LSTM learns nothing with the base condition/);
    expect(verdicts[0].answer).toEqual(["This run has no results that answer it yet."]);
  });

  it("says which conditions move thresholds", () => {
    const hard = { ...strings, name: "hard", label: "hard", phrase: "hard negatives" };
    const more = [
      ...rowsOf("gru", "dense", [0], () => 0.95, { condition: "hard" }),
      ...rowsOf("gru", "magnitude", GRID, upTo(50), { condition: "hard" }),
    ];
    const { verdicts } = thresholdFindings({ rows: [...rows, ...more], conditions: [strings, hard], facts });
    const answers = plain(verdicts[3].answer.flat());
    expect(answers[0]).toMatch(
      /^In 0 of 1 condition more thresholds differ from the base condition's than chance explains/,
    );
    expect(answers[1]).toMatch(
      /^With hard negatives: 1 of 1 threshold moved \(GRU, no retraining: 24\.2 points less\); by chance 0\.3 would\.$/,
    );
  });
});

describe("the verdict on language", () => {
  const steep = (cost: number) => (sparsity: number) => 1.5 + (cost * sparsity) / 100;
  const longer = { ...text, name: "longer" };
  const wide = { ...text, name: "wide", hidden: 16 };
  const rows: Row[] = [
    ...rowsOf("gru", "dense", [0], () => 1.5),
    ...rowsOf("gru", "magnitude", GRID, steep(1)),
    ...rowsOf("gru", "magnitude", GRID, steep(0.5), { target: "i2h" }),
    ...rowsOf("gru", "magnitude", GRID, steep(0.1), { target: "h2h" }),
    ...rowsOf("gru", "one-shot", GRID, steep(0.01), { retraining: [1.6, 1.51, 1.5] }),
    ...rowsOf("gru", "gradual", GRID, steep(0.02), {
      gates: { "0.weight_ih reset": 0.1, "0.weight_hh reset": 0.05, "0.weight_hh new": 0.3 },
    }),
    ...rowsOf("gru", "small", GRID, steep(0.4)),
    ...rowsOf("gru", "dense", [0], () => 1.45, { condition: "longer" }),
    ...rowsOf("gru", "gradual", [77], () => 1.4, { condition: "wide", hidden: 16 }),
  ];

  it("says which findings hold", () => {
    const given = { rows, conditions: [text, longer, wide], facts };
    const { key, verdicts } = languageFindings(given);
    const [share, target, regain, budget, equal] = plain(key);
    expect(share).toMatch(
      /^At a cost of at most 0.02 nats, with pruning without retraining, less than 50 % can go in GRU, less than claimed\.$/,
    );
    expect(target).toMatch(
      /^Input weights of gated cells are the more sensitive ones, as on strings: in 4 of 4 settings of gated cells input weights cost more nats/,
    );
    expect(regain).toMatch(
      /^Up to 90 % 9 of 9 networks come back within 0.02 nats of their dense network, 9 of them within two epochs of retraining \(median 2\)/,
    );
    expect(equal).toMatch(
      /^A sparse network beside a small dense one of as many weights: by their intervals better in 8 of 8 settings and worse in 0 \(by chance 2\.0 would differ\)\.$/,
    );
    expect(budget).toBe(
      "Beside dense networks that are trained as long, pruning once and retraining is by their intervals worse in 4 of 4 settings and better in 0 (by chance 1.0 would differ).",
    );
    const all = plain(verdicts.flatMap(({ answer }) => answer.flat())).join("\n");
    expect(all).toMatch(
      /Pruning once and retraining, GRU: 0\.055 nats worse at 50 %; .* 0\.059 nats worse at 90 %; /,
    );
    const like = [1, 2, 3].map((seed) => row("gru", "one-shot", 60, seed, 1.45 + 0.01 * (seed - 2)));
    const open = languageFindings({ ...given, rows: [...rows, ...like] }).verdicts[3].answer.flat();
    expect(plain(open).join("\n")).toMatch(/; no difference that these seeds show at 60 %, 0 nats \(/);
    expect(all).toMatch(
      /GRU of 16 units, 77 % of whose weights gradual pruning leaves out, is 0\.1 nats .*better than the dense network of half the units/,
    );
    expect(all).toMatch(
      /most goes from the hidden weights of the reset gate \(5\.0 % left\), least from the hidden weights of the new gate \(30\.0 % left\)/,
    );
  });
});
