// The pruning experiment in sentences. Every sentence is computed from the outcomes by a stated rule, says how many
// settings it rests on, and is left out or turned around where the results do not support it.
import type { CellKind } from "../network/architecture.js";
import { mean, quantile } from "../predict/statistics.js";
import type { Criterion } from "../prune/prune.js";
import { type Target, targets } from "../prune/target.js";
import {
  curveOf,
  isWithin,
  medianRegained,
  type Outcome,
  type PruningOutcomes,
  TOLERANCE,
  toleratedBy,
} from "./pruning-outcomes.js";
import type { PruningResults } from "./results.js";
import { cellNames, targetPhrases } from "./theme.js";
import { capital, count, decimal, level, list, percentage } from "./words.js";

/** How far above guessing a network has to be before pruning it says anything: ten points. */
const LEARNT = 0.1;
/** A gap between two ways of pruning that is called a difference: one point. */
const GAP = TOLERANCE + 1e-9;

/** A difference from the published number that stands out: five points. */
export const FAR = 0.05 + 1e-9;

export interface Findings {
  /** The three or four sentences that open a report. */
  key: string[];
  /** Research questions 1 to 3 with their answers, one string per paragraph. */
  questions: { number: number; question: string; answer: string[] }[];
  /** What limits the answers: missing settings, networks that have not learnt, a single seed. */
  limits: string[];
}

/** Everything the sentences rest on. */
export interface PruningEvidence {
  ours: PruningOutcomes;
  published: PruningOutcomes;
  plan: PruningResults["plan"];
  /** Accuracy of always answering the more frequent label; 0.5 when not known. */
  majority: number;
}

/** The questions as the thesis puts them (section 1.2). */
export const researchQuestions = [
  "What is the effect of weights pruning on a recurrent network’s accuracy?",
  "What percentage of weights pruning is permissible without triggering a significant reduction in the performance?",
  "After pruning a certain percent of weights, if we see a significant reduction in the accuracy, how many re-training epochs can regain accuracy?",
] as const;

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

function baseAccuracy({ base }: PruningOutcomes, cell: CellKind): number {
  return mean(base.filter((run) => run.cell === cell).map(({ accuracy }) => accuracy));
}

function learntCells({ ours, majority }: PruningEvidence): CellKind[] {
  return ours.cells.filter((cell) => baseAccuracy(ours, cell) > majority + LEARNT);
}

function baseSentence({ ours }: PruningEvidence): string {
  if (ours.cells.length === 0) return "No base training has been finished yet.";
  const epochs = Math.max(...ours.base.map(({ rows }) => rows[rows.length - 1].epoch));
  const named = ours.cells.map((cell) => `${cellNames[cell]} ${percentage(baseAccuracy(ours, cell))}`);
  return `After ${count(epochs, "epoch")} of training, unpruned test accuracy is ${list(named)}.`;
}

// ---- Research question 1

function effect(evidence: PruningEvidence): string[] {
  const { ours } = evidence;
  const perCell = ours.cells.flatMap((cell) => {
    const target = targets.find((candidate) => curveOf(ours, cell, candidate, "magnitude").length > 0);
    return target ? [effectOn(ours, cell, target)] : [];
  });
  if (perCell.length === 0) return [];
  const paragraphs = [perCell.join(" ")];
  const rest = [...controlSentences(ours), ...targetSentences(ours), ...verdictSentences(evidence)];
  if (rest.length > 0) paragraphs.push(rest.join(" "));
  return paragraphs;
}

function effectOn(ours: PruningOutcomes, cell: CellKind, target: Target): string {
  const curve = curveOf(ours, cell, target, "magnitude");
  const tolerated = toleratedBy(curve);
  const last = curve[curve.length - 1];
  const name = cellNames[cell];
  const what = targetPhrases[target];
  if (!tolerated) return `${name} cannot be judged, because its unpruned accuracy is not among the results.`;
  const { percent, next } = tolerated;
  const start = `${name} (unpruned ${percentage(baseAccuracy(ours, cell))})`;
  if (!next)
    return `${start} stays within 1 point at every percentage tried of ${what}, up to ${level(percent)}.`;
  const end = last === next ? "" : `, and ${percentage(last.accuracy)} at ${level(last.percent)}`;
  return percent === 0
    ? `${start} loses more than 1 point already at ${level(next.percent)} of ${what}: ${percentage(next.accuracy)} is left${end}.`
    : `${start} stays within 1 point up to ${level(percent)} of ${what}; at ${level(next.percent)} it is left with ${percentage(next.accuracy)}${end}.`;
}

