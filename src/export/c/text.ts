// Names, numbers and comments as C and C++ take them, whatever the network's own names hold.
import { InputError } from "../../errors.js";

/** A float32 in the fewest digits that give it back. */
export function floatText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return `${trimmed(text, value)}f`;
  }
  return `${trimmed(value.toPrecision(9), value)}f`;
}

function trimmed(text: string, value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  return withPoint(String(Number(text)));
}

/** A double. */
export function doubleText(value: number): string {
  return withPoint(String(value));
}

function withPoint(text: string): string {
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The values of an array between braces, some in a line. */
export function listText(values: readonly number[], format: (value: number) => string): string {
  const lines: string[] = [];
  let line = "";
  for (const value of values) {
    const text = `${format(value)},`;
    if (line.length + text.length > 108) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? `  ${text}` : ` ${text}`;
  }
  if (line !== "") lines.push(line);
  return `{\n${lines.join("\n")}\n}`;
}

/** A constant table of a file. */
export function tableText(
  type: string,
  name: string,
  values: readonly number[],
  format: (value: number) => string = String,
): string {
  return `static const ${type} ${name}[${values.length}] = ${listText(values, format)};\n`;
}

/** A text as a string literal, in bytes of UTF-8. */
export function stringText(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    // Not the question mark either, of which two begin a trigraph.
    const plain = byte >= 0x20 && byte < 0x7f && !'"\\?'.includes(character);
    return plain ? character : `\\${byte.toString(8).padStart(3, "0")}`;
  });
  return `"${bytes.join("")}"`;
}

/** A text as a comment may hold it: no end of a comment, no control characters. */
export function commented(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029\\]/gu, "?")
    .replaceAll("*/", "* /")
    .replaceAll("/*", "/ *");
}

/** Names for things, distinct and of letters that C knows. */
export class Identifiers {
  private readonly taken = new Set<string>();

  /** A name like `text`. */
  next(text: string): string {
    const plain = text.replace(/[^A-Za-z0-9]+/g, "_").slice(0, 40);
    let name = plain;
    for (let i = 2; this.taken.has(name); i++) name = `${plain}_${i}`;
    this.taken.add(name);
    return name;
  }
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,59}$/;

/** Files of these names would take the place of headers and modules that the exported ones include and import. */
const TAKEN = new Set(["stdint", "stdio", "math", "torch", "json", "safetensors"]);

/** @throws InputError when a name cannot begin the names of a C program, or would hide what an exported one needs. */
export function checkName(name: string): string {
  if (TAKEN.has(name)) {
    throw new InputError({
      where: "--name",
      what: `${name} is the name of a header or module that the export needs itself`,
      hint: "choose another",
    });
  }
  if (NAME.test(name)) return name;
  throw new InputError({
    where: "--name",
    what: `${JSON.stringify(name.slice(0, 80))} is no name in C`,
    hint: "use up to 60 letters, digits and underscores, a letter first",
  });
}
