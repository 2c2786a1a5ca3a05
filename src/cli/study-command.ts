// `filigree study`: describe many trials in one file, run them here or on many machines, and look at what came out.
// What its verbs do is in study.ts, which loads the store, the queue's side of it and every kind of trial.
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { formats } from "../study/table.js";
import { choice, whole, withJson } from "./command.js";

const verbs = () => import("./study.js");

export function studyCommand(): Command {
  const command = new Command();
  const verb = (signature: string, description: string) =>
    withJson(command.command(signature).description(description)).option(
      "--store <file>",
      "database of studies and results",
      "filigree.db",
    );
  const file = (signature: string, description: string) =>
    verb(signature, description)
      .option("--set <key=value>", "overrides a value of the file, for example fixed.epochs=5", append, [])
      .option(
        "--jobs <n>",
        "trials at once; as many as cores when left out",
        whole(1, 4096),
        availableParallelism(),
      );

  file("run <file>", "run what is left of a study; interrupt and repeat it as you like")
    .option("--retry-failed", "run failed trials again")
    .option("--redis <url>", "let workers run the trials, see `filigree worker`")
    .option("--watch", "open a dashboard that follows the run, see `filigree dashboard`")
    .action(async (path, options) => (await verbs()).run(path, options));
  file(
    "plan <file>",
    "say how many trials there are, how many are done, and how long the rest will take",
  ).action(async (path, options) => (await verbs()).plan(path, options));
  verb("list", "list the studies of a store").action(async (options) => (await verbs()).list(options));
  verb("status [study]", "say how far a study is, and what failed").action(async (name, options) =>
    (await verbs()).status(name, options),
  );
  verb("show <trial>", "show everything about a trial; give the first digits of its identity")
    .option("--artifacts <folder>", "write its files into a folder")
    .action(async (trial, options) => (await verbs()).show(trial, options));
  verb("best [study]", "rank trials by the study's objective, replicates by their mean")
    .option("--top <n>", "how many", whole(1, 1e6), 10)
    .action(async (name, options) => (await verbs()).best(name, options));
  verb("compare <a> <b>", "compare two trials, or two studies on what they have in common").action(
    async (a, b, options) => (await verbs()).compare(a, b, options),
  );
  verb("export [study]", "write the results as a table")
    .addOption(choice("--format <name>", "told by the name of --out, or csv", formats))
    .option("--out <file>", "where to; the standard output when left out")
    .option("--series", "a row for each epoch instead of each trial")
    .action(async (name, options) => (await verbs()).exportTable(name, options));
  verb("delete <study>", "delete a study and all trials that no other study has or starts from").action(
    async (name, options) => (await verbs()).remove(name, options),
  );
  command
    .command("schema")
    .description("print the JSON Schema of study files, for editors")
    .action(async () => (await verbs()).schema());
  return command;
}

function append(value: string, all: string[]): string[] {
  return [...all, value];
}
