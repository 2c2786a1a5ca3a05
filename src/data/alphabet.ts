// The vocabulary of a new network for strings. Strings in ASCII have its codes, as those of all grammars do; for any others it
// is what occurs in them, which travels with the network.
import type { Dataset } from "./dataset.js";
import { ascii, Vocabulary } from "./vocabulary.js";

/** What stands in row 0, as in ASCII: what batches are padded with, and no letter of any string. */
const PADDING = "\0";

/**
 * ASCII where all strings are written in it, else the padding and the code points that occur, ascending.
 * @throws InputError when a string has half a character.
 */
export function alphabetOf(...datasets: readonly Dataset[]): Vocabulary {
  const points = new Set<string>();
  for (const { strings } of datasets)
    for (const string of strings) for (const point of string) points.add(point);
  if ([...points].every((point) => ascii.rowOf(point) !== undefined)) return ascii;
  points.delete(PADDING);
  const ascending = [...points].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  return new Vocabulary([PADDING, ...ascending], "letters", "strings");
}
