import { describe, expect, it } from "vitest";
import { publishedPruning, thesisCells } from "../../../src/thesis/published.js";
import { pruningFindings } from "../../../src/thesis/report/pruning-findings.js";
import { outcomesOf } from "../../../src/thesis/report/pruning-outcomes.js";
import { base, plan, pruned, rows } from "./sample.js";

const published = outcomesOf(thesisCells.flatMap(publishedPruning));
const plain = (sentences: readonly string[]) =>
  sentences.map((sentence) => sentence.replaceAll("\u00a0", " "));
const findings = (own = rows) => pruningFindings({ ours: outcomesOf(own), published, plan, majority: 0.5 });

describe("findings on pruning", () => {
  it("opens with what was found", () => {
    expect(plain(findings().key)).toEqual([
      "After 2 epochs of training, unpruned test accuracy is RNN-Tanh 51.0 % and LSTM 100.0 %.",
      "At a cost of at most 1 point and without retraining, the smallest of both kinds of weights can go up to 50 % in LSTM. Of random weights not even the smallest share tried can.",
      "Of 3 settings that lost more than 1 point, retraining under the fixed mask brings accuracy back in 2 after one epoch and in 1 never.",
      "Right after pruning, ours and the published accuracy differ by 0.6 points in the median of 5 settings and by 5.3 on average; 1 differs by more than 5.",
    ]);
  });

  it("answers the three questions and leaves out a network that has not learnt", () => {
    const [effect, permissible, regaining] = findings().questions.map(({ answer }) => plain(answer.flat()));
    expect(effect).toEqual([
      "LSTM (unpruned 100.0 %) stays within 1 point up to 50 % of both kinds of weights; at 90 % it is left with 70.0 %, and 50.0 % at 100 %.",
      "Which weights go matters: removing the smallest keeps more accuracy than removing random ones in 2 of 2 settings, less in 0, and within 1 point the same in 0; the widest gap is 39.5 points (LSTM, 50 % of both kinds of weights). On average over the percentages tried, pruning only input-to-hidden weights costs, compared with pruning only hidden-to-hidden ones, more in LSTM (5.0 points). On whether pruning costs more than 1 point, ours and the published networks agree in 4 of 5 settings.",
    ]);
    expect(permissible).toEqual([
      "Take as permissible the largest percentage up to which every percentage tried costs at most 1 point, without retraining. It is, of both kinds of weights, 50 % for LSTM; of input-to-hidden weights, nothing for LSTM; of hidden-to-hidden weights, 50 % for LSTM.",
      "By the same rule and on the same percentages the published networks tolerate as much as ours in 2 of 3 pairs of cell and target, more in 1 and less in 0.",
    ]);
    expect(regaining).toEqual([
      "3 settings lost more than 1 point by removing the smallest weights and were retrained for 1 epoch. Accuracy came back to within 1 point in 2 after one epoch and in 1 never. Not regained: 100 % of both kinds of weights in LSTM. Of 2 settings pruned at random it came back in 1 after one epoch and in 1 never. In 2 of 2 settings that lost accuracy both here and as published, the number of epochs is the same.",
    ]);
  });

  it("says what limits it", () => {
    expect(plain(findings().limits)).toEqual([
      "8 of 36 pruned networks are finished; figures and sentences rest on these.",
      "RNN-Tanh ends base training at 51.0 %, less than 10 points above always giving the same answer (50.0 %): it has not learnt the task, and the answers leave it out.",
      "Everything rests on one seed, as in the thesis: differences of a point or two may be chance.",
    ]);
  });

  it("says where training loses what it had learnt", () => {
    const own = [...base("rnn-tanh", [0.9, 0.5, 0.95, 0.9]), ...base("gru", [0.9, 0.85, 1])];
    expect(plain(findings(own).limits).filter((sentence) => sentence.includes("falls"))).toEqual([
      "In base training RNN-Tanh’s accuracy falls by more than 10 points from one epoch to the next (1 time; at worst from 90.0 % to 50.0 % in epoch 2): the network after the last epoch is that of a moment, and so is all that starts from it.",
    ]);
  });

  it("says so when size is no better a guide than chance, and when everything is kept", () => {
    const own = [
      ...base("gru", [1]),
      ...pruned("gru", "both", "magnitude", 50, [1, 1]),
      ...pruned("gru", "both", "random", 50, [1, 1]),
    ];
    const [effect, , regaining] = findings(own).questions.map(({ answer }) => plain(answer.flat()));
    expect(effect[0]).toBe(
      "GRU (unpruned 100.0 %) stays within 1 point at every percentage tried of both kinds of weights, up to 50 %.",
    );
    expect(effect[1]).toMatch(
      /^Here size is no better a guide than chance: .* in 0 of 1 setting, less in 0, .* the same in 1\./,
    );
    expect(regaining).toEqual(["No setting that was retrained had lost more than 1 point."]);
  });

  it("claims nothing without results", () => {
    const nothing = findings([]);
    expect(nothing.key).toEqual(["No base training has been finished yet."]);
    expect(nothing.questions.map(({ answer }) => answer)).toEqual(
      Array(3).fill(["This run has no results that answer it."]),
    );
    const onlyBase = findings(base("gru", [1]));
    expect(onlyBase.questions[0].answer).toEqual(["This run has no results that answer it."]);
  });
});
