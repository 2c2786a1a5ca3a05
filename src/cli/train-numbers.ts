// `filigree train` on sequences of numbers: a class of each, a class at every step, or a forecast.
import {
  type ForecastBaselines,
  scoreForecastBaselines,
  seriesOf,
} from "../data/numbers/forecast-baselines.js";
import type { Sequences, SequenceTarget } from "../data/sequences.js";
import { InputError } from "../errors.js";
import { Random } from "../math/random.js";
import { cellsOf } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { sha256 } from "../study/json.js";
import { classify, type TrainingData } from "../train/classify.js";
import { accuraciesOf, confusionOf, describeWorst } from "../train/confusion.js";
import { defaults } from "../train/defaults.js";
import { evaluate } from "../train/evaluate.js";
import {
  type ForecastData,
  forecast,
  type Held,
  HORIZON,
  horizonOf,
  splitSeries,
} from "../train/forecast.js";
import { newNumberNetwork } from "../train/new-network.js";
import type { Task } from "../train/task.js";
import { Output, percent } from "./command.js";
import { readModel } from "./files.js";
import { numberTaskOf, readNumbers, remarkOnNumbers, taskFor } from "./numbers.js";
import { made, outOf, refuse, settingsOf, type TrainVerbOptions } from "./train.js";
import { describeEpoch, trainNetwork } from "./training.js";

/** The share of series, and of labelled sequences, that trains where no other data are named. */
const TRAINED = 0.75;

export async function trainOnNumbers(options: TrainVerbOptions, path: string): Promise<void> {
  refuse(
    options,
    ["split", "symbols", "unknown", "tie", "protocol", "embedding", "stringColumn"],
    "strings or texts",
  );
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const { from, seed, test, validation = [] } = options;
  const begun = from === undefined ? undefined : readModel(from, options, output, { task: options.task });
  if (begun) refuse(options, ["hidden", "layers", "bidirectional", "horizon"], "no --from");
  const asked = begun ? numberTaskOf(begun, from!) : options.task;
  const classes = begun?.conventions.labels;
  const all = readNumbers(path, { ...options, task: asked }, output, { classes });
  const task = taskFor(all, asked, path);
  const random = new Random(seed);
  const others = { ...options, task, labels: undefined };
  // Labels that only other data have are refused.
  const known = classes ?? classesIn(all);
  const read = (file: string, labels?: string) =>
    readNumbers(file, { ...others, labels }, output, { classes: known });
  const given = {
    test: test === undefined ? undefined : read(test, options.testLabels),
    validation: validation.length === 0 ? undefined : read(validation[0], options.validationLabels),
  };
  const standard = begun ? { ...defaults[task], ...defaults.further } : defaults[task];
  const { batch = defaults[task].batch, window = defaults.forecast.window } = options;
  const out = outOf(options, "numbers.safetensors");
  const files = {
    out,
    inputs: [from, path, options.labels, test, options.testLabels, ...validation, options.validationLabels],
    data: [all, given.test, given.validation].map(hashOf),
  };
  const settings = settingsOf(options, standard);
  const networkFor = (train: Sequences): Network => {
    remarkOnNumbers(train, path, output);
    const made =
      begun ??
      newNumberNetwork(
        train,
        task,
        { ...options, horizon: options.horizon ?? HORIZON },
        random.stream("initial weights"),
      );
    return made;
  };

  if (task === "forecast") {
    const data = forecastData(all, given, path, output);
    const network = networkFor(data.train);
    const subject = forecast(network, data, { batch, window, executor: options.executor });
    const { trained, history, updates } = await trainNetwork(network, subject, settings, files, output);
    const baselines = baselinesOf(data, horizonOf(trained));
    const last = history[history.length - 1];
    const best = bestOf(history.map(({ validationLoss }) => validationLoss));
    output.result(
      {
        network: out,
        task,
        cell: kindOf(trained),
        parameters: trained.size,
        targets: trained.conventions.targets,
        horizon: horizonOf(trained),
        epochs: history,
        ...(best && { best: { epoch: best.epoch, meanSquaredError: best.loss } }),
        baselines: baselines?.baselines,
        ...made(options, updates),
      },
      [
        describeEpoch(history.length, last),
        ...(best
          ? [`held out, after epoch ${best.epoch}: mean squared error ${best.loss.toPrecision(4)}`]
          : []),
        ...(baselines?.baselines ?? []).map(
          ({ name, meanSquaredError }) => `  ${name}: ${meanSquaredError.toPrecision(4)}`,
        ),
        `${out}: ${trained.size} parameters`,
      ].join("\n"),
    );
    return;
  }

  const data = labelledData(all, given, path, random, output);
  const network = networkFor(data.train as Sequences);
  const subject: Task = classify(network, data, { batch, classWeights: options.classWeights });
  const { trained, history, updates } = await trainNetwork(network, subject, settings, files, output);
  const result = await evaluate(trained, data.test, {
    batch,
    executor: options.executor,
    threads: options.threads,
  });
  const names = trained.conventions.labels ?? [];
  const accuracies = accuraciesOf(names, result.expected, result.predicted);
  const best = bestOf(history.map(({ validationLoss }) => validationLoss));
  const worst = describeWorst(accuracies);
  output.result(
    {
      network: out,
      task,
      cell: kindOf(trained),
      parameters: trained.size,
      classes: names,
      epochs: history,
      ...(best && { best: { epoch: best.epoch, nats: best.loss } }),
      test: { total: result.total, correct: result.correct, accuracy: result.accuracy, loss: result.loss },
      confusion: confusionOf(names.length, result.expected, result.predicted),
      perClass: accuracies,
      ...made(options, updates),
    },
    [
      describeEpoch(history.length, history[history.length - 1]),
      `test: ${result.correct} of ${result.total} right (${percent(result.accuracy)})${worst ? `; ${worst}` : ""}`,
      `${out}: ${trained.size} parameters`,
    ].join("\n"),
  );
}

