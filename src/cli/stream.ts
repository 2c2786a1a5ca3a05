// `filigree stream`: what a network says of strings as they come, one line at a time, without labels or batches: their
// class, or, from a language model, the symbol that comes next.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Command } from "commander";
import { encodeText, showSymbol } from "../data/symbols.js";
import type { ExecutorName } from "../engine/engine.js";
import { type Stream, stream } from "../engine/stream.js";
import { FileError } from "../errors.js";
import type { Conventions } from "../network/conventions.js";
import {
  executorOption,
  interruptible,
  type ModelOptions,
  Output,
  withJson,
  withModelOptions,
} from "./command.js";

interface Options extends ModelOptions {
  graph?: string;
  executor?: ExecutorName;
  json?: boolean;
}

/** What a network says of one string. */
type Saying = Verdict | Expectation;

interface Verdict {
  readonly string: string;
  /** The most likely class, and its name if it has one. */
  readonly class: number;
  readonly label?: string;
  readonly probabilities: readonly number[];
}

interface Expectation {
  readonly string: string;
  /** Every symbol, the likeliest first. */
  readonly next: readonly { readonly symbol: string; readonly probability: number }[];
}

/** Symbols that are shown of those that may come next. */
const SHOWN = 5;

export function streamCommand(): Command {
  const command = new Command()
    .argument("<model>", "a network, as for filigree evaluate")
    .argument("[file]", "strings, one a line; standard input when left out")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it")
    .addOption(executorOption());
  return withJson(withModelOptions(command)).action(
    (model: string, file: string | undefined, options: Options) => run(model, file, options),
  );
}

async function run(model: string, file: string | undefined, options: Options): Promise<void> {
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const [{ readModel }, { predictsNext }] = await Promise.all([import("./files.js"), import("./texts.js")]);
  // A stream has no batch to pad: what it says is read at the last symbol.
  const network = readModel(model, { ...options, protocol: "corrected" }, output);
  const next = predictsNext(network);
  if (next && network.architecture.readout.at === undefined) {
    output.remark(`${model}: it has an output for every symbol, and is taken to tell the next one`);
  }
  const say = (next ? expect : classify)(stream(network, options), network.conventions);
  const labels = next ? undefined : network.conventions.labels;
  const strings: Saying[] = [];
  await interruptible(async (signal) => {
    const input = file === undefined ? process.stdin : createReadStream(file);
    const lines = createInterface({ input, signal });
    let number = 0;
    try {
      for await (const line of lines) {
        number++;
        if (line === "") continue;
        const saying = say(line, `${file ?? "standard input"}:${number}`);
        if (options.json) strings.push(saying);
        else output.result(saying, describe(saying, labels));
      }
    } catch (error) {
      throw file !== undefined && (error as NodeJS.ErrnoException).syscall
        ? new FileError(file, error, "read")
        : error;
    }
    signal.throwIfAborted();
  });
  if (options.json) output.result({ model, ...(labels && { labels }), strings }, "");
}

/** What tells the class of a line; `where` is for messages. */
function classify(subject: Stream, { vocabulary, labels }: Conventions) {
  return (line: string, where: string): Verdict => {
    const probabilities = probabilitiesAfter(
      subject,
      vocabulary.encode(line, () => where),
    );
    const likeliest = probabilities.indexOf(Math.max(...probabilities));
    return { string: line, class: likeliest, ...(labels && { label: labels[likeliest] }), probabilities };
  };
}

/** What tells the symbols that may come after a line. */
function expect(subject: Stream, { vocabulary: { symbols } }: Conventions) {
  return (line: string, where: string): Expectation => {
    const after = probabilitiesAfter(subject, encodeText(symbols, line, where).symbols);
    const order = [...after.keys()].sort((a, b) => after[b] - after[a] || a - b);
    return { string: line, next: order.map((i) => ({ symbol: symbols[i] ?? "", probability: after[i] })) };
  };
}

/** What the network says, from a state of zero, after these symbols. */
function probabilitiesAfter(subject: Stream, symbols: ArrayLike<number>): number[] {
  subject.reset();
  let logits = new Float32Array() as Float32Array;
  for (let i = 0; i < symbols.length; i++) logits = subject.step(symbols[i]);
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Array.from(logits, (logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** For example "BTXSE  1  0.0310 0.9690", "ATTA  coding 0.9104  intron 0.0512  other 0.0384" or, of a language model, "to b  "e" 0.9104  "r" 0.0213". */
function describe(saying: Saying, labels?: readonly string[]): string {
  if ("next" in saying) {
    const likeliest = saying.next.slice(0, SHOWN);
    const shown = likeliest.map(
      ({ symbol, probability }) => `${showSymbol(symbol)} ${probability.toFixed(4)}`,
    );
    return [saying.string, ...shown].join("  ");
  }
  const { string, class: likeliest, label = String(likeliest), probabilities } = saying;
  if (probabilities.length > 2) {
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a] || a - b);
    const shown = order.slice(0, SHOWN).map((i) => `${labels?.[i] ?? i} ${probabilities[i].toFixed(4)}`);
    return [string, ...shown].join("  ");
  }
  return `${string}  ${label}  ${probabilities.map((p) => p.toFixed(4)).join(" ")}`;
}
