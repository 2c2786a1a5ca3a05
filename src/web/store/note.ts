// Notes and tags, which people write about trials and studies: the form in which the server keeps them beside a store and a page
// reads and saves them. Trials are known by their identity and studies by their name, so that notes outlive a store that is made
// anew.

export interface Note {
  readonly text: string;
  readonly tags: readonly string[];
}

/** By the identity of a trial, or `study:` and the name of a study. */
export type Notes = Readonly<Record<string, Note>>;

/** Characters of a note and of a tag, and tags of a note. */
export const noteLimits = { text: 10_000, tag: 50, tags: 20 } as const;

/** The version of the file. */
export const NOTES_VERSION = 1;

/** Notes as the file has them. */
export function writtenNotes(notes: Notes): string {
  return `${JSON.stringify({ filigreeNotes: NOTES_VERSION, notes }, null, 1)}\n`;
}

/** Notes with one exchanged; an empty one is taken away. */
export function withNote(notes: Notes, about: string, note: Note): Notes {
  const others = Object.entries(notes).filter(([name]) => name !== about);
  const isEmpty = note.text.trim() === "" && note.tags.length === 0;
  return Object.fromEntries(isEmpty ? others : [...others, [about, note]]);
}
