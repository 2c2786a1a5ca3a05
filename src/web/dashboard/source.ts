// Where the page has its store from: the server that it came from, or a file that was dropped on it. Either gives the same
// answers; only the server tells what happens next.
import { embedded } from "../page/embedded.js";
import { NOTES_VERSION, type Note, type Notes, withNote } from "../store/note.js";
import { type Delta, decodeTable, type TrialTable } from "../store/table.js";
import type { TrialPage } from "../store/trial.js";
import type { Overview } from "../store/watch.js";
import { ask } from "./ask.js";

/** What a source tells of itself. */
export interface Told {
  overview(overview: Overview, store: string, generation: number): void;
  delta(delta: Delta): void;
  /** The table of the study that is followed has to be asked for again. */
  reload(): void;
  /** Why there is nothing at the moment. */
  fault(text: string): void;
}

export interface Source {
  /** Whether it goes on by itself. */
  readonly live: boolean;
  /** Follows the trials of one study, or of none. */
  follow(study: number | undefined): void;
  /** Ends what goes on by itself. */
  close(): void;
  table(study: number): Promise<TrialTable>;
  /** Undefined when there is no such trial. */
  trial(identity: string): Promise<TrialPage | undefined>;
  artifact(identity: string, name: string): Promise<Uint8Array<ArrayBuffer>>;
  notes(): Promise<Notes>;
  /** Keeps a note; an empty one is taken away. */
  keep(about: string, note: Note): Promise<Notes>;
}

/** The server that the page came from. */
export function serverSource(told: Told): Source {
  let events: EventSource | undefined;
  let study: number | undefined;
  const listen = () => {
    events?.close();
    const asked = study === undefined ? "" : `?study=${study}`;
    const own = new EventSource(`/api/events${asked}`);
    events = own;
    let lost = false;
    const on = <T>(name: string, heed: (value: T) => void) =>
      own.addEventListener(name, ({ data }: MessageEvent<string>) => heed(JSON.parse(data) as T));
    on<Overview & { store: string; generation: number }>("overview", (overview) =>
      told.overview(overview, overview.store, overview.generation),
    );
    on<Delta>("delta", told.delta);
    on("reload", told.reload);
    on<string>("fault", told.fault);
    own.onopen = () => {
      // What happened in between nobody told.
      if (lost) told.reload();
      lost = false;
    };
    own.onerror = () => {
      lost = true;
      told.fault("the server does not answer; the page goes on when it is back");
      // The browser gives up where the answer is an error, which a server may give while it starts.
      if (own.readyState === EventSource.CLOSED) setTimeout(() => own === events && listen(), 2_000);
    };
  };
  listen();
  return {
    live: true,
    follow(next) {
      if (next === study) return;
      study = next;
      listen();
    },
    close() {
      events?.close();
      events = undefined;
    },
    table: async (study) => decodeTable(await (await get(`/api/table?study=${study}`)).arrayBuffer()),
    trial: async (identity) => {
      const response = await get(`/api/trial?identity=${encodeURIComponent(identity)}`, 404);
      return response.ok ? ((await response.json()) as TrialPage) : undefined;
    },
    artifact: async (identity, name) => {
      const asked = new URLSearchParams({ identity, name });
      return new Uint8Array(await (await get(`/api/artifact?${asked}`)).arrayBuffer());
    },
    notes: async () => (await get("/api/notes")).json(),
    keep: async (about, note) => {
      const request = {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(note),
      };
      return (await checked(await fetch(`/api/notes?${new URLSearchParams({ about })}`, request))).json();
    },
  };
}

async function get(address: string, ...allowed: number[]): Promise<Response> {
  return checked(await fetch(address), ...allowed);
}

async function checked(response: Response, ...allowed: number[]): Promise<Response> {
  if (response.ok || allowed.includes(response.status)) return response;
  throw new Error((await response.text()).trim() || `the server says ${response.status}`);
}

/** The files of a store: the database, the log beside it and the notes about it, by how they are called. */
export interface DroppedFiles {
  readonly file: File;
  readonly log?: File;
  readonly notes?: File;
}

/** Finds a store among files; undefined when there is none. */
export function filesOf(files: readonly File[]): DroppedFiles | undefined {
  const file = files.find(({ name }) => !/-(wal|shm)$|\.json$/.test(name));
  return (
    file && {
      file,
      log: files.find(({ name }) => name === `${file.name}-wal`),
      notes: files.find(({ name }) => name === `${file.name}.notes.json`),
    }
  );
}

/** A store that was dropped on the page. @throws Error when it is none. */
export async function droppedSource({
  file,
  log,
  notes,
}: DroppedFiles): Promise<Source & { overview: Overview }> {
  const overview = await ask("open", {
    wasm: (await embedded("sqlite")).buffer,
    file: await file.arrayBuffer(),
    log: await log?.arrayBuffer(),
  });
  let kept: Notes = notes ? readNotes(await notes.text()) : {};
  return {
    overview,
    live: false,
    follow: () => {},
    close: () => {},
    table: async (study) => decodeTable(await ask("table", { study })),
    trial: (identity) => ask("trial", { identity }),
    artifact: async (identity, name) => {
      const bytes = await ask("artifact", { identity, name });
      if (!bytes) throw new Error(`there is no file ${name}, or it is larger than 64 MB`);
      return bytes;
    },
    notes: async () => kept,
    keep: async (about, note) => {
      kept = withNote(kept, about, note);
      return kept;
    },
  };
}

function readNotes(text: string): Notes {
  const { filigreeNotes, notes } = JSON.parse(text) as { filigreeNotes?: unknown; notes?: Notes };
  if (filigreeNotes !== NOTES_VERSION || typeof notes !== "object")
    throw new Error("the notes are none of Filigree's");
  return notes;
}
