// Text to symbols and back. A vocabulary is a list of symbols, row i of an embedding being entry i, and the list alone
// says how text is cut: into code points, bytes or words. Joining symbols gives back the text that was cut, so that
// what a network writes reads as text.
import { InputError } from "../errors.js";
import { decodeUtf8 } from "./utf8.js";

/** How text is cut into symbols. */
export type Cut = "characters" | "bytes" | "words";
export const cuts: readonly Cut[] = ["characters", "bytes", "words"];

/** Symbols as rows of a vocabulary; the wider array only where a vocabulary has more than 65,536. */
export type SymbolArray = Uint16Array | Int32Array;

/** The most words of a vocabulary, the unknown one included. */
export const MOST_WORDS = 10_000;

/**
 * The symbol of `words` for those that are not in the vocabulary. Like every word after a blank it begins with U+2581
 * in the blank's place, as in SentencePiece's vocabularies, whose `<0x0A>` for byte 10 is ours too.
 */
const UNKNOWN_WORD = "▁<unk>";
const BLANK = "▁";
/** What vocabularies call their unknown symbol, ours first. */
const UNKNOWN = [UNKNOWN_WORD, "<unk>", "<UNK>", "[UNK]"];
const STAND_INS = ["\ufffd", "?", " "];

/** How many symbols a message names, and how much of one. */
const SHOWN = 5;
const LONGEST_SHOWN = 40;

const BYTES: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
);

/** A text as numbers of the different pieces that it is made of. */
export interface Pieces {
  readonly pieces: readonly string[];
  /** [pieces of the text] indices into `pieces`. */
  readonly text: Uint8Array | Int32Array;
}

/** What a text has that its vocabulary lacks. */
export interface Unknown {
  /** How many symbols of the text. */
  readonly count: number;
  /** The different ones, in the order they come in. */
  readonly kinds: readonly string[];
}

/** How text was cut for a vocabulary: seen from its entries, as it is stored as nothing but them. */
export function cutOf(vocabulary: readonly string[]): Cut {
  if (vocabulary.length === BYTES.length && vocabulary.every((symbol, byte) => symbol === BYTES[byte])) {
    return "bytes";
  }
  // Entries such as <pad> and [UNK] stand for no text.
  const isCharacter = (symbol: string) => isOnePoint(symbol) || /^(<.+>|\[.+\])?$/su.test(symbol);
  return vocabulary.every(isCharacter) ? "characters" : "words";
}

/**
 * Takes a text apart. Characters are code points, nothing trimmed. Words are runs of letters, digits and inner
 * apostrophes, and single characters of scripts written without blanks; any other character is a word of its own. A
 * blank before a word belongs to it, so that joining needs no rules.
 * @param text UTF-8 when it is bytes.
 * @throws InputError when bytes that are cut into characters or words are not UTF-8.
 */
export function cutText(text: string | Uint8Array, cut: Cut, where: string): Pieces {
  if (cut === "bytes") {
    return { pieces: BYTES, text: typeof text === "string" ? new TextEncoder().encode(text) : text };
  }
  const string = typeof text === "string" ? text : decodeUtf8(text, where);
  return cut === "characters" ? cutCharacters(string) : cutWords(string);
}

function cutCharacters(string: string): Pieces {
  const indices = new Map<number, number>();
  const text = new Int32Array(string.length);
  let length = 0;
  for (let i = 0; i < string.length; ) {
    const point = string.codePointAt(i)!;
    text[length++] = indexOf(point, indices);
    i += point > 0xffff ? 2 : 1;
  }
  const pieces = Array.from(indices.keys(), (point) => String.fromCodePoint(point));
  return { pieces, text: text.subarray(0, length) };
}

// Scripts that are written without blanks are cut by character.
const LETTER = String.raw`[[\p{L}\p{M}\p{N}_]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]]`;
const WORD = new RegExp(String.raw` ?(?:<unk>|${LETTER}+(?:['’]${LETTER}+)*|\S\p{M}*|\r?\n)|\s`, "gv");

function cutWords(string: string): Pieces {
  const indices = new Map<string, number>();
  const text = new Int32Array(string.length);
  let length = 0;
  for (const [word] of string.matchAll(WORD)) {
    const piece = /^ \S/.test(word) ? BLANK + word.slice(1) : word;
    text[length++] = indexOf(piece, indices);
  }
  return { pieces: [...indices.keys()], text: text.subarray(0, length) };
}

/** The place of a key among those seen so far, this one included. */
function indexOf<Key>(key: Key, indices: Map<Key, number>): number {
  const known = indices.get(key);
  if (known !== undefined) return known;
  indices.set(key, indices.size);
  return indices.size - 1;
}

/**
 * The vocabulary of some texts. Characters: the code points that occur, ascending. Bytes: all 256. Words: the unknown
 * word, then those that occur at least twice, the most frequent first, up to `MOST_WORDS` entries in all.
 */
export function vocabularyOf(texts: readonly Pieces[], cut: Cut): readonly string[] {
  if (cut === "bytes") return BYTES;
  const counts = new Map<string, number>();
  for (const { pieces, text } of texts) {
    const own = new Int32Array(pieces.length);
    for (const index of text) own[index]++;
    for (const [index, count] of own.entries()) {
      if (count > 0) counts.set(pieces[index], (counts.get(pieces[index]) ?? 0) + count);
    }
  }
  if (cut === "characters") return [...counts.keys()].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  for (const symbol of UNKNOWN) counts.delete(symbol);
  const frequent = [...counts]
    .filter(([, count]) => count > 1)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([word]) => word);
  return [UNKNOWN_WORD, ...frequent.slice(0, MOST_WORDS - 1)];
}

