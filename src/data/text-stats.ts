// What a text looks like before anything is trained on it: how much there is, which symbols, how unevenly they occur,
// and what its n-grams already know of the part that is held out.
import { type NgramBaseline, scoreNgrams } from "./ngrams.js";
import { countPredictions, type NamedText, type TextData } from "./text.js";
import { countLineBreaks } from "./utf8.js";

export interface SymbolCount {
  readonly symbol: string;
  readonly count: number;
}

export interface TextStatistics {
  readonly bytes: number;
  /** Lines, the last one with or without a line feed. */
  readonly lines: number;
  /** Symbols of all texts, to train on and held out. */
  readonly length: number;
  /** Different symbols that a network has rows for. */
  readonly vocabulary: number;
  /** The symbols that occur, the most frequent first, ties in the vocabulary's order. */
  readonly frequencies: readonly SymbolCount[];
  /** Of a single symbol, in nats: -Σ p ln p over their shares of the texts. */
  readonly entropy: number;
  /** Symbols that were taken for the unknown one. */
  readonly unknown: { readonly train: number; readonly validation: number };
  readonly train: number;
  readonly validation: number;
  /** How many symbols of the held-out part are predicted. */
  readonly predictions: number;
  readonly baselines: readonly NgramBaseline[];
  /** The best of the baselines: what a network must beat. */
  readonly best: NgramBaseline;
}

/** @param texts those that `data` was made of. */
export function describeText(texts: readonly NamedText[], data: TextData): TextStatistics {
  const { vocabulary, train, validation } = data;
  const bytes = texts.map(({ text }) => (typeof text === "string" ? new TextEncoder().encode(text) : text));
  const counts = new Float64Array(vocabulary.length);
  for (const text of [...train.texts, ...validation.texts]) for (const symbol of text) counts[symbol]++;
  const [trained, heldOut] = [train.texts, validation.texts].map((part) =>
    part.reduce((sum, text) => sum + text.length, 0),
  );
  const length = trained + heldOut;
  const baselines = scoreNgrams(train.texts, validation.texts, vocabulary.length);
  return {
    bytes: bytes.reduce((sum, text) => sum + text.length, 0),
    lines: bytes.reduce((sum, text) => sum + countLineBreaks(text) + Number(text.at(-1) !== 0x0a), 0),
    length,
    vocabulary: vocabulary.length,
    frequencies: vocabulary
      .map((symbol, row) => ({ symbol, count: counts[row] }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count),
    entropy: -counts.reduce(
      (sum, count) => (count === 0 ? sum : sum + (count / length) * Math.log(count / length)),
      0,
    ),
    unknown: { train: train.unknown.count, validation: validation.unknown.count },
    train: trained,
    validation: heldOut,
    predictions: countPredictions(validation.texts),
    baselines,
    best: baselines.reduce((best, one) => (one.nats < best.nats ? one : best)),
  };
}