interface Pair {
  a: Outcome;
  b: Outcome;
}

/** Settings that two sets of outcomes share, matched by `key`. */
function pairs(a: readonly Outcome[], b: readonly Outcome[], key: (outcome: Outcome) => string): Pair[] {
  const other = new Map(b.map((outcome) => [key(outcome), outcome]));
  return a.flatMap((outcome) => {
    const match = other.get(key(outcome));
    const usable = match && Number.isFinite(outcome.accuracy) && Number.isFinite(match.accuracy);
    return usable ? [{ a: outcome, b: match }] : [];
  });
}

function by(criterion: Criterion, { outcomes }: PruningOutcomes): Outcome[] {
  return outcomes.filter((outcome) => outcome.criterion === criterion);
}

const setting = ({ cell, target, percent }: Outcome) => `${cell} ${target} ${percent}`;

function describe({ cell, target, percent }: Outcome): string {
  return `${cellNames[cell]}, ${level(percent)} of ${targetPhrases[target]}`;
}

function controlSentences(ours: PruningOutcomes): string[] {
  const shared = pairs(by("magnitude", ours), by("random", ours), setting);
  if (shared.length === 0) return [];
  const better = shared.filter(({ a, b }) => a.accuracy - b.accuracy > GAP);
  const worse = shared.filter(({ a, b }) => b.accuracy - a.accuracy > GAP);
  const widest = shared.reduce((best, pair) =>
    pair.a.accuracy - pair.b.accuracy > best.a.accuracy - best.b.accuracy ? pair : best,
  );
  const opening =
    better.length > worse.length
      ? "Which weights go matters:"
      : "Here size is no better a guide than chance:";
  const gap =
    better.length > 0
      ? `; the widest gap is ${decimal(100 * (widest.a.accuracy - widest.b.accuracy), 1)} points (${describe(widest.a)})`
      : "";
  const same = shared.length - better.length - worse.length;
  return [
    `${opening} removing the smallest keeps more accuracy than removing random ones in ${better.length} of ${count(shared.length, "setting")}, less in ${worse.length}, and within 1 point the same in ${same}${gap}.`,
  ];
}

function targetSentences(ours: PruningOutcomes): string[] {
  const magnitude = by("magnitude", ours);
  const of = (target: Target) => magnitude.filter((outcome) => outcome.target === target);
  const shared = pairs(of("i2h"), of("h2h"), ({ cell, percent }) => `${cell} ${percent}`);
  // How much more accuracy is left, on average over percents, when the hidden-to-hidden weights are the ones pruned.
  const gaps = ours.cells.flatMap((cell) => {
    const own = shared.filter(({ a }) => a.cell === cell);
    return own.length > 0 ? [{ cell, gap: mean(own.map(({ a, b }) => b.accuracy - a.accuracy)) }] : [];
  });
  if (gaps.length === 0) return [];
  const clause = (verb: string, chosen: typeof gaps) =>
    chosen.length > 0
      ? [
          `${verb} in ${list(chosen.map(({ cell, gap }) => `${cellNames[cell]} (${decimal(100 * Math.abs(gap), 1)} points)`))}`,
        ]
      : [];
  const clauses = [
    ...clause(
      "more",
      gaps.filter(({ gap }) => gap > GAP),
    ),
    ...clause(
      "less",
      gaps.filter(({ gap }) => gap < -GAP),
    ),
    ...clause(
      "about as much",
      gaps.filter(({ gap }) => Math.abs(gap) <= GAP),
    ),
  ];
  return [
    `On average over the percentages tried, pruning only input-to-hidden weights costs, compared with pruning only hidden-to-hidden ones, ${list(clauses)}.`,
  ];
}

function verdictSentences({ ours, published }: PruningEvidence): string[] {
  const shared = pairs(by("magnitude", ours), by("magnitude", published), setting).filter(({ a }) =>
    Number.isFinite(a.lost),
  );
  if (shared.length === 0) return [];
  const agree = shared.filter(({ a, b }) => a.lost > GAP === b.lost > GAP);
  return [
    `On whether pruning costs more than 1 point, ours and the published networks agree in ${agree.length} of ${count(shared.length, "setting")}.`,
  ];
}

// ---- Research question 2

