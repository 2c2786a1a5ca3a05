// What a network's numbers rest on beside its weights: where a sequence is read out, which symbol each row of the
// embedding is for and what the classes are called. They belong to the network and travel in its file, so that a
// command need not be told what a training decided.
import { type ReadAt, readings } from "../data/batches.js";
import type { Standardisation } from "../data/standardise.js";
import { ascii, parseVocabulary, Vocabulary } from "../data/vocabulary.js";
import { InputError } from "../errors.js";
import { type Architecture, type Input, inputNames } from "./architecture.js";
import { quote, strictJson } from "./safetensors.js";

/** What is agreed on between a network, its data and its reader. */
export interface Conventions {
  readonly readAt: ReadAt;
  /** Symbol i is for row i of the embedding, which may have more rows. Of numbers: none. */
  readonly vocabulary: Vocabulary;
  /** The names of the classes, one for each output; their numbers when left out. */
  readonly labels?: readonly string[];
  /** Of numbers that are read: what each is called, and how it becomes what the first layer reads. */
  readonly channels?: readonly string[];
  readonly standardisation?: Standardisation;
  /** Of numbers that are forecast: what each is called, how many steps ahead it is, and how it was made for training. */
  readonly targets?: readonly string[];
  readonly horizon?: number;
  readonly targetStandardisation?: Standardisation;
  /** Of a network that was calibrated for int8, by every source of a product, the largest magnitude that is held of it. */
  readonly activations?: Readonly<Record<string, number>>;
}

const noSymbols = new Vocabulary([]);

/** Those of a network that nothing else is said of: it is read at the last step, and symbols are ASCII codes. */
export function defaultConventions({ input }: Pick<Architecture, "input">): Conventions {
  return { readAt: "last-symbol", vocabulary: input.kind === "symbols" ? ascii : noSymbols };
}

/** Where a sequence is read out, in words. */
export const readingWords: Readonly<Record<ReadAt, string>> = {
  "last-step": "at the last padded step of its batch",
  "last-symbol": "at its own last step",
};

/** Metadata keys of weight files. */
const READ_AT = "readAt";
const VOCABULARY = "vocabulary";
const LABELS = "labels";
const CHANNELS = "channels";
const TARGETS = "targets";
const HORIZON = "horizon";
const STANDARDISATION = "standardisation";
const TARGET_STANDARDISATION = "targetStandardisation";
const ACTIVATIONS = "activations";

/** Conventions as metadata of a weight file. */
export function conventionMetadata(conventions: Conventions, input: Input): [key: string, text: string][] {
  const { readAt, vocabulary } = conventions;
  const others: Readonly<Record<string, unknown>> = {
    [LABELS]: conventions.labels,
    [CHANNELS]: conventions.channels,
    [STANDARDISATION]: conventions.standardisation,
    [TARGETS]: conventions.targets,
    [HORIZON]: conventions.horizon,
    [TARGET_STANDARDISATION]: conventions.targetStandardisation,
    [ACTIVATIONS]: conventions.activations,
  };
  return [
    [READ_AT, readAt],
    ...(input.kind === "symbols"
      ? [[VOCABULARY, vocabulary.first(input.vocabulary).format()] as [string, string]]
      : []),
    ...Object.entries(others).flatMap(([key, value]): [string, string][] =>
      value === undefined ? [] : [[key, JSON.stringify(value)]],
    ),
  ];
}

/**
 * The conventions that a weight file's metadata names; what it does not name is left out.
 * @throws InputError when one of them is malformed or does not fit the network.
 */
