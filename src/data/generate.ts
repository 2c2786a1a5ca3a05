// Labelled strings made from a grammar: true strings as random walks meet them and false strings in named kinds, from
// ones a single letter gives away to ones a single edit away from the truth. The defaults make a dataset with the sizes,
// lengths and letters of Darji's (2021); `hard` takes away what its false strings show by their letters and their lengths.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import { createDataset, type Dataset } from "./dataset.js";
import { accepts, alphabetOf, countStrings, difference, type Grammar } from "./grammar.js";
import { drawDistinct } from "./sample.js";
import { LONGEST_STRING } from "./vocabulary.js";

/**
 * - `foreign`: from automata of the grammar's shape with letters that it does not have, at least one in every string;
 * - `relabelled`: from automata of the grammar's shape with its own letters on the wrong arcs, the first of which has only
 *   the letters of its first choice exchanged, as one of Darji's has;
 * - `edited`: one edit (substitute, insert, delete, or swap neighbours) from a true string, of the dataset if it has enough.
 *
 * Strings that happen to be true are never among them.
 */
export type FalseKind = (typeof KINDS)[number];
const KINDS = ["foreign", "relabelled", "edited"] as const;

/** Shares of the kinds of false strings, in any unit: only their ratios count. */
export type Mix = Readonly<Record<FalseKind, number>>;

/** Darji's mix, and one whose false strings have the lengths and letters of the true ones. */
export const MIXES = {
  thesis: { foreign: 56, relabelled: 44, edited: 0 },
  hard: { foreign: 0, relabelled: 0, edited: 1 },
} as const satisfies Record<string, Mix>;

/** What to generate; the defaults are Darji's. */
export interface GenerateOptions {
  readonly grammar: Grammar;
  /** Strings in all, half of them true. Default 25,000. */
  readonly count?: number;
  /** By default the first of `MIXES`. */
  readonly mix?: Mix;
  /** Letters of the shortest string, at least 1. Default 11. */
  readonly minLength?: number;
  /** Letters of the longest string. Default 64, which a random walk through Reber's grammar hardly ever reaches. */
  readonly maxLength?: number;
  /** The share of each label's strings that is kept for testing, between 0 and 1. Default 0.25. */
  readonly testShare?: number;
}

interface Bounds {
  readonly minLength: number;
  readonly maxLength: number;
}

/** Automata of each relettered kind: Darji's data shows four of each. */
const AUTOMATA = 4;
/** How often the strings to edit are added to before a language is given up. */
const MORE_ROUNDS = 10;
const MOST_STRINGS = 10_000_000;

/**
 * Distinct labelled strings in random order, split into training and test data that share none.
 *
 * True strings come as random walks would first meet them (`drawDistinct`): the short ones are all there and the long
 * ones are a sample. Each false kind of another automaton draws the same way from up to four such automata in turn, so
 * with fewer strings from each the false strings are shorter, as in Darji's data; edited strings have the lengths of true ones.
 * @throws InputError when an option is out of range or the language has too few strings.
 */
export function generateDataset(options: GenerateOptions, random: Random): { train: Dataset; test: Dataset } {
  const {
    grammar,
    count = 25_000,
    mix = MIXES.thesis,
    minLength = 11,
    maxLength = 64,
    testShare = 0.25,
  } = options;
  const bounds = { minLength, maxLength };
  checkOptions(count, mix, bounds, testShare);
  const trueStrings = drawTrue(grammar, Math.ceil(count / 2), bounds, random.stream("true"));
  const falseStrings = drawFalse(grammar, trueStrings, Math.floor(count / 2), mix, bounds, random);

  const order = random.stream("order");
  const parts = { train: [] as [string, number][], test: [] as [string, number][] };
  [falseStrings, trueStrings].forEach((strings, label) => {
    const forTest = Math.round(strings.length * testShare);
    order.shuffle(strings).forEach((string, i) => {
      parts[i < forTest ? "test" : "train"].push([string, label]);
    });
  });
  const dataset = (name: "train" | "test") => {
    const rows = order.shuffle(parts[name]);
    return createDataset(
      rows.map(([string]) => string),
      rows.map(([, label]) => label),
    );
  };
  return { train: dataset("train"), test: dataset("test") };
}