/** What each cell tolerates, by our rule: ours, at random, and the published networks. */
export interface ToleranceRow {
  cell: CellKind;
  target: Target;
  magnitude: number | undefined;
  random: number | undefined;
  published: number | undefined;
}

/** One row per cell and target that has results. */
export function toleranceTable({
  ours,
  published,
}: Pick<PruningEvidence, "ours" | "published">): ToleranceRow[] {
  return ours.cells.flatMap((cell) =>
    targets.flatMap((target) => {
      const curve = curveOf(ours, cell, target, "magnitude");
      if (curve.length === 0) return [];
      const tried = new Set(curve.map(({ percent }) => percent));
      const theirs = curveOf(published, cell, target, "magnitude").filter(({ percent }) =>
        tried.has(percent),
      );
      return [
        {
          cell,
          target,
          magnitude: toleratedBy(curve)?.percent,
          random: toleratedBy(curveOf(ours, cell, target, "random"))?.percent,
          published: toleratedBy(theirs)?.percent,
        },
      ];
    }),
  );
}

function permissible(evidence: PruningEvidence): string[] {
  const table = toleranceTable(evidence).filter(({ magnitude }) => magnitude !== undefined);
  if (table.length === 0) return [];
  const shares = targets.flatMap((target) => {
    const rows = table.filter((row) => row.target === target);
    const named = rows.map(
      ({ cell, magnitude }) => `${magnitude === 0 ? "nothing" : level(magnitude!)} for ${cellNames[cell]}`,
    );
    return rows.length > 0 ? [`of ${targetPhrases[target]}, ${list(named)}`] : [];
  });
  const answer = `Take as permissible the largest percentage up to which every percentage tried costs at most 1 point, without retraining. It is, ${shares.join("; ")}.`;
  const compared = table.filter((row) => row.published !== undefined);
  if (compared.length === 0) return [answer];
  const more = compared.filter((row) => row.magnitude! < row.published!).length;
  const less = compared.filter((row) => row.magnitude! > row.published!).length;
  return [
    answer,
    `By the same rule and on the same percentages the published networks tolerate as much as ours in ${compared.length - more - less} of ${compared.length} pairs of cell and target, more in ${more} and less in ${less}.`,
  ];
}

function keyTolerance({ ours, published }: PruningEvidence): string[] {
  const table = toleranceTable({ ours, published });
  const target = targets.find((candidate) => table.some((row) => row.target === candidate));
  const rows = table.filter((row) => row.target === target && row.magnitude !== undefined);
  if (target === undefined || rows.length === 0) return [];
  const named = rows.map(({ cell, magnitude }) => `${level(magnitude!)} in ${cellNames[cell]}`);
  const random = rows.flatMap((row) => (row.random === undefined ? [] : [row.random]));
  return [
    `At a cost of at most 1 point and without retraining, the smallest of ${targetPhrases[target]} can go up to ${list(named)}.${control(random)}`,
  ];
}

function control(random: readonly number[]): string {
  if (random.length === 0) return "";
  const [low, high] = [Math.min(...random), Math.max(...random)];
  if (high === 0) return " Of random weights not even the smallest share tried can.";
  return ` Of random weights ${low === high ? level(low) : `only ${level(low)} to ${level(high)}`} can.`;
}

// ---- Research question 3

/** Outcomes that lost more than the tolerance and were retrained. */
function lossy(outcomes: readonly Outcome[]): { outcome: Outcome; regained: number | "never" }[] {
  return outcomes.flatMap((outcome) => {
    const regained = medianRegained(outcome);
    const kept = outcome.runs.every(({ unpruned, accuracy }) => isWithin(unpruned, accuracy[0]));
    return regained === undefined || regained === 0 || kept ? [] : [{ outcome, regained }];
  });
}

function tally(settings: ReturnType<typeof lossy>): string {
  const within = (low: number, high: number) =>
    settings.filter(({ regained }) => regained !== "never" && regained >= low && regained <= high).length;
  const never = settings.filter(({ regained }) => regained === "never").length;
  const parts = [
    [within(1, 1), "after one epoch"],
    [within(2, 3), "after two or three"],
    [within(4, Number.POSITIVE_INFINITY), "after more"],
    [never, "never"],
  ] as const;
  return list(parts.filter(([number]) => number > 0).map(([number, when]) => `in ${number} ${when}`));
}

