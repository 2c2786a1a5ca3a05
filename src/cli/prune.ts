// `filigree prune`: removes weights of a network, says what that costs, and retrains what is left if asked.
import { Command } from "commander";
import { InputError } from "../errors.js";
import { prepareOutput, writeWhole } from "../files.js";
import { Random } from "../math/random.js";
import { taskOf } from "../network/tasks.js";
import { type Criterion, criteria, densities, prune } from "../sparsify/prune.js";
import { raggedRemark } from "../sparsify/ragged.js";
import { regainedAfter } from "../sparsify/regain.js";
import type { Protocol } from "../train/protocol.js";
import { gradientOn } from "../train/train.js";
import {
  between,
  choice,
  executorOption,
  Output,
  percent,
  protocolOption,
  recomputeOption,
  remarkOnShare,
  required,
  seedOption,
  table,
  whole,
  withColumnOptions,
  withJson,
  withModelOptions,
} from "./command.js";
import { withNumberTraining } from "./numbers.js";
import { type RetrainOptions, subjectOf } from "./retraining.js";
import { type BudgetOptions, densityOf, withBudget } from "./sparsify.js";

interface Options extends RetrainOptions, BudgetOptions {
  criterion: Criterion;
  gradientBatches: number;
  retrain: number;
  protocol?: Protocol;
  out?: string;
  json?: boolean;
}

export function pruneCommand(): Command {
  const command = new Command()
    .argument("<model>", "a network, as for filigree evaluate")
    .addOption(
      choice(
        "--criterion <name>",
        "the smallest weights, any as a control, or those that matter least to the loss",
        criteria,
        "magnitude",
      ),
    )
    .option("--gradient-batches <n>", "snip: batches whose mean gradient decides", whole(1, 1e6), 1)
    .option("--data <file>", "training sequences: evaluates before and after; needed to retrain")
    .option("--test <file>", "test sequences; a quarter of the training file when left out")
    .option("--text <files...>", "texts, for a network that predicts the next symbol")
    .option("--validation <files...>", "data to judge by; the last tenth of each text when left out")
    .option("--split <share>", "share of each text that trains, from its beginning; 0.9", between(0, 1))
    .option("--unknown [symbol]", "take symbols of a text beyond the vocabulary for this one")
    .option("--retrain <epochs>", "epochs of retraining under the fixed mask", whole(0, 1e6), 0)
    .addOption(protocolOption())
    .option("--batch <n>", "strings in a batch, or streams that a text is cut into; 32", whole(1, 1e5))
    .option("--window <n>", "steps of a text between two updates; 64", whole(1, 1e5))
    .addOption(seedOption())
    .addOption(executorOption())
    .addOption(recomputeOption())
    .option("--out <file>", "where the pruned network is written");
  withBudget(command, "global");
  return withJson(withNumberTraining(withColumnOptions(withModelOptions(command)))).action(
    (model: string, options: Options) => run(model, options),
  );
}

async function run(model: string, options: Options): Promise<void> {
  const output = new Output(options);
  const { criterion, seed, executor, recompute, out, text } = options;
  const hasData = options.data !== undefined || text !== undefined;
  if (out === undefined && !hasData) {
    throw new InputError({
      what: "neither --out nor --data nor --text is given",
      hint: "name a file to write, or data to evaluate on",
    });
  }
  if (options.retrain > 0 && !hasData) {
    throw new InputError({
      where: "--retrain",
      what: "there is nothing to train on",
      hint: "name a file with --data or --text",
    });
  }
  remarkOnShare("--percent", options.percent, output);
  const { readModel } = await import("./files.js");
  const { readLanguageModel } = await import("./texts.js");
  const network = text
    ? readLanguageModel(model, options, output)
    : readModel(model, options, output, { task: options.task });
  const ragged = raggedRemark(network, options, options.pattern);
  if (ragged !== undefined) output.remark(ragged);
  const random = new Random(`${seed}/prune`);
  const { target, scope, pattern, distribution, also, keepDiagonal } = options;
  required(densityOf(options), "--percent");
  const { percent: share, density } = options;
  const budget = { percent: share, density, target, scope, pattern, distribution, also, keepDiagonal };
  const shortened = (gradient?: Float32Array) => prune(network, { ...budget, criterion, random, gradient });
  if (criterion === "snip" && !hasData) {
    throw new InputError({
      where: "--criterion",
      what: "snip looks at the gradient of the loss, and there are no data",
      hint: "name a file with --data or --text",
    });
  }
  let pruned = criterion === "snip" ? network : shortened();
  // A network may be pruned in place, but not into its data.
  if (out !== undefined) prepareOutput(out, options.data, options.test, ...(text ?? []));
  const stages: Stage[] = [];
  if (hasData) {
    output.remarkSlowness(executor);
    const subject = await subjectOf(network, options, output);
    if (criterion === "snip") {
      pruned = shortened(
        gradientOn(network, subject.task, { seed, batches: options.gradientBatches, executor }),
      );
    }
    stages.push({ stage: "as it was", ...(await subject.evaluate(network)) });
    stages.push({ stage: "pruned", ...(await subject.evaluate(pruned)) });
    if (options.retrain > 0) {
      const { trainNetwork } = await import("./training.js");
      const how = { executor, recompute, seed: `${seed}/retrain` };
      const settings = { ...subject.settings, epochs: options.retrain, ...how };
      const files = { out, ...subject.files };
      const { trained, history } = await trainNetwork(pruned, subject.task, settings, files, output);
      pruned = trained;
      for (const [i, metrics] of history.entries()) {
        const accuracy = metrics.validationAccuracy ?? metrics.testAccuracy ?? Number.NaN;
        const loss = metrics.validationLoss ?? metrics.testLoss ?? Number.NaN;
        stages.push({ stage: `retrained ${i + 1}`, accuracy, loss });
      }
    }
  }
  if (out !== undefined && options.retrain === 0) {
    const { saveNetwork } = await import("../network/weights.js");
    writeWhole(out, saveNetwork(pruned));
  }
  const matrices = densities(pruned);
  const { classesOf } = await import("./files.js");
  const sum = (key: "nonzeros" | "weights") => matrices.reduce((total, matrix) => total + matrix[key], 0);
  const lines = [
    `${sum("nonzeros")} of ${sum("weights")} recurrent weights are left${out ? `; written to ${out}` : ""}`,
  ];
  if (stages.length > 0) {
    lines.push(
      table(
        text
          ? ["network", "likeliest right", "nats"]
          : taskOf(pruned) === "forecast"
            ? ["network", "accuracy", "squared error"]
            : ["network", "test accuracy", "loss"],
        stages.map(({ stage, accuracy, loss }) => [stage, percent(accuracy), loss.toFixed(4)]),
      ),
    );
  }
  const [first, ...others] = stages.map(({ accuracy }) => accuracy);
  output.result(
    {
      network: out,
      nonzeros: Object.fromEntries(matrices.map(({ name, nonzeros }) => [name, nonzeros])),
      weights: Object.fromEntries(matrices.map(({ name, weights }) => [name, weights])),
      ...(!text && { classes: classesOf(pruned) }),
      stages,
      regainedAfter: stages.length > 0 ? regainedAfter(first, others) : undefined,
    },
    lines.join("\n"),
  );
}

/** How well a network did: on test strings, or on the held-out part of texts. */
interface Stage {
  readonly stage: string;
  readonly accuracy: number;
  readonly loss: number;
}
