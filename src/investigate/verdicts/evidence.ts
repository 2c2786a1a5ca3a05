// What sentences rest on: the curves of an investigation with their thresholds, and how one is told from another. A sentence says
// no more than the interval of its number allows.
import { falseAlarm } from "../../math/bootstrap.js";
import { mean } from "../../math/statistics.js";
import { type CellKind, gateCount } from "../../network/architecture.js";
import type { Answer } from "../../report/page.js";
import { count, decimal } from "../../report/words.js";
import type { Target } from "../../sparsify/target.js";
import type { Condition } from "../condition.js";
import type { RegimeName } from "../regimes.js";
import type { Judge, Row } from "../row.js";
import type { Facts } from "../sitting.js";
import {
  type Apart,
  type Curve,
  type CurveKey,
  curvesOf,
  FEWEST_SEEDS,
  type Threshold,
  thresholdOf,
} from "../threshold.js";

/** A curve with what was read off it. */
export interface Known {
  readonly curve: Curve;
  readonly threshold: Threshold;
}

/** A threshold with what it is of. */
export interface NamedThreshold extends CurveKey, Threshold {
  readonly epsilon: number;
  readonly seeds: number;
}

/** A question with its answer. */
export interface Verdict {
  readonly number: number;
  readonly question: string;
  readonly answer: Answer;
}

export interface Findings {
  /** The sentences that open a report. */
  readonly key: readonly string[];
  readonly verdicts: readonly Verdict[];
  /** What limits the answers. */
  readonly limits: readonly string[];
  readonly thresholds: readonly NamedThreshold[];
}

/** How far above guessing a dense network has to be before its sparse copies say anything: ten points. */
const LEARNT = 0.1;

/** All curves of an investigation whose dense networks have learnt something. */
export class Evidence {
  readonly known: readonly Known[];
  /** Cells under a condition whose dense networks have not. */
  readonly unlearnt: readonly Pick<Curve, "condition" | "cell">[];
  private readonly conditions: ReadonlyMap<string, Condition>;

  constructor({ rows, conditions }: { rows: readonly Row[]; conditions: readonly Condition[] }) {
    this.conditions = new Map(conditions.map((condition) => [condition.name, condition]));
    const curves = curvesOf(rows, (name) => this.judge(name));
    const isLearnt = ({ judge: { guess }, dense }: Curve) =>
      guess === undefined || mean(dense) > guess + LEARNT;
    this.known = curves.filter(isLearnt).map((curve) => ({ curve, threshold: thresholdOf(curve) }));
    const without = curves.filter((curve) => !isLearnt(curve));
    this.unlearnt = [...new Map(without.map((one) => [`${one.condition} ${one.cell}`, one])).values()];
  }

  /** @throws RangeError when there is no such condition. */
  condition(name: string): Condition {
    const found = this.conditions.get(name);
    if (!found) throw new RangeError(`no condition ${name}`);
    return found;
  }

  judge(condition: string): Judge {
    return this.condition(condition).judge;
  }

  /** The curve of one cell under one regime. */
  of(condition: string, cell: CellKind, regime: RegimeName, target: Target = "both"): Known | undefined {
    return this.known.find(
      ({ curve }) =>
        curve.condition === condition &&
        curve.cell === cell &&
        curve.regime === regime &&
        curve.target === target,
    );
  }

  /** The cells of a condition, in the order in which they were trained. */
  cells(condition: string): CellKind[] {
    return this.values(
      ({ cell }) => cell,
      (own) => own.condition === condition,
    );
  }

  /** The regimes of one cell under a condition, with both kinds of weights made sparse. */
  regimes(condition: string, cell: CellKind): RegimeName[] {
    return this.values(
      ({ regime }) => regime,
      (own) => own.condition === condition && own.cell === cell && own.target === "both",
    );
  }

  thresholds(): NamedThreshold[] {
    return this.known.map(({ curve, threshold }) => {
      const { condition, cell, regime, target, judge, seeds } = curve;
      return { condition, cell, regime, target, epsilon: judge.epsilon, seeds: seeds.length, ...threshold };
    });
  }

  private values<Value>(of: (curve: Curve) => Value, where: (curve: Curve) => boolean): Value[] {
    return [
      ...new Set(
        this.known
          .map(({ curve }) => curve)
          .filter(where)
          .map(of),
      ),
    ];
  }
}

/** Whether a cell has gates. */
export function isGated(cell: CellKind): boolean {
  return gateCount(cell) > 1;
}

/** A sparsity: "85 %", "93.4 %". */
export function sparsityText(value: number): string {
  return `${number(value)}\u00a0%`;
}

function number(value: number): string {
  const text = decimal(value, value > 90 ? 1 : 0);
  return text.replace(/\.0$/, "");
}

/** A threshold without its interval: "at least 97 %". */
export function valueText({ value, beyond }: Threshold): string {
  const bound = beyond === "above" ? "at least " : beyond === "below" ? "less than " : "";
  return `${bound}${sparsityText(value)}`;
}

/** A threshold with its interval: "93.4 % (91 to 95.2)". An end at the grid's own end is open. */
export function thresholdText(threshold: Threshold): string {
  const { value, low, high } = threshold;
  if (low === undefined || high === undefined) return valueText(threshold);
  if ([low, high].every((end) => number(end) === number(value))) return valueText(threshold);
  return `${valueText(threshold)} (${number(low)} to ${number(high)})`;
}

/** What a threshold says of the claim that 80 to 90 % of the weights can go. */
export function claimText({ value, low, high }: Threshold): string {
  if (low === undefined || high === undefined) {
    const word = value >= 90 ? "more than claimed" : value >= 80 ? "as claimed" : "less than claimed";
    return `${word} with these seeds`;
  }
  if (low >= 90) return "more than claimed";
  if (low >= 80) return "as claimed";
  return high < 80 ? "less than claimed" : "which leaves the claim open";
}

