// One look at the store for all who watch it. While anyone does, the hub looks once a second and sends everybody the same
// text, so that five pages cost what one does; without anyone it does nothing. It opens the store anew when the file was
// replaced, and says so while there is none or it cannot be read.
import { statSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import { FiligreeError, InputError } from "../../errors.js";
import { Database } from "../../study/database.js";
import { deadRunners } from "../../study/store.js";
import { deltaOf, encodeTable, type TrialTable } from "../store/table.js";
import { readArtifact, readTrial } from "../store/trial.js";
import { changedStates, readTable, refresh, type StudyTable } from "../store/trials.js";
import { StoreWatch } from "../store/watch.js";

/** Milliseconds between two looks. */
const PERIOD = 1_000;
/** Tables that are kept, of the studies that were looked at last, and pages of trials. */
const KEPT = { tables: 4, trials: 64 } as const;
/** Beyond so many changed rows a page had better fetch the table. */
const LARGEST_DELTA = 20_000;

/** Someone who is told what happens: a name and a line of JSON. */
export interface Listener {
  /** The study whose rows it wants. */
  readonly study?: number;
  tell(event: "overview" | "delta" | "reload" | "fault", data: string): void;
}

interface Kept extends StudyTable {
  /** The table as bytes, as long as nothing has changed. */
  bytes?: Uint8Array<ArrayBuffer>;
}

interface Open {
  readonly database: Database;
  readonly watch: StoreWatch;
  /** Which file it is, as the system knows it. */
  readonly file: string | undefined;
  readonly tables: Map<number, Kept | Promise<Kept>>;
  readonly trials: Map<string, string | undefined>;
}

export class Hub {
  private readonly path: string;
  private readonly onMistake: (error: unknown) => void;
  private readonly listeners = new Set<Listener>();
  private timer: NodeJS.Timeout | undefined;
  private open: Open | undefined;
  private fault = "";
  private overview = "";
  /** Counts the files that the path has led to: what was read of one says nothing of the next. */
  private generation = 0;

  /**
   * @param onMistake told of errors that are mistakes of ours or of whoever made the store, and not the reader's.
   * @throws FileError, InputError, StoreError when there is no store at the path or it cannot be read.
   */
  constructor(path: string, onMistake: (error: unknown) => void) {
    this.path = path;
    this.onMistake = onMistake;
    this.open = this.connect();
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.disconnect();
  }

  /** Tells someone how things are, and from then on what changes, until `remove`. */
  add(listener: Listener): void {
    if (this.listeners.size === 0) {
      this.look();
      this.timer = setInterval(() => this.look(), PERIOD);
    }
    this.listeners.add(listener);
    if (this.fault !== "") listener.tell("fault", JSON.stringify(this.fault));
    else listener.tell("overview", this.overview);
  }

  remove(listener: Listener): void {
    this.listeners.delete(listener);
    if (this.listeners.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** The table of a study as bytes, with the number of the file that it is of. @throws FiligreeError when it cannot be read. */
  async table(study: number): Promise<{ bytes: Uint8Array<ArrayBuffer>; generation: number }> {
    const open = this.current();
    const { generation } = this;
    const kept = await this.kept(open, study);
    kept.bytes ??= encodeTable(kept.table);
    return { bytes: kept.bytes, generation };
  }

  private async kept(open: Open, study: number): Promise<Kept> {
    const known = open.tables.get(study);
    if (known !== undefined) {
      // What was looked at last stays longest.
      open.tables.delete(study);
      open.tables.set(study, known);
      return known;
    }
    const written = () => open.database.get("PRAGMA data_version")?.data_version;
    const before = written();
    const reading: Promise<Kept> = readTable(open.database, study, breathe).then((kept: Kept) => {
      // Between its pieces others may have written, and those who looked may have found what this has read before.
      if (written() !== before) {
        const changed = changedStates(open.database, study, kept);
        open.database.snapshot(() => refresh(open.database, kept, changed));
      }
      if (open.tables.get(study) === reading) open.tables.set(study, kept);
      return kept;
    });
    open.tables.set(study, reading);
    reading.catch(() => open.tables.delete(study));
    for (const oldest of open.tables.keys()) {
      if (open.tables.size <= KEPT.tables) break;
      open.tables.delete(oldest);
    }
    return reading;
  }

  /** Everything about a trial as JSON; undefined when there is none. @throws FiligreeError when it cannot be read. */
  trial(identity: string): string | undefined {
    const { database, trials } = this.current();
    if (!trials.has(identity)) {
      const trial = readTrial(database, identity);
      trials.set(identity, trial && JSON.stringify(trial));
      for (const oldest of trials.keys()) {
        if (trials.size <= KEPT.trials) break;
        trials.delete(oldest);
      }
    }
    return trials.get(identity);
  }

  /** A file of a trial; undefined when there is none. @throws FiligreeError when it cannot be read. */
  artifact(identity: string, name: string): Uint8Array<ArrayBuffer> | undefined {
    return readArtifact(this.current().database, identity, name);
  }

  // The open store; looks first when nobody is watching, as what was read before may be of long ago.
  private current(): Open {
    if (this.timer === undefined) this.look();
    if (this.open) return this.open;
    throw new FiligreeError({ what: this.fault });
  }

  private connect(): Open {
    // Read before: of one that takes its place meanwhile the next look says that it is another.
    const file = identify(this.path);
    const database = Database.open(this.path, "read");
    try {
      const watch = new StoreWatch(database, () => deadRunners(database));
      this.generation++;
      return { database, watch, file, tables: new Map(), trials: new Map() };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private disconnect(): void {
    this.open?.database.close();
    this.open = undefined;
  }

  private look(): void {
    try {
      const file = identify(this.path);
      if (file === undefined) {
        const what = "the store is not there any more";
        throw new InputError({ where: this.path, what, hint: "put it back, or run the study again" });
      }
      if (this.open && this.open.file !== file) this.disconnect();
      this.open ??= this.connect();
      this.follow(this.open);
      const { studies, runners } = this.open.watch.overview();
      const overview = JSON.stringify({ generation: this.generation, store: this.path, studies, runners });
      if (overview !== this.overview || this.fault !== "") this.tell("overview", overview);
      this.overview = overview;
      this.fault = "";
    } catch (error) {
      this.disconnect();
      const fault =
        error instanceof FiligreeError
          ? error.message
          : `${this.path}: the store cannot be read: ${String(error)}`;
      if (fault === this.fault) return;
      this.fault = fault;
      this.tell("fault", JSON.stringify(fault));
      if (!(error instanceof FiligreeError)) this.onMistake(error);
    }
  }

  private follow(open: Open): void {
    const { database, watch, tables, trials } = open;
    const { trials: changed, members, begun } = watch.look();
    if (changed.size === 0 && !members && !begun) {
      // Epochs are recorded without an attempt that would tell.
      if (watch.hasWritten) trials.clear();
      return;
    }
    trials.clear();
    for (const [study, kept] of tables) {
      if (members) {
        tables.delete(study);
        this.tell("reload", JSON.stringify({ study }), study);
        continue;
      }
      // One that is being read looks for changes when it is whole.
      if (kept instanceof Promise) continue;
      const rows = database.snapshot(() => {
        const all = begun ? [...changed, ...changedStates(database, study, kept)] : changed;
        return refresh(database, kept, new Set(all));
      });
      if (rows.length > 0) this.send(study, kept, rows);
    }
  }

  private send(study: number, kept: Kept, rows: readonly number[]): void {
    const { table } = kept as { table: TrialTable };
    table.version++;
    kept.bytes = undefined;
    if (![...this.listeners].some((listener) => listener.study === study)) return;
    if (rows.length > LARGEST_DELTA) this.tell("reload", JSON.stringify({ study }), study);
    else this.tell("delta", JSON.stringify(deltaOf(table, rows)), study);
  }

  private tell(event: Parameters<Listener["tell"]>[0], data: string, study?: number): void {
    for (const listener of this.listeners) {
      if (study === undefined || listener.study === study) listener.tell(event, data);
    }
  }
}

/** Which file a path leads to at the moment; undefined when there is none. */
function identify(path: string): string | undefined {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there && `${there.dev}:${there.ino}`;
}
