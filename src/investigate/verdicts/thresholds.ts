// The third check that the thesis left open, in sentences: whether pruning thresholds vary across training regimes, above all with
// iterative pruning; and its claims that 80 to 90 % of the weights can go and that gated cells bear more.
import type { CellKind } from "../../network/architecture.js";
import { cellNames } from "../../report/theme.js";
import { capital, count, decimal, list } from "../../report/words.js";
import { controls, type RegimeName, regimeOf } from "../regimes.js";
import { type Apart, thresholdDifference } from "../threshold.js";
import type { ThresholdResults } from "../thresholds.js";
import {
  apartText,
  chanceText,
  claimText,
  Evidence,
  type Findings,
  isGated,
  type Known,
  runRemarks,
  signOf,
  type Tally,
  tallyOf,
  thresholdText,
} from "./evidence.js";

export const BASE = "base";
type Given = Pick<ThresholdResults, "rows" | "conditions" | "facts">;

/** What a run has found, in sentences. */
export function thresholdFindings(results: Given, evidence = new Evidence(results)): Findings {
  const cells = evidence.cells(BASE);
  const regimes = regimesVerdict(evidence, cells);
  const share = shareVerdict(evidence);
  const gated = gatedVerdict(evidence, cells);
  const control = controlVerdict(evidence, cells);
  const none = "This run has no results that answer it yet.";
  const answered = (sentences: readonly string[]) =>
    sentences.length > 0 ? [sentences[0], sentences.slice(1)] : [none];
  const questions = [
    ["Do pruning thresholds vary across training regimes? (The third check of the thesis.)", regimes],
    ["Can 80 to 90 % of the weights go?", share],
    ["Do gated cells bear more?", gated],
    [
      "Do thresholds depend on the data, the width and how long and fast training is?",
      conditionsVerdict(evidence),
    ],
    ["What are the methods worth beside random masks and small dense networks?", control],
  ] as const;
  return {
    key: [regimes, share, gated, control].flatMap((sentences) => sentences.slice(0, 1)),
    verdicts: questions.map(([question, sentences], i) => ({
      number: i + 1,
      question,
      answer: answered(sentences).filter((paragraph) => paragraph.length > 0),
    })),
    limits: limits(results, evidence),
    thresholds: evidence.thresholds(),
  };
}

/** Regimes that are no control. */
function treated(evidence: Evidence, cell: CellKind): RegimeName[] {
  return evidence.regimes(BASE, cell).filter((regime) => regime !== "small");
}

function regimesVerdict(evidence: Evidence, cells: readonly CellKind[]): string[] {
  const perCell = cells.flatMap((cell) => {
    const known = treated(evidence, cell).flatMap((regime) => evidence.of(BASE, cell, regime) ?? []);
    if (known.length < 2) return [];
    const pairs = known.flatMap((a, i) =>
      known.slice(i + 1).flatMap((b) => thresholdDifference(a.curve, b.curve) ?? []),
    );
    return [{ cell, known, tally: tallyOf(pairs) }];
  });
  if (perCell.length === 0) return [];
  const varied = perCell.filter(({ tally }) => tally.isBeyondChance);
  const same = perCell.filter(({ tally }) => !tally.isBeyondChance);
  const names = list(same.map(({ cell }) => cellNames[cell]));
  const opening = perCell.every(({ tally }) => tally.untold)
    ? `Thresholds differ between regimes as far as these networks tell: ${perCell.map(rangeText).join("; ")}.`
    : varied.length === 0
      ? `These seeds do not show that thresholds vary across training regimes: no more pairs of them are told apart than by chance, in ${names}.`
      : `Yes: thresholds vary across training regimes: ${varied.map(rangeText).join("; ")}${same.length > 0 ? `. In ${names} no more pairs of them are told apart than by chance` : ""}.`;
  const counted = perCell
    .filter(({ tally }) => !tally.untold)
    .map(
      ({ cell, tally }) =>
        `${cellNames[cell]}: the 95 % interval of the difference excludes 0 in ${tally.more + tally.less} of ${count(tally.total, "pair")} of regimes; ${chanceText(tally)}.`,
    );
  const between = (a: RegimeName, b: RegimeName) =>
    perCell.flatMap(({ cell }) => comparison(evidence, cell, a, b));
  return [
    opening,
    ...counted,
    ...between("magnitude", "iterative"),
    ...between("one-shot", "iterative"),
    ...between("one-shot", "gradual"),
    ...budget(evidence, cells),
  ];
}

