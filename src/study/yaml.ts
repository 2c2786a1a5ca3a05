// YAML from people and from strangers. The library reads it, but its stack is not endless, and it describes every error
// by going through the text again, which takes minutes where there are many; here a text that cannot be used is refused
// at once, in one line.
import { LineCounter, parseDocument } from "yaml";
import { InputError } from "../errors.js";

// Far more than a study or a configuration needs, and far less than a call stack holds.
const DEEPEST = 64;
const TOO_DEEP = `it is nested deeper than ${DEEPEST} levels`;

/** The plain value of a YAML (or JSON) text. @throws InputError with line and column where it is not YAML. */
export function parseYaml(text: string, where: string): unknown {
  try {
    const lines = new LineCounter();
    // Its warnings would be printed by Node, beside the one line.
    // The library does not know the line ends of old Macs, which YAML allows.
    const document = parseDocument(text.replace(/\r\n?/g, "\n"), {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "error",
    });
    const fault = document.errors[0];
    if (fault) {
      const { line, col } = lines.linePos(fault.pos[0]);
      throw new InputError({ where, what: `${explain(fault)} at line ${line}, column ${col}` });
    }
    // Aliases may expand to more than any computer holds; the library counts them and throws.
    const value: unknown = document.toJS();
    if (isDeeper(value, DEEPEST)) throw new InputError({ where, what: TOO_DEEP });
    return value;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({ where, what: explain(error as Error), cause: error });
  }
}

// The library lets some overflows of the stack pass and reports others as errors of the text.
function explain({ message }: Error): string {
  return message.includes("call stack") ? TOO_DEEP : message;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