/** What an interval says of a difference. */
export type Sign = "more" | "less" | "open" | "untold";

/** `untold` without an interval, `open` where it holds 0 or nothing is known. */
export function signOf(apart: Omit<Apart, "seeds"> | undefined): Sign {
  if (!apart || apart.low === undefined || apart.high === undefined) return "untold";
  if (apart.unknown) return "open";
  return apart.low > 0 ? "more" : apart.high < 0 ? "less" : "open";
}

/** A difference with its interval: "12 points (8 to 15)", of a loss "0.13 nats (0.1 to 0.16)". */
export function apartText(apart: Omit<Apart, "seeds">, unit: "points" | "nats" = "points"): string {
  // A difference is told by its size; whether it is one of more or of less the sentence says.
  const sign = apart.value < 0 ? -1 : 1;
  const decimals = unit === "nats" ? 3 : 1;
  // What is not 0 is not rounded to it.
  const decimalsOf = (value: number) =>
    value !== 0 && Number(value.toFixed(decimals)) === 0 ? Math.ceil(-Math.log10(Math.abs(value))) : decimals;
  const write = (value: number) =>
    decimal(sign * value, decimalsOf(value))
      .replace(/(\.\d*?)0+$/, "$1")
      .replace(/\.$/, "");
  const value = `${apart.bound ? "at least " : ""}${write(apart.value)} ${unit}`;
  if (apart.low === undefined || apart.high === undefined) return value;
  const ends = [apart.low, apart.high].map(write);
  if (ends.every((end) => end === write(apart.value))) return value;
  return `${value} (${(sign < 0 ? ends.reverse() : ends).join(" to ")})`;
}

/** What the intervals of many differences say together. */
export interface Tally {
  readonly total: number;
  readonly more: number;
  readonly less: number;
  /** How many are above 0, whatever their intervals. */
  readonly above: number;
  /** Whether none has an interval. */
  readonly untold: boolean;
  /** How many intervals would exclude 0 if there were no difference at all. */
  readonly expected: number;
  /** Whether more do than chance explains, at 2.5 %. Differences that share networks are taken for apart, so it is a rough rule. */
  readonly isBeyondChance: boolean;
}

/** Counts what intervals say. */
export function tallyOf(aparts: readonly Apart[]): Tally {
  const signs = aparts.map(signOf);
  const by = (wanted: Sign) => signs.filter((sign) => sign === wanted).length;
  const [more, less] = [by("more"), by("less")];
  const expected = aparts.reduce((sum, { seeds }) => sum + falseAlarm(seeds), 0);
  const total = aparts.length;
  return {
    total,
    more,
    less,
    above: aparts.filter(({ value }) => value > 0).length,
    untold: by("untold") === total,
    expected,
    isBeyondChance: total > 0 && atLeast(more + less, total, expected / total) <= 0.025,
  };
}

/** The probability of at least so many of `total` independent events of one probability. */
function atLeast(hits: number, total: number, probability: number): number {
  let term = (1 - probability) ** total;
  let below = 0;
  for (let k = 0; k < hits; k++) {
    below += term;
    term *= ((total - k) / (k + 1)) * (probability / (1 - probability));
  }
  return Math.max(0, 1 - below);
}

/** "by chance 1.4 would": how many of a tally's intervals would exclude 0 without a difference. */
export function chanceText({ expected }: Tally): string {
  return `by chance ${decimal(expected, 1)} would`;
}

/** What to say of intervals where there are few seeds. */
function seedRemark(rows: readonly Pick<Row, "condition" | "seed">[]): string[] {
  const groups = new Map<string, Set<number>>();
  for (const { condition, seed } of rows)
    groups.set(condition, (groups.get(condition) ?? new Set()).add(seed));
  const counts = [...new Set([...groups.values()].map(({ size }) => size))].sort((a, b) => a - b);
  const few = counts.filter((count) => count >= FEWEST_SEEDS && falseAlarm(count) > 0.05);
  const none = counts.filter((count) => count < FEWEST_SEEDS);
  const often = few.map((count) => `${decimal(100 * falseAlarm(count))} of 100 with ${count} seeds`);
  return [
    ...(none.length > 0
      ? [
          `${none.length === counts.length ? "There" : "Somewhere there"} are fewer than ${FEWEST_SEEDS} seeds, too few for intervals: such numbers are of these networks alone, and their differences are not told from chance.`,
        ]
      : []),
    ...(few.length > 0
      ? [
          `Of so few seeds an interval excludes 0 too often where there is no difference: in ${often.join(", in ")}. Counts of intervals say how many would by chance.`,
        ]
      : []),
  ];
}

/**
 * What is to be known of a run before its numbers are read.
 * @param small what is few in a quick run.
 */
export function runRemarks(
  { facts, rows }: { readonly facts: Facts; readonly rows: readonly Pick<Row, "condition" | "seed">[] },
  small: string,
): string[] {
  const { total, finished, failed, scale } = facts;
  const left = total - finished - failed;
  return [
    ...(scale === "quick"
      ? [`This is the quick, scaled-down run: ${small}. It shows the shape and settles nothing.`]
      : []),
    ...(left > 0
      ? [`${decimal(finished)} of ${count(total, "training")} have ended; the same command goes on.`]
      : []),
    ...(failed > 0
      ? [`${count(failed, "training")} failed and ${failed === 1 ? "is" : "are"} left out.`]
      : []),
    ...seedRemark(rows),
  ];
}
