// The one place that knows the SQLite package. It opens files so that a wrong one is answered with a clear line and one
// that may only be read is read, keeps prepared statements, runs transactions, and turns the database's complaints into
// ours.
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import Sqlite from "libsql";
import { FileError, FiligreeError, InputError } from "../errors.js";
import { realPath } from "../files.js";
import { applicationId, migrations } from "./schema.js";

/** What can be bound to a statement. Booleans are left out: the package aborts the process on one. */
export type Bindable = number | string | null | Uint8Array;
/** A row by column names; `bytesOf` reads a BLOB. */
export type Row = Record<string, unknown>;

type Statement = Sqlite.Statement<Bindable[]>;

/**
 * How long a statement waits for another process's transaction, in milliseconds. Nothing else happens meanwhile, and no
 * Ctrl-C is heard: who may wait longer does so with `whenFree`.
 */
const blocking = { read: 2_000, write: 100 };
/** How long `whenFree` waits without a word, between two tries, and in all; in milliseconds. */
const silence = 1_000;
const pause = 50;
const patience = 60_000;

/** A connection to one store file. */
export class Database {
  readonly path: string;
  private readonly sqlite: Sqlite.Database;
  private readonly mode: Mode;
  private readonly statements = new Map<string, Statement>();
  /** The folder of a copy that is read instead. */
  private readonly copy: string | undefined;
  /** The file that was opened for writing, as the system knows it. */
  private file: string | undefined;

  private constructor(path: string, sqlite: Sqlite.Database, mode: Mode, copy?: string) {
    this.path = path;
    this.mode = mode;
    this.sqlite = sqlite;
    this.copy = copy;
  }

  /**
   * Opens a store and brings it to this program's version.
   * @param mode `write` creates the file when it is missing; `read` refuses to change anything, and needs no right to
   * write the file or beside it. Where nobody may write, a reader sees the store as it is when it is opened.
   * @throws FileError, InputError: no such file, a directory, another program's file, a damaged or a newer store.
   */
  static open(path: string, mode: Mode): Database {
    const size = sizeOf(path, mode);
    if (size === 0 && mode === "read") throw new InputError({ where: path, what: "is not a Filigree store" });
    // SQLite would leave files of the reader's beside it, which its owner may not write.
    if (mode === "read" && !isWritable(path) && !existsSync(`${realPath(path)}-shm`)) {
      return Database.openSealed(path);
    }
    try {
      return Database.connect(path, resolve(path), mode, size === 0);
    } catch (error) {
      if (mode === "write" || !(error instanceof StoreSealed)) throw error;
    }
    return Database.openSealed(path);
  }

