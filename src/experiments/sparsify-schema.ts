// How a training in a study is made sparse: the options of `filigree train --sparsify` under the same names as in the library.
import { z } from "zod";
import { InputError } from "../errors.js";
import type { Network } from "../network/network.js";
import { distributions } from "../sparsify/density.js";
import { methodNames, methodOf, type Sparsification, sparsifying } from "../sparsify/methods.js";
import { extras } from "../sparsify/parts.js";
import { parsePattern } from "../sparsify/pattern.js";
import { densities } from "../sparsify/prune.js";
import { scopes } from "../sparsify/scope.js";
import { targets } from "../sparsify/target.js";
import type { Sparsify } from "../train/sparsifier.js";

const given = z.strictObject({
  method: z.enum(methodNames),
  density: z
    .union([z.number(), z.record(z.string(), z.number())])
    .optional()
    .describe("Share of the weights that is kept, or one for each gate; or percent says what goes."),
  percent: z.number().min(0).max(100).optional(),
  pattern: z
    .string()
    .optional()
    .describe("weight when left out; blocks such as 16x1, n of m such as 2:4, edge, or unit."),
  scope: z.enum(scopes).optional().describe("Which weights compete; the method says when left out."),
  distribution: z.enum(distributions).optional(),
  target: z.enum(targets).optional(),
  also: z.array(z.enum(extras)).optional().describe("Matrices besides those of the cells."),
  keepDiagonal: z.boolean().optional(),
  begin: z.number().optional(),
  end: z.number().optional().describe("With begin, where masks change, as shares of the updates."),
  every: z.int().optional().describe("Updates from one change of masks to the next."),
  share: z.number().optional(),
  rounds: z.int().optional(),
  rewind: z.union([z.int(), z.literal("rate")]).optional(),
  batches: z.int().optional(),
  backward: z.number().optional(),
  penalty: z.number().optional(),
});

/** A percentage becomes a density, and everything is checked as far as it can be without a network. */
export const sparsifySchema = given.transform(({ percent, density, ...rest }, context) => {
  const complain = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  if ((percent === undefined) === (density === undefined)) return complain("takes either density or percent");
  const kept = density ?? 1 - (percent ?? 0) / 100;
  try {
    methodOf(sparsificationOf({ ...rest, density: kept }));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return complain(error.message);
  }
  return { ...rest, density: kept };
});

export type SparsifyConfiguration = z.output<typeof sparsifySchema>;

/** How `train` is told. */
export function sparsifyOf(configuration: SparsifyConfiguration | undefined): Sparsify | undefined {
  return configuration && sparsifying(sparsificationOf(configuration));
}

function sparsificationOf({ pattern, ...rest }: SparsifyConfiguration): Sparsification {
  return { ...rest, ...(pattern !== undefined && { pattern: parsePattern(pattern) }) };
}

/** What is left of the matrices of a network that was made sparse, for a trial's summary. */
export function leftOf(
  network: Network,
  { sparsify }: { readonly sparsify?: SparsifyConfiguration },
): Record<string, number> {
  if (!sparsify) return {};
  const all = densities(network);
  const sum = (key: "nonzeros" | "weights") => all.reduce((total, matrix) => total + matrix[key], 0);
  return { nonzeros: sum("nonzeros"), weights: sum("weights") };
}