/**
 * The row that stands for symbols beyond the vocabulary.
 * @param wanted a symbol of the vocabulary; or `true` for its own unknown symbol or, where it has none, the first of
 * U+FFFD, the question mark and the blank that it has; left out, its own unknown symbol and no other.
 * @returns undefined where nothing was wanted and the vocabulary has no unknown symbol.
 * @throws InputError when what is wanted is not in the vocabulary.
 */
export function unknownRow(vocabulary: readonly string[], wanted?: string | true): number | undefined {
  const candidates =
    typeof wanted === "string" ? [wanted, BLANK + wanted] : [...UNKNOWN, ...(wanted ? STAND_INS : [])];
  const row = candidates.map((symbol) => vocabulary.indexOf(symbol)).find((found) => found >= 0);
  if (row === undefined && wanted !== undefined) {
    throw new InputError({
      where: "--unknown",
      what:
        wanted === true
          ? "the vocabulary has no symbol for unknown ones"
          : `${showSymbol(wanted)} is not in the vocabulary`,
      hint: `name one of its symbols, for example ${vocabulary.slice(0, 3).map(showSymbol).join(", ")}`,
    });
  }
  return row;
}

/**
 * A text as rows of a vocabulary.
 * @param unknown the row of symbols that the vocabulary lacks.
 * @throws InputError when there are such symbols and no row for them.
 */
export function encodePieces(
  vocabulary: readonly string[],
  { pieces, text }: Pieces,
  where: string,
  unknown: number | undefined,
): { symbols: SymbolArray; unknown: Unknown } {
  const rowOf = new Map(vocabulary.map((symbol, row) => [symbol, row]));
  const rows = Int32Array.from(pieces, (piece) => rowOf.get(piece) ?? -1);
  const symbols = new (vocabulary.length > 2 ** 16 ? Int32Array : Uint16Array)(text.length);
  const lacking = new Set<number>();
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const row = rows[text[i]];
    if (row >= 0) {
      symbols[i] = row;
      continue;
    }
    symbols[i] = unknown ?? 0;
    lacking.add(text[i]);
    count++;
  }
  const kinds = Array.from(lacking, (index) => pieces[index]);
  if (count > 0 && unknown === undefined) {
    throw new InputError({
      where,
      what: `${count} of its ${text.length} symbols are not among the ${vocabulary.length} of the vocabulary: ${showSymbols(kinds)}`,
      hint: "take them for one that is with --unknown",
    });
  }
  return { symbols, unknown: { count, kinds } };
}

/** A text as rows of a vocabulary, cut as the vocabulary is. @throws InputError as `cutText`, `unknownRow` and `encodePieces`. */
export function encodeText(
  vocabulary: readonly string[],
  text: string | Uint8Array,
  where: string,
  unknown?: string | true,
): { symbols: SymbolArray; unknown: Unknown } {
  const pieces = cutText(text, cutOf(vocabulary), where);
  return encodePieces(vocabulary, pieces, where, unknownRow(vocabulary, unknown));
}

/** Joins symbols as they come. A character whose bytes are symbols comes with the last of them. */
export class Joiner {
  private readonly vocabulary: readonly string[];
  private readonly bytes: TextDecoder | undefined;

  constructor(vocabulary: readonly string[]) {
    this.vocabulary = vocabulary;
    if (cutOf(vocabulary) === "bytes") this.bytes = new TextDecoder("utf-8", { ignoreBOM: true });
  }

  /** The text that a further symbol adds. */
  push(row: number): string {
    return this.bytes
      ? this.bytes.decode(Uint8Array.of(row), { stream: true })
      : textOf(this.vocabulary[row]);
  }

  /** What is left: U+FFFD where the bytes of a character break off. */
  end(): string {
    return this.bytes?.decode() ?? "";
  }
}

/** The text that rows of a vocabulary stand for. */
export function decodeSymbols(vocabulary: readonly string[], rows: Iterable<number>): string {
  const joiner = new Joiner(vocabulary);
  const parts = Array.from(rows, (row) => joiner.push(row));
  return parts.join("") + joiner.end();
}

/** A symbol as tables and messages show it: in quotes, what cannot be seen as an escape, a byte that is no letter as 0x0A. */
export function showSymbol(symbol: string): string {
  const byte = BYTES.indexOf(symbol);
  if (byte >= 0 && (byte < 0x20 || byte > 0x7e)) return symbol.slice(1, -1);
  const text = byte >= 0 ? String.fromCharCode(byte) : textOf(symbol);
  const points = [...text];
  const short = points.length > LONGEST_SHOWN ? `${points.slice(0, LONGEST_SHOWN).join("")}…` : text;
  return JSON.stringify(short).replace(
    /(?! )[\p{C}\p{Z}]/gu,
    (point) => `\\u{${point.codePointAt(0)!.toString(16)}}`,
  );
}

/** The first few symbols of a list, and how many there are besides. */
export function showSymbols(symbols: readonly string[]): string {
  const first = symbols.slice(0, SHOWN).map(showSymbol).join(", ");
  return symbols.length > SHOWN ? `${first} and ${symbols.length - SHOWN} others` : first;
}

function textOf(symbol: string): string {
  return symbol.length > 1 && symbol.startsWith(BLANK) ? ` ${symbol.slice(1)}` : symbol;
}

function isOnePoint(symbol: string): boolean {
  return symbol.length === (symbol.codePointAt(0)! > 0xffff ? 2 : 1);
}
