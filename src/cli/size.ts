// `filigree size`: what a file of a network holds, and what it takes to run.
import { statSync } from "node:fs";
import { Command } from "commander";
import { showSymbols } from "../data/symbols.js";
import type { Cost } from "../export/costs.js";
import { isBidirectional } from "../network/architecture.js";
import type { Conventions } from "../network/conventions.js";
import type { Count, NetworkSize } from "../network/size.js";
import { type ModelOptions, Output, percent, table, withJson, withModelOptions } from "./command.js";

interface Options extends ModelOptions {
  graph?: string;
  json?: boolean;
}

export function sizeCommand(): Command {
  const command = new Command()
    .argument("<model>", "a network, as for filigree evaluate")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it");
  return withJson(withModelOptions(command)).action((model: string, options: Options) => run(model, options));
}

async function run(model: string, options: Options): Promise<void> {
  const output = new Output(options);
  const [{ readModel }, { sizeOf }, { costsOf }] = await Promise.all([
    import("./files.js"),
    import("../network/size.js"),
    import("../export/costs.js"),
  ]);
  const network = readModel(model, options, output);
  const { symbols } = network.conventions.vocabulary;
  const size = sizeOf(network);
  const { channels } = network.conventions;
  const file = statSync(model).size;
  // What a network takes as a stream, which one that reads both ways is not.
  const costs = isBidirectional(network.architecture) ? undefined : costsOf(network);
  output.result(
    { model, file, ...size, symbols, channels, costs },
    [describe(size, network.conventions, file), ...(costs ? ["", describeCosts(costs)] : [])].join("\n"),
  );
}

function describeCosts(costs: readonly Cost[]): string {
  return table(
    ["as a stream or exported", "bytes", "operations a step", "bytes read a step"],
    costs.map(({ form, bytes, operations, read }) => [form, bytes, operations, read]),
  );
}

function describe(
  size: NetworkSize,
  { vocabulary: { symbols }, channels, targets }: Conventions,
  file: number,
): string {
  const { task, labels, embedding, readout, cells } = size;
  const classes = `${readout.outputs} classes${labels ? `: ${labels.join(", ")}` : ""}`;
  const outputs = {
    classify: classes,
    label: `at every step one of ${classes}`,
    next: "the next symbol, at every step",
    forecast: `at every step ${targets?.join(", ") ?? `${readout.outputs} numbers`}`,
  }[task];
  const rows = cells.flatMap(({ name, kind, size: units, gates }) =>
    gates.map(({ gate, input, hidden }, i) => [
      i === 0 ? `${name}: ${kind}, ${units} units` : "",
      gate,
      `${input.nonzeros}`,
      density(input),
      `${hidden.nonzeros}`,
      density(hidden),
    ]),
  );
  const known = symbols.filter((symbol) => symbol !== "");
  return [
    `predicts ${outputs}${task === "classify" ? `; read at the ${size.readAt === "last-step" ? "last padded step" : "last symbol"}` : ""}`,
    size.input.kind === "symbols"
      ? `reads ${size.input.vocabulary} symbols: ${showSymbols(known)}`
      : `reads ${size.input.width} numbers at each step${channels ? `: ${channels.join(", ")}` : ""}`,
    `${embedding ? `embedding of width ${embedding.width}, ${density(embedding)} of ${embedding.weights} weights; ` : ""}read-out ${
      readout.tied ? "tied to it" : `${density(readout)} of ${readout.weights} weights`
    }`,
    "",
    table(["cell", "gate", "input weights", "density", "hidden weights", "density"], rows),
    "",
    `${size.parameters} parameters exist, ${kilobytes(size.bytes)} as float32 (the file has ${kilobytes(file)}); ` +
      `${size.operations} operations for a ${size.input.kind === "symbols" ? "symbol" : "step"}`,
  ].join("\n");
}

const density = ({ weights, nonzeros }: Count) => percent(nonzeros / weights, 1);
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
