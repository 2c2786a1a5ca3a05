// What all verbs share: how options are parsed and described, how results and progress are printed, how Ctrl-C is
// heard. A verb prints its result to stdout, as text or as one JSON document, and everything else to stderr.

import { SingleBar } from "cli-progress";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Layout, layouts, type NumberTask, numberTasks } from "../data/numbers/table.js";
import { type Cut, cuts } from "../data/symbols.js";
import { type ExecutorName, executorNames, warnOfSlowness } from "../engine/engine.js";
import { InputError } from "../errors.js";
import { type CellKind, cellKinds } from "../network/architecture.js";
import { shareRemark } from "../sparsify/percent.js";
import { STRUCTURE_BATCH } from "../train/defaults.js";
import { type Protocol, protocols } from "../train/protocol.js";
import { Stopped } from "./stopped.js";

/** Parses a whole number in a range; commander names the option. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`Use a whole number ${range}.`);
    }
    return value;
  };
}

/** Parses a number in a range. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`Use a number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** An option that takes one of some words. */
export function choice(
  flags: string,
  description: string,
  words: readonly string[],
  initial?: string,
): Option {
  const option = new Option(flags, description).choices(words);
  return initial === undefined ? option : option.default(initial);
}

export const cellOption = (description = "kind of the cells") =>
  choice("--cell <kind>", description, cellKinds);
/** @param initial what holds when it is left out; what the network's file says when there is none. */
export const protocolOption = (initial?: Protocol) =>
  choice(
    "--protocol <name>",
    "rules of the thesis, which reads strings at the last padded step of their batch, or the same corrected, which " +
      `reads each at its own last step${initial === undefined ? "; told by the network's file" : ""}`,
    protocols,
    initial,
  );
export const batchOption = () =>
  new Option("--batch <n>", "strings in a batch").argParser(whole(1, 1e5)).default(32);
/** Of a verb that takes batches as the kind of trials `structure` does. */
export const structureBatchOption = () =>
  new Option(
    "--batch <n>",
    `sequences in a batch, ${STRUCTURE_BATCH}, or streams that a text is cut into, 32 and fewer of a short one`,
  ).argParser(whole(1, 1e5));
export const seedOption = () =>
  new Option("--seed <n>", "determines everything random").argParser(whole(0)).default(1);
export const executorOption = () =>
  choice(
    "--executor <name>",
    "how to run; the native one if there is one, else the one in WebAssembly",
    executorNames,
  );
export const threadsOption = (initial: number) =>
  new Option("--threads <n>", "tiles of a batch, 32 examples each, that run at once; changes no result")
    .argParser(whole(1, 256))
    .default(initial);
export const recomputeOption = () =>
  new Option(
    "--recompute <steps>",
    "hold the activations of so many steps at once and compute the others anew: less memory, more time",
  ).argParser(whole(1, 1e6));

/** What a verb that reads a network must know of a file that does not say. */
export interface ModelOptions {
  readonly cell?: CellKind;
  readonly vocabulary?: string;
  readonly zerosAsMask?: boolean;
}

/**
 * Adds the options of `ModelOptions` to a verb that reads a network.
 * @param vocabulary where the vocabulary comes from when it is left out.
 */
export function withModelOptions(
  command: Command,
  vocabulary = "told by the network's file, or ASCII codes",
): Command {
  return command
    .addOption(cellOption("kind of the cells; told by the file, or rnn-tanh"))
    .addOption(vocabularyOption(vocabulary))
    .option(
      "--no-zeros-as-mask",
      "PyTorch's files: exact zeros in recurrent matrices are weights like others",
    );
}

/** How a verb that reads labelled strings finds them in a file. */
export interface ColumnOptions {
  readonly stringColumn?: string;
  readonly labelColumn?: string;
}

/** Adds the options of `ColumnOptions` to a verb that reads labelled strings. */
export function withColumnOptions(command: Command): Command {
  return command
    .option(
      "--string-column <name>",
      "the column of strings in --data, or its number without header; found out",
    )
    .option("--label-column <name>", "the column of labels, likewise");
}

/** How a verb that learns texts takes them. */
export interface TextOptions {
  readonly text?: readonly string[];
  readonly split?: number;
  readonly symbols?: Cut;
  readonly unknown?: string | true;
  readonly window?: number;
}

/** Adds the options of `TextOptions` to a verb that learns texts. */
export function withTextOptions(command: Command): Command {
  return command
    .option("--text <files...>", "texts to predict symbol by symbol, state reset between them")
    .option("--split <share>", "share of each text that trains, from its beginning; 0.9", between(0, 1))
    .addOption(choice("--symbols <kind>", "what a text is cut into; characters", cuts))
    .option("--unknown [symbol]", "take symbols beyond the vocabulary for this one")
    .option("--window <n>", "steps of a text or a series between two updates; 64", whole(1, 1e5));
}

/** How a verb that reads sequences of numbers takes what a table does not say of itself. */
export interface NumberFileOptions {
  readonly task?: NumberTask;
  readonly layout?: Layout;
  readonly sequenceColumn?: string;
  readonly timeColumn?: string;
  readonly targetColumn?: string;
  readonly channels?: readonly string[];
}

