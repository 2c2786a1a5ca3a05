// The lines of an edge list cut into columns. Names may hold what elsewhere sets columns apart: in brackets, as networkx
// writes the tuples that name the nodes of a lattice, or in double quotes.
import { InputError } from "../errors.js";

/** Far more than two names take. */
const LONGEST_LINE = 10_000;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its comment. */
  readonly text: string;
  /** The text with what stands in brackets or quotes blotted out, so that all separators in it set columns apart. */
  readonly outline: string;
}

/** A column of a line: what stands there, and its outline. */
export interface Field {
  readonly name: string;
  readonly outline: string;
}

const BLANKS = /\s+/g;

/** What may set columns apart. Where it is not blanks, these belong to names. */
export const SEPARATORS = [/\t/g, /;/g, /,/g, BLANKS] as const;

/**
 * The lines of a text that have more than blanks and a comment on them.
 * @throws InputError for a line with a bracket or a double quote that is not closed, or of more than 10,000 characters.
 */
export function readLines(text: string, where: string): Line[] {
  return text.split(/\r\n|\n|\r/).flatMap((line, index) => readLine(line, index + 1, where));
}

function readLine(whole: string, number: number, where: string): Line[] {
  const refuse = (what: string, hint: string) =>
    new InputError({ where: `${where}:${number}`, what: `${what}: ${shown(whole)}`, hint });
  if (whole.length > LONGEST_LINE)
    throw refuse(`the line has ${whole.length} characters`, "write one edge a line, such as: 0 1");
  let outline = "";
  let depth = 0;
  let quote = "";
  for (const character of whole.split("")) {
    const isInside = depth > 0 || quote !== "";
    if (!isInside && character === "#") break;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' ? isInside || isSeparator(outline.at(-1)) : character === "'" && isInside) {
      quote = character;
    } else if ("([{".includes(character)) {
      depth++;
    } else if (")]}".includes(character)) {
      depth--;
    }
    outline += isInside ? "_" : character;
  }
  if (depth !== 0 || quote !== "")
    throw refuse(
      "a bracket or a double quote has no partner",
      "put a name that contains one in double quotes",
    );
  return outline.trim() === "" ? [] : [{ number, text: whole.slice(0, outline.length), outline }];
}

/** Whether a character, or the beginning of a line, sets columns apart. */
export function isSeparator(character: string | undefined): boolean {
  return character === undefined || /[\s,;]/.test(character);
}

/** The columns of a line by one of `SEPARATORS`, without blanks and double quotes around them. */
export function divide({ text, outline }: Omit<Line, "number">, separator: RegExp): Field[] {
  // Before the first and after the last column blanks set nothing apart.
  const start = separator === BLANKS ? outline.length - outline.trimStart().length : 0;
  const end = separator === BLANKS ? outline.trimEnd().length : outline.length;
  const cuts = [...outline.slice(start, end).matchAll(separator)];
  return [...cuts, undefined].map((cut, i) => {
    const before = cuts[i - 1];
    const from = before ? start + before.index + before[0].length : start;
    const to = cut ? start + cut.index : end;
    const name = text.slice(from, to).trim();
    const unquoted = /^"(.*)"$/.exec(name)?.[1].replaceAll('""', '"');
    return { name: unquoted ?? name, outline: outline.slice(from, to).trim() };
  });
}

/** The beginning of a text as messages quote it. */
export function shown(text: string): string {
  const line = text.trim();
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}
