// A grammar is a small deterministic finite automaton given as data, so that one set of generators, counts and tests
// serves every language, the user's own included. This module says what such data must satisfy and answers the two
// questions everything else asks: is this string in the language, and how many strings are there.
import { z } from "zod";
import { InputError } from "../errors.js";
import { ascii } from "./vocabulary.js";

/** An arc of the automaton: reading `symbol` moves on to the state `to`. */
export interface Arc {
  readonly symbol: string;
  readonly to: number;
}

/** A checked automaton. States are numbered from 0, the start state, in the order in which the data names them. */
export interface Grammar {
  readonly name: string;
  /** [state] whether a string may end here. */
  readonly accepting: readonly boolean[];
  /** [state] the arcs out of each state; no two of one state bear the same symbol. */
  readonly arcs: readonly (readonly Arc[])[];
}

/** More states than this is not a grammar to study; products of two automata stay small. */
const MOST_STATES = 200;

const stateName = z.union([z.string().min(1).max(100), z.int()]).transform(String);
const symbolText = z
  .string()
  .refine(
    (text) => text.length === 1 && text.charCodeAt(0) > 0 && text.charCodeAt(0) < ascii.symbols.length,
    "a symbol must be exactly one ASCII character (codes 1 to 127)",
  );

/** A grammar as data, for example in a JSON file. A state exists by being named; names are texts or whole numbers. */
const grammarSchema = z.strictObject({
  name: z.string().min(1).max(100),
  start: stateName,
  accepting: z.array(stateName).min(1).max(MOST_STATES),
  /** `[from, symbol, to]` */
  arcs: z
    .array(z.tuple([stateName, symbolText, stateName]))
    .min(1)
    .max(MOST_STATES * 127),
});

/** What `grammarSchema` reads. */
export type GrammarData = z.input<typeof grammarSchema>;

/**
 * Checks a grammar's data.
 * @param where names its source in messages.
 * @throws InputError when a field is missing or unknown, a symbol is not one ASCII character, the start or an accepting
 * state is on no arc, an accepting state cannot be reached, an arc leads to a dead end, or two arcs of one state
 * bear the same symbol, or there are more than 200 states.
 */
export function createGrammar(data: unknown, where = "grammar"): Grammar {
  const parsed = grammarSchema.safeParse(data);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    const field = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
    throw new InputError({
      where,
      what: `${field.replace(/^\./, "") || "grammar"}: ${message}`,
      hint: 'write {"name", "start", "accepting": [states], "arcs": [[from, symbol, to], ...]}',
    });
  }
  const { name, start, accepting, arcs: triples } = parsed.data;

  const numbers = new Map<string, number>([[start, 0]]);
  for (const [from, , to] of triples) {
    for (const each of [from, to]) if (!numbers.has(each)) numbers.set(each, numbers.size);
  }
  if (numbers.size > MOST_STATES) {
    throw new InputError({ where, what: `has ${numbers.size} states, more than ${MOST_STATES}` });
  }
  const arcs: Arc[][] = Array.from(numbers, () => []);
  for (const [from, symbol, to] of triples) {
    const outgoing = arcs[numbers.get(from)!];
    if (outgoing.some((arc) => arc.symbol === symbol)) {
      throw new InputError({
        where,
        what: `state "${from}" has two arcs with the symbol ${JSON.stringify(symbol)}`,
        hint: "make the automaton deterministic",
      });
    }
    outgoing.push({ symbol, to: numbers.get(to)! });
  }

  const named = new Set(triples.flatMap(([from, , to]) => [from, to]));
  for (const each of [start, ...accepting]) {
    if (named.has(each)) continue;
    const role = each === start ? "start" : "accepting";
    throw new InputError({
      where,
      what: `unknown state "${each}": the ${role} state is on no arc`,
      hint: "check the spelling of states",
    });
  }
  const ends = new Set(accepting);
  const reached = reachable(arcs);
  for (const [each, number] of numbers) {
    if (ends.has(each) && !reached.has(number)) {
      throw new InputError({
        where,
        what: `the accepting state "${each}" cannot be reached from the start`,
        hint: "add an arc to it",
      });
    }
    if (!ends.has(each) && arcs[number].length === 0) {
      throw new InputError({
        where,
        what: `state "${each}" has no arcs out of it and is not accepting`,
        hint: "check the spelling of states or list it under accepting",
      });
    }
  }
  return {
    name,
    accepting: Array.from(numbers.keys(), (each) => ends.has(each)),
    arcs,
  };
}

/** The grammar in JSON; `path` is how it is called in messages. @throws InputError as `createGrammar`. */
export function parseGrammar(text: string, path: string): Grammar {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new InputError({
      where: path,
      what: `is not JSON (${(error as Error).message})`,
      hint: "check its brackets, commas and quotes",
      cause: error,
    });
  }
  return createGrammar(data, path);
}

/** The letters on a grammar's arcs, each once, in ASCII order. */
export function alphabetOf(grammar: Grammar): string[] {
  return [...new Set(grammar.arcs.flat().map(({ symbol }) => symbol))].sort();
}

/** Whether a string is in the language. */
export function accepts(grammar: Grammar, string: string): boolean {
  let state = 0;
  for (const symbol of string) {
    const next = step(grammar, state, symbol);
    if (next === undefined) return false;
    state = next;
  }
  return grammar.accepting[state];
}

/**
 * The number of strings of the language by length, exactly, for the lengths 0 to `longest`.
 * Dynamic programming over states: the automaton is deterministic, so strings and paths are the same in number.
 */
export function countStrings(grammar: Grammar, longest: number): bigint[] {
  const counts: bigint[] = [];
  let paths: bigint[] = grammar.arcs.map((_, state) => (state === 0 ? 1n : 0n));
  for (let length = 0; length <= longest; length++) {
    counts.push(paths.reduce((sum, each, state) => (grammar.accepting[state] ? sum + each : sum), 0n));
    const next = paths.map(() => 0n);
    paths.forEach((each, state) => {
      if (each > 0n) for (const { to } of grammar.arcs[state]) next[to] += each;
    });
    paths = next;
  }
  return counts;
}

/** The grammar of the strings that `grammar` accepts and `other` rejects (the product automaton). It may be empty. */
export function difference(grammar: Grammar, other: Grammar): Grammar {
  // A pair's second state is undefined once `other` can no longer accept.
  const pairs: [mine: number, theirs: number | undefined][] = [];
  const numbers = new Map<string, number>();
  const numberOf = (mine: number, theirs: number | undefined): number => {
    const key = `${mine} ${theirs}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, pairs.length);
    return pairs.push([mine, theirs]) - 1;
  };
  numberOf(0, 0);
  const arcs: Arc[][] = [];
  for (let i = 0; i < pairs.length; i++) {
    const [mine, theirs] = pairs[i];
    arcs.push(
      grammar.arcs[mine].map(({ symbol, to }) => ({
        symbol,
        to: numberOf(to, theirs === undefined ? undefined : step(other, theirs, symbol)),
      })),
    );
  }
  return {
    name: `${grammar.name} without ${other.name}`,
    accepting: pairs.map(
      ([mine, theirs]) => grammar.accepting[mine] && !(theirs !== undefined && other.accepting[theirs]),
    ),
    arcs,
  };
}

function step(grammar: Grammar, state: number, symbol: string): number | undefined {
  for (const arc of grammar.arcs[state]) if (arc.symbol === symbol) return arc.to;
  return undefined;
}

function reachable(arcs: readonly (readonly Arc[])[]): Set<number> {
  const reached = new Set([0]);
  for (const state of reached) for (const { to } of arcs[state]) reached.add(to);
  return reached;
}