function rangeText({ cell, known }: { cell: CellKind; known: readonly Known[] }): string {
  const ends = ({ threshold: { value, low = value, high = value } }: Known) => [value, low + high];
  const ordered = [...known].sort((a, b) => {
    const [[value, middle], [other, otherMiddle]] = [ends(a), ends(b)];
    return value - other || middle - otherMiddle;
  });
  const [least, most] = [ordered[0], ordered[ordered.length - 1]];
  const named = ({ curve, threshold }: Known) =>
    `${thresholdText(threshold)} with ${regimeOf(curve.regime).phrase}`;
  return `in ${cellNames[cell]} from ${named(least)} to ${named(most)}`;
}

/** How `b` compares with `a` in one cell under the base condition. */
function comparison(evidence: Evidence, cell: CellKind, a: RegimeName, b: RegimeName): string[] {
  const [one, other] = [evidence.of(BASE, cell, a), evidence.of(BASE, cell, b)];
  if (!one || !other) return [];
  const apart = thresholdDifference(one.curve, other.curve);
  if (!apart) return [];
  return [compared(cellNames[cell], regimeOf(b).phrase, regimeOf(a).phrase, apart)];
}

/** A sentence on which of two bears more. */
export function compared(
  where: string,
  subject: string,
  other: string,
  apart: NonNullable<ReturnType<typeof thresholdDifference>>,
): string {
  if (apart.unknown)
    return `${where}: ${capital(subject)} and ${other} are beyond the same end of the grid, and cannot be compared.`;
  const first = capital(subject);
  switch (signOf(apart)) {
    case "more":
      return `${where}: ${first} bears ${apartText(apart)} more than ${other}.`;
    case "less":
      return `${where}: ${first} bears ${apartText(apart)} less than ${other}.`;
    case "open":
      return `${where}: Between ${subject} and ${other} there is no difference that these seeds show, ${apartText(apart)}.`;
    case "untold":
      return `${where}: ${first} bears ${apartText(apart)} ${apart.value < 0 ? "less" : "more"} than ${other} with these seeds, without an interval.`;
  }
}

/** One shot and gradual pruning at equal numbers of updates, where a condition trains twice as long. */
function budget(evidence: Evidence, cells: readonly CellKind[]): string[] {
  return cells.flatMap((cell) => {
    const [twice, once] = [evidence.of("longer", cell, "gradual"), evidence.of(BASE, cell, "one-shot")];
    const apart = twice && once && thresholdDifference(twice.curve, once.curve);
    return apart
      ? [
          `At equal budgets: ${compared(cellNames[cell], "pruning once and retraining", "gradual pruning with twice the epochs (each beside the dense network of its own condition)", apart)}`,
        ]
      : [];
  });
}

function shareVerdict(evidence: Evidence): string[] {
  const { epsilon } = evidence.judge(BASE);
  const points = `${decimal(100 * epsilon, 1).replace(/\.0$/, "")} ${epsilon === 0.01 ? "point" : "points"}`;
  return shareSentences(evidence, ["magnitude", "one-shot", "iterative", "gradual"], points);
}

