// The pruning experiment in sentences. Every sentence is computed from the outcomes by a stated rule, says how many
// settings it rests on, and is left out or turned around where the results do not support it.
import { mean, quantile } from "../../math/statistics.js";
import type { Answer } from "../../report/page.js";
import { cellNames, targetPhrases } from "../../report/theme.js";
import { count, decimal, level, list, percentage } from "../../report/words.js";
import { targets } from "../../sparsify/target.js";
import type { ThesisCell } from "../published.js";
import { effect, permissible, regaining, researchQuestions, tally } from "./pruning-answers.js";
import {
  baseAccuracy,
  by,
  FAR,
  LEARNT,
  lossy,
  type PruningEvidence,
  pairs,
  setting,
  toleranceTable,
} from "./pruning-evidence.js";
import { type BaseRun, isFinished } from "./pruning-outcomes.js";

export interface Findings {
  /** The three or four sentences that open a report. */
  key: string[];
  /** Research questions 1 to 3 with their answers, one string per paragraph. */
  questions: { number: number; question: string; answer: Answer }[];
  /** What limits the answers: missing settings, networks that have not learnt, a single seed. */
  limits: string[];
}

/** Computes all sentences. */
export function pruningFindings(evidence: PruningEvidence): Findings {
  const learnt = learntCells(evidence);
  const ours = {
    ...evidence.ours,
    cells: learnt,
    outcomes: evidence.ours.outcomes.filter(({ cell }) => learnt.includes(cell)),
  };
  const known = { ...evidence, ours };
  const answers = [effect(known), permissible(known), regaining(known)];
  return {
    key: [baseSentence(evidence), ...keyTolerance(known), ...keyRegain(known), ...keyAgreement(known)],
    questions: researchQuestions.map((question, i) => ({
      number: i + 1,
      question,
      answer: answers[i].length > 0 ? answers[i] : ["This run has no results that answer it."],
    })),
    limits: limits(evidence, learnt),
  };
}

function learntCells({ ours, majority }: PruningEvidence): ThesisCell[] {
  return ours.cells.filter((cell) => baseAccuracy(ours, cell) > majority + LEARNT);
}

function baseSentence({ ours }: PruningEvidence): string {
  if (ours.cells.length === 0) return "No base training has been finished yet.";
  const epochs = ours.base.reduce((most, { rows }) => Math.max(most, rows[rows.length - 1].epoch), 0);
  const named = ours.cells.map((cell) => `${cellNames[cell]} ${percentage(baseAccuracy(ours, cell))}`);
  return `After ${count(epochs, "epoch")} of training, unpruned test accuracy is ${list(named)}.`;
}

function keyTolerance({ ours, published }: PruningEvidence): string[] {
  const table = toleranceTable({ ours, published });
  const target = targets.find((candidate) => table.some((row) => row.target === candidate));
  const rows = table.filter((row) => row.target === target && row.magnitude !== undefined);
  if (target === undefined || rows.length === 0) return [];
  const named = rows.map(
    ({ cell, magnitude }) => `${magnitude === 0 ? "nothing" : level(magnitude!)} in ${cellNames[cell]}`,
  );
  const random = rows.flatMap((row) => (row.random === undefined ? [] : [row.random]));
  return [
    `At a cost of at most 1 point and without retraining, the smallest of ${targetPhrases[target]} can go up to ${list(named)}.${control(random)}`,
  ];
}

function control(random: readonly number[]): string {
  if (random.length === 0) return "";
  const [low, high] = [Math.min(...random), Math.max(...random)];
  if (high === 0) return " Of random weights not even the smallest share tried can.";
  return ` Of random weights ${low === high ? "" : "at most "}${level(high)} can.`;
}

function keyRegain({ ours }: PruningEvidence): string[] {
  const settings = lossy(by("magnitude", ours));
  if (settings.length === 0) return [];
  return [
    `Of ${count(settings.length, "setting")} that lost more than 1 point, retraining under the fixed mask brings accuracy back ${tally(settings)}.`,
  ];
}

function keyAgreement({ ours, published }: PruningEvidence): string[] {
  const shared = pairs(by("magnitude", ours), by("magnitude", published), setting);
  if (shared.length === 0) return [];
  const absolute = shared.map(({ a, b }) => Math.abs(a.accuracy - b.accuracy)).sort((x, y) => x - y);
  const far = absolute.filter((difference) => difference > FAR).length;
  return [
    `Right after pruning, ours and the published accuracy differ by ${decimal(100 * quantile(absolute, 0.5), 1)} points in the median of ${count(shared.length, "setting")} and by ${decimal(100 * mean(absolute), 1)} on average; ${far === 0 ? "none differs" : count(far, "differs", "differ")} by more than 5.`,
  ];
}

/** Where test accuracy falls by more than `LEARNT` from one epoch to the next. */
function fallsOf({ rows }: BaseRun): { from: number; to: number; epoch: number }[] {
  return rows.slice(1).flatMap(({ epoch, testAccuracy: to }, before) => {
    const from = rows[before].testAccuracy;
    return from - to > LEARNT ? [{ from, to, epoch }] : [];
  });
}

function limits({ ours, plan, majority }: PruningEvidence, learnt: readonly ThesisCell[]): string[] {
  const sentences: string[] = [];
  const missing = plan.cells.filter((cell) => !ours.cells.includes(cell));
  if (missing.length > 0) {
    sentences.push(`There are no results of ${list(missing.map((cell) => cellNames[cell]))} yet.`);
  }
  const unfinished = ours.base.filter(({ rows }) => rows[rows.length - 1].epoch < plan.epochs);
  for (const { cell, rows } of unfinished) {
    sentences.push(
      `The base training of ${cellNames[cell]} has done ${rows[rows.length - 1].epoch} of ${count(plan.epochs, "epoch")}.`,
    );
  }
  const planned =
    plan.cells.length * plan.targets.length * plan.percents.length * plan.criteria.length * plan.seeds.length;
  const finished = ours.outcomes.flatMap((outcome) =>
    outcome.runs.filter((run) => isFinished(outcome, run, plan.retrainingEpochs)),
  ).length;
  if (finished < planned) {
    sentences.push(
      `${decimal(finished)} of ${decimal(planned)} pruned networks are finished; figures and sentences rest on these.`,
    );
  }
  for (const cell of ours.cells) {
    if (learnt.includes(cell)) continue;
    sentences.push(
      `${cellNames[cell]} ends base training at ${percentage(baseAccuracy(ours, cell))}, less than 10 points above always giving the same answer (${percentage(majority)}): it has not learnt the task, and the answers leave it out.`,
    );
  }
  for (const cell of ours.cells) {
    const falls = ours.base.filter((run) => run.cell === cell).flatMap(fallsOf);
    if (falls.length === 0) continue;
    const { from, to, epoch } = falls.reduce((a, b) => (b.from - b.to > a.from - a.to ? b : a));
    sentences.push(
      `In base training ${cellNames[cell]}’s accuracy falls by more than 10 points from one epoch to the next (${count(falls.length, "time")}; at worst from ${percentage(from)} to ${percentage(to)} in epoch ${epoch}): the network after the last epoch is that of a moment, and so is all that starts from it.`,
    );
  }
  if (plan.seeds.length === 1 && ours.cells.length > 0) {
    sentences.push(
      "Everything rests on one seed, as in the thesis: differences of a point or two may be chance.",
    );
  }
  return sentences;
}
