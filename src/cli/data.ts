// `filigree data`: make labelled strings from a grammar, hear recordings, and describe a dataset or a
// text before anything is trained on it.
import { Command } from "commander";
import { type Baseline, scoreBaselines } from "../data/baselines.js";
import { generateDataset, MIXES } from "../data/generate.js";
import { grammarNames } from "../data/grammars.js";
import { remarksOn } from "../data/remarks.js";
import { countOverlap, type DatasetStatistics, describeDataset, type Frequency } from "../data/stats.js";
import { prepareOutput } from "../files.js";
import { Random } from "../math/random.js";
import { readDataset, writeDatasets } from "../paths/datasets.js";
import { findGrammar } from "../paths/grammars.js";
import { choice, Output, percent, seedOption, table, whole, withJson } from "./command.js";
import { dataAudioCommand } from "./data-audio.js";
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
    .addCommand(statsCommand())
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

function statsCommand(): Command {
  const command = new Command("stats")
    .description("counts, lengths and letters of a CSV file, and what rules without memory score on it")
    .argument("<file>", "CSV with the columns string and valid")
    .option("--test <file>", "its test file: adds the overlap and three baselines");
  return withJson(command).action((file: string, options: { test?: string; json?: boolean }) => {
    const train = readDataset(file);
    const statistics = describeDataset(train);
    const test = options.test === undefined ? undefined : readDataset(options.test);
    const output = new Output(options);
    for (const line of remarksOn(train, test)) output.remark(line);
    const comparison = test && {
      test: describeDataset(test),
      overlap: countOverlap(train, test),
      baselines: scoreBaselines(train, test),
    };
    output.result({ file, ...statistics, ...comparison }, describe(statistics, comparison));
  });
}

function describe(
  statistics: DatasetStatistics,
  comparison?: { test: DatasetStatistics; overlap: number; baselines: readonly Baseline[] },
): string {
  const [no, yes] = statistics.labels;
  const parts = [
    table(
      ["label", "strings", "mean length"],
      [
        ["true", yes.strings, yes.strings > 0 ? yes.meanLength.toFixed(1) : "–"],
        ["false", no.strings, no.strings > 0 ? no.meanLength.toFixed(1) : "–"],
      ],
    ),
    `${statistics.duplicates} repeated rows, ${statistics.contradictions} strings with both labels`,
    `Lengths (█ true, ░ false)\n${bars(statistics.lengths)}`,
    `Letters (█ true, ░ false)\n${bars(statistics.letters)}`,
  ];
  if (comparison) {
    parts.push(
      `${comparison.test.strings} test strings, ${comparison.overlap} of them in the training data too`,
    );
    parts.push(
      table(
        ["rule without memory", "test accuracy"],
        comparison.baselines.map(({ name, accuracy }) => [name, percent(accuracy)]),
      ),
    );
  }
  return parts.join("\n\n");
}

const BAR = 50;

/** Of two labels each has its own shade. */
function bars(frequencies: readonly Frequency<string | number>[]): string {
  const totals = frequencies.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
  const most = Math.max(...totals);
  const length = (n: number) => Math.round((BAR * n) / most);
  return frequencies
    .map(({ value, counts }, i) => {
      const [no, yes] = counts;
      const bar =
        counts.length === 2
          ? `${"█".repeat(length(yes))}${"░".repeat(length(no))}`
          : "█".repeat(length(totals[i]));
      return `${String(value).padStart(4)} ${bar} ${totals[i]}`;
    })
    .join("\n");
}
