// `filigree predict`: how well a column of a table can be told from the others, and graphs ranked by what was learnt.
import { Command } from "commander";
import { prepareOutput } from "../files.js";
import type { Coefficient, Correlation } from "../predict/correlation.js";
import type { PredictionReport } from "../predict/predict-table.js";
import { type RegressorName, regressorNames } from "../predict/regressors.js";
import { type Protocol, protocols } from "../train/protocol.js";
import { choice, interruptible, Output, ProgressBar, required, table, whole, withJson } from "./command.js";
import { allProperties } from "./graph.js";

interface Options {
  target?: string;
  protocol: Protocol;
  features?: string[];
  repeats: number;
  seed: number;
  save?: string;
  regressor: RegressorName;
  json?: boolean;
}

export function predictCommand(): Command {
  const command = new Command()
    .argument("<table>", "CSV with a header")
    .option("--target <column>", "what to predict")
    .addOption(
      choice(
        "--protocol <name>",
        "scale features on all rows as the thesis does, or on training rows only",
        protocols,
        "thesis",
      ),
    )
    .option(
      "--features <columns>",
      "what to predict from, with commas in between; the thesis's 23 properties, or all columns of numbers that are not results",
      (text) => text.split(",").map((name) => name.trim()),
    )
    .option("--repeats <n>", "repetitions of the 10-fold cross-validation", whole(1, 1000), 5)
    .option("--seed <n>", "of the folds and the bootstrap", whole(0, 2 ** 32 - 1), 0)
    .option("--save <file>", "fits a regressor on all rows and writes it, for filigree predict rank")
    .addOption(choice("--regressor <name>", "which one --save fits", regressorNames, "random-forest"));
  return withJson(command)
    .action((file: string, options: Options) => predict(file, options))
    .addCommand(rankCommand());
}

async function predict(file: string, options: Options): Promise<void> {
  const output = new Output(options);
  const { protocol, features, repeats, seed, save, regressor } = options;
  const target = required(options.target, "--target");
  const { readTable } = await import("../predict/table.js");
  const { predictTable } = await import("../predict/predict-table.js");
  const rows = readTable(file);
  if (save !== undefined) prepareOutput(save, file);
  const bar = new ProgressBar("fitting");
  const report = await interruptible((signal) =>
    predictTable(rows, target, {
      protocol,
      features,
      repeats,
      seed,
      progress(done, total) {
        signal.throwIfAborted();
        bar.update(done / total);
      },
    }),
  ).finally(() => bar.stop());
  if (report.leftOut.length > 0) {
    const names = report.leftOut.map((name) => (name === "" ? "the one without a name" : name));
    output.remark(`columns left out, as they number the rows or are results: ${names.join(", ")}`);
  }
  if (report.constant.length > 0)
    output.remark(`constant, so of no use to a prediction: ${report.constant.join(", ")}`);
  if (save !== undefined) {
    const { fitPredictor, savePredictor } = await import("../predict/predictor.js");
    savePredictor(save, fitPredictor(rows, target, { regressor, features, seed }));
  }
  output.result({ ...report, saved: save }, describe(report) + (save ? `\n\nwritten to ${save}` : ""));
}

function describe({ target, rows, correlations, crossValidation, featureSets }: PredictionReport): string {
  const strength = ({ pearson }: Correlation) => Math.abs(pearson?.value ?? 0);
  const coefficients = correlations
    .toSorted((a, b) => strength(b) - strength(a))
    .map(({ feature, pearson, spearman }) => [feature, ...coefficient(pearson), ...coefficient(spearman)]);
  const scores = featureSets.flatMap(({ name, regressors }) =>
    regressorNames.map((regressor) => {
      const { split, crossValidation: folded } = regressors[regressor];
      const { mean, sd } = split.r2;
      return [
        name,
        regressor,
        sd > 0 ? `${mean.toFixed(3)} ± ${sd.toFixed(3)}` : mean.toFixed(3),
        folded.r2.mean.toFixed(3),
        range(folded.r2.interval),
      ];
    }),
  );
  const { folds, repeats } = crossValidation;
  return [
    `Correlation with ${target} over ${rows} rows, 95 % intervals, p corrected for the number of features`,
    table(["feature", "Pearson", "from, to", "p", "Spearman", "from, to", "p"], coefficients),
    "",
    `R² on the thesis's split, and by ${repeats} times ${folds}-fold cross-validation with its 95 % interval`,
    table(["features", "regressor", "split", "folds", "from, to"], scores),
  ].join("\n");
}

function coefficient(of: Coefficient | null): string[] {
  if (of === null) return ["–", "–", "–"];
  return [of.value.toFixed(3), range(of.interval), of.pHolm < 0.0001 ? "< 0.0001" : of.pHolm.toFixed(4)];
}

function range([from, to]: readonly [number, number]): string {
  return `${from.toFixed(3)}, ${to.toFixed(3)}`;
}

function rankCommand(): Command {
  const command = new Command("rank")
    .description("rank graphs by what a saved predictor expects of them")
    .argument("<predictor>", "as saved by filigree predict --save")
    .argument("<graph...>", "node-link JSON, GraphML or edge lists");
  return withJson(command).action(async (path: string, files: string[], options: { json?: boolean }) => {
    const { loadPredictor, rank } = await import("../predict/predictor.js");
    const { readGraph } = await import("../graph/files.js");
    const predictor = loadPredictor(path);
    const candidates = files.map((file) => allProperties(readGraph(file), file));
    const ranking = rank(predictor, candidates, (index) => files[index]).map(({ index, predicted }) => ({
      file: files[index],
      predicted,
    }));
    new Output(options).result(
      { target: predictor.target, ranking },
      table(
        ["graph", `predicted ${predictor.target}`],
        ranking.map(({ file, predicted }) => [file, predicted.toFixed(4)]),
      ),
    );
  });
}
