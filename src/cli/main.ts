#!/usr/bin/env node
// The command line. Every verb is a module of its own; this one puts them together and turns whatever goes wrong into
// one line and an honest exit code: 0 done, 2 bad input, 130 stopped by the user. Anything else is a bug and shows
// its stack.
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { describeExecutor } from "../engine/engine.js";
import { FiligreeError } from "../errors.js";
import { benchCommand } from "./bench.js";
import { Stopped } from "./command.js";
import { dataCommand } from "./data.js";
import { evaluateCommand } from "./evaluate.js";
import { pruneCommand } from "./prune.js";
import { reproduceCommand } from "./reproduce.js";
import { trainCommand } from "./train.js";

async function main(): Promise<number> {
  const program = new Command("filigree")
    .description("A laboratory and an engine for sparse recurrent neural networks.")
    .option("-V, --version", "print the version and the executor");
  program
    .addCommand(reproduceCommand())
    .addCommand(dataCommand())
    .addCommand(trainCommand())
    .addCommand(evaluateCommand())
    .addCommand(pruneCommand())
    .addCommand(benchCommand());
  prepare(program);
  program.action(() => {
    if (!program.opts().version) program.help();
    process.stdout.write(`${version()}\n`);
  });
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) complain(error.message.replace(/^error: /, ""));
      return error.exitCode === 0 ? 0 : 2;
    }
    if (error instanceof Stopped) {
      complain("stopped; the same command goes on where it was");
      return 130;
    }
    if (error instanceof FiligreeError) {
      complain(error.message);
      return 2;
    }
    throw error;
  }
}

/** For example "filigree 0.1.0 (native executor, avx512; Node 20.19.0)". */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const { name, detail } = describeExecutor();
  return `filigree ${version} (${name} executor, ${detail}; Node ${process.versions.node})`;
}

function complain(message: string): void {
  process.stderr.write(`filigree: ${message.replace(/\s*\n\s*/g, " ").trim()}\n`);
}

/** Lets errors of every command come here instead of ending the process. */
function prepare(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  command.showHelpAfterError(false).showSuggestionAfterError(true).allowExcessArguments(false);
  for (const child of command.commands) prepare(child);
}

// A reader that has seen enough, such as `head`, is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exitCode = await main();
