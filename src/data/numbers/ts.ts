// Files of sktime and aeon (`.ts`), in which the archives of time series are kept: a header of lines that begin with @, then a
// line for each sequence, channels divided by colons and the class last.
import { InputError } from "../../errors.js";
import { labelsAmong } from "../classes.js";
import { createSequences, MOST_VALUES, type Sequences } from "../sequences.js";
import type { NumberFormat } from "./format.js";
import { complaint, isMissing } from "./rows.js";

export interface TsOptions {
  /** The classes of a network or of training data; those that the file declares when left out. */
  readonly classes?: readonly string[];
  /** Whether labels are passed over. */
  readonly unlabelled?: boolean;
}

interface Header {
  /** Channels, where it says so. */
  readonly width?: number;
  readonly equalLength: boolean;
  readonly seriesLength?: number;
  /** Undefined where sequences have no class. */
  readonly classes?: readonly string[];
  /** Whether a number to be learnt ends each line. */
  readonly hasTarget: boolean;
}

/**
 * The sequences of a `.ts` file. Its classes are those that it declares, in that order; numbers ascending.
 * @throws InputError in one line with file and line, for missing values, time stamps, a file without `@data`, and whatever
 * does not fit the header.
 */
export function parseTs(text: string, where: string, { classes, unlabelled }: TsOptions = {}): Sequences {
  const lines = text.split(/\r\n|\n|\r/);
  const { header, begin } = parseHeader(lines, where);
  const values: Float32Array[] = [];
  const labels: string[] = [];
  const numbers: Float32Array[] = [];
  const rows: number[] = [];
  let { width } = header;
  let total = 0;
  for (let i = begin; i < lines.length; i++) {
    const line = lines[i].trim();
    if (line === "" || line[0] === "#") continue;
    const whereRow = `${where}:${i + 1}`;
    const fail = (what: string, hint: string): never => {
      throw new InputError({ where: whereRow, what, hint });
    };
    if (line.startsWith("(")) fail("time stamps are not read", "write the values only, at equal intervals");
    const parts = line.split(":");
    const last = header.classes || header.hasTarget ? parts.pop()!.trim() : undefined;
    if (last === "?") fail("its class is missing", "leave the sequence out");
    if (parts.length === 0) fail("has no values", "write them before the class, divided by a colon");
    width ??= parts.length;
    if (parts.length !== width) {
      const what = `has ${count(parts.length, "channel")}${last === undefined ? "" : " before the class"}, not ${width}`;
      fail(
        what,
        last === undefined
          ? "check its colons; are classes declared by @classLabel?"
          : "check its colons and the header",
      );
    }
    const own = valuesOf(parts, fail);
    const steps = own.length / width;
    if (header.equalLength && header.seriesLength !== undefined && steps !== header.seriesLength)
      fail(
        `has ${count(steps, "step")}, not ${header.seriesLength} as the header says`,
        "correct one of them",
      );
    if (header.equalLength && values.length > 0 && own.length !== values[0].length)
      fail(
        `has ${count(steps, "step")}, not ${values[0].length / width} as the first, and the header says @equalLength true`,
        "correct one of them",
      );
    total += own.length;
    if (total > MOST_VALUES)
      throw new InputError({ where, what: `has more than ${MOST_VALUES} values`, hint: "split it" });
    if (header.classes && !header.classes.includes(last!))
      fail(
        `the label ${JSON.stringify(last!.slice(0, 40))} is none that @classLabel declares`,
        `they are ${header.classes.slice(0, 12).join(" ")}`,
      );
    if (header.hasTarget) {
      const problem = complaint(last!);
      if (problem !== undefined) fail(`the target ${problem}`, "correct it");
      // What is to be learnt of a whole sequence stands at its last step.
      numbers.push(
        Float32Array.from({ length: steps }, (_, step) => (step === steps - 1 ? Number(last) : Number.NaN)),
      );
    }
    if (header.classes) labels.push(last!);
    values.push(own);
    rows.push(i + 1);
  }
  if (values.length === 0)
    throw new InputError({ where, what: "has no sequences after @data", hint: "add some" });
  const whereRow = (row: number) => `${where}:${rows[row]}`;
  const channels = Array.from({ length: width! }, (_, i) => String(i + 1));
  const target = unlabelled
    ? undefined
    : header.classes
      ? { kind: "class" as const, labels: labelsAmong(labels, classes ?? header.classes, whereRow) }
      : header.hasTarget
        ? { kind: "numbers" as const, names: ["target"], of: numbers }
        : undefined;
  return createSequences({ channels, values, ...(target && { target }) }, where, whereRow);
}

