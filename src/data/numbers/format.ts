// What a format of files with sequences of numbers is. Each is one module that exports one of these and stands in the list of
// `formats.ts`; nothing else knows it.
import type { Sequences } from "../sequences.js";
import type { NumberArray } from "./array.js";
import type { TableChoices } from "./table.js";

/** A file as a reader gets it. */
export interface NumberFile {
  /** How it is called in messages. */
  readonly where: string;
  /** Its bytes, decompressed where it is a file of gzip. */
  readonly bytes: () => Uint8Array;
  /** Its text, decompressed and decoded. */
  readonly text: () => string;
}

/** How numbers are read. */
export interface NumberOptions {
  /** The classes of a network or of the training data; found among the labels when left out. */
  readonly classes?: readonly string[];
  /** Labels are in another file: what this one may have of them is not read. */
  readonly unlabelled?: boolean;
  /** How tables are read, which do not say what their columns are. */
  readonly table?: TableChoices;
}

export interface NumberFormat {
  /** What messages call it, for example `IDX`. */
  readonly name: string;
  /**
   * Whether a file is of this format.
   * @param head its first bytes, decompressed; 16 KiB or all there are.
   * @param name its name in lower case, without a final `.gz`.
   */
  recognises(head: Uint8Array, name: string): boolean;
  /**
   * The sequences of a file, with a target where the file has one.
   * @throws InputError when it cannot be used.
   */
  sequences(file: NumberFile, options: NumberOptions): Sequences;
  /** The labels of a file that has only labels, for sequences of another file. @throws InputError as `sequences`. */
  labels?(file: NumberFile): NumberArray;
}
