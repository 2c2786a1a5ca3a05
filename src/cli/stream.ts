// `filigree stream`: what a network says of strings as they come, one line at a time, without labels or batches.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Command } from "commander";
import { checkString } from "../data/dataset.js";
import type { ExecutorName } from "../engine/engine.js";
import { type Stream, stream } from "../engine/stream.js";
import { FileError, InputError } from "../errors.js";
import type { CellKind } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { cellOption, executorOption, interruptible, Output, withJson } from "./command.js";

interface Options {
  graph?: string;
  cell?: CellKind;
  executor?: ExecutorName;
  json?: boolean;
}

/** What a network says of one string. */
interface Verdict {
  readonly string: string;
  /** The most likely class. */
  readonly class: number;
  readonly probabilities: readonly number[];
}

export function streamCommand(): Command {
  const command = new Command()
    .argument("<model>", "a network, as for filigree evaluate")
    .argument("[file]", "strings, one a line; standard input when left out")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it")
    .addOption(cellOption().default(undefined, "told by the file, or rnn-tanh"))
    .addOption(executorOption());
  return withJson(command).action((model: string, file: string | undefined, options: Options) =>
    run(model, file, options),
  );
}

async function run(model: string, file: string | undefined, options: Options): Promise<void> {
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const { readModel } = await import("./files.js");
  const network = readModel(model, options);
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
        check(line, network, `${file ?? "standard input"}:${number}`);
        const verdict = classify(line, subject);
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

/** @throws InputError when the network has no embedding for a character. */
function check(line: string, network: Network, where: string): void {
  checkString(line, () => where);
  const { vocabulary } = network.architecture;
  const stray = [...line].find((letter) => letter.charCodeAt(0) >= vocabulary);
  if (stray !== undefined) {
    throw new InputError({
      where,
      what: `the character "${stray}" (code ${stray.charCodeAt(0)}) is beyond the network's vocabulary, which ends at ${vocabulary - 1}`,
      hint: "use a network whose embedding covers the data",
    });
  }
}

function classify(line: string, subject: Stream): Verdict {
  subject.reset();
  let logits = new Float32Array() as Float32Array;
  for (let i = 0; i < line.length; i++) logits = subject.step(line.charCodeAt(i));
  const most = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    string: line,
    class: logits.indexOf(most),
    probabilities: weights.map((weight) => weight / total),
  };
}

/** For example "BTXSE  1  0.0310 0.9690". */
function describe({ string, class: likeliest, probabilities }: Verdict): string {
  return `${string}  ${likeliest}  ${probabilities.map((p) => p.toFixed(4)).join(" ")}`;
}
