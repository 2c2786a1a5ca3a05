// Sequences of numbers as a trial describes them: files with what judges, under the names of the command line. What is kept
// for testing where no test data are named is the same for all trials, so that they can be compared.
import { z } from "zod";
import { layouts, numberTasks } from "../data/numbers/table.js";
import { Random } from "../math/random.js";
import { readNumberData } from "../paths/number-data.js";
import { storedAs } from "../paths/sequences.js";
import { canonicalJson, sha256 } from "../study/json.js";
import { HORIZON } from "../train/forecast.js";
import { endsFor } from "../train/new-network.js";
import { type NumberBaselines, type NumberData, numberBaselines } from "../train/number-data.js";
import { bytesOf, changed, hashOfBytes, withoutPlaces } from "./data-files.js";
import { keeping } from "./kept.js";

const column = z.string().optional().describe("Of a table; found out when left out.");
const labels = (of: string) => z.string().optional().describe(`A file with the labels of \`${of}\`.`);

const described = z.strictObject({
  numbers: z.string().describe("Sequences of numbers: a table, .npy, .npz, .ts or IDX."),
  labels: labels("numbers"),
  test: z
    .string()
    .optional()
    .describe("Others; a quarter of the sequences, or of the steps of series to forecast, when left out."),
  testLabels: labels("test"),
  validation: z.string().optional().describe("Others, by which epochs are judged."),
  validationLabels: labels("validation"),
  task: z.enum(numberTasks).optional().describe("What is learnt; told by the labels when left out."),
  layout: z.enum(layouts).optional().describe("A table's rows; found out when left out."),
  labelColumn: column,
  sequenceColumn: column,
  timeColumn: column,
  targetColumn: z.string().optional().describe("What is forecast, instead of the channels."),
  channels: z.array(z.string()).min(1).optional().describe("The columns that are values; all others."),
  sha256: z.string().optional().describe("Of all files; found out when left out."),
});

/** A description of which the content is known. */
type Pinned = z.output<typeof described> & { sha256: string };

/** One of which the task is known, too. */
export type NumberConfiguration = Pinned & { task: NumberData["task"] };

/**
 * Sequences of numbers. They are read when they are first described: what a training is like when nothing is said depends on
 * their task, and what cannot be trained on is refused before any trial is run.
 */
export const numberSchema = described.transform((given): NumberConfiguration => {
  const { numbers, labels, test, testLabels, validation, validationLabels } = given;
  const files = { numbers, labels, test, testLabels, validation, validationLabels };
  const hashes = Object.entries(files).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, hashOfBytes(path)]],
  );
  const found = sha256(canonicalJson(Object.fromEntries(hashes)));
  if (given.sha256 !== undefined && given.sha256 !== found) throw changed(numbers);
  const pinned = { ...given, sha256: found };
  return { ...pinned, task: taskOf(pinned) };
});

const keyOf = (description: Pinned) => canonicalJson(withoutPlaces(description));

/** Sequences as they are read to look ahead, or, of 0 steps, not: what a target is is then no channel. */
interface Wanted {
  readonly data: Pinned;
  readonly ahead: boolean;
}

/** By what makes the data. */
const tasks = new Map<string, NumberData["task"]>();

/** @throws InputError when the data cannot be read or have not the labels of their task. */
function taskOf(description: Pinned): NumberData["task"] {
  const key = keyOf(description);
  const known = tasks.get(key);
  if (known) return known;
  const { task, data } = read({ data: description, ahead: true });
  endsFor(data.train, task);
  tasks.set(key, task);
  return task;
}

/** That of `filigree train` when nothing is said. */
const SEED = 1;

function read({ data, ahead }: Wanted): NumberData {
  const { task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels, ...files } = data;
  const horizon = ahead ? 1 : 0;
  const table = { task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels, horizon };
  const stored = (path: string) => storedAs(bytesOf(path), path);
  return readNumberData(files, new Random(SEED).stream("split"), { table, stored }).data;
}

/** How many sets of data are kept, and of how many the baselines are. */
const KEPT = 4;
const KEPT_BASELINES = 256;

const numbersOf = keeping(KEPT, ({ data, ahead }: Wanted) => `${ahead} ${keyOf(data)}`, read);

/**
 * The sequences that a configuration describes; the last few are kept, because many trials share them.
 * @param horizon steps that a forecast looks ahead.
 */
export function loadNumbers(data: NumberConfiguration, horizon = HORIZON): NumberData {
  return numbersOf({ data, ahead: horizon > 0 });
}

/** Multiplications that finding nearest neighbours may take. Trials wait for it, and other runners for a sign of life. */
const NEIGHBOURS = 1e9;

const baselinesOf = keeping(
  KEPT_BASELINES,
  ({ data, horizon }: { data: NumberConfiguration; horizon: number }) => `${horizon} ${keyOf(data)}`,
  ({ data, horizon }): NumberBaselines =>
    numberBaselines(loadNumbers(data, horizon), horizon, { neighbours: NEIGHBOURS }),
);

/** What rules without a network reach on what judges, once for all trials. @param horizon of a forecast. */
export function loadBaselines(data: NumberConfiguration, horizon = HORIZON): NumberBaselines {
  return baselinesOf({ data, horizon });
}
