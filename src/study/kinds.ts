// The kind that comes with the study machinery itself and does nothing, to measure what the machinery costs and to try
// out study files. The kinds that train networks live with the experiments, which put them all into one registry.
import { z } from "zod";
import type { TrialKind } from "./kind.js";

/** Does nothing: the summary repeats the number `value` of the configuration. */
export const noop: TrialKind<{ value: number }> = {
  name: "noop",
  version: 1,
  metrics: ["value"],
  schema: z.strictObject({ value: z.number().default(0) }),
  run: ({ value }) => Promise.resolve({ summary: { value }, artifacts: {} }),
};
