// Deleting a study without hurting others: a trial goes only when no other study has it and nothing that stays was
// started from it, and a file's content only with its last user.
import { InputError } from "../errors.js";
import { StoreReader } from "./reading.js";
import type { Store } from "./store.js";

/**
 * Deletes a study and the trials that only it has.
 * @returns how many trials went.
 * @throws InputError when there is no such study or some of its trials are being run.
 */
export function deleteStudy(store: Store, name: string): number {
  const { database } = store;
  store.takeBack();
  const { id } = new StoreReader(database).study(name);
  const count = database.transaction(() => {
    // Its trials and what they need, less what other studies have or need.
    database.exec(`
      CREATE TEMP TABLE gone AS
        WITH RECURSIVE own (trial) AS (
          SELECT trial FROM member WHERE study = ${id}
          UNION SELECT need.needed FROM own JOIN need ON need.trial = own.trial
        ), kept (trial) AS (
          SELECT trial FROM member WHERE study <> ${id}
          UNION SELECT need.needed FROM kept JOIN need ON need.trial = kept.trial
        ) SELECT trial AS id FROM own WHERE trial NOT IN (SELECT trial FROM kept)`);
    const running = database.get(
      "SELECT count(*) AS n FROM trial WHERE runner IS NOT NULL AND id IN (SELECT id FROM gone)",
    );
    if (running?.n !== 0) {
      throw new InputError({
        where: name,
        what: `${running?.n} of its trials are being run`,
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
  database.exec("PRAGMA incremental_vacuum");
  return count;
}
