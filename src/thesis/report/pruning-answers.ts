// Research questions 1 to 3 answered from the results. Every sentence is computed by a stated rule, says how many
// settings it rests on, and is left out or turned around where the results do not support it.
import { mean } from "../../math/statistics.js";
import { cellNames, targetPhrases } from "../../report/theme.js";
import { capital, count, decimal, level, list, percentage } from "../../report/words.js";
import { type Target, targets } from "../../sparsify/target.js";
import type { ThesisCell } from "../published.js";
import {
  baseAccuracy,
  by,
  GAP,
  lossy,
  type PruningEvidence,
  pairs,
  setting,
  toleranceTable,
} from "./pruning-evidence.js";
import {
  curveOf,
  medianRegained,
  type Outcome,
  type PruningOutcomes,
  toleratedBy,
} from "./pruning-outcomes.js";

/** The questions as the thesis puts them (section 1.2). */
export const researchQuestions = [
  "What is the effect of weights pruning on a recurrent network’s accuracy?",
  "What percentage of weights pruning is permissible without triggering a significant reduction in the performance?",
  "After pruning a certain percent of weights, if we see a significant reduction in the accuracy, how many re-training epochs can regain accuracy?",
] as const;

/** Question 1, one string per paragraph; nothing where there are no results. */
export function effect(evidence: PruningEvidence): (string | string[])[] {
  const { ours } = evidence;
  const perCell = ours.cells.flatMap((cell) => {
    const target = targets.find((candidate) => curveOf(ours, cell, candidate, "magnitude").length > 0);
    return target ? [effectOn(ours, cell, target)] : [];
  });
  if (perCell.length === 0) return [];
  const paragraphs: (string | string[])[] = [perCell];
  const rest = [...controlSentences(ours), ...targetSentences(ours), ...verdictSentences(evidence)];
  if (rest.length > 0) paragraphs.push(rest.join(" "));
  return paragraphs;
}

function effectOn(ours: PruningOutcomes, cell: ThesisCell, target: Target): string {
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

/** Question 2. */
export function permissible(evidence: PruningEvidence): string[] {
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

/** Question 3. */
export function regaining({ ours, published, plan }: PruningEvidence): string[] {
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

/** In how many settings accuracy came back when. */
export function tally(settings: ReturnType<typeof lossy>): string {
  const within = (low: number, high: number) =>
    settings.filter(({ regained }) => regained !== "never" && regained >= low && regained <= high).length;
  const never = settings.filter(({ regained }) => regained === "never").length;
  const all = (number: number) => (number === settings.length && number > 1 ? "all" : String(number));
  if (never === settings.length) return "in none";
  const parts = [
    [within(1, 1), "after one epoch"],
    [within(2, 3), "after two or three"],
    [within(4, Number.POSITIVE_INFINITY), "after more"],
    [never, "never"],
  ] as const;
  return list(parts.filter(([number]) => number > 0).map(([number, when]) => `in ${all(number)} ${when}`));
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
