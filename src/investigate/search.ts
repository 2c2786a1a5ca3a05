// `filigree investigate search`: whether searching for the wiring of a recurrent network finds a better one than chance does, at the
// same number of edges and the same processor time, on strings and perhaps on sequences of numbers and a text. It answers the second check that
// the thesis left open.
import { join } from "node:path";
import { checkSearchable } from "../experiments/topologies.js";
import { writeWhole } from "../files.js";
import type { CellKind } from "../network/architecture.js";
import type { Way } from "../search/ways.js";
import { wayNames } from "../search/ways.js";
import type { StudyInput } from "../study/document.js";
import type { Settings } from "./condition.js";
import { mnistFilesIn, vowelFilesIn } from "./conditions.js";
import { searchReport } from "./report/search.js";
import type { Judge } from "./row.js";
import { readSearches, type SearchRow, type ShownGraph } from "./searches.js";
import { type Facts, type SittingOptions, sitThrough } from "./sitting.js";

/** How much a scale investigates. */
export interface SearchScale {
  readonly strings: { readonly count: number; readonly epochs: number; readonly batch: number };
  /** Of a text, where there is one. */
  readonly text: { readonly epochs: number };
  readonly cells: readonly CellKind[];
  readonly tasks: readonly ("hard" | "embedded")[];
  readonly ways: readonly Way[];
  readonly units: number;
  readonly layers: number;
  readonly budget: number;
  readonly learningRate: number;
  /**
   * Graphs that the ways train which compare some. Measured once (docs/search.md): training so many costs about as much processor
   * time as the dearest searcher.
   */
  readonly candidates: number;
  /** Trainings of what each search found. */
  readonly trainings: number;
}

export const searchScales: Readonly<Record<SittingOptions["scale"], SearchScale>> = {
  quick: {
    strings: { count: 4000, epochs: 6, batch: 32 },
    text: { epochs: 4 },
    cells: ["rnn-tanh", "gru"],
    tasks: ["hard"],
    ways: wayNames,
    units: 24,
    layers: 3,
    budget: 60,
    learningRate: 3e-3,
    candidates: 4,
    trainings: 2,
  },
  full: {
    strings: { count: 25_000, epochs: 15, batch: 128 },
    // As many updates as strings have, of a text of 400 kB.
    text: { epochs: 12 },
    cells: ["rnn-tanh", "gru"],
    tasks: ["hard", "embedded"],
    ways: wayNames,
    units: 32,
    layers: 4,
    budget: 48,
    learningRate: 1e-3,
    candidates: 4,
    trainings: 3,
  },
};

/** The way whose graphs are also trained with other cells and on other tasks. */
export const TRANSFERRED: Way = "top-k";
/** The control of all others. */
export const CHANCE: Way = "random";

export interface SearchTask {
  readonly name: string;
  /** On an axis, and in a sentence after "on". */
  readonly label: string;
  readonly data: NonNullable<StudyInput["fixed"]>;
  readonly epochs: number;
  /** Sequences of a batch; of a text what its length allows. */
  readonly batch?: number;
  readonly judge: Judge["metric"];
}

export interface SearchInvestigationOptions extends SittingOptions {
  /** Of searches. */
  readonly seeds: readonly number[];
  /** The folder of MNIST's files, whose rows are another task. */
  readonly mnist?: string;
  /** The folder of JapaneseVowels' files, whose speakers are another. */
  readonly vowels?: string;
  /** A text, of which the next symbol is another. */
  readonly text?: string;
  /** In place of the scale's own. */
  readonly size?: SearchScale;
}

/** What `investigate search` found so far. */
export interface SearchResults {
  readonly facts: Facts;
  readonly tasks: readonly Pick<SearchTask, "name" | "label" | "judge">[];
  readonly rows: readonly SearchRow[];
  readonly shown: readonly ShownGraph[];
  readonly candidates: number;
  readonly budget: number;
}

const TASKS = { hard: ["reber", "hard negatives"], embedded: ["embedded-reber", "embedded Reber"] } as const;

/**
 * What is searched on.
 * @throws FileError, InputError when files of MNIST or JapaneseVowels are missing, or a text cannot be read or is too short.
 */
export function searchTasks({ size, scale, mnist, vowels, text }: SearchInvestigationOptions): SearchTask[] {
  const { strings, tasks, text: ofText } = size ?? searchScales[scale];
  const { count, epochs, batch } = strings;
  const judge = "testAccuracy";
  const some: SearchTask[] = tasks.map((name) => {
    const [grammar, label] = TASKS[name];
    return { name, label, data: { count, grammar, mix: "hard" }, epochs, batch, judge };
  });
  if (mnist !== undefined) {
    const data = { ...mnistFilesIn(mnist), task: "classify" };
    some.push({ name: "mnist", label: "rows of MNIST", data, epochs: 2, batch, judge });
  }
  if (vowels !== undefined) {
    const data = { ...vowelFilesIn(vowels), task: "classify" };
    // Of 270 sequences a batch is nearly half.
    some.push({ name: "vowels", label: "JapaneseVowels", data, epochs: 300, batch, judge });
  }
  if (text !== undefined) {
    const data = { text: [text] };
    checkSearchable(data);
    some.push({ name: TEXT, label: "text", data, epochs: ofText.epochs, judge: "validationLoss" });
  }
  return some;
}

