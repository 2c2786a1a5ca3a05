// Sequences of numbers from files of any known format.
import type { NumberOptions } from "../data/numbers/format.js";
import { areStrings, parseSequences, type StoredFile } from "../data/numbers/formats.js";
import type { Sequences } from "../data/sequences.js";
import { readLargeBytes } from "../files.js";
import { decodeText } from "../text.js";

export interface SequenceFileOptions extends NumberOptions {
  /** A file with the labels, in place of those that the data may have. */
  readonly labels?: string;
  /** How a file is read; from its place when left out. */
  readonly stored?: (path: string) => StoredFile;
}

/**
 * Reads sequences of numbers with what is to be learnt of them, where that is known.
 * @throws FileError when a file cannot be read. @throws InputError as `parseSequences`, and of a file of 4 GB or more.
 */
export function readSequences(
  path: string,
  { labels, stored = storedAt, ...options }: SequenceFileOptions = {},
): Sequences {
  const other = labels === undefined ? undefined : stored(labels);
  return parseSequences(stored(path), { ...options, labels: other });
}

/**
 * Whether a file has labelled strings and not sequences of numbers.
 * @throws FileError when it cannot be read.
 */
export function isFileOfStrings(path: string): boolean {
  return areStrings(storedAt(path));
}

function storedAt(path: string): StoredFile {
  return storedAs(readLargeBytes(path), path);
}

/** A file of these bytes. */
export function storedAs(bytes: Buffer, path: string): StoredFile {
  return { where: path, bytes, text: () => decodeText(bytes, path) };
}
