// Deleting a study without hurting others: a trial goes when no study that stays has it or needs it, and a file's
// content goes with its last user.
import { InputError } from "../errors.js";
import { StoreBusy } from "./database.js";
import { StoreReader } from "./reading.js";
import type { Store } from "./store.js";

/**
 * Deletes a study and all trials that no other study has or starts from: its own, and those that it or a study deleted
 * before no longer had after a change of its file.
 * @returns how many trials went.
 * @throws InputError when there is no such study or some of the trials are being run.
 */
export function deleteStudy(store: Store, name: string): number {
  const { database } = store;
  store.takeBack();
  const { id } = new StoreReader(database).study(name);
  const count = database.transaction(() => {
    database.exec(`
      CREATE TEMP TABLE gone AS
        WITH RECURSIVE kept (trial) AS (
          SELECT trial FROM member WHERE study <> ${id}
          UNION SELECT need.needed FROM kept JOIN need ON need.trial = kept.trial
        ) SELECT id FROM trial WHERE id NOT IN (SELECT trial FROM kept)`);
    const running = database.get(
      "SELECT count(*) AS n FROM trial WHERE runner IS NOT NULL AND id IN (SELECT id FROM gone)",
    );
    if (running?.n !== 0) {
      throw new InputError({
        where: name,
        what: `${running?.n} of the trials that would go are being run`,
        hint: "stop the run first",
      });
    }
    database.run("DELETE FROM member WHERE study = ?", id);
    database.run("DELETE FROM study WHERE id = ?", id);
    for (const table of ["need", "attempt", "summary", "series", "checkpoint", "artifact"]) {
      database.run(`DELETE FROM ${table} WHERE trial IN (SELECT id FROM gone)`);
    }
    const trials = database.run("DELETE FROM trial WHERE id IN (SELECT id FROM gone)");
    database.run("DELETE FROM content WHERE id NOT IN (SELECT content FROM artifact)");
    database.exec("DROP TABLE gone");
    return trials;
  });
  try {
    database.exec("PRAGMA incremental_vacuum");
  } catch (error) {
    // The room that became free stays in the file and is used again.
    if (!(error instanceof StoreBusy)) throw error;
  }
  return count;
}
