// The task of forecasting: at every step of a series, the numbers that come some steps later, of the channels themselves or
// of a target beside them. Long series are trained on in lanes and windows with state carried on, as texts are; many
// short ones as wholes.
import { bucketedOrder, makeBatches } from "../data/batches.js";
import { countOf, type Examples, longest } from "../data/examples.js";
import { seriesOf } from "../data/numbers/forecast-baselines.js";
import { type Sequences, stepsOf } from "../data/sequences.js";
import { standardise, unstandardise } from "../data/standardise.js";
import { countWindows, makeWindows, type Steps } from "../data/windows.js";
import { InputError } from "../errors.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { type EvaluateOptions, examplesFor, outputsOf } from "./evaluate.js";
import { checkOptions } from "./options.js";
import type { Task } from "./task.js";

/** Steps that a forecast looks ahead when nothing else is said. */
export const HORIZON = 1;

export interface ForecastOptions extends EvaluateOptions {
  /** Steps of a batch, beyond which no gradient flows. */
  readonly window: number;
}

export interface ForecastData {
  readonly train: Sequences;
  /** What epochs are judged by, so that the best one is kept; they are not judged when left out. */
  readonly validation?: Held;
  /** Read once, after the last epoch, where epochs are not judged; else whoever trains reads it with the network that is kept. */
  readonly test?: Held;
}

/** What a network says of series, in their own units. */
export interface ForecastEvaluation {
  /** Numbers that were forecast and that there are. */
  readonly predictions: number;
  readonly meanSquaredError: number;
  readonly meanAbsoluteError: number;
  /** Of each series [step][number]: the forecast made at a step. */
  readonly outputs: readonly Float32Array[];
}

/** Series of which the times from `from` on are to be forecast and those before are known; all when left out. */
export interface Held {
  readonly series: Sequences;
  readonly from?: readonly number[];
}

/** What is to be forecast at each step of series: [step][number] of what is `horizon` steps later, NaN where nothing is. */
function targetsOf({ series, from }: Held, horizon: number): Float32Array[] {
  return seriesOf(series).map(({ names, values }, row) => {
    const width = names.length;
    const later = new Float32Array(values.length).fill(Number.NaN);
    const first = Math.max(horizon, from?.[row] ?? 0);
    later.set(values.subarray(first * width), (first - horizon) * width);
    return later;
  });
}

/** What is to be forecast, as `targetsOf` has it. @throws InputError when that is nothing. */
function checkAhead(held: Held, horizon: number, which?: string): Float32Array[] {
  const targets = targetsOf(held, horizon);
  if (targets.some((own) => own.some((value) => !Number.isNaN(value)))) return targets;
  const { series } = held;
  const most = series.values.reduce((steps, _, row) => Math.max(steps, stepsOf(series, row)), 0);
  const whose = which ? `the ${which} series` : "the series";
  throw new InputError({
    what:
      most > horizon
        ? `${whose} have no numbers to forecast`
        : `${whose} have at most ${most} ${most === 1 ? "step" : "steps"}, and forecasts look ${horizon} ahead`,
    hint: most > horizon ? "fill the target" : "give longer series, or a smaller horizon",
  });
}

/**
 * The task of forecasting, for this network: its conventions say how far ahead and on what scale.
 * @throws InputError when the network does not forecast, or the series do not fit it.
 */
export function forecast(network: Network, data: ForecastData, options: ForecastOptions): Task {
  checkOptions(options);
  const { batch, window } = options;
  const { conventions } = network;
  const train = forecastExamples(network, { series: data.train });
  const horizon = horizonOf(network);
  checkAhead({ series: data.train }, horizon, "training");
  if (data.validation) checkAhead(data.validation, horizon, "validation");
  if (data.test) checkAhead(data.test, horizon, "test");
  // Few long series are cut into streams; of many short ones each is an example.
  const isCut = countOf(train) < batch || longest(train) > 4 * window;
  const pieces = isCut ? stepsOfExamples(train).filter(({ count }) => count > 0) : [];
  const shortest = pieces.reduce((least, { count }) => Math.min(least, count), Number.POSITIVE_INFINITY);
  const lanes = isCut ? Math.max(1, Math.min(batch, Math.floor(shortest / window))) : batch;
  return {
    name: "forecast",
    batch: lanes,
    steps: isCut ? Math.min(window, longest(train)) : longest(train),
    symbols: [],
    ...(data.validation && { judgedBy: "validationLoss" as const }),
    conventions: () => conventions,
    check: checkForecasts,
    epoch(number, random) {
      if (!isCut) {
        let order: Int32Array | undefined;
        return {
          updates: Math.ceil(countOf(train) / batch),
          batches(first, count) {
            order ??= bucketedOrder(train, batch, random);
            const rows = order.subarray(first * batch, (first + count) * batch);
            return makeBatches(train, rows, batch, "last-symbol");
          },
        };
      }
      const spare = shortest - lanes * window;
      const offset = number === 1 ? 0 : random.below(Math.max(1, Math.min(window, spare + 1)));
      const windowing = { batch: lanes, window: Math.min(window, longest(train)), offset };
      return {
        updates: countWindows(pieces, windowing),
        batches: (first, count) => makeWindows(pieces, windowing, first, count),
      };
    },
    async evaluate(_, present, last) {
      const errors = (of: Held) => evaluateForecast(present(), of, options);
      const judged = data.validation && (await errors(data.validation));
      const tested = last && !data.validation && data.test ? await errors(data.test) : undefined;
      return {
        ...(judged && {
          validationLoss: judged.meanSquaredError,
          validationAbsoluteError: judged.meanAbsoluteError,
        }),
        ...(tested && {
          testLoss: tested.meanSquaredError,
          testAbsoluteError: tested.meanAbsoluteError,
        }),
      };
    },
  };
}

