// The one place that knows the SQLite package. It opens files so that a wrong one is answered with a clear line,
// keeps prepared statements, runs transactions, and turns the database's complaints into ours.
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "libsql";
import { FileError, FiligreeError, InputError } from "../errors.js";
import { realPath } from "../files.js";
import { applicationId, migrations } from "./schema.js";

/** What can be bound to a statement. Booleans are left out: the package aborts the process on one. */
export type Bindable = number | string | null | Uint8Array;
/** A row by column names; `bytesOf` reads a BLOB. */
export type Row = Record<string, unknown>;

type Statement = Sqlite.Statement<Bindable[]>;

/** How long a statement waits for another process's transaction, in milliseconds. */
const patience = 60_000;

/** A connection to one store file. */
export class Database {
  readonly path: string;
  private readonly sqlite: Sqlite.Database;
  private readonly mode: "read" | "write";
  private readonly statements = new Map<string, Statement>();

  private constructor(path: string, sqlite: Sqlite.Database, mode: "read" | "write") {
    this.path = path;
    this.mode = mode;
    this.sqlite = sqlite;
  }

  /**
   * Opens a store and brings it to this program's version.
   * @param mode `write` creates the file when it is missing; `read` refuses to change anything.
   * @throws FileError, InputError: no such file, a directory, another program's file, a damaged or a newer store.
   */
  static open(path: string, mode: "read" | "write"): Database {
    const size = sizeOf(path, mode);
    if (size === 0 && mode === "read") throw new InputError({ where: path, what: "is not a Filigree store" });
    let sqlite: Sqlite.Database;
    try {
      sqlite = new Sqlite(path);
    } catch (error) {
      const code = existsSync(dirname(path)) ? "EACCES" : "ENOENT";
      throw new FileError(path, Object.assign(new Error("cannot open", { cause: error }), { code }), mode);
    }
    const database = new Database(path, sqlite, mode);
    try {
      database.prepare(size === 0);
      if (mode === "read") database.exec("PRAGMA query_only = 1");
      return database;
    } catch (error) {
      sqlite.close();
      throw error;
    }
  }

  private prepare(fresh: boolean): void {
    this.exec(`PRAGMA busy_timeout = ${patience}`);
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
    const end = Date.now() + patience;
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

  /** Runs `work` in one transaction: all of it is kept, or, when it throws, nothing. */
  transaction<T>(work: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      const result = work();
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
    const code = String((error as { code?: unknown }).code ?? "");
    const where = this.path;
    if (code === "SQLITE_FULL" || code === "SQLITE_IOERR_WRITE" || code === "SQLITE_IOERR_SHMSIZE") {
      const hint = "free some space and run the same command again; everything recorded so far is kept";
      return new StoreError({ where, what: "the disk is full", hint, cause: error });
    }
    if (code === "SQLITE_NOTADB") {
      return new InputError({ where, what: "is not a Filigree store", hint: "check the path", cause: error });
    }
    if (code.startsWith("SQLITE_CORRUPT")) return this.damaged(error);
    // Our statements fit our tables: these are not ours any more.
    if (code === "SQLITE_ERROR" && /^no such (table|column)|^malformed JSON/.test((error as Error).message)) {
      return this.damaged(error);
    }
    if (code.startsWith("SQLITE_BUSY")) {
      const what = `another program has kept the store locked for ${patience / 1000} seconds`;
      return new StoreBusy({ where, what, hint: "close it and run the same command again", cause: error });
    }
    if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN") || code === "SQLITE_PERM") {
      const what = "no permission to write it or beside it";
      return new StoreError({ where, what, hint: "change the permissions or copy the store", cause: error });
    }
    if (code.startsWith("SQLITE_IOERR")) {
      const what = `the disk cannot be read or written (${code})`;
      return new StoreError({ where, what, hint: "check the disk", cause: error });
    }
    return error;
  }
}

/** The store cannot be written or read: no trial is to blame, and a run cannot go on. */
export class StoreError extends FiligreeError {}

class StoreBusy extends StoreError {}
/** All files that belong to the store at a path: SQLite keeps what it wrote last beside it. */
export function storeFiles(path: string): string[] {
  return ["", "-wal", "-shm"].map((end) => realPath(path) + end);
}

/** The bytes of a BLOB column. */
export function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(value as ArrayBuffer);
}

function sizeOf(path: string, mode: "read" | "write"): number {
  try {
    const stat = statSync(path);
    if (stat.isFile()) return stat.size;
    throw Object.assign(new Error("not a file"), { code: "EISDIR" });
  } catch (error) {
    if (mode === "write" && (error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw new FileError(path, error, mode);
  }
}
