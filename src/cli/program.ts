// The command line as a function. Every verb is a module of its own; this one puts them together and turns whatever
// goes wrong into one line and an honest exit code. Anything else is a bug and shows its stack.
import { Command, CommanderError } from "commander";
import { describeExecutor } from "../engine/engine.js";
import { FiligreeError, systemError } from "../errors.js";
import { version } from "../version.js";
import { benchCommand } from "./bench.js";
import { Stopped } from "./command.js";
import { dataCommand } from "./data.js";
import { evaluateCommand } from "./evaluate.js";
import { graphCommand } from "./graph.js";
import { predictCommand } from "./predict.js";
import { pruneCommand } from "./prune.js";
import { reportCommand } from "./report.js";
import { reproduceCommand } from "./reproduce.js";
import { streamCommand } from "./stream.js";
import { structureCommand } from "./structure.js";
import { studyCommand } from "./study.js";
import { trainCommand } from "./train.js";
import { workerCommand } from "./worker.js";

/** Every verb, put together. */
function createProgram(): Command {
  const program = new Command("filigree")
    .description("A laboratory and an engine for sparse recurrent neural networks.")
    .option("-V, --version", "print the version and the executor")
    .addCommand(reproduceCommand())
    .addCommand(dataCommand())
    .addCommand(trainCommand())
    .addCommand(evaluateCommand())
    .addCommand(streamCommand())
    .addCommand(pruneCommand())
    .addCommand(graphCommand())
    .addCommand(structureCommand())
    .addCommand(predictCommand())
    .addCommand(studyCommand())
    .addCommand(workerCommand())
    .addCommand(reportCommand())
    .addCommand(benchCommand());
  program.on("option:version", () => {
    process.stdout.write(`${describeVersion()}\n`);
    throw new CommanderError(0, "filigree.version", "");
  });
  prepare(program);
  return program;
}

/**
 * Runs a command line and resolves to its exit code: 0 done, 2 bad input, 130 stopped by the user.
 * @param words what follows `filigree`.
 */
export async function run(words: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0 || error.code === "commander.help") return 0;
      return complain(error.message.replace(/^error: /, ""), 2);
    }
    if (error instanceof Stopped) return complain(error.message, 130);
    const fault = error instanceof FiligreeError ? error : systemError(error);
    if (fault) return complain(fault.message, 2);
    throw error;
  }
}

/** For example "filigree 0.1.0 (native executor, avx512; Node 20.19.0)". */
function describeVersion(): string {
  const { name, detail } = describeExecutor();
  return `filigree ${version} (${name} executor, ${detail}; Node ${process.versions.node})`;
}

function complain(message: string, code: number): number {
  process.stderr.write(`filigree: ${message.replace(/\s*\n\s*/g, " ").trim()}\n`);
  return code;
}

/** Lets errors of every command come here instead of ending the process, and gives each the options that follow it. */
function prepare(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  command
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
    .allowExcessArguments(false);
  for (const child of command.commands) prepare(child);
}
