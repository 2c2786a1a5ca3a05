// `filigree investigate search`: whether searching for the wiring of a recurrent network finds a better one than chance does, at the
// same number of edges and the same processor time. It answers the second check that the thesis left open.
import { join } from "node:path";
import { writeWhole } from "../files.js";
import type { CellKind } from "../network/architecture.js";
import type { Way } from "../search/ways.js";
import { wayNames } from "../search/ways.js";
import type { StudyInput } from "../study/document.js";
import { mnistFilesIn } from "./conditions.js";
import { searchReport } from "./report/search.js";
import { readSearches, type SearchRow, type ShownGraph } from "./searches.js";
import { type Facts, type SittingOptions, sitThrough } from "./sitting.js";

/** How much a scale investigates. */
export interface SearchScale {
  readonly strings: { readonly count: number; readonly epochs: number; readonly batch: number };
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
  readonly epochs?: number;
}

export interface SearchInvestigationOptions extends SittingOptions {
  /** Of searches. */
  readonly seeds: readonly number[];
  /** The folder of MNIST's files, whose rows are another task. */
  readonly mnist?: string;
  /** In place of the scale's own. */
  readonly size?: SearchScale;
}

/** What `investigate search` found so far. */
export interface SearchResults {
  readonly facts: Facts;
  readonly tasks: readonly Pick<SearchTask, "name" | "label">[];
  readonly rows: readonly SearchRow[];
  readonly shown: readonly ShownGraph[];
  readonly candidates: number;
  readonly budget: number;
}

const TASKS = { hard: ["reber", "hard negatives"], embedded: ["embedded-reber", "embedded Reber"] } as const;

/** What is searched on. @throws InputError when files of MNIST are missing. */
export function searchTasks({ size, scale, mnist }: SearchInvestigationOptions): SearchTask[] {
  const { strings, tasks } = size ?? searchScales[scale];
  const { count } = strings;
  return [
    ...tasks.map((name) => {
      const [grammar, label] = TASKS[name];
      return { name, label, data: { count, grammar, mix: "hard" } };
    }),
    ...(mnist === undefined
      ? []
      : [
          {
            name: "mnist",
            label: "rows of MNIST",
            data: { ...mnistFilesIn(mnist), task: "classify" },
            epochs: 2,
          },
        ]),
  ];
}

/** The studies: one for each task, and one of graphs that are trained with another cell or on another task. */
export function searchStudies(options: SearchInvestigationOptions): StudyInput[] {
  const { seeds, size = searchScales[options.scale] } = options;
  const { strings, cells, ways, units, layers, budget, learningRate, candidates, trainings } = size;
  const tasks = searchTasks(options);
  const shared = { units, layers, budget, learningRate, candidates, batch: strings.batch };
  const search = ({ data, epochs = strings.epochs }: SearchTask) => ({ ...shared, data, epochs });
  const objective = { metric: "testAccuracy" };
  const own = tasks.map(
    (task): StudyInput => ({
      name: task.name,
      kind: "found",
      fixed: { search: search(task) },
      grid: { searchSeed: [...seeds], "search.searcher": [...ways], "search.cell": [...cells] },
      replicates: trainings,
      objective,
    }),
  );
  const pairs = tasks.flatMap((task) => cells.map((cell) => ({ task, cell })));
  const moved = pairs.flatMap((from) =>
    pairs
      .filter((to) => to !== from)
      .flatMap((to) =>
        seeds.map((searchSeed) => ({
          "search.cell": from.cell,
          "search.data": from.task.data,
          "search.epochs": search(from.task).epochs,
          searchSeed,
          ...(to.cell !== from.cell && { cell: to.cell }),
          ...(to.task !== from.task && { data: to.task.data, epochs: search(to.task).epochs }),
        })),
      ),
  );
  const transfer: StudyInput = {
    name: "transfer",
    kind: "found",
    fixed: { search: { ...shared, searcher: TRANSFERRED } },
    list: moved,
    replicates: trainings,
    objective,
  };
  return ways.includes(TRANSFERRED) && moved.length > 0 ? [...own, transfer] : own;
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
      tasks: tasks.map(({ name, label }) => ({ name, label })),
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
