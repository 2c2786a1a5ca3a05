// The names that an exported network knows: of its classes or forecasts, its channels and its symbols, as arrays of strings
// that a program may use and that a linker drops where it does not.
import { ascii } from "../../data/vocabulary.js";
import type { Network } from "../../network/network.js";
import { stringText } from "./text.js";

export interface Names {
  readonly variable: string;
  readonly about: string;
  readonly names: readonly string[];
}

/** The arrays of names of a network. */
export function namesOf({ architecture, conventions }: Network, name: string): Names[] {
  const { labels, targets, channels, vocabulary } = conventions;
  const { input } = architecture;
  const lists: Names[] = [];
  const add = (what: string, about: string, names: readonly string[] | undefined) => {
    if (names) lists.push({ variable: `${name}_${what}`, about, names });
  };
  add("labels", "The names of the classes.", labels);
  add("targets", "The names of the numbers that are forecast.", targets);
  add("channels", "The names of the numbers that are read.", channels);
  if (input.kind === "symbols" && !isAscii(vocabulary.symbols)) {
    const symbols = Array.from({ length: input.vocabulary }, (_, row) => vocabulary.symbols[row] ?? "");
    add("symbols", "What each symbol stands for, in UTF-8; nothing where the text is empty.", symbols);
  }
  return lists;
}

/** Whether symbols are ASCII codes, which need no list. */
export function isAscii(symbols: readonly string[]): boolean {
  return symbols.every((symbol, row) => symbol === ascii.symbols[row]);
}

export function declaration({ variable, about, names }: Names): string {
  return `/* ${about} */\nextern const char *const ${variable}[${names.length}];\n`;
}

export function definition({ variable, names }: Names): string {
  const lines = names.map((name) => `  ${stringText(name)},`);
  return `const char *const ${variable}[${names.length}] = {\n${lines.join("\n")}\n};\n`;
}
