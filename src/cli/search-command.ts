// `filigree search`: its options. What it does is in search.ts, which is loaded when it is run.
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { readouts, recurrences, STRUCTURE_EMBEDDING } from "../network/structure.js";
import { type SpaceName, spaceNames } from "../search/topology.js";
import { type Way, wayNames, ways } from "../search/ways.js";
import { defaultProtocol } from "../train/protocol.js";
import {
  between,
  cellOption,
  choice,
  executorOption,
  protocolOption,
  seedOption,
  structureBatchOption,
  threadsOption,
  whole,
  withColumnOptions,
  withJson,
  withTextOptions,
} from "./command.js";
import { withNumberTraining } from "./numbers.js";
import type { SearchVerbOptions } from "./search.js";

/** Units and layers where nothing is said: of a graph in all, and of a stack in each layer. */
export const shapes: Readonly<Record<SpaceName, { readonly units: number; readonly layers: number }>> = {
  edges: { units: 32, layers: 4 },
  weights: { units: 50, layers: 3 },
  densities: { units: 50, layers: 3 },
};

export function searchCommand(): Command {
  const width = Math.max(...wayNames.map((name) => name.length));
  const list = wayNames.map((name: Way) => `  ${name.padEnd(width)}  ${ways[name]}`).join("\n");
  const command = new Command()
    .addOption(cellOption())
    .requiredOption("--budget <n>", "edges of the graph, or weights of the matrices, that are kept", whole(1))
    .addOption(choice("--space <name>", "what is chosen", spaceNames).default("edges"))
    .addOption(choice("--searcher <name>", "how; see below", wayNames).default("top-k"))
    .option("--units <n>", "of a graph in all, 32; of a stack in each layer, 50", whole(1, 10_000))
    .option("--layers <n>", "4 of a graph, 3 of a stack", whole(1, 1000))
    .option("--pattern <p>", "of weights: weight, or blocks such as 4x4")
    .option(
      "--candidates <n>",
      "graphs that best-of-random, evolution and predictor train",
      whole(1, 1e5),
      10,
    )
    .addOption(choice("--recurrence <where>", "of graphs: within a layer, or a unit", recurrences))
    .addOption(choice("--readout <units>", "of graphs: which units are read out", readouts))
    .option("--embedding <n>", `of graphs: width of the embedding; ${STRUCTURE_EMBEDDING}`, whole(1, 4096))
    .option(
      "--data <file>",
      "training sequences; generated Reber strings when neither they nor a text are given",
    )
    .option(
      "--test <file>",
      "test data, which a search does not look at; a quarter, and of texts what --split leaves, when left out",
    )
    .option(
      "--validation <files...>",
      "data to hold out; a quarter of the training data, of series and texts the last, when left out",
    )
    .option("--epochs <n>", "passes over the training data", whole(1, 1e6), 15)
    .addOption(structureBatchOption())
    .option("--learning-rate <x>", "of Adam", between(1e-9, 10), 1e-3)
    .addOption(protocolOption(defaultProtocol))
    .addOption(seedOption())
    .addOption(executorOption())
    .addOption(threadsOption(availableParallelism()))
    .option(
      "--out <file>",
      "the graph (.json, .graphml, .edges), or an untrained network with the masks (.safetensors)",
    )
    .addHelpText("after", `\nSearchers, and what they are compared with:\n${list}`);
  return withJson(withTextOptions(withNumberTraining(withColumnOptions(command)))).action(
    async (options: SearchVerbOptions) => {
      const { runSearch } = await import("./search.js");
      await runSearch(options);
    },
  );
}
