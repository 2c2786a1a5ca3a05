// What a network's numbers rest on beside its weights: where a sequence is read out, which symbol each row of the
// embedding is for and what the classes are called. They belong to the network and travel in its file, so that a
// command need not be told what a training decided.
import { type ReadAt, readings } from "../data/batches.js";
import { ascii, parseVocabulary, type Vocabulary } from "../data/vocabulary.js";
import { InputError } from "../errors.js";
import { quote } from "./safetensors.js";

/** What is agreed on between a network, its data and its reader. */
export interface Conventions {
  readonly readAt: ReadAt;
  /** Symbol i is for row i of the embedding, which may have more rows. */
  readonly vocabulary: Vocabulary;
  /** The names of the classes, one for each output; their numbers when left out. */
  readonly labels?: readonly string[];
}

/** Those of a network that nothing else is said of. */
export const defaultConventions: Conventions = { readAt: "last-symbol", vocabulary: ascii };

/** Where a sequence is read out, in words. */
export const readingWords: Readonly<Record<ReadAt, string>> = {
  "last-step": "at the last padded step of its batch",
  "last-symbol": "at its own last step",
};

/** Metadata keys of weight files. */
const READ_AT = "readAt";
const VOCABULARY = "vocabulary";
const LABELS = "labels";

/** Conventions as metadata of a weight file. @param rows those of the embedding. */
export function conventionMetadata(
  { readAt, vocabulary, labels }: Conventions,
  rows: number,
): [key: string, text: string][] {
  return [
    [READ_AT, readAt],
    [VOCABULARY, vocabulary.first(rows).format()],
    ...(labels ? [[LABELS, JSON.stringify(labels)] as [string, string]] : []),
  ];
}

/**
 * The conventions that a weight file's metadata names; what it does not name is left out.
 * @param rows those of the embedding. @param outputs the number of classes.
 * @throws InputError when one of them is malformed or does not fit the network.
 */
export function conventionsIn(
  metadata: ReadonlyMap<string, string>,
  { rows, outputs }: { rows: number; outputs: number },
  where: string,
): Partial<Conventions> {
  const [readAt, vocabulary, labels] = [READ_AT, VOCABULARY, LABELS].map((key) => metadata.get(key));
  return {
    ...(readAt !== undefined && { readAt: readingIn(readAt, where) }),
    ...(vocabulary !== undefined && {
      vocabulary: fittingVocabulary(parseVocabulary(vocabulary, `${where}: ${VOCABULARY}`), rows, where),
    }),
    ...(labels !== undefined && { labels: labelsIn(labels, outputs, where) }),
  };
}

/** The vocabulary, when an embedding has a row for each of its symbols. @throws InputError when it has not. */
export function fittingVocabulary(vocabulary: Vocabulary, rows: number, where: string): Vocabulary {
  const { length } = vocabulary.symbols;
  if (length <= rows) return vocabulary;
  const last = vocabulary.symbols[length - 1];
  throw new InputError({
    where,
    what: `the vocabulary has ${length} symbols, and the embedding ${rows} rows`,
    hint:
      last.trim() === ""
        ? "its last symbol is a blank or a line break; leave it out"
        : "give one symbol for each row",
  });
}

function readingIn(text: string, where: string): ReadAt {
  const reading = readings.find((known) => known === text);
  if (reading) return reading;
  throw new InputError({
    where,
    what: `its metadata ${READ_AT} is ${quote(text)}`,
    hint: `use ${readings.join(" or ")}`,
  });
}

const LABEL = /^[^\p{Cc}]{1,200}$/u;

function isLabel(value: unknown): value is string {
  return typeof value === "string" && LABEL.test(value);
}

function labelsIn(text: string, outputs: number, where: string): readonly string[] {
  const hint = `write a JSON array of ${outputs} different names`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError({ where, what: `its metadata ${LABELS} is not JSON`, hint });
  }
  const labels = Array.isArray(value) ? value.filter(isLabel) : [];
  const isWhole = Array.isArray(value) && value.length === outputs && labels.length === outputs;
  if (isWhole && new Set(labels).size === outputs) return labels;
  throw new InputError({ where, what: `its metadata ${LABELS} does not name its ${outputs} classes`, hint });
}
