// What a report is told of a training on sequences of numbers.
import type { SeriesRow } from "../study/reading.js";
import type { SequenceNotes } from "../train/sequence-notes.js";

/** A training on sequences, epoch by epoch, with what was noted of its network beside the data. */
export interface SequenceTraining {
  series: readonly SeriesRow[];
  notes: SequenceNotes;
}
