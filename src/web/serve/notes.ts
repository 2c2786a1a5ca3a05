// Notes and tags are kept in a file beside the store and not in it, so that a store stays what its runs have made.
import { statSync } from "node:fs";
import { z } from "zod";
import { InputError } from "../../errors.js";
import { readText, realPath, writeWhole } from "../../files.js";
import { check } from "../../study/check.js";
import { NOTES_VERSION, type Notes, noteLimits, withNote, writtenNotes } from "../store/note.js";

const note = z.strictObject({
  text: z.string().max(noteLimits.text),
  tags: z.array(z.string().min(1).max(noteLimits.tag)).max(noteLimits.tags),
});

const file = z.strictObject({
  filigreeNotes: z.literal(NOTES_VERSION),
  notes: z.record(z.string().max(200), note),
});

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
  return check(file, value, path).notes;
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
  const kept = withNote(readNotes(store), about, check(note, value, "note"));
  if (Object.keys(kept).length > MOST_NOTES) {
    throw new InputError({ where: notesPath(store), what: `more than ${MOST_NOTES} notes` });
  }
  writeWhole(notesPath(store), writtenNotes(kept));
  return kept;
}
