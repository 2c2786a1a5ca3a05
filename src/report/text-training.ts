// What a report is told of a training on a text.
import type { CellKind } from "../network/architecture.js";
import type { SeriesRow } from "../study/reading.js";
import type { TextNotes } from "../train/text-notes.js";

/** A training on a text, epoch by epoch, with what n-grams reach on it and what the network wrote. */
export interface TextTraining {
  series: readonly SeriesRow[];
  notes: TextNotes;
}

/** The language model of a reproduction. */
export interface LanguageResults extends TextTraining {
  cell: CellKind;
  hidden: number;
  /** Of the network that is kept, per character of the part held out. */
  nats: number;
  /** The epoch after which it was so, from 1. */
  bestEpoch: number;
  parameters: number;
}