function regaining({ ours, published, plan }: PruningEvidence): string[] {
  const settings = lossy(by("magnitude", ours));
  if (settings.length === 0) {
    const retrained = ours.outcomes.some(({ runs }) => runs.some(({ accuracy }) => accuracy.length > 1));
    return retrained ? ["No setting that was retrained had lost more than 1 point."] : [];
  }
  const epochs = count(plan.retrainingEpochs, "epoch");
  const sentences = [
    `${capital(count(settings.length, "setting"))} lost more than 1 point by removing the smallest weights and ${settings.length === 1 ? "was" : "were"} retrained for ${epochs}. Accuracy came back to within 1 point ${tally(settings)}.`,
  ];
  const never = settings.filter(({ regained }) => regained === "never").map(({ outcome }) => outcome);
  if (never.length > 0) sentences.push(neverSentence(never));
  const random = lossy(by("random", ours));
  if (random.length > 0) {
    sentences.push(`Of ${count(random.length, "setting")} pruned at random it came back ${tally(random)}.`);
  }
  const theirs = lossy(by("magnitude", published)).map(({ outcome }) => outcome);
  const shared = pairs(
    settings.map(({ outcome }) => outcome),
    theirs,
    setting,
  ).map(({ a, b }) => ({ a: medianRegained(a)!, b: medianRegained(b)! }));
  if (shared.length > 0) {
    const same = shared.filter(({ a, b }) => a === b).length;
    sentences.push(
      `In ${same} of ${count(shared.length, "setting")} that lost accuracy both here and as published, the number of epochs is the same.`,
    );
  }
  return [sentences.join(" ")];
}

function neverSentence(never: readonly Outcome[]): string {
  const highest = Math.max(...never.map(({ percent }) => percent));
  const atHighest = never.filter(({ percent }) => percent === highest);
  const others = never.filter(({ percent }) => percent !== highest);
  const byTarget = targets.flatMap((target) => {
    const cells = atHighest.filter((outcome) => outcome.target === target).map(({ cell }) => cellNames[cell]);
    return cells.length > 0 ? [`${targetPhrases[target]} in ${list(cells)}`] : [];
  });
  const more =
    others.length === 0
      ? ""
      : others.length <= 4
        ? `, and also ${list(others.map(describe))}`
        : `, and also ${others.length} settings with less removed`;
  return `Not regained: ${level(highest)} of ${list(byTarget)}${more}.`;
}

function keyRegain({ ours }: PruningEvidence): string[] {
  const settings = lossy(by("magnitude", ours));
  if (settings.length === 0) return [];
  return [
    `Of ${count(settings.length, "setting")} that lost more than 1 point, retraining under the fixed mask brings accuracy back ${tally(settings)}.`,
  ];
}

// ---- Agreement with the published numbers, and limits

/** Differences of accuracy right after pruning, ours minus published, over the settings that both have. */
export function differences({ ours, published }: Pick<PruningEvidence, "ours" | "published">): Pair[] {
  return pairs(by("magnitude", ours), by("magnitude", published), setting);
}

function keyAgreement(evidence: PruningEvidence): string[] {
  const shared = differences(evidence);
  if (shared.length === 0) return [];
  const absolute = shared.map(({ a, b }) => Math.abs(a.accuracy - b.accuracy)).sort((x, y) => x - y);
  const far = absolute.filter((difference) => difference > FAR).length;
  return [
    `Right after pruning, ours and the published accuracy differ by ${decimal(100 * quantile(absolute, 0.5), 1)} points in the median of ${count(shared.length, "setting")} and by ${decimal(100 * mean(absolute), 1)} on average; ${far === 0 ? "none differs" : count(far, "differs", "differ")} by more than 5.`,
  ];
}

function limits({ ours, plan, majority }: PruningEvidence, learnt: readonly CellKind[]): string[] {
  const sentences: string[] = [];
  const missing = plan.cells.filter((cell) => !ours.cells.includes(cell));
  if (missing.length > 0) {
    sentences.push(`There are no results of ${list(missing.map((cell) => cellNames[cell]))} yet.`);
  }
  const planned =
    plan.cells.length * plan.targets.length * plan.percents.length * plan.criteria.length * plan.seeds.length;
  const finished = ours.outcomes
    .flatMap(({ runs }) => runs)
    .filter(({ accuracy }) => accuracy.length > plan.retrainingEpochs).length;
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
  if (plan.seeds.length === 1 && ours.cells.length > 0) {
    sentences.push(
      "Everything rests on one seed, as in the thesis: differences of a point or two may be chance.",
    );
  }
  return sentences;
}