function checkOptions(count: number, mix: Mix, { minLength, maxLength }: Bounds, testShare: number): void {
  const within = (where: string, value: number, low: number, high: number) => {
    if (Number.isSafeInteger(value) && value >= low && value <= high) return;
    throw new InputError({ where, what: `${value} is not a whole number from ${low} to ${high}` });
  };
  within("number of strings", count, 4, MOST_STRINGS);
  within("minimum length", minLength, 1, LONGEST_STRING);
  within("maximum length", maxLength, minLength, LONGEST_STRING);
  const shares = KINDS.map((kind) => mix[kind]);
  if (!shares.every((share) => share >= 0 && share < Infinity) || !shares.some((share) => share > 0)) {
    throw new InputError({
      where: "mix of false strings",
      what: "the shares must be numbers from 0 up and not all 0",
      hint: "use for example foreign 56, relabelled 44, edited 0",
    });
  }
  const forTest = Math.round(Math.floor(count / 2) * testShare);
  if (!(forTest >= 1 && forTest < Math.floor(count / 2))) {
    throw new InputError({
      where: "test share",
      what: `${testShare} of ${count} strings leaves nothing to train on or to test on`,
      hint: "use for example 0.25",
    });
  }
}

function drawTrue(grammar: Grammar, count: number, bounds: Bounds, random: Random): string[] {
  const { minLength, maxLength } = bounds;
  const available = countStrings(grammar, maxLength)
    .slice(minLength)
    .reduce((sum, each) => sum + each, 0n);
  if (available < BigInt(count)) throw tooFew(grammar, `has ${available} strings`, count, bounds);
  const strings = drawDistinct(grammar, minLength, maxLength, random, count);
  return Array.from({ length: count }, () => strings.next().value as string);
}

function drawFalse(
  grammar: Grammar,
  trueStrings: readonly string[],
  count: number,
  mix: Mix,
  bounds: Bounds,
  random: Random,
): string[] {
  const counts = apportion(count, mix);
  const used = new Set<string>();
  for (const kind of ["foreign", "relabelled"] as const) {
    if (counts[kind] > 0) addRelettered(used, kind, grammar, counts[kind], bounds, random.stream(kind));
  }
  if (counts.edited > 0) {
    addEdited(used, grammar, trueStrings, counts.edited, bounds, random.stream("edited"));
  }
  return [...used];
}

/** `count` in the proportions of the mix, the largest remainders rounded up. */
function apportion(count: number, mix: Mix): Record<FalseKind, number> {
  const sum = KINDS.reduce((total, kind) => total + mix[kind], 0);
  const exact = KINDS.map((kind) => ({ kind, share: (count * mix[kind]) / sum }));
  const counts = { foreign: 0, relabelled: 0, edited: 0 };
  for (const { kind, share } of exact) counts[kind] = Math.floor(share);
  const missing = count - counts.foreign - counts.relabelled - counts.edited;
  exact.sort((a, b) => (b.share % 1) - (a.share % 1));
  for (const { kind } of exact.slice(0, missing)) counts[kind]++;
  return counts;
}

