// The data of a trial, by description: strings generated from a grammar, strings in two CSV files, texts, or sequences of
// numbers. Files are pinned by their content, so that a description gives the same data on every machine, which a trial's
// identity relies on; where they lie is no part of it.
import { createHash } from "node:crypto";
import { z } from "zod";
import { parseDatasets } from "../data/csv.js";
import type { Dataset } from "../data/dataset.js";
import { generateDataset, MIXES } from "../data/generate.js";
import { grammarNames } from "../data/grammars.js";
import { type NgramBaseline, scoreNgrams } from "../data/ngrams.js";
import { cuts } from "../data/symbols.js";
import { createTextData, type TextData } from "../data/text.js";
import { LONGEST_STRING } from "../data/vocabulary.js";
import { Random } from "../math/random.js";
import { findGrammar } from "../paths/grammars.js";
import { canonicalJson, type JsonObject, sha256 } from "../study/json.js";
import { decodeText } from "../text.js";
import type { TrainingData } from "../train/classify.js";
import { changed, contentOf, hashOf, withoutPlaces } from "./data-files.js";
import { keeping } from "./kept.js";
import { type NumberConfiguration, numberSchema } from "./number-data.js";

// The bounds of `generateDataset`, so that a study is refused when it is planned and not trial by trial.
const generated = z
  .strictObject({
    grammar: z.enum(grammarNames as [string, ...string[]]).default("reber"),
    count: z.int().min(4).max(1_000_000).default(25_000).describe("Strings in all, half of them true."),
    mix: z.enum(["thesis", "hard"]).default("thesis").describe("Which kinds of false strings."),
    minLength: z.int().min(1).max(LONGEST_STRING).default(11),
    maxLength: z.int().min(1).max(LONGEST_STRING).default(64),
    seed: z.int().min(0).default(1).describe("Of the strings, apart from the trial's own seed."),
    // All other keys may be left out, so that texts and numbers would be taken for a slip in these.
    text: z.never().optional(),
    numbers: z.never().optional(),
  })
  .refine(({ minLength, maxLength }) => minLength <= maxLength, {
    path: ["minLength"],
    message: "is more than maxLength",
  })
  .transform(({ text, numbers, ...strings }) => strings);

const pinned = z.string().optional().describe("Of all files; found out when left out.");

const files = z
  .strictObject({
    train: z.string().describe("A CSV file with a column of strings and one of their labels."),
    test: z.string().describe("Another, of the same classes."),
    stringColumn: z.string().optional().describe("Found out when left out."),
    labelColumn: z.string().optional().describe("Found out when left out."),
    sha256: pinned,
  })
  .transform(({ train, test, stringColumn, labelColumn, sha256: wanted }) => {
    const found = sha256(canonicalJson({ train: hashOf(train), test: hashOf(test) }));
    if (wanted !== undefined && wanted !== found && wanted !== concatenated(train, test))
      throw changed(train);
    const columns = { ...(stringColumn && { stringColumn }), ...(labelColumn && { labelColumn }) };
    return { train, test, ...columns, sha256: found };
  });

const paths = z
  .union([z.string().transform((path) => [path]), z.array(z.string()).min(1)])
  .describe("Files in UTF-8.");

/** How a trial names its texts. */
export const textSchema = z
  .strictObject({
    text: paths,
    validation: paths.optional().describe("Files to judge by; the end of each text when left out."),
    split: z.number().gt(0).lt(1).optional().describe("Share of each text that trains; 0.9 when left out."),
    symbols: z.enum(cuts).default("characters").describe("What texts are cut into."),
    sha256: pinned,
  })
  .refine(({ validation, split }) => validation === undefined || split === undefined, {
    path: ["split"],
    message: "nothing is held out of the texts where validation names others",
  })
  .transform(({ text, validation, split, symbols, sha256: wanted }) => {
    const hashes = (list?: readonly string[]) => list?.map((path) => hashOf(path));
    const found = sha256(canonicalJson({ text: hashes(text), validation: hashes(validation) }));
    if (wanted !== undefined && wanted !== found) throw changed(text[0]);
    return { text, validation, split: validation ? undefined : (split ?? 0.9), symbols, sha256: found };
  });

/** How up to 0.1 a pair of files was pinned: by the hash of both, one after the other. */
function concatenated(train: string, test: string): string {
  return createHash("sha256").update(contentOf(train)).update(contentOf(test)).digest("hex");
}

/** How a trial names its strings. Generated Reber strings as in Darji (2021) when everything is left out. */
export const dataSchema = z.union([files, generated]).default(() => generated.parse({}));
export type DataConfiguration = z.output<typeof dataSchema>;
export type TextConfiguration = z.output<typeof textSchema>;

/** Strings, texts, or sequences of numbers. */
export const anyDataSchema = z
  .union([textSchema, numberSchema, files, generated])
  .default(() => generated.parse({}));

export type AnyConfiguration = DataConfiguration | TextConfiguration | NumberConfiguration;

/** Whether a trial is trained on texts. */
export function isText(data: AnyConfiguration): data is TextConfiguration {
  return "text" in data;
}

/** Whether a trial is trained on sequences of numbers. */
export function isNumbers(data: AnyConfiguration): data is NumberConfiguration {
  return "numbers" in data;
}

/** What of a description makes the data: all of it, but of files their content and not their places. */
export function identifying(data: AnyConfiguration): JsonObject {
  return withoutPlaces(data);
}

const keyOf = (data: AnyConfiguration) => canonicalJson(identifying(data));

/** Texts, and what n-grams make of them. */
export interface MeasuredTexts extends TextData {
  /** What messages call the texts. */
  readonly names: readonly string[];
  readonly baselines: readonly NgramBaseline[];
}

/** How many sets of data are kept. A study over more of them makes each anew rather than fill the memory. */
const KEPT = 4;
/** n-grams take longer than strings. */
const KEPT_TEXTS = 16;

/** The strings that a configuration describes; the last few are kept, because many trials share them. */
export const loadData = keeping(KEPT, keyOf, (data: DataConfiguration): TrainingData<Dataset> => {
  if (!("train" in data)) {
    const { grammar, mix, seed, ...rest } = data;
    return generateDataset({ ...rest, grammar: findGrammar(grammar), mix: MIXES[mix] }, new Random(seed));
  }
  const { train, test, sha256: _, ...columns } = data;
  const read = (path: string) => ({ text: decodeText(contentOf(path), path), path });
  return parseDatasets(read(train), read(test), columns);
});

/** The texts that a configuration describes, kept likewise. */
export const loadTexts = keeping(KEPT_TEXTS, keyOf, (configuration: TextConfiguration): MeasuredTexts => {
  const { text, validation, split, symbols } = configuration;
  const read = (list: readonly string[]) => list.map((name) => ({ name, text: contentOf(name) }));
  const data = createTextData(read(text), {
    validation: validation && read(validation),
    split,
    cut: symbols,
  });
  const baselines = scoreNgrams(data.train.texts, data.validation.texts, data.vocabulary.length);
  return { ...data, names: text, baselines };
});
