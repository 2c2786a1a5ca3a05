// Distinct strings of a language at random. Drawing walks and dropping repeats is simple, but it takes millions of draws
// once the likely strings are used up and never ends when they run out; the method here draws without replacement, so
// every string comes once, no draw is wasted, and a language that runs out simply ends.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Grammar } from "./grammar.js";

/** The most entries the table of weights by length and state may have: 160 MB. */
const LARGEST_TABLE = 20_000_000;

/** The `state` of a branch that is a whole string. */
const ENDED = -1;

/** All strings with one prefix, or one whole string. */
interface Branch {
  prefix: string;
  state: number;
  /** Logarithm of the probability that a walk within the length bounds is in this branch. */
  logProbability: number;
  /** Logarithm of the time at which the first string of the branch arrives; see `drawDistinct`. */
  logTime: number;
}

/**
 * Distinct strings of `minLength` to `maxLength` letters in the order in which random walks would first meet them, until
 * there are no more. A walk takes each arc out of its state with equal probability, stopping counting as one more choice
 * where a string may end; arcs from which no string can be completed are not taken.
 *
 * Sequential sampling without replacement equals an exponential race: string s arrives at a time drawn from
 * Exp(probability of s), and the earliest come first (Efraimidis and Spirakis 2006). The race is run lazily down the tree
 * of prefixes (as Kool, van Hoof and Welling 2020 do with Gumbel noise): the first arrival in a branch belongs to a child
 * chosen by probability and, exponentials having no memory, every other child's first arrival comes a further
 * Exp(its probability) later. Times are logarithms, because the rarest strings' probabilities underflow a double.
 * @param most how many strings the caller takes at most; it bounds the memory.
 * @throws InputError when the grammar's states times `maxLength` are too many.
 */
export function* drawDistinct(
  grammar: Grammar,
  minLength: number,
  maxLength: number,
  random: Random,
  most: number,
): Generator<string> {
  const { states, logStep, logCompletion } = weigh(grammar, minLength, maxLength);
  if (logCompletion[0] === -Infinity) return;
  const logExponential = () => Math.log(-Math.log(1 - random.uniform()));

  const waiting = new Heap(most);
  waiting.push({ prefix: "", state: 0, logProbability: 0, logTime: logExponential() });
  // Logarithm of the probability of each arc out of the present state, then that of stopping there.
  const options: number[] = [];
  for (let branch = waiting.pop(); branch !== undefined; branch = waiting.pop()) {
    let { prefix, state, logProbability } = branch;
    const { logTime } = branch;
    while (state !== ENDED) {
      const arcs = grammar.arcs[state];
      const length = prefix.length;
      const base = logStep[state] - logCompletion[length * states + state];
      options.length = 0;
      for (const { to } of arcs) {
        options.push(length < maxLength ? base + logCompletion[(length + 1) * states + to] : -Infinity);
      }
      options.push(grammar.accepting[state] && length >= minLength ? base : -Infinity);

      const winner = choose(options, random);
      options.forEach((option, i) => {
        if (i === winner || option === -Infinity) return;
        const logRate = logProbability + option;
        waiting.push({
          prefix: i < arcs.length ? prefix + arcs[i].symbol : prefix,
          state: i < arcs.length ? arcs[i].to : ENDED,
          logProbability: logRate,
          logTime: logAdd(logTime, logExponential() - logRate),
        });
      });
      logProbability += options[winner];
      if (winner < arcs.length) {
        prefix += arcs[winner].symbol;
        state = arcs[winner].to;
      } else {
        state = ENDED;
      }
    }
    yield prefix;
  }
}

/**
 * `logStep[state]`: of each choice in a state. `logCompletion[length * states + state]`: that a walk which is in `state`
 * after `length` letters ends within the bounds; minus infinity where it cannot.
 */
function weigh(grammar: Grammar, minLength: number, maxLength: number) {
  const states = grammar.arcs.length;
  if (states * (maxLength + 1) > LARGEST_TABLE) {
    throw new InputError({
      where: grammar.name,
      what: `strings of up to ${maxLength} letters are too long for its automaton (${states} states)`,
      hint: "lower the maximum length",
    });
  }
  const useful = canBeCompleted(grammar);
  const logStep = grammar.arcs.map(
    (arcs, state) =>
      -Math.log(arcs.filter(({ to }) => useful[to]).length + (grammar.accepting[state] ? 1 : 0)),
  );
  const logCompletion = new Float64Array(states * (maxLength + 1)).fill(-Infinity);
  for (let length = maxLength; length >= 0; length--) {
    for (let state = 0; state < states; state++) {
      if (!useful[state]) continue;
      let sum = grammar.accepting[state] && length >= minLength ? 0 : -Infinity;
      if (length < maxLength) {
        for (const { to } of grammar.arcs[state])
          sum = logAdd(sum, logCompletion[(length + 1) * states + to]);
      }
      logCompletion[length * states + state] = logStep[state] + sum;
    }
  }
  return { states, logStep, logCompletion };
}

/** [state] whether an accepting state can be reached from it. */
function canBeCompleted(grammar: Grammar): boolean[] {
  const sources: number[][] = grammar.arcs.map(() => []);
  grammar.arcs.forEach((arcs, state) => {
    for (const { to } of arcs) sources[to].push(state);
  });
  const found = new Set(grammar.accepting.flatMap((accepting, state) => (accepting ? [state] : [])));
  for (const state of found) for (const source of sources[state]) found.add(source);
  return grammar.arcs.map((_, state) => found.has(state));
}

/** The index of an option, drawn by the probabilities whose logarithms are given. */
function choose(options: readonly number[], random: Random): number {
  let left = random.uniform();
  let chosen = -1;
  for (let i = 0; i < options.length; i++) {
    if (options[i] === -Infinity) continue;
    chosen = i;
    left -= Math.exp(options[i]);
    if (left < 0) break;
  }
  return chosen;
}

/** log(eᵃ + eᵇ) */
function logAdd(a: number, b: number): number {
  const [high, low] = a > b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}

/** Branches by arrival time, the earliest first (a binary heap). Each holds at least one string, so beyond `most` none can matter. */
class Heap {
  private readonly most: number;
  private branches: Branch[] = [];

  constructor(most: number) {
    this.most = most;
  }

  push(branch: Branch): void {
    if (this.branches.length > 2 * this.most + 1000) {
      // Sorted entries are a valid heap.
      this.branches.sort((a, b) => a.logTime - b.logTime);
      this.branches.length = this.most;
    }
    const { branches } = this;
    let at = branches.length;
    for (
      let parent = (at - 1) >> 1;
      at > 0 && branches[parent].logTime > branch.logTime;
      parent = (at - 1) >> 1
    ) {
      branches[at] = branches[parent];
      at = parent;
    }
    branches[at] = branch;
  }

  pop(): Branch | undefined {
    const { branches } = this;
    const first = branches[0];
    const last = branches.pop();
    if (last === undefined || branches.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < branches.length && branches[child + 1].logTime < branches[child].logTime) child++;
      if (child >= branches.length || branches[child].logTime >= last.logTime) break;
      branches[at] = branches[child];
      at = child;
    }
    branches[at] = last;
    return first;
  }
}
