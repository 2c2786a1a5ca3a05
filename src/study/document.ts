// The study file: what is fixed, what varies and how, how often, and what is to be optimised. This module knows its
// form and how to read it; `expand.ts` turns it into trials.
import { basename } from "node:path";
import { z } from "zod";
import { InputError } from "../errors.js";
import { readText } from "../files.js";
import { suggest } from "../suggest.js";
import { check } from "./check.js";
import type { Kinds } from "./kind.js";
import { parseYaml } from "./yaml.js";

const path = z
  .string()
  .regex(/^[^.]+(\.[^.]+)*$/, "write the path of a configuration value, for example train.rate")
  .refine((text) => !text.split(".").some((part) => part === "__proto__"), "not a possible name");

// The message for a value that is none of JSON's kinds: YAML has words for numbers that JSON has not.
const json = () => z.json("is not a value of JSON, which has no NaN and no infinities");

const record = z.record(path, json());

const range = z.strictObject({
  from: z.number().describe("The first value."),
  to: z.number().describe("The last value, included when the steps reach it."),
  step: z.number().positive().optional().describe("The distance between values; or give `count`."),
  count: z.int().min(2).optional().describe("How many values, evenly spaced, both ends included."),
  scale: z
    .enum(["linear", "log"])
    .default("linear")
    .describe("`log` spaces `count` values by equal factors."),
});

const pair = z.tuple([z.number(), z.number()]);
const draw = z.union([
  z.strictObject({ uniform: pair }).describe("A number between two bounds."),
  z
    .strictObject({ logUniform: pair })
    .describe("A number between two positive bounds, uniform in its logarithm."),
  z.strictObject({ integer: pair }).describe("A whole number between two bounds, both included."),
  z.strictObject({ normal: pair }).describe("A normal draw with this mean and standard deviation."),
  z.strictObject({ choice: z.array(json()).min(1) }).describe("One of these values."),
]);

/** The form of a study file. */
export const documentSchema = z.strictObject({
  $schema: z.string().optional().describe("For editors; has no effect."),
  name: z
    .string()
    .regex(
      /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u,
      "use letters, digits, spaces, dots, dashes and underscores",
    )
    .describe("What the study is called in its store. The file's name when left out."),
  kind: z.string().describe("What every trial does."),
  fixed: z.record(z.string(), json()).default({}).describe("Configuration values that all trials share."),
  list: z
    .array(record)
    .min(1)
    .optional()
    .describe("Configurations written out; each is combined with all the rest."),
  grid: z
    .record(path, z.union([z.array(json()).min(1), range]))
    .default({})
    .describe("Lists or ranges of values by path; every combination is a trial."),
  random: z
    .strictObject({
      draws: z.int().min(1).describe("How many draws; every one is combined with the whole grid."),
      values: z.record(path, draw).describe("Distributions by path."),
    })
    .optional()
    .describe("Values drawn at random; the same for the same `seed`."),
  replicates: z
    .int()
    .min(1)
    .default(1)
    .describe("How often each combination is run, with seeds counting up."),
  seed: z.int().min(0).default(0).describe("The seed of the first replicate, and of the random draws."),
  objective: z
    .strictObject({
      metric: z.string().min(1),
      direction: z.enum(["maximize", "minimize"]).default("maximize"),
    })
    .optional()
    .describe("The number of a trial's summary that says how good it is."),
  timeLimit: z
    .number()
    .positive()
    .optional()
    .describe("Seconds after which a trial is stopped and counts as failed."),
});

/** A study file as it may be written: everything but `name` and `kind` may be left out. */
export type StudyInput = z.input<typeof documentSchema>;
/** A study file with its defaults filled in. */
export type StudyDocument = z.output<typeof documentSchema>;
export type Range = z.output<typeof range>;
export type Draw = z.output<typeof draw>;

/** Whether the values of an axis of a grid are a range. */
export function isRange(values: StudyDocument["grid"][string]): values is Range {
  return !Array.isArray(values);
}

