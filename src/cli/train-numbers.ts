// `filigree train` on sequences of numbers: a class of each, a class at every step, or a forecast.
import { Random } from "../math/random.js";
import { cellsOf } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { accuraciesOf, confusionOf, describeWorst } from "../train/confusion.js";
import { defaults, epochsForNumbers } from "../train/defaults.js";
import { evaluate } from "../train/evaluate.js";
import { evaluateForecast, HORIZON, horizonOf } from "../train/forecast.js";
import { keptEpoch } from "../train/kept.js";
import { newNumberNetwork } from "../train/new-network.js";
import { forecastBaselines, type NumberData, taskOn } from "../train/number-data.js";
import { Output, percent } from "./command.js";
import { readModel } from "./files.js";
import { readNumberData } from "./number-data.js";
import { describeSparse, sparsityOf } from "./sparsity.js";
import { made, outOf, refuse, settingsOf, type TrainVerbOptions } from "./train.js";
import { describeEpoch, type Trained, trainNetwork } from "./training.js";

/** More classes than these have no confusion matrix in the result. */
const MOST_CLASSES = 200;

export async function trainOnNumbers(options: TrainVerbOptions, path: string): Promise<void> {
  const others = ["split", "symbols", "unknown", "tie", "protocol", "embedding", "stringColumn"] as const;
  refuse(options, others, "strings or texts");
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const { from, seed, executor, threads } = options;
  const begun = from === undefined ? undefined : readModel(from, options, output, { task: options.task });
  if (begun) refuse(options, ["hidden", "layers", "bidirectional", "horizon"], "no --from");
  const random = new Random(seed);
  const { numbers, inputs, hash } = readNumberData(path, options, output, random.stream("split"), begun);
  if (numbers.task === "forecast") refuse(options, ["classWeights"], "classes");
  else refuse(options, ["horizon", "window"], "--task forecast");
  const standard = defaults[numbers.task];
  const { batch = standard.batch, window = defaults.forecast.window, classWeights } = options;
  const network =
    begun ??
    newNumberNetwork(
      numbers.data.train,
      numbers.task,
      { ...options, ...(numbers.task === "forecast" && { horizon: options.horizon ?? HORIZON }) },
      random.stream("initial weights"),
    );
  const task = taskOn(network, numbers, { batch, window, executor, classWeights });
  const { epochs = epochsForNumbers(task.epoch(1, random).updates) } = options;
  const settings = settingsOf(
    { ...options, epochs },
    begun ? { ...standard, ...defaults.further } : standard,
  );
  const out = outOf(options, "numbers.safetensors");
  const files = { out, inputs: [from, ...inputs], data: hash };
  const trained = await trainNetwork(network, task, settings, files, output);
  const best = bestOf(trained);
  const document = {
    network: out,
    task: numbers.task,
    cell: cellsOf(trained.trained.architecture)[0].kind,
    parameters: trained.trained.size,
    epochs: trained.history,
    ...(best && { best }),
    ...sparsityOf(trained.trained, options),
    ...made(options, trained.updates),
  };
  const lines = [
    describeEpoch(trained.history.length, trained.history[trained.history.length - 1], numbers.task),
    ...(best ? [`held out, after epoch ${best.epoch}: ${lossOf(numbers)} ${best.loss.toPrecision(4)}`] : []),
  ];
  const end = `${out}: ${trained.trained.size} parameters`;
  const [more, told] = await outcome(trained.trained, numbers, { batch, executor, threads });
  const left = describeSparse(trained.trained, options);
  output.result({ ...document, ...more }, [...lines, ...told, ...left, end].join("\n"));
}

const lossOf = ({ task }: NumberData) => (task === "forecast" ? "mean squared error" : "loss");

/** What came of a training, for a document and in lines. */
async function outcome(
  network: Network,
  numbers: NumberData,
  options: Parameters<typeof evaluate>[2],
): Promise<[document: object, lines: readonly string[]]> {
  if (numbers.task === "forecast") {
    const horizon = horizonOf(network);
    const { baselines = [] } = forecastBaselines(numbers.data, horizon) ?? {};
    const { test: held } = numbers.data;
    const test = held && (await evaluateForecast(network, held, options));
    const { predictions, meanSquaredError, meanAbsoluteError } = test ?? {};
    return [
      {
        targets: network.conventions.targets,
        horizon,
        ...(test && { test: { predictions, meanSquaredError, meanAbsoluteError } }),
        baselines,
      },
      [
        ...baselines.map(({ name, meanSquaredError }) => `  ${name}: ${meanSquaredError.toPrecision(4)}`),
        ...(test ? [`test: mean squared error ${test.meanSquaredError.toPrecision(4)}`] : []),
      ],
    ];
  }
  const { total, correct, accuracy, loss, expected, predicted } = await evaluate(
    network,
    numbers.data.test,
    options,
  );
  const classes = network.conventions.labels ?? [];
  const perClass = accuraciesOf(classes, expected, predicted);
  const worst = describeWorst(perClass);
  return [
    {
      classes,
      test: { total, correct, accuracy, loss },
      ...(classes.length <= MOST_CLASSES && { confusion: confusionOf(classes.length, expected, predicted) }),
      perClass,
    },
    [`test: ${correct} of ${total} right (${percent(accuracy)})${worst ? `; ${worst}` : ""}`],
  ];
}

/** The epoch whose network was kept, where epochs were judged. */
function bestOf({ history }: Trained): { epoch: number; loss: number } | undefined {
  const epoch = keptEpoch(history, "validationLoss");
  const { validationLoss: loss } = history[epoch];
  return loss !== undefined && Number.isFinite(loss) ? { epoch: epoch + 1, loss } : undefined;
}
