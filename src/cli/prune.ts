// `filigree prune`: removes weights of a network, says what that costs, and retrains what is left if asked.
import { Command } from "commander";
import type { ExecutorName } from "../engine/engine.js";
import { InputError } from "../errors.js";
import { prepareOutput, writeWhole } from "../files.js";
import type { CellKind } from "../network/architecture.js";
import { readNetwork, saveNetwork } from "../network/weights.js";
import { shareRemark } from "../prune/percent.js";
import { type Criterion, criteria, densities, prune } from "../prune/prune.js";
import { regainedAfter } from "../prune/regain.js";
import { type Scope, scopes } from "../prune/scope.js";
import { type Target, targets } from "../prune/target.js";
import { Random } from "../random.js";
import { evaluate } from "../train/evaluate.js";
import type { Protocol } from "../train/protocol.js";
import {
  batchOption,
  between,
  cellOption,
  choice,
  executorOption,
  Output,
  percent,
  protocolOption,
  required,
  seedOption,
  table,
  whole,
  withJson,
} from "./command.js";
import { trainingData } from "./files.js";
import { trainNetwork } from "./training.js";

interface Options {
  percent?: number;
  target: Target;
  scope: Scope;
  criterion: Criterion;
  retrain: number;
  data?: string;
  test?: string;
  protocol: Protocol;
  batch: number;
  seed: number;
  cell?: CellKind;
  executor?: ExecutorName;
  out?: string;
  json?: boolean;
}

export function pruneCommand(): Command {
  const command = new Command("prune")
    .description("remove the smallest weights of a network, and retrain what is left")
    .argument("<model>", "safetensors, as for evaluate")
    .option("--percent <p>", "share of the target's weights to remove", between(0, 100))
    .addOption(choice("--target <matrices>", "input-to-hidden, hidden-to-hidden or both", targets, "both"))
    .addOption(choice("--scope <scope>", "which weights compete", scopes, "global"))
    .addOption(
      choice("--criterion <name>", "the smallest weights, or any as a control", criteria, "magnitude"),
    )
    .option("--data <csv>", "training strings: evaluates before and after; needed to retrain")
    .option("--test <csv>", "test strings; a quarter of the training file when left out")
    .option("--retrain <epochs>", "epochs of retraining under the fixed mask", whole(0, 1e6), 0)
    .addOption(protocolOption())
    .addOption(batchOption())
    .addOption(seedOption())
    .addOption(cellOption().default(undefined, "told by the file, or rnn-tanh"))
    .addOption(executorOption())
    .option("--out <file>", "where the pruned network is written");
  return withJson(command).action((model: string, options: Options) => run(model, options));
}

async function run(model: string, options: Options): Promise<void> {
  const output = new Output(options);
  const { target, scope, criterion, protocol, batch, seed, executor, out } = options;
  if (out === undefined && options.data === undefined) {
    throw new InputError({
      what: "neither --out nor --data is given",
      hint: "name a file to write, or data to evaluate on",
    });
  }
  if (options.retrain > 0 && options.data === undefined) {
    throw new InputError({
      where: "--retrain",
      what: "there is nothing to train on",
      hint: "name a file with --data",
    });
  }
  const network = readNetwork(model, { cell: options.cell });
  const random = new Random(`${seed}/prune`);
  let pruned = prune(network, {
    percent: required(options.percent, "--percent"),
    target,
    scope,
    criterion,
    random,
  });
  const remark = shareRemark(options.percent ?? 0);
  if (remark !== undefined) output.remark(remark);
  // A network may be pruned in place, but not into its data.
  if (out !== undefined) prepareOutput(out, options.data, options.test);
  const rows: { stage: string; accuracy: number; loss: number }[] = [];
  if (options.data !== undefined) {
    const data = trainingData(options, output);
    for (const [stage, subject] of [["as it was", network] as const, ["pruned", pruned] as const]) {
      const { accuracy, loss, batches } = await evaluate(subject, data.test, { protocol, batch, executor });
      rows.push({ stage, accuracy, loss: loss / batches });
    }
    if (options.retrain > 0) {
      const inputs = [options.data, options.test];
      const settings = {
        protocol,
        batch,
        executor,
        epochs: options.retrain,
        seed: `${seed}/retrain`,
        out,
        inputs,
      };
      const { trained, history } = await trainNetwork(pruned, data, settings, output);
      pruned = trained;
      for (const [i, { testAccuracy = Number.NaN, testLoss = Number.NaN }] of history.entries()) {
        rows.push({ stage: `retrained ${i + 1}`, accuracy: testAccuracy, loss: testLoss });
      }
    }
  }
  if (out !== undefined && options.retrain === 0) writeWhole(out, saveNetwork(pruned));
  const matrices = densities(pruned);
  const sum = (key: "nonzeros" | "weights") => matrices.reduce((total, matrix) => total + matrix[key], 0);
  const lines = [
    `${sum("nonzeros")} of ${sum("weights")} recurrent weights are left${out ? `; written to ${out}` : ""}`,
  ];
  if (rows.length > 0) {
    lines.push(
      table(
        ["network", "test accuracy", "loss"],
        rows.map(({ stage, accuracy, loss }) => [stage, percent(accuracy), loss.toFixed(4)]),
      ),
    );
  }
  const regained =
    rows.length > 0
      ? regainedAfter(
          rows[0].accuracy,
          rows.slice(1).map(({ accuracy }) => accuracy),
        )
      : undefined;
  output.result(
    {
      network: out,
      nonzeros: sum("nonzeros"),
      weights: sum("weights"),
      matrices,
      stages: rows,
      regainedAfter: regained,
    },
    lines.join("\n"),
  );
}
