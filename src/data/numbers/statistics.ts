// What sequences of numbers look like before anything is trained on them: how many and how long, what their channels hold,
// how frequent the classes are, and the flaws that make a good accuracy mean little (sequences that occur twice, or in the
// training and in the test data).
import { quantile } from "../../math/statistics.js";
import { type Sequences, stepsOf } from "../sequences.js";

/** Steps of sequences. */
export interface LengthStatistics {
  readonly least: number;
  readonly median: number;
  readonly most: number;
  readonly mean: number;
  /** Sequences by length: bins of `binWidth` lengths, from `from` on; those without a sequence between others too. */
  readonly bins: readonly { readonly from: number; readonly count: number }[];
  readonly binWidth: number;
}

/** Numbers of one name, at all steps of all sequences. */
export interface ChannelStatistics {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
  readonly constant: boolean;
  /** Steps without a number; a channel has none, a target may. */
  readonly gaps: number;
  /** Steps of the longest stretch of a sequence at one value: a sensor that hung, or a gap that was filled. */
  readonly longestStill: number;
}

export interface ClassCount {
  readonly name: string;
  /** Sequences, or steps where each has a class. */
  readonly count: number;
}

export interface SequenceStatistics {
  readonly sequences: number;
  /** Of all sequences. */
  readonly steps: number;
  readonly lengths: LengthStatistics;
  readonly channels: readonly ChannelStatistics[];
  /** In their order, those that do not occur too; where there are classes. */
  readonly classes?: readonly ClassCount[];
  /** Steps without a class, where steps have classes. */
  readonly unlabelled?: number;
  /** Numbers that are to be learnt, where there are such. */
  readonly targets?: readonly ChannelStatistics[];
  /** Sequences whose values are those of an earlier one. */
  readonly duplicates: number;
  /** Those of them that have another class, where sequences have classes. */
  readonly contradictions: number;
}

/** Counts, lengths, ranges and repetitions of sequences. */
export function describeSequences(sequences: Sequences): SequenceStatistics {
  const { channels, values, target } = sequences;
  const lengths = values.map((_, row) => stepsOf(sequences, row));
  const classes = classCounts(target);
  const firsts = firstOccurrences(values);
  const repeated = [...values.keys()].filter((row) => firsts[row] !== row);
  const labels = target?.kind === "class" ? target.labels.of : undefined;
  return {
    sequences: values.length,
    steps: lengths.reduce((sum, length) => sum + length, 0),
    lengths: describeLengths(lengths),
    channels: describeChannels(channels, values),
    ...(classes && { classes }),
    ...(target?.kind === "step-classes" && {
      unlabelled: target.of.reduce((sum, own) => sum + own.filter((label) => label < 0).length, 0),
    }),
    ...(target?.kind === "numbers" && { targets: describeChannels(target.names, target.of) }),
    duplicates: repeated.length,
    contradictions: labels ? repeated.filter((row) => labels[row] !== labels[firsts[row]]).length : 0,
  };
}

/** The number of sequences of `test` whose values are those of one of `train`. */
export function countSharedSequences(train: Sequences, test: Sequences): number {
  const own = train.values.length;
  const firsts = firstOccurrences([...train.values, ...test.values]);
  return firsts.subarray(own).filter((first) => first < own).length;
}

function classCounts(target: Sequences["target"]): ClassCount[] | undefined {
  if (target === undefined || target.kind === "numbers") return undefined;
  const [classes, lists] =
    target.kind === "class" ? [target.labels.classes, [target.labels.of]] : [target.classes, target.of];
  const counts = new Float64Array(classes.length);
  for (const list of lists) for (const label of list) if (label >= 0) counts[label]++;
  return classes.map((name, place) => ({ name, count: counts[place] }));
}

/** Bins of a histogram, at most. */
const MOST_BINS = 20;

function describeLengths(lengths: readonly number[]): LengthStatistics {
  const ascending = Float64Array.from(lengths).sort();
  const [least, most] = [ascending[0], ascending[ascending.length - 1]];
  const binWidth = binWidthOf(most - least + 1);
  const first = Math.floor(least / binWidth) * binWidth;
  const counts = new Array<number>(Math.floor((most - first) / binWidth) + 1).fill(0);
  for (const length of lengths) counts[Math.floor((length - first) / binWidth)]++;
  return {
    least,
    median: quantile(ascending, 0.5),
    most,
    mean: ascending.reduce((sum, length) => sum + length, 0) / lengths.length,
    bins: counts.map((count, i) => ({ from: first + i * binWidth, count })),
    binWidth,
  };
}

/** 1, 2 or 5 times a power of ten, so that there are at most `MOST_BINS` bins, or one more. */
function binWidthOf(range: number): number {
  let power = 1;
  for (;;) {
    for (const factor of [1, 2, 5]) if (range <= factor * power * MOST_BINS) return factor * power;
    power *= 10;
  }
}

/** @param values of each sequence [step][name], NaN where there is none. */
function describeChannels(names: readonly string[], values: readonly Float32Array[]): ChannelStatistics[] {
  const width = names.length;
  return names.map((name, channel) => {
    let [least, most, mean, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    let [count, gaps, longestStill] = [0, 0, 0];
    for (const own of values) {
      let still = 0;
      let before = Number.NaN;
      for (let i = channel; i < own.length; i += width) {
        const value = own[i];
        still = value === before ? still + 1 : 1;
        before = value;
        if (Number.isNaN(value)) {
          gaps++;
          continue;
        }
        if (still > longestStill) longestStill = still;
        if (value < least) least = value;
        if (value > most) most = value;
        // Welford's running mean and sum of squared distances.
        const distance = value - mean;
        mean += distance / ++count;
        squares += distance * (value - mean);
      }
    }
    const deviation = Math.sqrt(squares / count);
    const known =
      count > 0 ? { least, most, mean } : { least: Number.NaN, most: Number.NaN, mean: Number.NaN };
    return { name, ...known, deviation, constant: least === most, gaps, longestStill };
  });
}

/** Of each sequence the first row with the same values. */
function firstOccurrences(values: readonly Float32Array[]): Int32Array {
  const known = new Map<number, number[]>();
  return Int32Array.from(values, (own, row) => {
    const key = hashOf(own);
    const rows = known.get(key) ?? [];
    const first = rows.find((other) => isEqual(own, values[other]));
    if (first !== undefined) return first;
    rows.push(row);
    known.set(key, rows);
    return row;
  });
}

/** FNV-1a over the bits of the values, of which -0 has those of 0. */
function hashOf(values: Float32Array): number {
  const positive = values.includes(0) ? values.map((value) => value + 0) : values;
  const words = new Uint32Array(positive.buffer, positive.byteOffset, positive.length);
  let hash = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193) ^ (hash >>> 15);
  return hash >>> 0;
}

function isEqual(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
