// The language model of a reproduction: a small one on a text that comes with the package, trained in half a minute, to
// show that the engine learns texts too, and what n-grams say of it.
import { fileURLToPath } from "node:url";
import { readNotes } from "../report/study-summary.js";
import type { LanguageResults } from "../report/text-training.js";
import type { StudyInput } from "../study/document.js";
import type { StoreReader } from "../study/reading.js";

const name = "language";
const cell = "gru";
const hidden = 192;

/** Ambrose Bierce's The Devil's Dictionary; `data/README.md` says where it comes from. */
const text = fileURLToPath(new URL("../../data/devils-dictionary.txt", import.meta.url));

/** One training of one network. */
export function languageStudy(seed: number): StudyInput {
  return {
    name,
    kind: "train",
    fixed: { data: { text }, cell, hidden, epochs: 5, learningRate: 0.004, warmUp: 50, dropout: 0 },
    seed,
    objective: { metric: "validationLoss", direction: "minimize" },
  };
}

/** What came of it; undefined until it has been trained. */
export function languageResults(reader: StoreReader): LanguageResults | undefined {
  if (!reader.names().includes(name)) return undefined;
  const [trial] = reader.rows(name);
  const notes = trial.state === "finished" ? readNotes(reader, trial.identity) : undefined;
  if (!notes) return undefined;
  const { validationLoss: nats, bestEpoch, parameters } = trial.summary;
  return { cell, hidden, nats, bestEpoch, parameters, series: reader.series(trial.identity), notes };
}
