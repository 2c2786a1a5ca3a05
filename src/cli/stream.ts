// `filigree stream`: what a network says of strings or steps as they come, one line at a time, without labels or batches: their
// class, or, from a language model, the symbol that comes next; of numbers their class or what they will be.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Command } from "commander";
import { encodeText, showSymbol } from "../data/symbols.js";
import type { ExecutorName } from "../engine/engine.js";
import { type Stream, stream } from "../engine/stream.js";
import { FileError } from "../errors.js";
import type { Conventions } from "../network/conventions.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { probabilitiesOf } from "../train/evaluate.js";
import { horizonOf } from "../train/forecast.js";
import {
  executorOption,
  interruptible,
  type ModelOptions,
  Output,
  withJson,
  withModelOptions,
} from "./command.js";
import { describeClasses, SHOWN } from "./stream-classes.js";
import { describeNumbers, type NumberSaying, NumberStream } from "./stream-numbers.js";

interface Options extends ModelOptions {
  graph?: string;
  int8?: boolean;
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

export function streamCommand(): Command {
  const command = new Command()
    .argument("<model>", "a network, as for filigree evaluate")
    .argument(
      "[file]",
      "strings, one a line; or steps of numbers, an empty line before each other sequence; standard input when left out",
    )
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it")
    .option("--int8", "whole numbers of 8 bits, of a network that filigree quantize has calibrated")
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
  const ofNumbers = network.architecture.input.kind === "values";
  const listener = ofNumbers ? listenToNumbers(network, options) : listenToStrings(network, next, options);
  const said: object[] = [];
  const tell = (saying: object | undefined, line: () => string) => {
    if (saying === undefined) return;
    if (options.json) said.push(saying);
    else output.result(saying, line());
  };
  await interruptible(async (signal) => {
    const input = file === undefined ? process.stdin : createReadStream(file);
    const lines = createInterface({ input, signal });
    let number = 0;
    try {
      for await (const line of lines) listener.line(line, `${file ?? "standard input"}:${++number}`, tell);
    } catch (error) {
      throw file !== undefined && (error as NodeJS.ErrnoException).syscall
        ? new FileError(file, error, "read")
        : error;
    }
    signal.throwIfAborted();
    listener.end(tell);
  });
  if (options.json) output.result({ model, ...listener.document, [listener.list]: said }, "");
}

/** Told of each line, and of the end. */
interface Listener {
  line(line: string, where: string, tell: Tell): void;
  end(tell: Tell): void;
  /** What the document says before the list of what was said, and what the list is called. */
  readonly document: object;
  readonly list: string;
}

type Tell = (saying: object | undefined, line: () => string) => void;

function listenToNumbers(network: Network, options: Options): Listener {
  const numbers = new NumberStream(network, stream(network, options));
  const { labels, channels, targets } = network.conventions;
  const task = taskOf(network);
  const pass = (tell: Tell, saying: NumberSaying | undefined) =>
    tell(saying, () => (saying ? describeNumbers(saying, network) : ""));
  return {
    line: (line, where, tell) => pass(tell, numbers.line(line, where)),
    end: (tell) => pass(tell, numbers.end()),
    document: {
      task,
      ...(channels && { channels }),
      ...(labels && { labels }),
      ...(targets && { targets, horizon: horizonOf(network) }),
    },
    list: task === "classify" ? "sequences" : "steps",
  };
}

function listenToStrings(network: Network, next: boolean, options: Options): Listener {
  const say = (next ? expect : classify)(stream(network, options), network.conventions);
  const labels = next ? undefined : network.conventions.labels;
  return {
    line(line, where, tell) {
      if (line === "") return;
      const saying = say(line, where);
      tell(saying, () => describe(saying, labels));
    },
    end() {},
    document: labels ? { labels } : {},
    list: "strings",
  };
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
  return probabilitiesOf(logits);
}

/** For example "to b  "e" 0.9104  "r" 0.0213". */
function describe(saying: Saying, labels?: readonly string[]): string {
  if ("next" in saying) {
    const likeliest = saying.next.slice(0, SHOWN);
    const shown = likeliest.map(
      ({ symbol, probability }) => `${showSymbol(symbol)} ${probability.toFixed(4)}`,
    );
    return [saying.string, ...shown].join("  ");
  }
  return describeClasses(saying.string, saying.probabilities, labels);
}