  // SQLite reads a store with a log only where it may write beside it, or where a writer has left the log's index.
  private static openSealed(path: string): Database {
    const log = `${realPath(path)}-wal`;
    if (!statSync(log, { throwIfNoEntry: false })?.size) {
      return Database.connect(path, `${pathToFileURL(realPath(path))}?immutable=1`, "read", false);
    }
    // What the log holds has to be moved into the file, so into a copy of it.
    const folder = temporaryFolder();
    try {
      const copy = join(folder, "store.db");
      copyFile(path, copy);
      copyFile(log, `${copy}-wal`);
      return Database.connect(path, copy, "read", false, folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private static connect(path: string, place: string, mode: Mode, fresh: boolean, copy?: string): Database {
    let sqlite: Sqlite.Database;
    try {
      sqlite = new Sqlite(place);
    } catch (error) {
      const code = existsSync(dirname(path)) ? "EACCES" : "ENOENT";
      throw new FileError(path, Object.assign(new Error("cannot open", { cause: error }), { code }), mode);
    }
    const database = new Database(path, sqlite, mode, copy);
    try {
      database.prepare(fresh);
      if (mode === "read") database.exec("PRAGMA query_only = 1");
      else database.file = identify(path);
      return database;
    } catch (error) {
      sqlite.close();
      throw error;
    }
  }

  private prepare(fresh: boolean): void {
    this.exec(`PRAGMA busy_timeout = ${blocking[this.mode]}`);
    const id = this.number("PRAGMA application_id");
    if (!fresh && id !== applicationId && this.number("SELECT count(*) AS n FROM sqlite_master") > 0) {
      throw new InputError({ where: this.path, what: "is an SQLite database, but not a Filigree store" });
    }
    if (this.version() > migrations.length) {
      throw new InputError({
        where: this.path,
        what: `is from a newer Filigree (store version ${this.version()}, this one knows ${migrations.length})`,
        hint: "update Filigree",
      });
    }
    // A kill loses nothing that was committed; a power cut may lose the last commits, never the file.
    this.exec("PRAGMA synchronous = NORMAL");
    this.exec("PRAGMA foreign_keys = ON");
    if (this.version() === migrations.length) return;
    if (id === 0) {
      this.exec("PRAGMA auto_vacuum = INCREMENTAL");
      this.enterWal();
    }
    this.transaction(() => {
      // Another process may have been first.
      for (const script of migrations.slice(this.version())) this.exec(script);
      this.exec(`PRAGMA application_id = ${applicationId}`);
      this.exec(`PRAGMA user_version = ${migrations.length}`);
    });
  }

  // Here SQLite may refuse at once, whatever the busy timeout, when another process is creating the same store.
  private enterWal(): void {
    const end = Date.now() + silence;
    for (;;) {
      try {
        this.exec("PRAGMA journal_mode = WAL");
        return;
      } catch (error) {
        if (!(error instanceof StoreBusy) || Date.now() > end) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
  }

  private version(): number {
    return this.number("PRAGMA user_version");
  }

  private number(sql: string): number {
    return Object.values(this.get(sql) ?? {})[0] as number;
  }

  /** Runs a statement and says how many rows it changed. */
  run(sql: string, ...values: Bindable[]): number {
    return this.guard(() => this.statement(sql).run(...values).changes);
  }

  /** The first row, if any. For statements that have at most one: the package's own `get` would leave it open. */
  get(sql: string, ...values: Bindable[]): Row | undefined {
    return this.all(sql, ...values)[0];
  }

  /** All rows. */
  all(sql: string, ...values: Bindable[]): Row[] {
    return this.guard(() => this.statement(sql).all(...values)) as Row[];
  }

  /** Runs a script of several statements. */
  exec(sql: string): void {
    this.guard(() => this.sqlite.exec(sql));
  }

  /**
   * Runs `work` in one transaction: all of it is kept, or, when it throws, nothing.
   * @throws StoreError also when the file has been deleted or replaced: what it would keep, nobody could find.
   */
  transaction<T>(work: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      const result = work();
      if (this.file !== undefined && identify(this.path) !== this.file) {
        const what = "the store was deleted, moved or replaced while it was in use";
        const hint = "put it back, or run the same command again to start anew";
        throw new StoreError({ where: this.path, what, hint });
      }
      this.run("COMMIT");
      return result;
    } catch (error) {
      // A full disk has already rolled back.
      if (this.sqlite.inTransaction) this.run("ROLLBACK");
      throw error;
    }
  }

  /** Runs reads so that all see the same state of the store. */
  snapshot<T>(work: () => T): T {
    this.run("BEGIN");
    try {
      return work();
    } finally {
      this.run("COMMIT");
    }
  }

  /** Closes the connection. A writer moves what the log holds into the file, unless someone reads at the moment. */
  close(): void {
    if (this.mode === "write") {
      try {
        this.exec("PRAGMA busy_timeout = 0");
        this.all("PRAGMA wal_checkpoint(TRUNCATE)");
      } catch {
        // The log stays beside the file and is part of the store.
      }
    }
    this.statements.clear();
    this.sqlite.close();
    if (this.copy !== undefined) rmSync(this.copy, { recursive: true, force: true });
  }

  private statement(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.sqlite.prepare(sql) as Statement;
      this.statements.set(sql, statement);
    }
    return statement;
  }

  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** What a column of JSON holds. @throws StoreError when it is not JSON. */
  parse(column: unknown): unknown {
    try {
      return JSON.parse(column as string);
    } catch (error) {
      throw this.damaged(error);
    }
  }

  /** For whoever finds in the store what cannot have been written there. */
  damaged(cause?: unknown): StoreError {
    const hint = "restore a copy, or save what can be read with `sqlite3 FILE .recover`";
    return new StoreError({ where: this.path, what: "the store is damaged", hint, cause });
  }

  private explain(error: unknown): unknown {
    const { rawCode: code, message } = error as { rawCode?: number; message: string };
    if (code === undefined) return error;
    const where = this.path;
    // The package has no names for many codes; what an extended one means is in its lowest byte.
    const kind = code === IOERR_WRITE || code === IOERR_SHMSIZE ? FULL : code & 0xff;
    if (kind === FULL) {
      const hint = "free some space and run the same command again; everything recorded so far is kept";
      return new StoreError({ where, what: "the disk is full", hint, cause: error });
    }
    if (kind === NOTADB) {
      return new InputError({ where, what: "is not a Filigree store", hint: "check the path", cause: error });
    }
    // Our statements fit our tables: these are not ours any more.
    if (kind === CORRUPT || (kind === ERROR && /^no such (table|column)|^malformed JSON/.test(message))) {
      return this.damaged(error);
    }
    if (kind === BUSY || kind === PROTOCOL) {
      const what = "another program is writing to the store and keeps it locked";
      return new StoreBusy({ where, what, hint: "close it and run the same command again", cause: error });
    }
    if (kind === READONLY || kind === CANTOPEN || kind === PERM) {
      const what = "no permission to write it or beside it";
      return new StoreSealed({ where, what, hint: "change the permissions or copy the store", cause: error });
    }
    if (kind === IOERR) {
      const what = `the disk cannot be read or written (SQLite's error ${code})`;
      return new StoreError({ where, what, hint: "check the disk", cause: error });
    }
    if (mistakes.includes(kind)) return error;
    return new StoreError({ where, what: `SQLite cannot use the store: ${message}`, cause: error });
  }
}

type Mode = "read" | "write";

// SQLite's result codes (https://www.sqlite.org/rescode.html).
const [ERROR, PERM, BUSY, READONLY, IOERR, CORRUPT, FULL] = [1, 3, 5, 8, 10, 11, 13];
const [CANTOPEN, PROTOCOL, NOTADB, IOERR_WRITE, IOERR_SHMSIZE] = [14, 15, 26, 778, 4874];
/** Those that only a mistake of ours can cause: ERROR, CONSTRAINT, MISMATCH, MISUSE and RANGE. */
const mistakes = [1, 19, 20, 21, 25];

/** The store cannot be written or read: no trial is to blame, and a run cannot go on. */
export class StoreError extends FiligreeError {}

/** Another program has the store at the moment. Nothing was done. */
export class StoreBusy extends StoreError {}

class StoreSealed extends StoreError {}

/**
 * Does work on a store as soon as no other program keeps it locked. Signals are heard while it waits.
 * @param notify told once when that takes longer than a moment.
 * @throws StoreBusy after a minute; the signal's reason; whatever `work` throws.
 */
export async function whenFree<T>(
  work: () => T,
  signal?: AbortSignal,
  notify: (text: string) => void = () => {},
): Promise<T> {
  const begun = performance.now();
  for (let told = false; ; ) {
    try {
      return work();
    } catch (error) {
      const waited = performance.now() - begun;
      if (!(error instanceof StoreBusy) || waited > patience) throw error;
      signal?.throwIfAborted();
      if (waited > silence && !told) {
        notify(`${error.where}: another program is writing to the store; waiting until it has finished`);
        told = true;
      }
      await setTimeout(pause, undefined, { signal }).catch(() => {});
    }
  }
}

/** All files that belong to the store at a path: SQLite keeps what it wrote last beside it. */
export function storeFiles(path: string): string[] {
  return ["", "-wal", "-shm"].map((end) => realPath(path) + end);
}

/** The bytes of a BLOB column. */
export function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(value as ArrayBuffer);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "filigree-store-"));
  } catch (error) {
    throw new FileError(tmpdir(), error, "write");
  }
}

function copyFile(from: string, to: string): void {
  try {
    closeSync(openSync(from, "r"));
  } catch (error) {
    throw new FileError(from, error, "read");
  }
  try {
    copyFileSync(from, to);
  } catch (error) {
    throw new FileError(to, error, "write");
  }
}

/** Which file a path leads to at the moment; undefined when there is none. */
function identify(path: string): string | undefined {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there && `${there.dev}:${there.ino}`;
}

function sizeOf(path: string, mode: Mode): number {
  if (path === "") throw new InputError({ what: "the name of the store is empty", hint: "name a file" });
  try {
    const stat = statSync(path);
    if (stat.isFile()) return stat.size;
    if (!stat.isDirectory()) throw new InputError({ where: path, what: "is not an ordinary file" });
    throw Object.assign(new Error("not a file"), { code: "EISDIR" });
  } catch (error) {
    if (mode === "write" && (error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error instanceof InputError ? error : new FileError(path, error, mode);
  }
}
