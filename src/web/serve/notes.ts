// Notes and tags, which people write about trials and studies: kept in a file beside the store and not in it, so that a
// store stays what its runs have made. Trials are known by their identity and studies by their name, so that notes outlive
// a store that is made anew.
import { statSync } from "node:fs";
import { z } from "zod";
import { InputError } from "../../errors.js";
import { readText, realPath, writeWhole } from "../../files.js";
import { check } from "../../study/check.js";

const note = z.strictObject({
  text: z.string().max(10_000),
  tags: z.array(z.string().min(1).max(50)).max(20),
});

/** By the identity of a trial, or `study:` and the name of a study. */
const notes = z.strictObject({
  filigreeNotes: z.literal(1),
  notes: z.record(z.string().max(200), note),
});

export type Note = z.output<typeof note>;
export type Notes = z.output<typeof notes>["notes"];

const LARGEST_FILE = 16 * 2 ** 20;
const MOST_NOTES = 10_000;

/** Where the notes about a store are. */
export function notesPath(store: string): string {
  return `${realPath(store)}.notes.json`;
}

/** The notes about a store; none when there is no file. @throws FileError, InputError when it cannot be read. */
export function readNotes(store: string): Notes {
  const path = notesPath(store);
  if (!statSync(path, { throwIfNoEntry: false })) return {};
  let value: unknown;
  try {
    value = JSON.parse(readText(path, LARGEST_FILE));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError({ where: path, what: "is not JSON", hint: "mend it or move it away", cause: error });
  }
  return check(notes, value, path).notes;
}

/**
 * Puts a note in the place of the one about a trial or study; an empty one takes it away. What others have written
 * meanwhile about anything else is kept.
 * @throws InputError when it has not the form of a note, or there are too many; FileError when it cannot be written.
 */
export function writeNote(store: string, about: string, value: unknown): Notes {
  if (!/^([0-9a-f]{64}|study:.{1,190})$/su.test(about)) {
    throw new InputError({ where: "note", what: "is about neither a trial nor a study" });
  }
  const { text, tags } = check(note, value, "note");
  const all = new Map(Object.entries(readNotes(store)));
  if (text.trim() === "" && tags.length === 0) all.delete(about);
  else all.set(about, { text, tags: [...new Set(tags)] });
  if (all.size > MOST_NOTES) {
    throw new InputError({ where: notesPath(store), what: `more than ${MOST_NOTES} notes` });
  }
  const kept = Object.fromEntries(all);
  writeWhole(notesPath(store), `${JSON.stringify({ filigreeNotes: 1, notes: kept }, null, 1)}\n`);
  return kept;
}
