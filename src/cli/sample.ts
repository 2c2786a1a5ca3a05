// `filigree sample`: text as a language model writes it, symbol by symbol, printed as it comes.
import { Command } from "commander";
import { encodeText, Joiner } from "../data/symbols.js";
import type { ExecutorName } from "../engine/engine.js";
import { Random } from "../math/random.js";
import {
  between,
  executorOption,
  interruptible,
  type ModelOptions,
  Output,
  seedOption,
  whole,
  withJson,
  withModelOptions,
} from "./command.js";

interface Options extends ModelOptions {
  prompt: string;
  temperature: number;
  topK?: number;
  length: number;
  seed: number;
  executor?: ExecutorName;
  json?: boolean;
}

export function sampleCommand(): Command {
  const command = new Command()
    .argument("<model>", "as filigree train --text wrote it")
    .option("--prompt <text>", "what it goes on from", "\n")
    .option(
      "--temperature <t>",
      "below 1 the likelier symbols, above 1 the others come more often",
      between(0.01, 100),
      0.8,
    )
    .option("--top-k <k>", "draw from the k likeliest symbols only", whole(1))
    .option("--length <n>", "symbols to write", whole(1, 1e8), 500)
    .addOption(seedOption())
    .addOption(executorOption());
  return withJson(withModelOptions(command)).action((model: string, options: Options) => run(model, options));
}

async function run(model: string, options: Options): Promise<void> {
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const [{ readLanguageModel }, { writeText }] = await Promise.all([
    import("./texts.js"),
    import("../train/sample.js"),
  ]);
  const network = readLanguageModel(model, options, output);
  const { prompt, length, temperature, topK, seed, executor } = options;
  const vocabulary = network.conventions.vocabulary.symbols;
  const { symbols } = encodeText(vocabulary, prompt, "--prompt");
  const joiner = new Joiner(vocabulary);
  let text = "";
  const print = (part: string) => {
    text += part;
    if (!options.json) process.stdout.write(part);
  };
  if (prompt.trim() !== "") print(prompt);
  await interruptible(async (signal) => {
    const written = writeText(network, { prompt: symbols, temperature, topK, executor }, new Random(seed));
    let turn = performance.now();
    for (let i = 0; i < length; i++) {
      print(joiner.push(written.next().value));
      if (performance.now() - turn < 50) continue;
      await new Promise((resolve) => setTimeout(resolve));
      turn = performance.now();
      signal.throwIfAborted();
    }
  });
  print(joiner.end());
  output.result({ model, prompt, text }, "");
  if (!options.json && !text.endsWith("\n")) process.stdout.write("\n");
}