/** What can go under each of some regimes, in a sentence each. @param cost at most, in words. */
export function shareSentences(evidence: Evidence, regimes: readonly RegimeName[], cost: string): string[] {
  const sentences = regimes.flatMap((regime) => {
    const known = evidence.cells(BASE).flatMap((cell) => evidence.of(BASE, cell, regime) ?? []);
    // Cells of which the same is to be said share a clause.
    const clauses = new Map<string, { share: string; claim: string; cells: string[] }>();
    for (const { curve, threshold } of known) {
      const [share, claim] = [thresholdText(threshold), claimText(threshold)];
      const clause = clauses.get(share + claim) ?? { share, claim, cells: [] };
      clause.cells.push(cellNames[curve.cell]);
      clauses.set(share + claim, clause);
    }
    const named = [...clauses.values()].map(
      ({ share, claim, cells }) => `${share} can go in ${list(cells)}, ${claim}`,
    );
    return named.length === 0 ? [] : [`With ${regimeOf(regime).phrase}, ${named.join("; ")}.`];
  });
  if (sentences.length === 0) return [];
  return [`At a cost of at most ${cost}, ${lowerFirst(sentences[0])}`, ...sentences.slice(1)];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function gatedVerdict(evidence: Evidence, cells: readonly CellKind[]): string[] {
  const plain = cells.filter((cell) => !isGated(cell));
  const pairs = cells
    .filter(isGated)
    .flatMap((gated) => plain.map((other) => [other, gated] as const))
    .flatMap(([other, gated]) =>
      treated(evidence, gated).flatMap((regime) => {
        const [a, b] = [evidence.of(BASE, other, regime), evidence.of(BASE, gated, regime)];
        const apart = a && b && thresholdDifference(a.curve, b.curve);
        return apart ? [{ other, gated, regime, apart }] : [];
      }),
    );
  return gatedSentences(pairs);
}

/** A gated cell beside one without gates, under one regime. */
interface GatedPair {
  readonly gated: CellKind;
  readonly other: CellKind;
  readonly regime: RegimeName;
  readonly apart: Apart;
}

/** Whether gated cells bear more, and each comparison that says so or not; nothing where there is none. */
export function gatedSentences(pairs: readonly GatedPair[]): string[] {
  if (pairs.length === 0) return [];
  return [
    gatedOpening(tallyOf(pairs.map(({ apart }) => apart))),
    ...pairs.map(({ other, gated, regime, apart }) =>
      compared(regimeOf(regime).label, cellNames[gated], cellNames[other], apart),
    ),
  ];
}

function gatedOpening(tally: Tally): string {
  const { more, less, untold, above, isBeyondChance } = tally;
  const total = count(tally.total, "comparison");
  const chance = chanceText(tally);
  if (untold)
    return `In ${above} of ${total} a gated cell bears more than one without gates, with these seeds and without intervals.`;
  if (!isBeyondChance)
    return `These seeds do not tell whether gated cells bear more: the interval excludes 0 in ${more + less} of ${total} with cells without gates, and ${chance}.`;
  if (less === 0)
    return `Gated cells bear more: in ${more} of ${total} with cells without gates the interval says so and in none the opposite; ${chance}.`;
  if (more === 0)
    return `Gated cells bear less: in ${less} of ${total} with cells without gates the interval says so and in none the opposite; ${chance}.`;
  return `It depends on the regime: gated cells bear more than cells without gates in ${more} of ${total} and less in ${less}; ${chance}.`;
}

function conditionsVerdict(evidence: Evidence): string[] {
  const names = [...new Set(evidence.known.map(({ curve }) => curve.condition))].filter(
    (name) => name !== BASE,
  );
  const perCondition = names.map((name) => {
    const pairs = evidence.known
      .filter(({ curve }) => curve.condition === name)
      .flatMap(({ curve }) => {
        const base = evidence.of(BASE, curve.cell, curve.regime);
        const apart = base && thresholdDifference(base.curve, curve);
        return apart ? [{ cell: curve.cell, regime: curve.regime, apart }] : [];
      });
    return { name, pairs };
  });
  if (perCondition.every(({ pairs }) => pairs.length === 0)) return [];
  const tallies = perCondition.map(({ pairs }) => tallyOf(pairs.map(({ apart }) => apart)));
  const told = tallies.filter(({ untold }) => !untold);
  const moved = told.filter(({ isBeyondChance }) => isBeyondChance);
  const all = tallyOf(perCondition.flatMap(({ pairs }) => pairs.map(({ apart }) => apart)));
  const together =
    told.length > 1
      ? ` Together ${all.more + all.less} of ${count(all.total, "threshold")} moved; ${chanceText(all)}.`
      : "";
  const opening =
    told.length === 0
      ? `It cannot be told with these seeds, which have no intervals, in ${count(perCondition.length, "condition")}.`
      : `In ${moved.length} of ${count(told.length, "condition")} more thresholds differ from the base condition's than chance explains; other data have dense networks and an ε of their own.${together}`;
  return [
    opening,
    ...perCondition
      .filter(({ pairs }) => pairs.length > 0)
      .map(({ name, pairs }) => conditionText(evidence.condition(name).phrase, pairs)),
  ];
}

/** The threshold of a cell under a regime and another condition, beside the base condition's. */
interface Beside {
  readonly cell: CellKind;
  readonly regime: RegimeName;
  readonly apart: Apart;
}

function isMoved({ apart }: Beside): boolean {
  return signOf(apart) === "more" || signOf(apart) === "less";
}

function conditionText(phrase: string, pairs: readonly Beside[]): string {
  const write = ({ cell, regime, apart }: Beside) =>
    `${cellNames[cell]}, ${regimeOf(regime).label}: ${apartText(apart)} ${apart.value < 0 ? "less" : "more"}`;
  if (pairs.every(({ apart }) => signOf(apart) === "untold"))
    return `With ${phrase}, without intervals: ${pairs
      .filter(({ apart }) => !apart.unknown)
      .map(write)
      .join("; ")}.`;
  const moved = pairs.filter(isMoved);
  return moved.length === 0
    ? `With ${phrase}: no interval of ${pairs.length} excludes 0.`
    : `With ${phrase}: ${moved.length} of ${count(pairs.length, "threshold")} moved (${moved.map(write).join("; ")}); ${chanceText(tallyOf(pairs.map(({ apart }) => apart)))}.`;
}

function controlVerdict(evidence: Evidence, cells: readonly CellKind[]): string[] {
  const beside = controls.flatMap((control) => {
    const pairs = cells.flatMap((cell) =>
      treated(evidence, cell)
        .filter((regime) => regime !== "random")
        .flatMap((regime) => {
          const [a, b] = [evidence.of(BASE, cell, control), evidence.of(BASE, cell, regime)];
          const apart = a && b && thresholdDifference(a.curve, b.curve);
          return apart ? [{ cell, regime, apart }] : [];
        }),
    );
    return pairs.length > 0 ? [{ control, pairs }] : [];
  });
  if (beside.length === 0) return [];
  const parts = beside.map(({ control, pairs }) => {
    const tally = tallyOf(pairs.map(({ apart }) => apart));
    const { phrase } = regimeOf(control);
    return tally.untold
      ? `${tally.above} of ${tally.total} bear more than ${phrase}, with these seeds`
      : `by their intervals ${tally.more} of ${tally.total} bear more than ${phrase} and ${tally.less} less (${chanceText(tally)} differ)`;
  });
  return [
    `Methods, each in each cell: ${parts.join("; ")}.`,
    ...beside.flatMap(({ control, pairs }) =>
      pairs
        .filter(({ apart }) => signOf(apart) === "less")
        .map(({ cell, regime, apart }) =>
          compared(cellNames[cell], regimeOf(regime).phrase, regimeOf(control).phrase, apart),
        ),
    ),
  ];
}

function limits({ facts, rows }: Given, evidence: Evidence): string[] {
  return [
    ...runRemarks({ facts, rows }, "few strings, epochs, sparsities and seeds"),
    ...evidence.unlearnt.map(
      ({ condition, cell }) =>
        `Dense ${cellNames[cell]} learns nothing with ${evidence.condition(condition).phrase}, so that its thresholds are left out.`,
    ),
    "Regimes do not train equally long: see the table of seconds. Where nothing else is said, each sparse network is compared with the dense one of the same condition, which is trained once.",
  ];
}
