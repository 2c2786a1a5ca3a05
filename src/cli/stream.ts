// `filigree stream`: what a network says of strings as they come, one line at a time, without labels or batches.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Command } from "commander";
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
interface Verdict {
  readonly string: string;
  /** The most likely class, and its name if it has one. */
  readonly class: number;
  readonly label?: string;
  readonly probabilities: readonly number[];
}

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
  const { readModel } = await import("./files.js");
  // A stream has no batch to pad: what it says is read at the last symbol.
  const network = readModel(model, { ...options, protocol: "corrected" }, output);
  const { conventions } = network;
  const subject = stream(network, options);
  const strings: Verdict[] = [];
  await interruptible(async (signal) => {
    const input = file === undefined ? process.stdin : createReadStream(file);
    const lines = createInterface({ input, signal });
    let number = 0;
    try {
      for await (const line of lines) {
        number++;
        if (line === "") continue;
        const symbols = conventions.vocabulary.encode(line, () => `${file ?? "standard input"}:${number}`);
        const verdict = classify(line, symbols, subject, conventions);
        if (options.json) strings.push(verdict);
        else output.result(verdict, describe(verdict));
      }
    } catch (error) {
      throw file !== undefined && (error as NodeJS.ErrnoException).syscall
        ? new FileError(file, error, "read")
        : error;
    }
    signal.throwIfAborted();
  });
  if (options.json) output.result({ model, strings }, "");
}

function classify(
  line: string,
  symbols: readonly number[],
  subject: Stream,
  { labels }: Conventions,
): Verdict {
  subject.reset();
  let logits = new Float32Array() as Float32Array;
  for (const symbol of symbols) logits = subject.step(symbol);
  const most = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const likeliest = logits.indexOf(most);
  return {
    string: line,
    class: likeliest,
    ...(labels && { label: labels[likeliest] }),
    probabilities: weights.map((weight) => weight / total),
  };
}

/** For example "BTXSE  1  0.0310 0.9690". */
function describe({ string, class: likeliest, label = String(likeliest), probabilities }: Verdict): string {
  return `${string}  ${label}  ${probabilities.map((p) => p.toFixed(4)).join(" ")}`;
}
