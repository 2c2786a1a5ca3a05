// What a text gives away to whoever looks at the last few symbols only. A language model that does not beat these
// n-grams has learnt little, so their numbers stand beside every result on a text.
import type { SymbolArray } from "./symbols.js";

/** How well the next symbol is predicted from so many before it. */
export interface NgramBaseline {
  /** Symbols before the predicted one that are looked at. */
  readonly context: number;
  /** Different sequences of `context` + 1 symbols that were learnt. */
  readonly sequences: number;
  /** Mean of -ln P over the predictions of the held-out texts. */
  readonly nats: number;
}

/** The most symbols before the predicted one that are looked at. */
export const LONGEST_CONTEXT = 6;

/**
 * Interpolated Witten-Bell n-grams for contexts of 0 to 6 symbols: P(w|h) = (c(hw) + T(h) P(w|h')) / (c(h) + T(h)), where c
 * counts in `train`, h' is h without its first symbol, T(h) is the number of different symbols seen after h, and below
 * the empty context stands 1 / V. After an h that was not seen, P(w|h) is P(w|h').
 * (Witten & Bell 1991, method C; interpolated as in Chen & Goodman 1998.)
 *
 * No context reaches from one text into another, nor from a held-out part into what was learnt; the first symbol of a
 * held-out text is only read. So these are the predictions that a network starting from state zero is judged by.
 * @param vocabulary V, the number of symbols there are.
 * @returns one baseline per context; `nats` is NaN when nothing is predicted.
 */
export function scoreNgrams(
  train: readonly SymbolArray[],
  heldOut: readonly SymbolArray[],
  vocabulary: number,
): NgramBaseline[] {
  // Of each symbol the number of the context before it, -1 where there is none or it was never seen.
  const contexts = train.map((text) => new Int32Array(text.length));
  const heldOutContexts = heldOut.map((text) => new Int32Array(text.length));
  const probabilities = heldOut.map((text) => new Float64Array(text.length).fill(1 / vocabulary));
  const baselines: NgramBaseline[] = [];
  let known = 1;
  for (let context = 0; context <= LONGEST_CONTEXT; context++) {
    // A sequence is a context and the symbol after it, and the context of the next order.
    const sequences = new Sequences();
    train.forEach((text, i) => {
      extend(contexts[i], text, (before, symbol) => sequences.add(before, symbol));
    });
    const seen = new Int32Array(known);
    const kinds = new Int32Array(known);
    for (let i = 0; i < sequences.size; i++) {
      seen[sequences.contexts[i]] += sequences.counts[i];
      kinds[sequences.contexts[i]]++;
    }
    heldOut.forEach((text, i) => {
      const probability = probabilities[i];
      extend(heldOutContexts[i], text, (before, symbol, at) => {
        const sequence = sequences.find(before, symbol);
        // A context at the very end of a text was seen, but nothing after it.
        if (seen[before] > 0) {
          const count = sequence < 0 ? 0 : sequences.counts[sequence];
          probability[at] = (count + kinds[before] * probability[at]) / (seen[before] + kinds[before]);
        }
        return sequence;
      });
    });
    baselines.push({ context, sequences: sequences.size, nats: meanNats(probabilities) });
    known = sequences.size;
  }
  return baselines;
}

/** Turns the context before each symbol into the longer one before the next: what `numberOf` says of the two. */
function extend(
  contexts: Int32Array,
  text: SymbolArray,
  numberOf: (context: number, symbol: number, at: number) => number,
): void {
  let before = -1;
  for (let i = 0; i < text.length; i++) {
    const next = contexts[i] < 0 ? -1 : numberOf(contexts[i], text[i], i);
    contexts[i] = before;
    before = next;
  }
}

function meanNats(probabilities: readonly Float64Array[]): number {
  let sum = 0;
  let count = 0;
  for (const probability of probabilities) {
    for (let i = 1; i < probability.length; i++, count++) sum -= Math.log(probability[i]);
  }
  return sum / count;
}

/** Numbers pairs of a context and a symbol in the order they come in, and counts them: a hash table with open addressing. */
class Sequences {
  size = 0;
  /** [size] of each pair its context, its symbol and how often it came. */
  contexts = new Int32Array(2 ** 10);
  counts = new Int32Array(2 ** 10);
  private symbols = new Int32Array(2 ** 10);
  /** Numbers of pairs plus one, 0 where there is none; twice as many places as pairs, or more. */
  private places = new Int32Array(2 ** 11);

  add(context: number, symbol: number): number {
    const place = this.placeOf(context, symbol);
    if (this.places[place] > 0) {
      const known = this.places[place] - 1;
      this.counts[known]++;
      return known;
    }
    const number = this.size++;
    this.contexts[number] = context;
    this.symbols[number] = symbol;
    this.counts[number] = 1;
    this.places[place] = this.size;
    if (this.size === this.contexts.length) this.grow();
    return number;
  }

  /** The number of a pair, -1 when it never came. */
  find(context: number, symbol: number): number {
    return this.places[this.placeOf(context, symbol)] - 1;
  }

  /** The place where a pair is or belongs. */
  private placeOf(context: number, symbol: number): number {
    const { places, contexts, symbols } = this;
    const mask = places.length - 1;
    let hash = Math.imul(context, 0x9e3779b1) ^ Math.imul(symbol, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    for (let place = (hash ^ (hash >>> 13)) & mask; ; place = (place + 1) & mask) {
      const number = places[place] - 1;
      if (number < 0 || (contexts[number] === context && symbols[number] === symbol)) return place;
    }
  }

  private grow(): void {
    const wider = (values: Int32Array) => {
      const copy = new Int32Array(2 * values.length);
      copy.set(values);
      return copy;
    };
    this.contexts = wider(this.contexts);
    this.counts = wider(this.counts);
    this.symbols = wider(this.symbols);
    this.places = new Int32Array(2 * this.places.length);
    for (let number = 0; number < this.size; number++) {
      this.places[this.placeOf(this.contexts[number], this.symbols[number])] = number + 1;
    }
  }
}