/** What a network forecasts at every step of series, in their own units: of each [step][number]. @throws as `outputsOf`. */
export async function forecastsOf(
  network: Network,
  series: Sequences,
  options: EvaluateOptions,
): Promise<Float32Array[]> {
  checkForecasts(network);
  const said = await outputsOf(network, series, {
    ...options,
    batch: Math.min(options.batch, series.values.length),
  });
  const { targetStandardisation } = network.conventions;
  if (targetStandardisation) for (const own of said) unstandardise(own, targetStandardisation);
  return said;
}

/**
 * Runs series through a network, each from a state of zero, and compares its forecasts with what came.
 * @throws InputError when the network does not forecast, or the series do not fit it.
 */
export async function evaluateForecast(
  network: Network,
  held: Held,
  options: EvaluateOptions,
): Promise<ForecastEvaluation> {
  checkOptions(options);
  checkForecasts(network);
  checkTargets(network, held.series);
  const wanted = checkAhead(held, horizonOf(network));
  const said = await forecastsOf(network, held.series, options);
  let [squares, absolutes, predictions] = [0, 0, 0];
  for (const [row, own] of said.entries()) {
    for (let i = 0; i < own.length; i++) {
      const error = own[i] - wanted[row][i];
      if (Number.isNaN(error)) continue;
      squares += error * error;
      absolutes += Math.abs(error);
      predictions++;
    }
  }
  return {
    predictions,
    meanSquaredError: squares / predictions,
    meanAbsoluteError: absolutes / predictions,
    outputs: said,
  };
}

/** Steps that a network's forecasts look ahead. */
export function horizonOf({ conventions }: Pick<Network, "conventions">): number {
  return conventions.horizon ?? HORIZON;
}

/** @throws InputError unless the network forecasts numbers. */
export function checkForecasts(network: Network): void {
  const task = taskOf(network);
  if (task === "forecast") return;
  throw new InputError({
    what: `the network is for the task ${task} and forecasts no numbers`,
    hint: "train one with --task forecast",
  });
}

/** @throws InputError unless there are as many numbers to be forecast as the network gives out. */
function checkTargets({ architecture }: Network, series: Sequences): void {
  const [{ names }] = seriesOf(series);
  const { outputs } = architecture.readout;
  if (names.length === outputs) return;
  throw new InputError({
    what: `the network forecasts ${outputs} numbers, and the series have ${names.length}: ${names.slice(0, 8).join(", ")}`,
    hint: "name what it was trained to forecast with --target-column",
  });
}

/** Series with their targets, both on the scale that the network was trained on. */
function forecastExamples(network: Network, held: Held): Examples {
  const [{ names }] = seriesOf(held.series);
  const of = targetsOf(held, horizonOf(network));
  checkTargets(network, held.series);
  const { targetStandardisation } = network.conventions;
  const scaled = targetStandardisation
    ? of.map((own) => {
        const copy = own.slice();
        standardise(copy, targetStandardisation);
        return copy;
      })
    : of;
  return examplesFor(network, held.series, { kind: "numbers", names, of: scaled });
}

/** Each example up to its last step that has a target, as steps to be cut into windows. */
function stepsOfExamples({ inputs, width, starts, targets, targetWidth }: Examples): Steps[] {
  return Array.from({ length: starts.length - 1 }, (_, row) => {
    const [first, end] = [starts[row], starts[row + 1]];
    const own = targets.subarray(first * targetWidth, end * targetWidth);
    const last = own.findLastIndex((target) => !Number.isNaN(target));
    return {
      count: Math.floor(last / targetWidth) + 1,
      inputs: inputs.subarray(first * width, end * width),
      width,
      targets: own,
      targetWidth,
    };
  });
}

/**
 * Series up to a share of the steps of each to train on, and whole ones of which what comes after is to be forecast, so that
 * a network has seen what came before.
 * @param share from 0 to 1. @param what they are cut for. @throws InputError when a series is too short to be cut there.
 */
export function splitSeries(
  series: Sequences,
  share: number,
  where: string,
  { what, hint } = { what: "keep some for testing", hint: "name a test file with --test" },
): { train: Sequences; validation: Required<Held> } {
  const from = series.values.map((_, row) => Math.floor(share * stepsOf(series, row)));
  const short = from.findIndex((end, row) => end < 2 || end >= stepsOf(series, row));
  if (short >= 0) {
    throw new InputError({
      where: `${where}, series ${short + 1}`,
      what: `its ${stepsOf(series, short)} steps are too few to ${what}`,
      hint,
    });
  }
  const train = stepsBetween(series, (row) => [0, from[row]]);
  return { train, validation: { series, from } };
}

/** Series of which a forecast so many steps ahead is of the held times alone. */
export function heldSteps({ series, from }: Held, horizon: number): Sequences {
  return stepsBetween(series, (row) => [Math.max(0, (from?.[row] ?? 0) - horizon), stepsOf(series, row)]);
}

function stepsBetween(
  { channels, values, target }: Sequences,
  ends: (row: number) => readonly [first: number, end: number],
): Sequences {
  const cut = (lists: readonly Float32Array[], width: number) =>
    lists.map((own, row) => {
      const [first, end] = ends(row);
      return own.subarray(first * width, end * width);
    });
  const kept = target?.kind === "numbers" && { ...target, of: cut(target.of, target.names.length) };
  return { channels, values: cut(values, channels.length), ...(kept && { target: kept }) };
}
