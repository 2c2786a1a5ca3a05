// Where the thesis's data lies on machines that have it; tests that need it are skipped elsewhere.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../shared/reference/dataset/", import.meta.url));

export const trainingFile = `${folder}train.csv`;
export const testFile = `${folder}test.csv`;
export const absent = !existsSync(trainingFile);
export const suffix = absent ? " (skipped: no ../shared/reference)" : "";
