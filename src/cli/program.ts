// The command line as a function. Every verb is a module of its own and loaded with all that it uses only when it is
// called; this one knows their names and turns whatever goes wrong into one line and an honest exit code. Anything else
// is a bug and shows its stack.
import { Command, CommanderError } from "commander";
import { FiligreeError, systemError } from "../errors.js";
import { version } from "../version.js";
import { Stopped } from "./stopped.js";
import { withSynonym } from "./synonyms.js";

const verbs: Readonly<Record<string, { description: string; load: () => Promise<Command> }>> = {
  reproduce: {
    description: "run the thesis anew and report its published numbers beside ours",
    load: async () => (await import("./reproduce.js")).reproduceCommand(),
  },
  investigate: {
    description:
      "find out how sparse networks may be, by every method and on a text, and whether wirings can be searched for",
    load: async () => (await import("./investigate-command.js")).investigateCommand(),
  },
  data: {
    description: "make labelled strings, frames of recordings; describe data before training",
    load: async () => (await import("./data.js")).dataCommand(),
  },
  train: {
    description: "train a network to classify sequences, label their steps, forecast, or predict text",
    load: async () => (await import("./train-command.js")).trainCommand(),
  },
  evaluate: {
    description: "evaluate a network on labelled sequences, series or texts, pruned first if asked",
    load: async () => (await import("./evaluate.js")).evaluateCommand(),
  },
  apply: {
    description: "tell what a network says of data without labels, as a CSV file",
    load: async () => (await import("./apply.js")).applyCommand(),
  },
  size: {
    description: "tell what a file of a network holds, and what it takes to run",
    load: async () => (await import("./size.js")).sizeCommand(),
  },
  quantize: {
    description: "calibrate a network for whole numbers of 8 bits, and tell what they cost",
    load: async () => (await import("./quantize.js")).quantizeCommand(),
  },
  export: {
    description: "write a network as C, as ONNX or for PyTorch, with what proves that it says the same",
    load: async () => (await import("./export.js")).exportCommand(),
  },
  sample: {
    description: "let a network that predicts text write some",
    load: async () => (await import("./sample.js")).sampleCommand(),
  },
  stream: {
    description: "tell the most likely class of each string, one a line, as the lines come",
    load: async () => (await import("./stream.js")).streamCommand(),
  },
  prune: {
    description: "remove the smallest weights of a network, and retrain what is left",
    load: async () => (await import("./prune.js")).pruneCommand(),
  },
  graph: {
    description: "draw random graphs, and describe graphs by their properties",
    load: async () => (await import("./graph.js")).graphCommand(),
  },
  structure: {
    description: "networks made of graphs",
    load: async () => (await import("./structure.js")).structureCommand(),
  },
  search: {
    description: "search for a sparse topology: which edges, weights or densities a task wants",
    load: async () => (await import("./search-command.js")).searchCommand(),
  },
  predict: {
    description: "tell how well a column of a table can be predicted from the others",
    load: async () => (await import("./predict.js")).predictCommand(),
  },
  study: {
    description: "run many trials from one file, and look at the results",
    load: async () => (await import("./study-command.js")).studyCommand(),
  },
  worker: {
    description: "run trials for studies that are coordinated over Redis",
    load: async () => (await import("./worker.js")).workerCommand(),
  },
  report: {
    description: "draw the studies of a store: objectives, effects of what varies, curves, tables",
    load: async () => (await import("./report.js")).reportCommand(),
  },
  playground: {
    description: "train, prune and look at networks in a browser",
    load: async () => (await import("./playground.js")).playgroundCommand(),
  },
  dashboard: {
    description: "watch the studies of a store in a browser, while they run and afterwards",
    load: async () => (await import("./dashboard-command.js")).dashboardCommand(),
  },
  bench: {
    description: "measure this machine",
    load: async () => (await import("./bench.js")).benchCommand(),
  },
};

const versionAsked = "filigree.version";

/** The program with the verb that is called, or asked help for, put together; of the others it knows the names. */
async function createProgram(words: readonly string[]): Promise<Command> {
  const program = new Command("filigree")
    .description("A laboratory and an engine for sparse recurrent neural networks.")
    .option("-V, --version", "print the version and the executor");
  const [first, second] = words.filter((word) => !word.startsWith("-"));
  const called = first === "help" ? second : first;
  for (const [name, { description, load }] of Object.entries(verbs)) {
    const command = name === called ? await load() : new Command();
    program.addCommand(command.name(name).description(description));
  }
  program.on("option:version", () => {
    throw new CommanderError(0, versionAsked, "");
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
    await obey(words);
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

async function obey(words: readonly string[]): Promise<void> {
  const program = await createProgram(words);
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError && error.code === versionAsked)) throw error;
    process.stdout.write(`${await describeVersion()}\n`);
  }
}

/** For example "filigree 0.1.0 (native executor, avx512; Node 20.19.0)". */
async function describeVersion(): Promise<string> {
  const { describeExecutor } = await import("../engine/engine.js");
  const { name, detail } = describeExecutor();
  return `filigree ${version} (${name} executor, ${detail}; Node ${process.versions.node})`;
}

function complain(message: string, code: number): number {
  process.stderr.write(`filigree: ${message.replace(/\s*\n\s*/g, " ").trim()}\n`);
  return code;
}

/** Lets errors of every command come here instead of ending the process, and gives each the options that follow it. */
function prepare(command: Command): void {
  command
    .exitOverride((error) => {
      throw withSynonym(error, command);
    })
    .configureOutput({ outputError: () => {} });
  command
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
    .allowExcessArguments(false);
  for (const child of command.commands) prepare(child);
}
