// `filigree train`: its options. What it does is in train.ts, which is loaded when it is run.
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { optimiserKinds } from "../engine/executor.js";
import { defaults } from "../train/defaults.js";
import { schedules } from "../train/schedule.js";
import {
  between,
  choice,
  executorOption,
  protocolOption,
  recomputeOption,
  seedOption,
  threadsOption,
  whole,
  withColumnOptions,
  withJson,
  withModelOptions,
  withTextOptions,
} from "./command.js";
import { withNumberTraining } from "./numbers.js";
import { withSparsify } from "./sparsify.js";
import type { TrainVerbOptions } from "./train.js";

const { strings: ofStrings, next: ofTexts } = defaults;
const either = (strings: number, texts: number) => `; ${strings} for strings, ${texts} for texts`;

function classWeights(text: string): "balanced" | number[] {
  if (text === "balanced") return text;
  const weights = text.split(",").map(Number);
  if (weights.every((weight) => weight >= 0)) return weights;
  throw new InvalidArgumentError("Use balanced, or numbers of at least 0 separated by commas.");
}

function names(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

export function trainCommand(): Command {
  const command = new Command()
    .option(
      "--data <csv>",
      "labelled strings of any classes; generated Reber strings when neither they nor a text are given",
    )
    .option("--test <csv>", "test strings; a quarter of the training file when left out");
  withTextOptions(command)
    .option(
      "--validation <files...>",
      "data to judge epochs by, of which the best is kept; of a text its last tenth when left out",
    )
    .option("--from <model>", "a network to train further, instead of a new one")
    .option("--hidden <n>", `units of each layer${either(ofStrings.hidden, ofTexts.hidden)}`, whole(1, 4096))
    .option("--layers <n>", `layers${either(ofStrings.layers, ofTexts.layers)}`, whole(1, 100))
    .option("--embedding <n>", "width of the embedding; that of a layer, 64 for texts", whole(1, 4096))
    .option("--tie", "read out by the weights of the embedding, which is then as wide as a layer")
    .option(
      "--epochs <n>",
      `passes over the training data${either(ofStrings.epochs, ofTexts.epochs)} and more for short ones`,
      whole(1, 1e6),
    )
    .option("--updates <n>", "so many updates instead of epochs", whole(1, 1e9))
    .option(
      "--batch <n>",
      "examples of a batch, or streams that a text is cut into; 32, and fewer for short texts",
      whole(1, 1e5),
    )
    .addOption(choice("--optimiser <name>", "adam; adamw for a new network on texts", optimiserKinds))
    .option("--learning-rate <x>", "0.001; 0.002 for a new network on texts", between(1e-9, 10))
    .addOption(
      choice("--learning-rate-schedule <name>", "constant; cosine for a new network on texts", schedules),
    )
    .option(
      "--warm-up <n>",
      "updates over which the learning rate rises; of a cosine 200, or a tenth of all if that is less",
      whole(0, 1e9),
    )
    .option("--weight-decay <x>", "PyTorch's; 0, and 0.01 of AdamW, when left out", between(0, 10))
    .option(
      "--clip <x>",
      "largest norm of a gradient; 5, and 1 for a new network on texts",
      between(1e-9, 1e9),
    )
    .option("--dropout <p>", "share dropped after the embedding and each layer", between(0, 0.99))
    .option("--readout-dropout <p>", "another share before the read-out", between(0, 0.99))
    .option(
      "--freeze <tensors>",
      "tensors that stay as they are, divided by commas: readout, cells.0.weight_hh",
      names,
    )
    .option("--patience <n>", "epochs without a better validation after which to end", whole(1, 1e6))
    .addOption(protocolOption())
    .addOption(seedOption())
    .addOption(executorOption())
    .addOption(threadsOption(availableParallelism()))
    .addOption(recomputeOption())
    .option("--out <file>", "where the network is written; CELL.safetensors, or text.safetensors");
  withNumberTraining(command)
    .option("--bidirectional", "layers of two cells each, the second of which runs backwards")
    .option("--no-standardise", "take channels of numbers as they are")
    .option(
      "--class-weights <list>",
      "what the loss of each class counts: balanced, or numbers separated by commas in the order of the classes",
      classWeights,
    );
  withSparsify(command);
  const all = withColumnOptions(withModelOptions(command, "told by --from, or found in the strings"));
  return withJson(all).action(async (options: TrainVerbOptions) => {
    const { runTraining } = await import("./train.js");
    await runTraining(options);
  });
}
