// The training conditions of `investigate thresholds`: a base on strings of Reber's grammar, others that differ from it in one
// thing, and other data.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors.js";
import { contentOf } from "../experiments/data-files.js";
import type { Condition, Settings } from "./condition.js";
import type { Judge } from "./row.js";

/** How much of everything a scale trains on strings. */
export interface StringScale {
  /** Strings in all. */
  readonly count: number;
  readonly epochs: number;
  readonly batch: number;
}

/** A point of accuracy, of which guessing reaches a half. */
const ofStrings: Judge = { metric: "testAccuracy", epsilon: 0.01, guess: 0.5 };
const HIDDEN = 50;
const RATE = 1e-3;
/** Strings are read by their ASCII codes. */
const SYMBOLS = 128;
const stringWidths = { layers: 3, vocabulary: SYMBOLS, outputs: 2 };

/** Strings of Reber's grammar, on the network of Darji (2021): three layers of 50 units, Adam, a constant rate. */
export function baseCondition({ count, epochs, batch }: StringScale): Condition {
  return {
    name: "base",
    label: "base",
    phrase: "the base condition",
    judge: ofStrings,
    hidden: HIDDEN,
    training: { data: { count }, epochs, batch, layers: 3, learningRate: RATE },
    widths: stringWidths,
  };
}

/** The base with one thing changed. */
function changed(
  base: Condition,
  names: Pick<Condition, "name" | "label" | "phrase">,
  training: Settings,
  hidden = base.hidden,
): Condition {
  return { ...base, ...names, hidden, training: { ...base.training, ...training } };
}

/** The conditions around the base, by name. */
export function conditionsAround(scale: StringScale) {
  const base = baseCondition(scale);
  const { count, epochs } = scale;
  const of = (name: string, label: string, phrase: string) => ({ name, label, phrase });
  return {
    hard: changed(base, of("hard", "hard negatives", "hard negatives"), { data: { count, mix: "hard" } }),
    embedded: changed(base, of("embedded", "embedded Reber", "the embedded grammar"), {
      data: { count, grammar: "embedded-reber" },
    }),
    shorter: changed(base, of("shorter", "half as long", "half the epochs"), {
      epochs: Math.max(1, Math.round(epochs / 2)),
    }),
    longer: changed(base, of("longer", "twice as long", "twice the epochs"), { epochs: 2 * epochs }),
    slow: changed(base, of("slow", "rate ÷ 3", "a third of the learning rate"), { learningRate: RATE / 3 }),
    fast: changed(base, of("fast", "rate × 3", "three times the learning rate"), { learningRate: 3 * RATE }),
    rmsprop: changed(base, of("rmsprop", "RMSprop", "RMSprop in place of Adam"), { optimiser: "rmsprop" }),
    narrow: changed(base, of("narrow", "25 units", "half the units"), {}, HIDDEN / 2),
    wide: changed(base, of("wide", "100 units", "twice the units"), {}, 2 * HIDDEN),
  } as const satisfies Readonly<Record<string, Condition>>;
}

/** What people call the files of MNIST: the parts of the name, and what may follow. */
const mnistFiles = {
  numbers: "train-images",
  labels: "train-labels",
  test: "t10k-images",
  testLabels: "t10k-labels",
} as const;

/**
 * Rows of MNIST, 28 numbers at each of 28 steps.
 * @param folder of the four IDX files under their usual names, compressed or not.
 * @throws InputError when one of them is not there.
 */
export function mnistCondition(folder: string): Condition {
  return {
    name: "mnist",
    label: "rows of MNIST",
    phrase: "rows of MNIST",
    judge: { metric: "testAccuracy", epsilon: 0.003, guess: 0.1 },
    hidden: 100,
    training: {
      data: { ...mnistFilesIn(folder), task: "classify" },
      layers: 1,
      epochs: 5,
      batch: 64,
      learningRate: RATE,
    },
    widths: { layers: 1, values: 28, outputs: 10 },
  };
}

/** The files of a folder, as data are described. @throws InputError when one of them is not there. */
export function mnistFilesIn(folder: string): Record<string, string> {
  const files = Object.entries(mnistFiles).map(([key, name]) => [key, mnistFile(folder, name)] as const);
  return Object.fromEntries(files);
}

/** The files of JapaneseVowels in a folder, likewise. @throws InputError when one of them is not there. */
export function vowelFilesIn(folder: string): Record<string, string> {
  const fileOf = (part: "TRAIN" | "TEST") => {
    const path = join(folder, `JapaneseVowels_${part}.ts`);
    if (existsSync(path)) return path;
    throw new InputError({
      where: folder,
      what: `there is no JapaneseVowels_${part}.ts in it`,
      hint: "name the folder of the two .ts files of JapaneseVowels",
    });
  };
  return { numbers: fileOf("TRAIN"), test: fileOf("TEST") };
}

function mnistFile(folder: string, name: string): string {
  const rank = name.endsWith("images") ? 3 : 1;
  const spellings = [`${name}-idx${rank}-ubyte`, `${name}.idx${rank}-ubyte`];
  const found = spellings
    .flatMap((spelling) => [spelling, `${spelling}.gz`])
    .map((spelling) => join(folder, spelling))
    .find((path) => existsSync(path));
  if (found) return found;
  throw new InputError({
    where: folder,
    what: `there is no ${spellings[0]} in it, nor ${spellings[0]}.gz`,
    hint: "name the folder of MNIST's four IDX files",
  });
}

/** How long a text is learnt and by how large a network. */
export interface TextScale {
  readonly hidden: number;
  readonly epochs: number;
}

/** A text, character by character. @throws FileError, InputError when it cannot be read. */
export function textCondition(
  text: string,
  { hidden, epochs }: TextScale,
  names: Pick<Condition, "name" | "label" | "phrase"> = { name: "text", label: "text", phrase: "a text" },
): Condition {
  const embedding = Math.min(64, hidden);
  const vocabulary = new Set(contentOf(text).toString("utf8")).size;
  return {
    ...names,
    judge: { metric: "validationLoss", epsilon: 0.02 },
    hidden,
    training: { data: { text }, layers: 1, epochs, embedding, learningRate: 0.004, warmUp: 50, dropout: 0 },
    widths: { layers: 1, embedding, vocabulary, outputs: vocabulary },
  };
}
