// The page's Worker: it reads a store that was dropped on the page, with SQLite compiled to WebAssembly and the same questions
// that the server asks, and computes importances. It answers one question after the other.
import initialise, { type Database } from "sql.js";
import { applicationId, migrations } from "../../study/schema.js";
import { isDatabase, mergeLog } from "../store/log.js";
import { first, type Row, type Rows } from "../store/rows.js";
import { encodeTable } from "../store/table.js";
import { readArtifact, readTrial, type TrialPage } from "../store/trial.js";
import { readTable } from "../store/trials.js";
import { type Overview, StoreWatch } from "../store/watch.js";
import { type ImportanceInput, type Importances, importancesOf } from "./importance.js";

/** What can be asked, and what is answered. */
export interface Questions {
  open(asked: { wasm: ArrayBuffer; file: ArrayBuffer; log?: ArrayBuffer }): Overview;
  table(asked: { study: number }): ArrayBuffer;
  trial(asked: { identity: string }): TrialPage | undefined;
  artifact(asked: { identity: string; name: string }): Uint8Array<ArrayBuffer> | undefined;
  importances(asked: ImportanceInput): Importances | undefined;
}

export interface Question {
  readonly id: number;
  readonly name: keyof Questions;
  readonly asked: unknown;
}

export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

type Given<Name extends keyof Questions> = Parameters<Questions[Name]>[0];

let rows: Rows | undefined;

function opened(): Rows {
  if (!rows) throw new Error("no store was opened");
  return rows;
}

/** A database in memory; nobody writes it, so that every question sees the same state. */
function rowsOf(database: Database): Rows {
  return {
    all(sql, ...values) {
      const statement = database.prepare(sql, values);
      const found: Row[] = [];
      while (statement.step()) found.push(statement.getAsObject());
      statement.free();
      return found;
    },
    snapshot: (work) => work(),
  };
}

async function open({ wasm, file, log }: Given<"open">): Promise<Overview> {
  const bytes = new Uint8Array(file);
  if (!isDatabase(bytes)) throw new Error("it is no SQLite database");
  const sqlite = await initialise({ wasmBinary: wasm });
  const database = new sqlite.Database(mergeLog(bytes, log && new Uint8Array(log)));
  const found = rowsOf(database);
  const number = (name: string) => Number(first(found, `PRAGMA ${name}`)?.[name]);
  if (number("application_id") !== applicationId) throw new Error("it is no Filigree store");
  const version = number("user_version");
  if (version > migrations.length) throw new Error("it is from a newer Filigree, whose dashboard reads it");
  // Of an older one the copy in memory is brought up to date, as the command line does with the file.
  for (const script of migrations.slice(version)) database.exec(script);
  rows = found;
  // Whether a runner on this machine lives cannot be seen from a page; nothing is said to run.
  const watch = new StoreWatch(found, () => found.all("SELECT id FROM runner").map(({ id }) => id as number));
  return watch.overview();
}

const answers: { [Name in keyof Questions]: (asked: Given<Name>) => unknown } = {
  open,
  table: async ({ study }) => encodeTable((await readTable(opened(), study, async () => {})).table).buffer,
  trial: ({ identity }) => readTrial(opened(), identity),
  artifact: ({ identity, name }) => readArtifact(opened(), identity, name),
  importances: importancesOf,
};

export function serve(): void {
  addEventListener("message", async ({ data: { id, name, asked } }: MessageEvent<Question>) => {
    const post = (answer: Answer) => postMessage(answer);
    try {
      post({ id, value: await (answers[name] as (asked: unknown) => unknown)(asked) });
    } catch (error) {
      post({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
}