/** Adds `count` new strings of automata of the grammar's shape, from each automaton in turn. */
function addRelettered(
  used: Set<string>,
  kind: "foreign" | "relabelled",
  grammar: Grammar,
  count: number,
  bounds: Bounds,
  random: Random,
): void {
  const end = used.size + count;
  const letters = kind === "foreign" ? foreignLetters(grammar) : choiceLetters(grammar);
  let sources = Array.from({ length: AUTOMATA }, (_, i) => {
    const own = random.stream(String(i));
    const deal = () =>
      kind === "relabelled" && i === 0 ? exchangeFirst(grammar) : reletter(grammar, letters, own);
    return drawRelettered(grammar, deal, bounds, own, end);
  });
  while (used.size < end) {
    if (sources.length === 0) {
      throw tooFew(grammar, `gives only ${count - end + used.size} ${kind} strings`, count, bounds);
    }
    sources = sources.filter((source) => {
      if (used.size === end) return true;
      const before = used.size;
      while (used.size === before) {
        const { value, done } = source.next();
        if (done) return false;
        used.add(value);
      }
      return true;
    });
  }
}

/** Strings of one automaton of the grammar's shape, which is dealt again if by chance it gives no false string. */
function* drawRelettered(
  grammar: Grammar,
  deal: () => Grammar,
  { minLength, maxLength }: Bounds,
  random: Random,
  most: number,
): Generator<string> {
  for (let tries = 0; tries < 20; tries++) {
    const automaton = difference(deal(), grammar);
    const strings = drawDistinct(automaton, minLength, maxLength, random, most);
    const { value, done } = strings.next();
    if (done) continue;
    yield value;
    yield* strings;
    return;
  }
}

/**
 * The grammar with letters dealt anew from a shuffled pack, which is shuffled again when it no longer serves a state.
 * Only arcs that are a choice change (in Reber's grammar all but the first and the last): the others tell nothing apart.
 */
function reletter(grammar: Grammar, letters: readonly string[], random: Random): Grammar {
  let pack: string[] = [];
  return {
    ...grammar,
    arcs: grammar.arcs.map((arcs, state) => {
      if (!isChoice(grammar, state)) return arcs;
      if (pack.length < arcs.length) pack = random.shuffle([...letters]);
      const dealt = pack.splice(0, arcs.length);
      return arcs.map(({ to }, i) => ({ symbol: dealt[i], to }));
    }),
  };
}

/**
 * The grammar with the letters of the first state that has several arcs moved on by one arc: exchanged where it has two.
 * The grammar itself where no state has several.
 */
function exchangeFirst(grammar: Grammar): Grammar {
  const first = grammar.arcs.findIndex((arcs) => arcs.length > 1);
  return {
    ...grammar,
    arcs: grammar.arcs.map((arcs, state) =>
      state === first ? arcs.map(({ to }, i) => ({ symbol: arcs[(i + 1) % arcs.length].symbol, to })) : arcs,
    ),
  };
}

/** Whether a string that has come to a state can go on in more than one way; every state if no state has a choice. */
function isChoice(grammar: Grammar, state: number): boolean {
  const ways = (each: number) => grammar.arcs[each].length + (grammar.accepting[each] ? 1 : 0);
  return ways(state) > 1 || grammar.arcs.every((_, each) => ways(each) <= 1);
}

function choiceLetters(grammar: Grammar): string[] {
  const letters = grammar.arcs.flatMap((arcs, state) =>
    isChoice(grammar, state) ? arcs.map(({ symbol }) => symbol) : [],
  );
  return [...new Set(letters)];
}

/** Letters that a grammar does not have: of the kinds it has (capitals, small letters, digits) or else any visible ones. */
function foreignLetters(grammar: Grammar): string[] {
  const alphabet = alphabetOf(grammar);
  const visible = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const others = visible.filter((letter) => !alphabet.includes(letter));
  const kinds = [/[A-Z]/, /[a-z]/, /[0-9]/].filter((kind) => alphabet.some((letter) => kind.test(letter)));
  const alike = others.filter((letter) => kinds.some((kind) => kind.test(letter)));
  const needed = Math.max(...grammar.arcs.map((arcs) => arcs.length));
  const letters = alike.length >= needed ? alike : others;
  if (letters.length >= needed) return letters;
  throw new InputError({
    where: grammar.name,
    what: `its alphabet leaves ${letters.length} visible characters for foreign strings, ${needed} are needed`,
    hint: "use a mix without foreign strings",
  });
}

