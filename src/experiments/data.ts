// The data of a trial, by description: generated from a grammar, or two CSV files pinned by their content. The same
// description gives the same strings on every machine, which a trial's identity relies on.
import { createHash } from "node:crypto";
import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { generateDataset, MIXES } from "../data/generate.js";
import { grammarNames } from "../data/grammars.js";
import { LONGEST_STRING } from "../data/vocabulary.js";
import { FileError, InputError } from "../errors.js";
import { readBytes } from "../files.js";
import { Random } from "../math/random.js";
import { readDataset } from "../paths/datasets.js";
import { findGrammar } from "../paths/grammars.js";
import type { TrainingData } from "../train/classify.js";

// The bounds of `generateDataset`, so that a study is refused when it is planned and not trial by trial.
const generated = z
  .strictObject({
    grammar: z.enum(grammarNames as [string, ...string[]]).default("reber"),
    count: z.int().min(4).max(1_000_000).default(25_000).describe("Strings in all, half of them true."),
    mix: z.enum(["thesis", "hard"]).default("thesis").describe("Which kinds of false strings."),
    minLength: z.int().min(1).max(LONGEST_STRING).default(11),
    maxLength: z.int().min(1).max(LONGEST_STRING).default(64),
    seed: z.int().min(0).default(1).describe("Of the strings, apart from the trial's own seed."),
  })
  .refine(({ minLength, maxLength }) => minLength <= maxLength, {
    path: ["minLength"],
    message: "is more than maxLength",
  });

const files = z
  .strictObject({
    train: z.string().describe("A CSV file with the columns string and valid."),
    test: z.string(),
    sha256: z.string().optional().describe("Of both files; found out when left out."),
  })
  .transform(({ train, test, sha256 }) => {
    const found = createHash("sha256").update(readHere(train)).update(readHere(test)).digest("hex");
    if (sha256 !== undefined && sha256 !== found) {
      throw new InputError({
        where: train,
        what: "it or the test file is not the one that the trial was described with",
        hint: "restore the files, or describe the trial anew",
      });
    }
    return { train, test, sha256: found };
  });

// A study may lie in another folder than the one in which it is run, or be run on another machine.
function readHere(path: string): Buffer {
  try {
    return readBytes(path);
  } catch (error) {
    if (!(error instanceof FileError) || isAbsolute(path)) throw error;
    throw new InputError({
      where: path,
      what: `${error.what}, looked for at ${resolve(path)}`,
      hint: "paths are taken from the folder that the command is run in",
      cause: error,
    });
  }
}

/** How a trial names its data. Generated Reber strings as in Darji (2021) when everything is left out. */
export const dataSchema = z.union([files, generated]).default(() => generated.parse({}));
export type DataConfiguration = z.output<typeof dataSchema>;

/** How many datasets are kept. A study over more of them makes each anew rather than fill the memory. */
const KEPT = 4;
/** By configuration, the last used one last. */
const loaded = new Map<string, TrainingData>();

/** The data that a configuration describes; the last few are kept, because many trials share them. */
export function loadData(configuration: DataConfiguration): TrainingData {
  const key = JSON.stringify(configuration);
  const data =
    loaded.get(key) ?? ("train" in configuration ? readPair(configuration) : generate(configuration));
  loaded.delete(key);
  loaded.set(key, data);
  const [oldest] = loaded.keys();
  if (loaded.size > KEPT) loaded.delete(oldest);
  return data;
}

function readPair({ train, test }: { train: string; test: string }): TrainingData {
  return { train: readDataset(train), test: readDataset(test) };
}

function generate({ grammar, mix, seed, ...rest }: z.output<typeof generated>): TrainingData {
  return generateDataset({ ...rest, grammar: findGrammar(grammar), mix: MIXES[mix] }, new Random(seed));
}
