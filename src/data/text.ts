// What a language model is trained on: texts cut into symbols, the end of each held out. Whoever describes texts, trains
// on them or evaluates them has them cut, checked and encoded here, once.
import { InputError } from "../errors.js";
import {
  type Cut,
  cutOf,
  cutText,
  encodePieces,
  type Pieces,
  type SymbolArray,
  type Unknown,
  unknownRow,
  vocabularyOf,
} from "./symbols.js";

/** A text and what messages call it. */
export interface NamedText {
  readonly name: string;
  /** UTF-8 when it is bytes. */
  readonly text: string | Uint8Array;
}

/** Encoded texts. Nothing is predicted across the border of two, and state does not pass it. */
export interface EncodedTexts {
  readonly texts: readonly SymbolArray[];
  /** Of all texts together. */
  readonly unknown: Unknown;
}

/** Texts to learn from and texts to be judged by, over one vocabulary. */
export interface TextData {
  readonly vocabulary: readonly string[];
  readonly cut: Cut;
  readonly train: EncodedTexts;
  readonly validation: EncodedTexts;
}

export interface TextOptions {
  /** How text is cut where no vocabulary says so; `characters` when left out. */
  readonly cut?: Cut;
  /** That of a network which is trained further; that of the texts when left out. */
  readonly vocabulary?: readonly string[];
  /** Share of each text that trains, above 0 and below 1: the first floor(split · symbols); .9 when left out. */
  readonly split?: number;
  /** Texts to be judged by; nothing is then held out of the others. */
  readonly validation?: readonly NamedText[];
  /** What symbols beyond the vocabulary are taken for, as in `unknownRow`. */
  readonly unknown?: string | true;
}

/**
 * Cuts, splits and encodes texts. The vocabulary is made of the code points that occur in `texts`, held out or not; of
 * words, only of those to be learnt from, as there is a symbol for the others.
 * @throws InputError when a text is not UTF-8, has fewer than two symbols or symbols that the vocabulary lacks; when
 * all texts repeat one symbol; when `split` is out of range or leaves nothing to be judged by.
 */
export function createTextData(texts: readonly NamedText[], options: TextOptions = {}): TextData {
  const cut = options.vocabulary ? cutOf(options.vocabulary) : (options.cut ?? "characters");
  const split = options.validation ? 1 : checkSplit(options.split ?? 0.9);
  const all = texts.map(({ name, text }) => checkLength(name, cutText(text, cut, name)));
  const borders = all.map(({ text }) => splitAt(text.length, split));
  const train = all.map((pieces, i) => part(pieces, 0, borders[i]));
  const validation =
    options.validation?.map(({ name, text }) => checkLength(name, cutText(text, cut, name))) ??
    all.map((pieces, i) => part(pieces, borders[i]));
  const names = texts.map(({ name }) => name);
  const where = names.join(", ");
  if (countPredictions(validation.map(({ text }) => text)) === 0) {
    throw new InputError({
      where,
      what: "too short: the part that is held out has fewer than two symbols",
      hint: "give more text or hold out more of it (a lower --split)",
    });
  }

  const vocabulary = options.vocabulary ?? vocabularyOf(cut === "words" ? train : all, cut);
  const unknown = unknownRow(vocabulary, options.unknown);
  const data: TextData = {
    vocabulary,
    cut,
    train: encodeAll(vocabulary, train, names, unknown),
    validation: encodeAll(
      vocabulary,
      validation,
      options.validation?.map(({ name }) => name) ?? names,
      unknown,
    ),
  };
  const used = new Set([...data.train.texts, ...data.validation.texts].flatMap((text) => firstTwo(text)));
  if (used.size < 2) {
    throw new InputError({
      where,
      what:
        cut === "words"
          ? "no word of it occurs twice, so that there is none to predict"
          : "it repeats a single symbol, so that there is nothing to predict",
      hint: cut === "words" ? "give more text or cut it into characters" : "give a text of several symbols",
    });
  }
  return data;
}

/**
 * Texts over the vocabulary of a network, whole.
 * @param unknown what symbols beyond the vocabulary are taken for, as in `unknownRow`.
 * @throws InputError when a text is not UTF-8, has fewer than two symbols or symbols that the vocabulary lacks.
 */
export function encodeTexts(
  vocabulary: readonly string[],
  texts: readonly NamedText[],
  unknown?: string | true,
): EncodedTexts {
  const cut = cutOf(vocabulary);
  const pieces = texts.map(({ name, text }) => checkLength(name, cutText(text, cut, name)));
  const names = texts.map(({ name }) => name);
  return encodeAll(vocabulary, pieces, names, unknownRow(vocabulary, unknown));
}

/** How many symbols are predicted: all but the first of each text, which is only read. */
export function countPredictions(texts: readonly ArrayLike<number>[]): number {
  return texts.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0);
}

function encodeAll(
  vocabulary: readonly string[],
  texts: readonly Pieces[],
  names: readonly string[],
  unknown: number | undefined,
): EncodedTexts {
  const encoded = texts.map((pieces, i) => encodePieces(vocabulary, pieces, names[i], unknown));
  const kinds = new Set(encoded.flatMap((one) => one.unknown.kinds));
  return {
    texts: encoded.map(({ symbols }) => symbols),
    unknown: { count: encoded.reduce((sum, one) => sum + one.unknown.count, 0), kinds: [...kinds] },
  };
}

function checkLength(where: string, pieces: Pieces): Pieces {
  if (pieces.text.length >= 2) return pieces;
  throw new InputError({
    where,
    what: pieces.text.length === 0 ? "the text is empty" : "the text has only one symbol",
    hint: "give at least two, so that there is one to predict",
  });
}

function checkSplit(split: number): number {
  if (split > 0 && split < 1) return split;
  throw new InputError({
    where: "--split",
    what: `${split} is no share of a text`,
    hint: "use a number above 0 and below 1, for example 0.9",
  });
}

/** floor(split · length) as with exact decimals: .29 · 100 is 28.999999999999996 in binary. */
function splitAt(length: number, split: number): number {
  return Math.floor(Number((split * length).toPrecision(14)));
}

function part({ pieces, text }: Pieces, begin: number, end?: number): Pieces {
  return { pieces, text: text.subarray(begin, end) };
}

/** The first symbol of a text and the first that differs from it. */
function firstTwo(text: SymbolArray): number[] {
  const second = text.findIndex((symbol) => symbol !== text[0]);
  return second < 0 ? [...text.subarray(0, 1)] : [text[0], text[second]];
}
