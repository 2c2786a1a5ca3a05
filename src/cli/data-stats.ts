// `filigree data stats`: what data look like before anything is trained on them, and what is reached on them without a
// network. Strings and numbers are told apart here and described elsewhere.
import { Command } from "commander";
import {
  between,
  choice,
  Output,
  vocabularyOption,
  whole,
  withColumnOptions,
  withJson,
  withNumberOptions,
} from "./command.js";
import type { NumberStatsOptions } from "./data-numbers.js";
import type { StringStatsOptions } from "./data-strings.js";

type Options = NumberStatsOptions & StringStatsOptions & { json?: boolean; kind?: Kind };

const kinds = ["strings", "numbers"] as const;
type Kind = (typeof kinds)[number];

export function dataStatsCommand(): Command {
  const command = new Command("stats")
    .description(
      "what data hold, strings or numbers: counts, lengths, letters or channels, classes; and what rules without a network score on them",
    )
    .argument("<file>", "labelled strings in CSV; or sequences of numbers: CSV, .npy, .npz, .ts, IDX")
    .option("--test <file>", "its test file: adds the overlap and the rules without a network")
    .addOption(choice("--kind <kind>", "what is in the file; found out", kinds))
    .addOption(vocabularyOption("any characters when left out"))
    .option("--labels <file>", "labels of numbers that are in a file of their own")
    .option("--test-labels <file>", "the same of --test");
  const all = withNumberOptions(withColumnOptions(command))
    .option("--horizon <steps>", "forecasts: how many steps ahead", whole(1, 1e6), 1)
    .option("--period <steps>", "forecasts: after how many steps all repeats; found out", whole(1, 1e6))
    .option(
      "--split <share>",
      "forecasts without --test: the beginning that is learnt from; the rest is forecast",
      between(0, 1),
      0.9,
    )
    .option("--all", "nearest neighbours also where they take more than about half a minute");
  return withJson(all).action(async (file: string, options: Options) => {
    const output = new Output(options);
    if ((await kindOf(file, options)) === "strings") {
      const { describeStrings } = await import("./data-strings.js");
      describeStrings(file, options, output);
    } else {
      const { describeNumbers } = await import("./data-numbers.js");
      describeNumbers(file, options, output);
    }
  });
}

/** Options that only one kind has decide before the file does. */
async function kindOf(file: string, options: Options): Promise<Kind> {
  const { kind, vocabulary, stringColumn } = options;
  if (kind !== undefined) return kind;
  if (vocabulary !== undefined || stringColumn !== undefined) return "strings";
  const { labels, testLabels, task, layout, sequenceColumn, timeColumn, targetColumn, channels } = options;
  const ofNumbers = [labels, testLabels, task, layout, sequenceColumn, timeColumn, targetColumn, channels];
  if (ofNumbers.some((value) => value !== undefined)) return "numbers";
  const { isFileOfStrings } = await import("../paths/sequences.js");
  return isFileOfStrings(file) ? "strings" : "numbers";
}
