// A folder for one test file, removed afterwards.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Paths inside a fresh folder: `path("a.db")`; without a name, a new one each time. */
export function testFolder(): (name?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "filigree-study-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return (name = `${count++}.db`) => join(folder, name);
}
