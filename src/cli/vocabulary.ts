// What `--vocabulary` names: a file, or the vocabulary itself.
import { statSync } from "node:fs";
import { parseVocabulary, type Vocabulary } from "../data/vocabulary.js";
import { InputError } from "../errors.js";
import { readBytes } from "../files.js";

/** The vocabulary in a file, or the text itself. */
export function vocabularyOf(text: string): Vocabulary {
  if (!statSync(text, { throwIfNoEntry: false })?.isFile()) {
    // A path that is mistyped must not become a vocabulary of its letters.
    if (/\.(txt|json|vocab|csv)$/i.test(text)) readBytes(text);
    return parseVocabulary(text, "--vocabulary");
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return parseVocabulary(decoder.decode(readBytes(text)), text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InputError({ where: text, what: "the vocabulary is not UTF-8", hint: "save it as UTF-8" });
  }
}
