// What the symbols of a network stand for: row i of its embedding is symbol i of its vocabulary. Strings are taken apart
// into symbols here and nowhere else, so that a network over any letters or words reads strings as it was trained to.
import { InputError } from "../errors.js";

/** The most characters a string may have; a batch is padded to its longest, so one absurd row would cost them all. */
export const LONGEST_STRING = 10_000;

/** Letters: each code point of a string is a symbol. Words: what stands between blanks is. */
export type SymbolKind = "letters" | "words";

/** The symbols of a network in the order of its embedding's rows. */
export class Vocabulary {
  readonly kind: SymbolKind;
  /** One code point or word each; "" where a row stands for nothing that a string may hold. */
  readonly symbols: readonly string[];
  readonly #rows: ReadonlyMap<string, number>;

  /** @throws InputError when a symbol is there twice, is half a character, or, of words, has a blank in it. */
  constructor(symbols: readonly string[], kind: SymbolKind = "letters", where = "vocabulary") {
    const rows = new Map<string, number>();
    for (const [row, symbol] of symbols.entries()) {
      const fail = (what: string, hint: string): never => {
        throw new InputError({ where, what: `row ${row} (${describeSymbol(symbol)}) ${what}`, hint });
      };
      if (/\p{Surrogate}/u.test(symbol)) fail("is half a character", "write whole code points");
      if (kind === "words" && /\s/u.test(symbol) && symbol.trim() !== "")
        fail("has a blank in it, and words are told apart by blanks", "write words without blanks");
      const other = rows.get(symbol);
      if (other !== undefined && symbol !== "")
        fail(`is the same as row ${other}`, "give every symbol one row");
      rows.set(symbol, row);
    }
    // U+0000 is the padding of ASCII codes and no letter.
    for (const nothing of ["", "\0"]) rows.delete(nothing);
    this.kind = kind;
    this.symbols = symbols;
    this.#rows = rows;
  }

  /** The row of a symbol, if it is in the vocabulary. */
  rowOf(symbol: string): number | undefined {
    return this.#rows.get(symbol);
  }

  /**
   * The rows of a string's symbols, one after the other.
   * @param where names the string in messages.
   * @throws InputError when the string is empty or longer than `LONGEST_STRING`, or has a symbol that is not in the vocabulary.
   */
  encode(string: string, where: () => string): number[] {
    return symbolsOf(string, this.kind, where).map((symbol, i) => {
      const row = this.#rows.get(symbol);
      if (row !== undefined) return row;
      const unit = this.kind === "letters" ? "character" : "word";
      throw new InputError({
        where: where(),
        what: `${unit} ${i + 1} (${describeSymbol(symbol)}) is beyond the vocabulary`,
        hint: this.hint(unit),
      });
    });
  }

  /** The first rows, as many as an embedding has. */
  first(rows: number): Vocabulary {
    return rows >= this.symbols.length ? this : new Vocabulary(this.symbols.slice(0, rows), this.kind);
  }

  /** As text that `parseVocabulary` reads: the code points in order, or a JSON array. */
  format(): string {
    const plain = this.kind === "letters" && this.symbols.every((symbol) => [...symbol].length === 1);
    return plain ? this.symbols.join("") : JSON.stringify(this.symbols);
  }

  private hint(unit: string): string {
    const { symbols } = this;
    if (!symbols.every((symbol, row) => symbol === String.fromCharCode(row))) {
      const few = symbols.slice(0, 8).map((symbol) => JSON.stringify(symbol.slice(0, 40)));
      return `the network knows ${symbols.length} ${unit}s: ${few.join(" ")}${symbols.length > 8 ? " …" : ""}`;
    }
    if (symbols.length === ascii.symbols.length) return "use the ASCII characters 1 to 127";
    return `the network has ${symbols.length} rows, taken for ASCII codes; name others with --vocabulary`;
  }
}

/**
 * A string taken apart.
 * @param where names the string in messages.
 * @throws InputError when the string is empty or longer than `LONGEST_STRING`.
 */
export function symbolsOf(string: string, kind: SymbolKind, where: () => string): string[] {
  const symbols = kind === "letters" ? [...string] : string.split(/\s+/u).filter(Boolean);
  if (symbols.length === 0) {
    throw new InputError({
      where: where(),
      what: "the string is empty",
      hint: `give at least one ${kind === "letters" ? "character" : "word"}`,
    });
  }
  if (symbols.length > LONGEST_STRING) {
    throw new InputError({
      where: where(),
      what: `the string has ${symbols.length} ${kind === "letters" ? "characters" : "words"}, more than ${LONGEST_STRING}`,
      hint: "cut it into shorter ones",
    });
  }
  return symbols;
}

/** Row i is ASCII code i; the strings of all grammars are written in it. Row 0 is the padding. */
export const ascii = new Vocabulary(Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)));

/**
 * The vocabulary that a text describes. A JSON array of strings has a symbol in each entry: words, unless every entry
 * but those in brackets (`<pad>`, `[UNK]`) is one code point. Any other text has a letter in each code point; nothing is
 * trimmed, so a blank or a line break is a letter too.
 * @throws InputError as the constructor of `Vocabulary`, when there is no symbol, and for other JSON than such an array.
 */
export function parseVocabulary(text: string, where: string): Vocabulary {
  const list = stringsIn(text);
  if (list === undefined) {
    if (looksLikeJson(text)) {
      throw new InputError({
        where,
        what: "the vocabulary looks like JSON, but is no array of strings",
        hint: "write an array of all symbols in the order of the embedding's rows",
      });
    }
    if (text === "")
      throw new InputError({ where, what: "the vocabulary is empty", hint: "give its symbols" });
    return new Vocabulary([...text], "letters", where);
  }
  const isLetter = (symbol: string) => [...symbol].length <= 1 || /^(<.+>|\[.+\])$/u.test(symbol);
  return new Vocabulary(list, list.every(isLetter) ? "letters" : "words", where);
}

// A list of letters has no quotation mark twice.
function looksLikeJson(text: string): boolean {
  return /^\ufeff?\s*(\[\s*(["']).*\2.*\]|\{\s*(["']).*\3.*\})\s*$/s.test(text);
}

function stringsIn(text: string): string[] | undefined {
  if (!/^\ufeff?\s*\[/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
    const strings = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
    return strings ? (value as string[]) : undefined;
  } catch {
    return undefined;
  }
}

/** A symbol as a message shows it: itself where it can be seen, and the code point of a single one. */
export function describeSymbol(symbol: string): string {
  const points = [...symbol];
  if (points.length > 1)
    return JSON.stringify(points.length > 40 ? `${points.slice(0, 40).join("")}…` : symbol);
  const point = symbol.codePointAt(0);
  if (point === undefined) return "nothing";
  const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  const visible = /[^\p{C}\p{Z}]/u.test(symbol);
  return visible ? `"${symbol}", ${code}` : code;
}
