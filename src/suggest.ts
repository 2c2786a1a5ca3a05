// A name that does not exist is answered with the one that was probably meant, by the same rule everywhere: options, keys
// of a study, columns of a table, grammars, kinds and studies.
import { distance } from "fastest-levenshtein";
import { InputError } from "./errors.js";
import { synonymOf } from "./synonyms.js";

/** A list of names beyond this many is cut short. */
const MOST = 12;

/**
 * A hint: `did you mean X?` or, when no candidate is near, `otherwise`; by default `use A, B or C`, of no candidates
 * nothing.
 */
export function suggest(
  word: string,
  candidates: readonly string[],
  otherwise = listed(candidates),
): string | undefined {
  const near = nearest(word, candidates);
  return near === undefined ? otherwise : `did you mean ${near}?`;
}

/** @throws InputError when a value is given that is not one of the words that it may be. */
export function checkWord(where: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.includes(value as string)) return;
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
  throw new InputError({
    where,
    what: `${shown} is none of its values`,
    hint: suggest(String(value), words),
  });
}

/**
 * The candidate that `word` is another tool's name for, or the closest one, when it is close enough to be a slip of the
 * keyboard or a part of the word.
 */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  const synonym = synonymOf(word, candidates);
  if (synonym !== undefined) return synonym;
  const lower = word.toLowerCase();
  let [best, least]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const part = Math.min(lower.length, other.length) > 2 && (other.includes(lower) || lower.includes(other));
    const cost = part ? 0.5 : distance(lower, other);
    if (cost < least) [best, least] = [candidate, cost];
  }
  // A word of which every letter has changed is another word.
  return least < word.length && least <= Math.max(1, word.length / 2.5) ? best : undefined;
}

function listed(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  if (names.length > MOST) return `use ${names.slice(0, MOST).join(", ")}, …`;
  return `use ${[names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" or ")}`;
}
