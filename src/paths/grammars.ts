// Grammars from files.
import { type Grammar, parseGrammar } from "../data/grammar.js";
import { builtInGrammar } from "../data/grammars.js";
import { readText } from "../files.js";

/** Reads a grammar from a JSON file. @throws FileError, or InputError as `parseGrammar`. */
export function readGrammar(path: string): Grammar {
  return parseGrammar(readText(path), path);
}

/** A built-in grammar by its name, or one read from a path that ends in `.json`. @throws InputError, FileError */
export function findGrammar(nameOrPath: string): Grammar {
  return nameOrPath.endsWith(".json") ? readGrammar(nameOrPath) : builtInGrammar(nameOrPath);
}
