// `filigree train`: a network of one's own from labelled strings, with a checkpoint after every epoch, so that the
// same command goes on after an interruption.
import { existsSync, rmSync } from "node:fs";
import { Command } from "commander";
import type { ExecutorName } from "../engine/engine.js";
import { FileError } from "../errors.js";
import { makeFolderOf, readBytes, writeWhole } from "../files.js";
import type { CellKind } from "../network/architecture.js";
import { initialise, stack } from "../network/network.js";
import { saveNetwork } from "../network/weights.js";
import { Random } from "../random.js";
import { canonicalJson, sha256 } from "../study/json.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import type { Protocol } from "../train/protocol.js";
import { type EpochMetrics, train } from "../train/train.js";
import {
  batchOption,
  between,
  cellOption,
  executorOption,
  interruptible,
  Output,
  ProgressBar,
  percent,
  protocolOption,
  seedOption,
  whole,
  withJson,
} from "./command.js";
import { trainingData } from "./files.js";

interface Options {
  cell: CellKind;
  data?: string;
  test?: string;
  hidden: number;
  layers: number;
  embedding?: number;
  epochs: number;
  batch: number;
  learningRate: number;
  protocol: Protocol;
  seed: number;
  executor?: ExecutorName;
  out?: string;
  json?: boolean;
}

export function trainCommand(): Command {
  const command = new Command("train")
    .description("train a stack of recurrent cells to tell true strings from false ones")
    .addOption(cellOption().makeOptionMandatory())
    .option("--data <csv>", "training strings; generated Reber strings when left out")
    .option("--test <csv>", "test strings; a quarter of the training file when left out")
    .option("--hidden <n>", "units of each layer", whole(1, 4096), 50)
    .option("--layers <n>", "layers", whole(1, 100), 3)
    .option("--embedding <n>", "width of the embedding; that of a layer when left out", whole(1, 4096))
    .option("--epochs <n>", "passes over the training strings", whole(1, 1e6), 50)
    .addOption(batchOption())
    .option("--learning-rate <x>", "of Adam", between(1e-9, 10), 1e-3)
    .addOption(protocolOption())
    .addOption(seedOption())
    .addOption(executorOption())
    .option("--out <file>", "where the network is written; CELL.safetensors when left out");
  return withJson(command).action((options: Options) => run(options));
}

async function run(options: Options): Promise<void> {
  const output = new Output(options);
  const {
    protocol,
    epochs,
    batch,
    learningRate,
    executor,
    seed,
    out = `${options.cell}.safetensors`,
  } = options;
  const data = trainingData(options, output);
  const random = new Random(seed);
  const network = initialise(stack(options), random.stream("initial weights"));
  const checkpoint = `${out}.checkpoint`;
  makeFolderOf(out);

  // A checkpoint is only taken up by a run that would have made it.
  const { architecture } = network;
  const run = sha256(
    canonicalJson(JSON.parse(JSON.stringify({ architecture, protocol, batch, learningRate, seed, data }))),
  );
  const history: EpochMetrics[] = [];
  let resume: { epoch: number; state: ReturnType<typeof decodeCheckpoint>["state"] } | undefined;
  if (existsSync(checkpoint)) {
    const { state, notes } = decodeCheckpoint(readBytes(checkpoint), checkpoint);
    if (notes.get("run") === run) {
      history.push(...JSON.parse(notes.get("history") ?? "[]").slice(0, epochs));
      resume = { epoch: history.length, state };
      output.remark(`going on after epoch ${history.length}, from ${checkpoint}`);
    } else {
      output.remark(`${checkpoint} is of another run; starting anew`);
    }
  }

  const bar = new ProgressBar("training");
  const trained = await interruptible((signal) =>
    train(network, data, {
      protocol,
      epochs,
      batch,
      learningRate,
      executor,
      seed: `${seed}/train`,
      signal,
      resume,
      onProgress: (share) => bar.update(share),
      onEpoch(epoch, metrics, state) {
        history.push(metrics);
        const notes = new Map([
          ["run", run],
          ["history", JSON.stringify(history)],
        ]);
        writeWhole(checkpoint, encodeCheckpoint({ state, notes }));
        if (!process.stderr.isTTY) output.remark(describe(epoch, metrics));
      },
    }),
  ).finally(() => bar.stop());
  writeWhole(out, saveNetwork(trained));
  try {
    rmSync(checkpoint, { force: true });
  } catch (error) {
    throw new FileError(checkpoint, error, "write");
  }
  const last = history[history.length - 1];
  output.result(
    { network: out, cell: options.cell, parameters: trained.size, epochs: history },
    `${describe(history.length, last)}\n${out}: ${trained.size} parameters`,
  );
}

function describe(epoch: number, { trainLoss, trainAccuracy, testLoss, testAccuracy }: EpochMetrics): string {
  const train = `training loss ${trainLoss.toFixed(4)}, accuracy ${percent(trainAccuracy)}`;
  return `epoch ${epoch}: ${train}; test loss ${testLoss.toFixed(4)}, accuracy ${percent(testAccuracy)}`;
}
