// What the page knows, as signals: where it has its store from, how far the studies are, the trials of the study that is
// looked at, and of those the ones that its filter leaves, in their order. Views read these and nothing else.
import { computed, signal } from "@preact/signals";
import type { Notes } from "../store/note.js";
import { applyDelta, DIGITS, type TrialTable } from "../store/table.js";
import type { Overview, StudyOverview } from "../store/watch.js";
import { address, chosen } from "./address.js";
import { type Column, columnsOf, metricColumn, ordered } from "./columns.js";
import { type Filtered, filterRows } from "./filter.js";
import { type DroppedFiles, droppedSource, type Source, serverSource, type Told } from "./source.js";

export const source = signal<Source | undefined>(undefined);
export const overview = signal<Overview | undefined>(undefined);
/** What the store is called. */
export const storeName = signal("");
/** Why there is nothing new at the moment; empty when all is well. */
export const fault = signal("");
export const notes = signal<Notes>({});
/** The trials of the study that is followed; `tick` counts what has happened to them. */
export const trials = signal<
  { readonly table: TrialTable; readonly study: number; readonly tick: number } | undefined
>(undefined);
/** Rows that were chosen for a comparison, by their identities. */
export const compared = signal<ReadonlySet<string>>(new Set());

/** Counts the files that were under the store's name. */
export const generation = signal(0);
let followed: number | undefined;
let asked = 0;

const told: Told = {
  overview(next, store, of) {
    // Another file is under the store's name: nothing that was read before holds.
    const isAnother = generation.value !== 0 && of !== generation.value;
    overview.value = next;
    storeName.value = store;
    fault.value = "";
    if (isAnother) {
      [followed, trials.value] = [undefined, undefined];
      readNotes();
    }
    generation.value = of;
  },
  delta(delta) {
    const { value } = trials;
    if (!value) return;
    if (applyDelta(value.table, delta)) trials.value = { ...value, tick: value.tick + 1 };
    else void load();
  },
  reload: () => void load(),
  fault(text) {
    fault.value = text;
  },
};

/** Begins with the server that the page came from; a page from the disk waits for a store to be dropped on it. */
export function begin(): void {
  if (location.protocol === "file:") return;
  source.value = serverSource(told);
  readNotes();
}

/** Goes on with a store that was dropped on the page. @throws Error when it is none. */
export async function openDropped(files: DroppedFiles): Promise<void> {
  const next = await droppedSource(files);
  source.value?.close();
  [followed, trials.value, compared.value] = [undefined, undefined, new Set()];
  source.value = next;
  told.overview(next.overview, files.file.name, generation.value + 1);
  readNotes();
}

function readNotes(): void {
  source.value?.notes().then(
    (read) => {
      notes.value = read;
    },
    (error) => {
      fault.value = String((error as Error).message);
    },
  );
}

/** The study of a name. */
export function studyNamed(name: string): StudyOverview | undefined {
  return overview.value?.studies.find((study) => study.name === name);
}

/** Follows the trials of a study; what was read of another is forgotten. */
export function follow(study: number): void {
  if (followed === study) return;
  followed = study;
  trials.value = undefined;
  source.value?.follow(study);
  void load();
}

async function load(): Promise<void> {
  const [study, own] = [followed, ++asked];
  if (study === undefined || !source.value) return;
  try {
    const table = await source.value.table(study);
    // Meanwhile the reader may be elsewhere.
    if (own === asked && study === followed) trials.value = { table, study, tick: 0 };
  } catch (error) {
    if (own === asked) fault.value = (error as Error).message;
  }
}

/** The study that is followed. */
export const study = computed(() => {
  const id = trials.value?.study;
  return overview.value?.studies.find((study) => study.id === id);
});

const tags = computed(
  () =>
    new Map(
      Object.entries(notes.value)
        .filter(([, { tags }]) => tags.length > 0)
        .map(([about, { tags }]) => [about.slice(0, DIGITS), tags]),
    ),
);

/** The columns of the trials. */
export const columns = computed<ReadonlyMap<string, Column>>(() =>
  trials.value ? columnsOf(trials.value.table, tags.value) : new Map(),
);

export const filterLine = computed(() => chosen("filter"));

const objectiveKey = computed(() => JSON.stringify(study.value?.objective));
/** What the study optimises. */
export const objective = computed<StudyOverview["objective"]>(() => {
  const key = objectiveKey.value;
  return key === undefined ? undefined : JSON.parse(key);
});

/** The column of the objective, where trials have it. */
export const objectiveColumn = computed(
  () => objective.value && metricColumn(columns.value, objective.value.metric),
);

/** The rows that the filter leaves. */
export const filtered = computed<Filtered>(() => {
  const { value } = trials;
  if (!value) return { rows: new Uint32Array(), remarks: [] };
  return filterRows(filterLine.value, value.table, columns.value, objective.value);
});

/** What the table is sorted by: a name, with a minus for descending; by default the best come first. */
export const sortedBy = computed(() => {
  const { value } = objective;
  const best =
    value && objectiveColumn.value
      ? `${value.direction === "maximize" ? "-" : ""}${objectiveColumn.value.name}`
      : "number";
  return chosen("sort", best);
});

/** The rows that the filter leaves, as they are sorted. */
export const sortedRows = computed(() => {
  const descending = sortedBy.value.startsWith("-");
  const column = columns.value.get(sortedBy.value.slice(descending ? 1 : 0));
  return column ? ordered(filtered.value.rows, column, descending) : filtered.value.rows;
});

/** Parameters that have more than one value. */
export const varied = computed(() => {
  const { value } = trials;
  return [...columns.value.values()].filter(
    (column) => column.kind === "parameter" && value && (column.words?.texts.length ?? 0) > 1,
  );
});

/** The best row of all by the objective. */
export const bestRow = computed(() => {
  const [column, of] = [objectiveColumn.value, objective.value];
  const { value } = trials;
  if (!column || !of || !value) return undefined;
  let best: number | undefined;
  for (let row = 0; row < value.table.rows; row++) {
    const number = column.number(row);
    if (!Number.isFinite(number)) continue;
    const than = best === undefined ? Number.NaN : column.number(best);
    if (best === undefined || (of.direction === "maximize" ? number > than : number < than)) best = row;
  }
  return best;
});

/** The name of the view of a study. */
export const viewName = computed(() => address.value.path[2] ?? "table");
