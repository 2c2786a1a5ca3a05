// `filigree investigate`: questions that the thesis left open, each a run of hours that may be cut into sittings. What its verbs
// do is in investigate.ts, which loads everything else.
import { Command, Option } from "commander";
import { whole, withJson } from "./command.js";

const verbs = () => import("./investigate.js");

export function investigateCommand(): Command {
  const command = new Command();
  const verb = (name: string, description: string, seeds: number) =>
    withJson(command.command(name).description(description))
      .option("--quick", "scaled to five minutes on two cores")
      .option("--out <folder>", `store, rows and report; results/${name}, with --quick results/${name}-quick`)
      .option("--seeds <n>", `replicates of everything; ${seeds}, with --quick 3`, whole(1, 100))
      .addOption(
        new Option("--minutes <n>", "a sitting ends after so many; the same command goes on")
          .argParser(whole(1, 30_000))
          .default(150),
      )
      .option("--jobs <n>", "trials at once; as many as there are cores when left out", whole(1, 1024));
  const rows = "results.json of an earlier run, whose trainings are not repeated";
  verb("thresholds", "how sparse networks may be under every regime and training condition", 5)
    .option("--mnist <folder>", "MNIST's four IDX files, whose rows are another condition")
    .option("--text <file>", "a text, which is another condition")
    .option("--rows <file>", rows)
    .action(async (options) => (await verbs()).thresholds(options));
  verb("language", "what pruning does to networks that read a text, and what trains sparsely as well", 3)
    .option("--text <file>", "the text; The Devil's Dictionary, which comes with Filigree, when left out")
    .option("--rows <file>", rows)
    .action(async (options) => (await verbs()).language(options));
  verb("search", "whether searching for a wiring finds better ones than chance", 5)
    .option("--mnist <folder>", "MNIST's four IDX files, whose rows are another task")
    .option("--vowels <folder>", "the two .ts files of JapaneseVowels, whose speakers are another task")
    .option("--text <file>", "a text, of which the next symbol is another task")
    .action(async (options) => (await verbs()).search(options));
  return command;
}