/** Adds the options of `NumberFileOptions` to a verb that reads sequences of numbers. */
export function withNumberOptions(command: Command): Command {
  return command
    .addOption(
      choice(
        "--task <task>",
        "what is learnt of numbers: a class of each sequence, a class at each step, or values to come",
        numberTasks,
      ),
    )
    .addOption(
      choice(
        "--layout <layout>",
        "a table of numbers has a row for each sequence (wide) or for each step (long); found out",
        layouts,
      ),
    )
    .option("--sequence-column <name>", "long: which sequence a row belongs to; found out")
    .option("--time-column <name>", "long: when a row was; found out")
    .option(
      "--target-column <name>",
      "long, with --task forecast: what is to be forecast; all channels when left out",
    )
    .option(
      "--channels <names>",
      "long: the columns of values, divided by commas; all others",
      (names: string) => names.split(",").map((name) => name.trim()),
    );
}

export const vocabularyOption = (leftOut: string) =>
  new Option(
    "--vocabulary <symbols>",
    `what strings are made of, a file or the text itself: a code point each, or a JSON array of words; ${leftOut}`,
  );

/** A remark on a percentage that was probably meant as a share. */
export function remarkOnShare(option: string, percent: number | undefined, output: Output): void {
  const remark = percent === undefined ? undefined : shareRemark(percent);
  if (remark !== undefined) output.remark(`${option} ${percent}: ${remark}`);
}

/**
 * The value of an option that must be there. Commander's own check comes before the one for unknown options, and
 * would say that `--data` is missing where `--dta` was typed.
 * @throws InputError naming the option.
 */
export function required<T>(value: T | undefined, option: string): T {
  if (value === undefined) {
    throw new InputError({ where: option, what: "it is missing", hint: "see --help for what it takes" });
  }
  return value;
}

/** Adds `--json` to a verb. */
export function withJson(command: Command): Command {
  return command.option("--json", "print one JSON document on stdout and everything else on stderr");
}

/** Where a verb prints: its result to stdout, remarks to stderr. */
export class Output {
  private readonly json: boolean;

  constructor(options: { json?: boolean }) {
    this.json = options.json ?? false;
  }

  /** The result: `document` with --json, else `text`. */
  result(document: unknown, text: string): void {
    process.stdout.write(
      this.json ? `${JSON.stringify(document, jsonNumber, 1)}\n` : text === "" ? "" : `${text}\n`,
    );
  }

  /** A line that is not the result. */
  remark(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** For whatever trains or evaluates, first of all: a line where that will be slow for want of the native executor. */
  remarkSlowness(executor?: ExecutorName): void {
    warnOfSlowness(executor, (line) => this.remark(line));
  }
}

// JSON has no NaN and no infinities; null says that there is no number.
function jsonNumber(_key: string, value: unknown): unknown {
  if (value instanceof Float32Array || value instanceof Float64Array) return Array.from(value);
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}

/** A table with aligned columns; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(String));
  const width = header.map((_, column) => cells.reduce((most, row) => Math.max(most, row[column].length), 0));
  const right = header.map((_, column) => rows.every((row) => /^[-+−±\d.,% –]*$/.test(String(row[column]))));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (right[column] ? cell.padStart(width[column]) : cell.padEnd(width[column])))
      .join("  ")
      .trimEnd(),
  );
  lines.splice(1, 0, width.map((n) => "─".repeat(n)).join("  "));
  return lines.join("\n");
}

/** A share as a percentage: 0.9373 → "93.73 %". */
export function percent(share: number, digits = 2): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : "–";
}

/**
 * How bars look. The cursor stays visible, and the terminal goes on wrapping lines, which the bar is cut to: a process
 * may end at any instant, and would leave the terminal without them.
 */
export const barStyle = {
  barCompleteChar: "█",
  barIncompleteChar: "░",
  clearOnComplete: true,
  hideCursor: false,
  linewrap: true,
  stream: process.stderr,
};

// Milliseconds between lines where there is no terminal to draw a bar on.
const LINE_EVERY = 10_000;

/** How far work is that may take long: a bar with the time left on a terminal, elsewhere a line now and then. */
export class ProgressBar {
  /** What is said before the share; it may change. */
  label: string;
  private readonly bar: SingleBar | undefined;
  private next = performance.now() + LINE_EVERY;

  constructor(label: string) {
    this.label = label;
    if (!process.stderr.isTTY) return;
    this.bar = new SingleBar({
      ...barStyle,
      format: `{label} {bar} {percentage} %, {eta_formatted} left`,
    });
    this.bar.start(1000, 0, { label });
  }

  /** @param share done so far, 0 to 1. */
  update(share: number): void {
    this.bar?.update(Math.round(1000 * share), { label: this.label });
    if (this.bar || performance.now() < this.next) return;
    this.next = performance.now() + LINE_EVERY;
    process.stderr.write(`${this.label}: ${percent(share, 0)}\n`);
  }

  stop(): void {
    this.bar?.stop();
  }
}

/**
 * Runs work that heeds a signal; the first Ctrl-C (or SIGTERM) aborts it, a second one ends the process.
 * @param saved whether, after it was aborted, the same command will go on from what it did.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  saved: () => boolean = () => false,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Stopped(false));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    // Only now: what there is to go on from may have come after the signal.
    throw error instanceof Stopped ? new Stopped(saved()) : error;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

/** Resolves at the first Ctrl-C, or when the process is asked to end. */
export function interruption(): Promise<void> {
  return interruptible(
    (signal) =>
      new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
  );
}
