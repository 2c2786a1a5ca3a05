// Where the published data and the exact oracles lie, for the tests that use them. They skip, with a message, where
// the folder is absent.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The path of a file of the reference folder. */
export function reference(path: string): string {
  return fileURLToPath(new URL(`../../shared/reference/${path}`, import.meta.url));
}

export const hasReference = existsSync(reference("README.md"));

/** Added to a test's name. */
export const skipNote = hasReference ? "" : " (skipped: ../shared/reference is absent)";