/**
 * Adds `count` new strings one edit away from true ones, with the lengths of `count` of the dataset's true strings. Where
 * that cannot be had (a language may hold every short string), the string may have any length within the bounds, and
 * in the end true strings that are not in the dataset are edited too.
 */
function addEdited(
  used: Set<string>,
  grammar: Grammar,
  trueStrings: readonly string[],
  count: number,
  { minLength, maxLength }: Bounds,
  random: Random,
): void {
  const end = used.size + count;
  const alphabet = alphabetOf(grammar);
  /** Adds a random edit of a string unless it is unfit; whether it was added. */
  const attempt = (source: string, edit: Edit): boolean => {
    const length = source.length + edit.grows;
    if (length < minLength || length > maxLength) return false;
    const string = edit.apply(source, alphabet, random);
    if (used.has(string) || accepts(grammar, string)) return false;
    used.add(string);
    return true;
  };

  const byLength = new Map<number, string[]>();
  for (const string of trueStrings) {
    const alike = byLength.get(string.length);
    if (alike) alike.push(string);
    else byLength.set(string.length, [string]);
  }
  const attemptLength = (length: number): boolean => {
    const edit = random.pick(EDITS);
    const sources = byLength.get(length - edit.grows);
    return sources !== undefined && attempt(random.pick(sources), edit);
  };
  const wanted = random.shuffle(trueStrings.map((string) => string.length)).slice(0, count);
  for (const length of wanted) for (let tries = 0; tries < 100 && !attemptLength(length); tries++);

  const sources = [...trueStrings];
  const more = drawDistinct(
    grammar,
    Math.max(1, minLength - 1),
    maxLength + 1,
    random.stream("more"),
    MORE_ROUNDS * count,
  );
  for (let round = 0; round < MORE_ROUNDS && used.size < end; round++) {
    for (let misses = 0; used.size < end && misses < 10_000; ) {
      misses = attempt(random.pick(sources), random.pick(EDITS)) ? 0 : misses + 1;
    }
    for (let i = 0; i < count && used.size < end; i++) {
      const { value, done } = more.next();
      if (done) break;
      sources.push(value);
    }
  }
  if (used.size < end) {
    const found = count - end + used.size;
    throw tooFew(grammar, `gives only ${found} edited strings`, count, { minLength, maxLength });
  }
}

interface Edit {
  /** By how many letters the string grows. */
  readonly grows: number;
  readonly apply: (string: string, alphabet: readonly string[], random: Random) => string;
}

const EDITS: readonly Edit[] = [
  { grows: 0, apply: substitute },
  { grows: 1, apply: insert },
  { grows: -1, apply: remove },
  { grows: 0, apply: swapNeighbours },
];

function substitute(string: string, alphabet: readonly string[], random: Random): string {
  const at = random.below(string.length);
  return string.slice(0, at) + random.pick(alphabet) + string.slice(at + 1);
}

function insert(string: string, alphabet: readonly string[], random: Random): string {
  const at = random.below(string.length + 1);
  return string.slice(0, at) + random.pick(alphabet) + string.slice(at);
}

function remove(string: string, _alphabet: readonly string[], random: Random): string {
  const at = random.below(string.length);
  return string.slice(0, at) + string.slice(at + 1);
}

function swapNeighbours(string: string, _alphabet: readonly string[], random: Random): string {
  if (string.length < 2) return string;
  const at = random.below(string.length - 1);
  return string.slice(0, at) + string[at + 1] + string[at] + string.slice(at + 2);
}

function tooFew(
  grammar: Grammar,
  finding: string,
  wanted: number,
  { minLength, maxLength }: Bounds,
): InputError {
  return new InputError({
    where: grammar.name,
    what: `${finding} of ${minLength} to ${maxLength} letters, ${wanted} are wanted`,
    hint: "ask for fewer strings or allow other lengths",
  });
}