/** The task of a text. */
const TEXT = "text";

/**
 * The studies: one for each task, and of graphs that are trained with another cell or on another task one of all tasks but a text, so
 * that it is the same with a text and without, and one each of those to a text and from one.
 */
export function searchStudies(options: SearchInvestigationOptions): StudyInput[] {
  const { seeds, size = searchScales[options.scale] } = options;
  const { strings, cells, ways, units, layers, budget, learningRate, candidates, trainings } = size;
  const tasks = searchTasks(options);
  const shared = { units, layers, budget, learningRate, candidates };
  const batchOf = ({ batch }: SearchTask): Settings => (batch === undefined ? {} : { batch });
  const objectiveOf = (judge: Judge["metric"]): StudyInput["objective"] =>
    judge === "testAccuracy" ? { metric: judge } : { metric: judge, direction: "minimize" };
  const own = tasks.map((task): StudyInput => {
    const { name, data, epochs, judge } = task;
    return {
      name,
      kind: "found",
      fixed: { search: { ...shared, ...batchOf(task), data, epochs } },
      grid: { searchSeed: [...seeds], "search.searcher": [...ways], "search.cell": [...cells] },
      replicates: trainings,
      objective: objectiveOf(judge),
    };
  });
  const pairs = tasks.flatMap((task) => cells.map((cell) => ({ task, cell })));
  const moves = pairs.flatMap((from) => pairs.filter((to) => to !== from).map((to) => ({ from, to })));
  const entryOf = ({ from, to }: (typeof moves)[number], searchSeed: number): Settings => ({
    "search.cell": from.cell,
    "search.data": from.task.data,
    "search.epochs": from.task.epochs,
    searchSeed,
    ...(to.cell !== from.cell && { cell: to.cell }),
    ...(to.task !== from.task && { data: to.task.data, epochs: to.task.epochs }),
  });
  /** With the batches of both. */
  const entryOfText = (move: (typeof moves)[number], searchSeed: number): Settings => {
    const { batch } = move.from.task;
    const ofSearch: Settings = batch === undefined ? {} : { "search.batch": batch };
    const isMoved = move.to.task !== move.from.task;
    return { ...entryOf(move, searchSeed), ...ofSearch, ...(isMoved && batchOf(move.to.task)) };
  };
  const isTo = ({ to }: (typeof moves)[number]) => to.task.name === TEXT;
  const isFrom = (move: (typeof moves)[number]) => !isTo(move) && move.from.task.name === TEXT;
  const of = (some: typeof moves, entry: typeof entryOf): Settings[] =>
    some.flatMap((move) => seeds.map((seed) => entry(move, seed)));
  const searched = { ...shared, searcher: TRANSFERRED };
  const transfer = { kind: "found", fixed: { search: searched }, replicates: trainings } as const;
  const transfers: StudyInput[] = [
    {
      ...transfer,
      name: "transfer",
      fixed: { search: { ...searched, batch: strings.batch } },
      list: of(
        moves.filter((move) => !isTo(move) && !isFrom(move)),
        entryOf,
      ),
      objective: objectiveOf("testAccuracy"),
    },
    {
      ...transfer,
      name: "transfer-to-text",
      list: of(moves.filter(isTo), entryOfText),
      objective: objectiveOf("validationLoss"),
    },
    {
      ...transfer,
      name: "transfer-from-text",
      list: of(moves.filter(isFrom), entryOfText),
      objective: objectiveOf("testAccuracy"),
    },
  ].filter(({ list }) => list.length > 0);
  return ways.includes(TRANSFERRED) ? [...own, ...transfers] : own;
}

/** Runs what is left for one sitting and writes rows and report. @throws as `sitThrough`. */
export async function investigateSearch(
  options: SearchInvestigationOptions,
): Promise<SearchResults & { readonly report: string }> {
  const { size = searchScales[options.scale] } = options;
  const { candidates, budget } = size;
  const tasks = searchTasks(options);
  const studies = searchStudies(options);
  const results = await sitThrough(
    studies,
    options.seeds,
    options,
    (reader, facts): SearchResults => ({
      facts,
      tasks: tasks.map(({ name, label, judge }) => ({ name, label, judge })),
      ...readSearches(
        reader,
        tasks,
        studies.map(({ name }) => name),
      ),
      candidates,
      budget,
    }),
  );
  writeWhole(
    join(options.out, "results.json"),
    `${JSON.stringify({ investigation: "search", ...results })}\n`,
  );
  const report = join(options.out, "report.html");
  writeWhole(report, searchReport(results));
  return { ...results, report };
}
