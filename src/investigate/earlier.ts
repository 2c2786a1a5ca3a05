// Results of an earlier run whose store is gone or on another machine: their rows are taken over, and what they tell is not
// trained again. The file is the `results.json` of that run, or what the documents keep of one (compressed by Brotli).
import { brotliDecompressSync } from "node:zlib";
import { z } from "zod";
import { InputError } from "../errors.js";
import { readBytes } from "../files.js";
import { cellKinds } from "../network/architecture.js";
import { targets } from "../sparsify/target.js";
import { canonicalJson } from "../study/json.js";
import { type Condition, shareable } from "./condition.js";
import type { Entry } from "./plan.js";
import { type RegimeName, regimeNames } from "./regimes.js";
import { type Row, rowKey } from "./row.js";
import type { Facts } from "./sitting.js";

/** Bytes that results may have: those of 100,000 trainings. */
const MOST_BYTES = 2 ** 27;

const whole = z.int().min(0);
const share = z.number().min(0).max(1);

const rowSchema = z.strictObject({
  condition: z.string(),
  cell: z.enum(cellKinds),
  regime: z.enum(regimeNames as [RegimeName, ...RegimeName[]]),
  target: z.enum(targets),
  sparsity: z.number().min(0).lt(100),
  hidden: whole,
  seed: whole,
  metric: z.number(),
  nonzeros: whole,
  weights: whole,
  parameters: whole,
  epochs: whole,
  seconds: z.number().min(0),
  gates: z.record(z.string(), share),
  retraining: z.array(z.number()).optional(),
  run: whole.default(0),
}) satisfies z.ZodType<Row>;

const factsSchema = z.strictObject({
  command: z.string(),
  scale: z.enum(["quick", "full"]),
  executor: z.string(),
  machine: z.string(),
  date: z.string(),
  versions: z.record(z.string(), z.string()),
  seeds: z.array(whole),
  seconds: z.number().min(0),
  total: whole,
  finished: whole,
  failed: whole,
}) satisfies z.ZodType<Facts>;

const resultsSchema = z.object({
  investigation: z.string(),
  facts: factsSchema,
  earlier: z.array(factsSchema).default([]),
  conditions: z.array(z.object({ name: z.string() }).loose()),
  rows: z.array(rowSchema),
});

/** Rows of earlier runs and what is known of these, the first one first; a row's `run` is a place among them. */
export interface Earlier {
  readonly runs: readonly Facts[];
  readonly rows: readonly Row[];
}

export const nothingEarlier: Earlier = { runs: [], rows: [] };

/**
 * Reads the results of an earlier run.
 * @param investigation whose results they have to be.
 * @param conditions those of the present run: what goes by their names has to be trained and judged in the same way.
 * @throws FileError when the file cannot be read, InputError when it holds something else or other conditions.
 */
export function readEarlier(path: string, investigation: string, conditions: readonly Condition[]): Earlier {
  const complain = (what: string, hint: string, cause?: unknown) =>
    new InputError({ where: path, what, hint, cause });
  const hint = `name the results.json of a run of investigate ${investigation}`;
  const bytes = readBytes(path);
  let json: unknown;
  try {
    const limit = { maxOutputLength: MOST_BYTES };
    json = JSON.parse((path.endsWith(".br") ? brotliDecompressSync(bytes, limit) : bytes).toString());
  } catch (error) {
    throw complain("holds no results", hint, error);
  }
  const read = resultsSchema.safeParse(json);
  if (!read.success) {
    const [{ path: field, message }] = read.error.issues;
    throw complain(`holds no results: ${[...field, message].join(" ")}`, hint);
  }
  const { facts, earlier, rows, ...file } = read.data;
  if (file.investigation !== investigation)
    throw complain(`has results of investigate ${file.investigation}`, hint);
  const runs = [...earlier, facts];
  const stray = rows.find(({ run }) => run >= runs.length);
  if (stray) throw complain(`a row is of run ${stray.run} of ${runs.length}`, hint);
  for (const condition of conditions) {
    const same = file.conditions.find(({ name }) => name === condition.name);
    if (same && canonicalJson(same) !== canonicalJson(shareable(condition)))
      throw complain(
        `was made with another condition ${condition.name}`,
        "give the same options and text, or leave --rows out",
      );
  }
  return { runs, rows };
}

/** Tells of an entry with some seeds whether all its rows are known. */
export function knowing({ rows }: Earlier): (entry: Entry, seeds: readonly number[]) => boolean {
  const keys = new Set(rows.map(rowKey));
  return ({ condition, ...entry }, seeds) =>
    seeds.every((seed) => keys.has(rowKey({ ...entry, condition: condition.name, seed })));
}

/** Earlier rows and those of the present run, which count where both have one. */
export function together({ runs, rows }: Earlier, own: readonly Omit<Row, "run">[]): Row[] {
  const present = own.map((row) => ({ ...row, run: runs.length }));
  return [...new Map([...rows, ...present].map((row) => [rowKey(row), row])).values()];
}