export function conventionsIn(
  metadata: ReadonlyMap<string, string>,
  { input, nodes, readout: { outputs } }: Architecture,
  where: string,
): Partial<Conventions> {
  const read = <T>(key: string, parse: (text: string) => T): T | undefined => {
    const text = metadata.get(key);
    return text === undefined ? undefined : parse(text);
  };
  const names = (key: string, count: number, things: string) =>
    read(key, (text) => namesIn(text, count, { where, key, things }));
  const standardised = (key: string, count: number) =>
    read(key, (text) => standardisationIn(text, count, where, key));
  const found = {
    readAt: read(READ_AT, (text) => readingIn(text, where)),
    labels: names(LABELS, outputs, "classes"),
    targets: names(TARGETS, outputs, "targets"),
    horizon: read(HORIZON, (text) => horizonIn(text, where)),
    targetStandardisation: standardised(TARGET_STANDARDISATION, outputs),
    activations: read(ACTIVATIONS, (text) =>
      activationsIn(text, [inputNames[input.kind], ...nodes.map(({ name }) => name)], where),
    ),
    ...(input.kind === "symbols"
      ? {
          vocabulary: read(VOCABULARY, (text) =>
            fittingVocabulary(parseVocabulary(text, `${where}: ${VOCABULARY}`), input.vocabulary, where),
          ),
        }
      : {
          channels: names(CHANNELS, input.width, "channels"),
          standardisation: standardised(STANDARDISATION, input.width),
        }),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** The vocabulary, when an embedding has a row for each of its symbols. @throws InputError when it has not. */
export function fittingVocabulary(vocabulary: Vocabulary, rows: number, where: string): Vocabulary {
  const { length } = vocabulary.symbols;
  if (length <= rows) return vocabulary;
  const last = vocabulary.symbols[length - 1];
  throw new InputError({
    where,
    what: `the vocabulary has ${length} symbols, and the embedding ${rows} rows`,
    hint:
      last.trim() === ""
        ? "its last symbol is a blank or a line break; leave it out"
        : "give one symbol for each row",
  });
}

function readingIn(text: string, where: string): ReadAt {
  const reading = readings.find((known) => known === text);
  if (reading) return reading;
  throw new InputError({
    where,
    what: `its metadata ${READ_AT} is ${quote(text)}`,
    hint: `use ${readings.join(" or ")}`,
  });
}

const LABEL = /^[^\p{Cc}]{1,200}$/u;

function isLabel(value: unknown): value is string {
  return typeof value === "string" && LABEL.test(value);
}

function namesIn(
  text: string,
  count: number,
  { where, key, things }: { where: string; key: string; things: string },
): readonly string[] {
  const hint = `write a JSON array of ${count} different names`;
  const value = jsonIn(text, where, key, hint);
  const names = Array.isArray(value) ? value.filter(isLabel) : [];
  const isWhole = Array.isArray(value) && value.length === count && names.length === count;
  if (isWhole && new Set(names).size === count) return names;
  throw new InputError({ where, what: `its metadata ${key} does not name its ${count} ${things}`, hint });
}

function horizonIn(text: string, where: string): number {
  const value = jsonIn(text, where, HORIZON);
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 1e6) return value;
  throw new InputError({ where, what: `its metadata ${HORIZON} is no number of steps` });
}

function standardisationIn(text: string, count: number, where: string, key: string): Standardisation {
  const { mean, deviation } = Object(jsonIn(text, where, key));
  const fits = (list: unknown, least: number) =>
    Array.isArray(list) &&
    list.length === count &&
    list.every((x) => Number.isFinite(Math.fround(x)) && x > least);
  if (fits(mean, Number.NEGATIVE_INFINITY) && fits(deviation, 0)) return { mean, deviation };
  throw new InputError({
    where,
    what: `its metadata ${key} is not ${count} means and as many positive deviations`,
    hint: "save the model again",
  });
}

function activationsIn(text: string, sources: readonly string[], where: string): Record<string, number> {
  const value = jsonIn(text, where, ACTIVATIONS);
  const entries = Array.isArray(value) ? [] : Object.entries(Object(value));
  const fits = ([source, range]: [string, unknown]) =>
    sources.includes(source) &&
    typeof range === "number" &&
    range > 0 &&
    Number.isFinite(Math.fround(127 / range));
  if (entries.length > 0 && entries.every(fits)) return Object.fromEntries(entries) as Record<string, number>;
  throw new InputError({
    where,
    what: `its metadata ${ACTIVATIONS} is no positive number for some of its nodes`,
    hint: "calibrate it again with filigree quantize",
  });
}

function jsonIn(text: string, where: string, key: string, hint = "save the model again"): unknown {
  try {
    return strictJson(text, 4);
  } catch {
    throw new InputError({ where, what: `its metadata ${key} is not JSON`, hint });
  }
}
