// Texts and language models as the verbs take them.
import { type NgramBaseline, scoreNgrams } from "../data/ngrams.js";
import { type Cut, type SymbolArray, showSymbols } from "../data/symbols.js";
import {
  createTextData,
  type EncodedTexts,
  encodeTexts,
  type NamedText,
  type TextData,
} from "../data/text.js";
import { InputError } from "../errors.js";
import { readTextBytes } from "../files.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { sha256 } from "../study/json.js";
import { type Output, percent } from "./command.js";
import { readModel } from "./files.js";

export interface TextVerbOptions {
  readonly validation?: readonly string[];
  readonly split?: number;
  readonly symbols?: Cut;
  readonly unknown?: string | true;
  readonly vocabulary?: readonly string[];
}

/** @throws FileError when a file cannot be read, or is larger than a text may be. */
export function readTexts(paths: readonly string[]): NamedText[] {
  return paths.map((name) => ({ name, text: readTextBytes(name) }));
}

/** Texts to train on and to judge by, with a remark on what the vocabulary lacks. */
export function textData(
  texts: readonly NamedText[],
  { validation, split, symbols: cut, unknown, vocabulary }: TextVerbOptions,
  output: Output,
): TextData {
  if (validation !== undefined && split !== undefined) {
    throw new InputError({
      where: "--split",
      what: "nothing is held out of the texts where --validation names others",
      hint: "give one of the two",
    });
  }
  const judged = validation && readTexts(validation);
  const data = createTextData(texts, { validation: judged, split, cut, unknown, vocabulary });
  remarkOnUnknown("training", data.train, output);
  remarkOnUnknown("validation", data.validation, output);
  return data;
}

/** Texts for a network, whole. */
export function textsFor(
  { conventions }: Network,
  paths: readonly string[],
  unknown: string | true | undefined,
  output: Output,
): EncodedTexts {
  const encoded = encodeTexts(conventions.vocabulary.symbols, readTexts(paths), unknown);
  remarkOnUnknown("the text", encoded, output);
  return encoded;
}

/** Says what of texts the vocabulary lacks. */
export function remarkOnUnknown(what: string, { texts, unknown }: EncodedTexts, output: Output): void {
  if (unknown.count === 0) return;
  const all = texts.reduce((sum, { length }) => sum + length, 0);
  output.remark(
    `${what}: ${unknown.count} symbols (${percent(unknown.count / all)}) are taken for the unknown one: ${showSymbols(unknown.kinds)}`,
  );
}

/** As `readModel`, a network that predicts the next symbol. @throws InputError when it is another. */
export function readLanguageModel(
  path: string,
  options: Parameters<typeof readModel>[1],
  output: Output,
): Network {
  return readModel(path, options, output, { task: "next" });
}

/** Whether a network predicts the next symbol as far as its file tells. */
export function predictsNext(network: Network): boolean {
  const { input, readout } = network.architecture;
  const isUnnamed =
    input.kind === "symbols" && readout.outputs === input.vocabulary && !network.conventions.labels;
  return taskOf(network) === "next" || (taskOf(network) === "classify" && isUnnamed);
}

/** What tells one training on texts from another, whatever their files are called. */
export function hashTexts({ vocabulary, train, validation }: TextData): object {
  return { vocabulary, train: hashSymbols(train.texts), validation: hashSymbols(validation.texts) };
}

/** The hash of each text. */
export function hashSymbols(texts: readonly SymbolArray[]): string[] {
  return texts.map(({ buffer, byteOffset, byteLength }) =>
    sha256(new Uint8Array(buffer, byteOffset, byteLength)),
  );
}

/** Options of strings and of sequences of numbers, which go with no text. */
export const NOT_OF_TEXTS = [
  "data",
  "labels",
  "testLabels",
  "validationLabels",
  "task",
  "layout",
  "sequenceColumn",
  "timeColumn",
  "targetColumn",
  "channels",
  "stringColumn",
  "labelColumn",
  "horizon",
] as const;

/** For example "1.7290 nats, 2.494 bits, perplexity 5.64". */
export function describeNats(nats: number): string {
  return `${nats.toFixed(4)} nats, ${(nats / Math.LN2).toFixed(3)} bits, perplexity ${Math.exp(nats).toFixed(2)}`;
}

/** What the best n-grams reach on the held-out part. */
export function bestBaseline({ train, validation, vocabulary }: TextData): NgramBaseline {
  const all = scoreNgrams(train.texts, validation.texts, vocabulary.length);
  return all.reduce((best, one) => (one.nats < best.nats ? one : best));
}
