// `filigree data`: make labelled strings from a grammar; what makes data of other files, and describes them, is beside.
import { Command } from "commander";
import { generateDataset, MIXES } from "../data/generate.js";
import { grammarNames } from "../data/grammars.js";
import { prepareOutput } from "../files.js";
import { Random } from "../math/random.js";
import { writeDatasets } from "../paths/datasets.js";
import { findGrammar } from "../paths/grammars.js";
import { choice, Output, seedOption, whole, withJson } from "./command.js";
import { dataAudioCommand } from "./data-audio.js";
import { dataStatsCommand } from "./data-stats.js";
import { dataTextCommand } from "./data-text.js";

export function dataCommand(): Command {
  return new Command()
    .addCommand(
      generateCommand("reber", "make true and false strings of Reber's grammar, as in the thesis", "reber"),
    )
    .addCommand(
      generateCommand("generate", "the same for another grammar: a built-in one or a JSON file").argument(
        "<grammar>",
        `${grammarNames.join(", ")}, or a path ending in .json`,
      ),
    )
    .addCommand(dataStatsCommand())
    .addCommand(dataTextCommand())
    .addCommand(dataAudioCommand());
}

interface GenerateOptions {
  count: number;
  seed: number;
  negatives: "thesis" | "hard";
  minLength: number;
  maxLength: number;
  testShare: number;
  out: string;
  json?: boolean;
}

function generateCommand(name: string, description: string, fixed?: string): Command {
  const command = new Command(name)
    .description(description)
    .option("--count <n>", "strings in all, half of them true", whole(4, 10_000_000), 25_000)
    .addOption(seedOption())
    .addOption(
      choice(
        "--negatives <mix>",
        "kinds of false strings: the thesis's, or one edit from true",
        Object.keys(MIXES),
        "thesis",
      ),
    )
    .option("--min-length <n>", "letters of the shortest string", whole(1), 11)
    .option("--max-length <n>", "letters of the longest string", whole(1), 64)
    .option("--test-share <x>", "share that goes to the test file", Number, 0.25)
    .option("--out <folder>", "where train.csv and test.csv are written", "data");
  return withJson(command).action((...given: unknown[]) => {
    const [grammar, options] = fixed ? [fixed, given[0]] : [given[0] as string, given[1]];
    generate(grammar, options as GenerateOptions);
  });
}

function generate(grammarName: string, options: GenerateOptions): void {
  const output = new Output(options);
  const grammar = findGrammar(grammarName);
  const { negatives, seed, out, ...rest } = options;
  const { train, test } = generateDataset({ ...rest, grammar, mix: MIXES[negatives] }, new Random(seed));
  const [trainFile, testFile] = [`${out}/train.csv`, `${out}/test.csv`];
  prepareOutput(trainFile);
  prepareOutput(testFile);
  writeDatasets([trainFile, train], [testFile, test]);
  const document = {
    grammar: grammar.name,
    train: trainFile,
    test: testFile,
    counts: [train.strings.length, test.strings.length],
  };
  output.result(
    document,
    `${trainFile}: ${train.strings.length} strings\n${testFile}: ${test.strings.length} strings`,
  );
}