/** Checks a study written in TypeScript or read from elsewhere. @throws InputError that names the wrong key. */
export function parseStudy(value: unknown, where = "study"): StudyDocument {
  return check(documentSchema, value, where);
}

const largestFile = 16 * 2 ** 20;

/**
 * Reads a study file, YAML or JSON, and applies `KEY=VALUE` settings to it.
 * @throws FileError when it cannot be read, InputError when it is not YAML, a setting is wrong or the schema refuses it.
 */
export function readStudy(file: string, settings: readonly string[] = []): StudyDocument {
  const document = parseYaml(readText(file, largestFile), file);
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new InputError({
      where: file,
      what: "is not a study",
      hint: "begin with `kind:`, see docs/studies.md",
    });
  }
  const named = { name: basename(file).replace(/(\.(ya?ml|json))?(\.gz)?$/i, ""), ...document };
  for (const setting of settings) applySetting(named, setting);
  return parseStudy(named, file);
}

/**
 * Applies one `KEY=VALUE` to an unchecked study. KEY is a path (`replicates`, `fixed.train.rate`, `grid.percent`,
 * `list.0.cell`), VALUE is YAML (`3`, `[10, 20]`, `{from: 1, to: 9, step: 2}`).
 * @throws InputError when there is no such key.
 */
export function applySetting(document: object, setting: string): void {
  const where = `--set ${setting}`;
  const equals = setting.indexOf("=");
  if (equals < 1) throw new InputError({ where, what: "not of the form KEY=VALUE" });
  const steps = split(setting.slice(0, equals));
  const known = Object.keys(documentSchema.shape);
  if (!known.includes(steps[0])) {
    const otherwise = `a value of the configuration is set with fixed.${steps.join(".")}`;
    const hint = suggest(steps[0], known, otherwise);
    throw new InputError({ where, what: `a study has no key ${steps[0]}`, hint });
  }
  setAt(document, steps, parseYaml(setting.slice(equals + 1), where), where);
}

// Grids and random values are keyed by whole paths.
function split(key: string): string[] {
  const whole = /^(grid|random\.values)\.(.+)$/.exec(key);
  return whole ? [...whole[1].split("."), whole[2]] : key.split(".");
}

/** Sets a value deep inside a plain object, creating the objects on the way. */
export function setAt(target: object, steps: readonly string[], value: unknown, where = "study"): void {
  let at = target as Record<string, unknown>;
  for (const [index, step] of steps.entries()) {
    if (step === "__proto__") throw new InputError({ where, what: `${step} is not a possible name` });
    if (index === steps.length - 1) {
      at[step] = value;
      return;
    }
    if (!Object.hasOwn(at, step)) at[step] = {};
    const next = at[step];
    if (typeof next !== "object" || next === null) {
      const taken = steps.slice(0, index + 1).join(".");
      throw new InputError({ where, what: `${steps.join(".")} cannot be set: ${taken} is not an object` });
    }
    at = next as Record<string, unknown>;
  }
}

/** JSON Schema of the study file, for editors; with `kinds`, what each kind's configuration may hold. */
export function studySchema(kinds: Kinds = {}): object {
  const options = { io: "input", unrepresentable: "any" } as const;
  const { required, ...schema } = z.toJSONSchema(documentSchema, options);
  const configurations = Object.values(kinds).map((kind) => ({
    if: { properties: { kind: { const: kind.name } } },
    // Other values may come from the list, the grid or the random draws, so nothing is required here.
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { fixed: optional(z.toJSONSchema(kind.schema, options)) } },
  }));
  return {
    title: "Filigree study",
    ...schema,
    required: required?.filter((key) => key !== "name"),
    ...(configurations.length > 0 ? { allOf: configurations } : {}),
  };
}

function optional(schema: object): object {
  const { required: _, $schema: __, ...rest } = schema as Record<string, unknown>;
  return rest;
}