/** The training part, and what is held out of it where no test data are named. */
function labelledData(
  all: Sequences,
  given: { test?: Sequences; validation?: Sequences },
  path: string,
  random: Random,
  output: Output,
): TrainingData<Sequences> {
  const validation = given.validation && { validation: given.validation };
  if (given.test) return { train: all, test: given.test, ...validation };
  const count = all.values.length;
  if (count < 4) {
    throw new InputError({
      where: path,
      what: `${count} sequences are too few to keep some for testing`,
      hint: "name a test file with --test",
    });
  }
  const rows = random.stream("split").shuffle(Int32Array.from({ length: count }, (_, row) => row));
  const forTest = Math.round(count * (1 - TRAINED));
  output.remark(`no --test: keeping ${forTest} of the ${count} sequences for testing`);
  return {
    train: rowsOf(all, rows.subarray(forTest)),
    test: rowsOf(all, rows.subarray(0, forTest)),
    ...validation,
  };
}

/** Series to train on, and what judges epochs: other series, or what comes after in the same ones. */
function forecastData(
  all: Sequences,
  given: { test?: Sequences; validation?: Sequences },
  path: string,
  output: Output,
): ForecastData {
  const test = given.test && { test: { series: given.test } };
  if (given.validation) return { train: all, validation: { series: given.validation }, ...test };
  if (test) return { train: all, ...test };
  output.remark(
    `no --validation: the last ${percent(1 - TRAINED, 0)} of each series judge epochs and do not train`,
  );
  return splitSeries(all, TRAINED, path);
}

/** What rules without a network reach on what is held out. */
function baselinesOf(
  { train, validation, test }: ForecastData,
  horizon: number,
): ForecastBaselines | undefined {
  const held: Held | undefined = validation ?? test;
  if (!held) return undefined;
  const ahead = seriesOf(held.series).map((series, row) => ({
    ...series,
    from: held.from?.[row] ?? horizon,
  }));
  return scoreForecastBaselines(seriesOf(train), ahead, { horizon });
}

function kindOf(network: Network) {
  return cellsOf(network.architecture)[0].kind;
}

function classesIn({ target }: Sequences): readonly string[] | undefined {
  if (target?.kind === "class") return target.labels.classes;
  return target?.kind === "step-classes" ? target.classes : undefined;
}

function bestOf(losses: readonly (number | undefined)[]): { epoch: number; loss: number } | undefined {
  const known = losses.map((loss = Number.POSITIVE_INFINITY) => loss);
  const loss = Math.min(...known);
  return Number.isFinite(loss) ? { epoch: known.indexOf(loss) + 1, loss } : undefined;
}

/** Some sequences with what is to be learnt of them. */
function rowsOf({ channels, values, target }: Sequences, rows: Int32Array): Sequences {
  const of = <T>(list: readonly T[]) => Array.from(rows, (row) => list[row]);
  return { channels, values: of(values), ...(target && { target: targetOf(target) }) };

  function targetOf(target: SequenceTarget): SequenceTarget {
    switch (target.kind) {
      case "class":
        return { ...target, labels: { ...target.labels, of: rows.map((row) => target.labels.of[row]) } };
      case "step-classes":
        return { ...target, of: of(target.of) };
      case "numbers":
        return { ...target, of: of(target.of) };
    }
  }
}

/** What differs when sequences do. */
function hashOf(sequences: Sequences | undefined): unknown {
  if (!sequences) return null;
  const { channels, values, target } = sequences;
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array) =>
    sha256(new Uint8Array(buffer, byteOffset, byteLength));
  const lists = target === undefined ? [] : target.kind === "class" ? [target.labels.of] : target.of;
  return [channels, values.map(bytes), lists.map(bytes)];
}