/** Values as [step][channel] of the texts of channels. */
function valuesOf(parts: readonly string[], fail: (what: string, hint: string) => never): Float32Array {
  const channels = parts.map((part) => part.split(","));
  const [{ length: steps }] = channels;
  const width = channels.length;
  const values = new Float32Array(steps * width);
  for (const [channel, own] of channels.entries()) {
    if (own.length !== steps) {
      fail(
        `channel ${channel + 1} has ${count(own.length, "step")}, the first ${steps}`,
        "give every channel a value at each step",
      );
    }
    for (let step = 0; step < steps; step++) {
      const cell = own[step].trim();
      const problem = complaint(cell);
      if (problem !== undefined) {
        fail(
          `channel ${channel + 1}, step ${step + 1} ${problem}`,
          isMissing(cell) ? "fill gaps or leave the sequence out" : "correct it",
        );
      }
      values[step * width + channel] = Number(cell);
    }
  }
  return values;
}

function parseHeader(lines: readonly string[], where: string): { header: Header; begin: number } {
  const found = new Map<string, { words: readonly string[]; line: number }>();
  for (const [i, whole] of lines.entries()) {
    const line = whole.trim();
    if (line === "" || line[0] === "#") continue;
    const whereLine = `${where}:${i + 1}`;
    if (line[0] !== "@") {
      throw new InputError({
        where: whereLine,
        what: "no line @data comes before the data",
        hint: "it is a .ts file of sktime or aeon only with its header",
      });
    }
    const [tag, ...words] = line.slice(1).split(/\s+/);
    const key = tag.toLowerCase();
    if (key === "data") return { header: headerOf(found, where), begin: i + 1 };
    found.set(key, { words, line: i + 1 });
  }
  throw new InputError({ where, what: "has no line @data", hint: "is it cut off, or of another format?" });
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

type Lines = ReadonlyMap<string, { readonly words: readonly string[]; readonly line: number }>;

function headerOf(found: Lines, where: string): Header {
  const fail = (key: string, what: string, hint: string): never => {
    throw new InputError({ where: `${where}:${found.get(key)?.line}`, what, hint });
  };
  const flag = (key: string): boolean | undefined => {
    const word = found.get(key)?.words[0]?.toLowerCase();
    if (!found.has(key)) return undefined;
    if (word !== "true" && word !== "false") fail(key, "is neither true nor false", "write one of them");
    return word === "true";
  };
  const whole = (key: string): number | undefined => {
    const word = found.get(key)?.words[0];
    if (!found.has(key)) return undefined;
    if (word === undefined || !/^[1-9]\d{0,8}$/.test(word))
      fail(key, "is not a positive whole number", "correct it");
    return Number(word);
  };
  if (flag("timestamps"))
    fail("timestamps", "time stamps are not read", "write the values only, at equal intervals");
  const univariate = flag("univariate");
  const dimensions = whole("dimensions") ?? whole("dimension");
  if (univariate && (dimensions ?? 1) > 1)
    fail("univariate", `says one channel, and @dimensions ${dimensions}`, "correct one of them");
  const hasTarget = flag("targetlabel") ?? false;
  const hasClasses = flag("classlabel") ?? false;
  if (hasTarget && hasClasses) fail("targetlabel", "there are classes and targets", "declare one of them");
  return {
    width: univariate ? 1 : dimensions,
    equalLength: flag("equallength") ?? false,
    seriesLength: whole("serieslength"),
    hasTarget,
    ...(hasClasses && { classes: classesIn(found.get("classlabel")!.words.slice(1), fail) }),
  };
}

function classesIn(
  names: readonly string[],
  fail: (key: string, what: string, hint: string) => never,
): readonly string[] {
  if (names.length === 0)
    fail("classlabel", "declares no classes", "name them all: @classLabel true ONE ANOTHER");
  if (new Set(names).size < names.length) fail("classlabel", "declares a class twice", "name each once");
  const areNumbers = names.every((name) => /^-?\d{1,15}$/.test(name));
  return areNumbers ? names.toSorted((a, b) => Number(a) - Number(b)) : names;
}

export const tsFormat: NumberFormat = {
  name: ".ts",
  recognises: (head, name) =>
    name.endsWith(".ts") || /^\ufeff?(\s*#[^\n]*\n)*\s*@[a-z]/i.test(new TextDecoder().decode(head)),
  sequences: ({ where, text }, options) => parseTs(text(), where, options),
};
