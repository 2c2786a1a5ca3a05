// The task of predicting the next symbol of a text from all before it, and what a network says of texts. Texts are
// trained on in lanes and windows with state carried on; they are evaluated whole, one symbol after the other.
import type { SymbolArray } from "../data/symbols.js";
import { countPredictions, type EncodedTexts } from "../data/text.js";
import { parseVocabulary } from "../data/vocabulary.js";
import { checkLongEnough, countWindows, makeWindows, textSteps } from "../data/windows.js";
import { Calibration } from "../engine/calibrate.js";
import type { ExecutorName } from "../engine/engine.js";
import { stream } from "../engine/stream.js";
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import { initialise, type Network, stack } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { defaults } from "./defaults.js";
import { type As, calibrated } from "./evaluate.js";
import type { Tested } from "./options.js";
import type { Task } from "./task.js";

export interface NextSymbolOptions {
  /** Lanes: streams that each text is cut into. */
  readonly batch: number;
  /** Steps of a batch, beyond which no gradient flows. */
  readonly window: number;
  readonly executor?: ExecutorName;
  /** What messages call the texts. */
  readonly names?: readonly string[];
  /**
   * After which epochs the held-out texts are read: after each, of which the best is kept, when left out. Read after the last one
   * alone they are test data, by which no epoch is chosen.
   */
  readonly tested?: Tested;
}

// Symbols in one call to the executor.
const CALL = 2 ** 14;

/** A new network for texts; what is left out is as in `defaults`. */
export interface LanguageModelOptions {
  readonly cell?: CellKind;
  readonly hidden?: number;
  readonly layers?: number;
  /** As wide as a layer with `tie`, else at most that. */
  readonly embedding?: number;
  /** Reads out by the weights of the embedding. */
  readonly tie?: boolean;
}

/** What a network says of texts. */
export interface TextEvaluation {
  /** Symbols that were predicted: all but the first of each text. */
  readonly symbols: number;
  /** Mean over them of -ln of the probability of each. */
  readonly nats: number;
  /** Share of them that was the likeliest. */
  readonly accuracy: number;
  /** [symbol][vocabulary] logits after each of the first symbols, as many as were wanted. */
  readonly logits: Float32Array;
}

/** A network of random weights that predicts the next of so many symbols. */
export function newLanguageModel(vocabulary: number, options: LanguageModelOptions, random: Random): Network {
  const { next } = defaults;
  const { cell = next.cell, hidden = next.hidden, layers = next.layers, tie } = options;
  const { embedding = tie ? hidden : Math.min(next.embedding, hidden) } = options;
  const made = stack({ cell, hidden, layers, embedding, vocabulary, outputs: vocabulary });
  const readout = { ...made.readout, at: "every-step" as const, ...(tie && { tied: true as const }) };
  return initialise({ ...made, readout }, random);
}

/**
 * The task of predicting the next symbol: truncated backpropagation through time over `window` steps. Every epoch but
 * the first leaves out a random number of symbols at the beginning of each text, so that windows begin elsewhere. After
 * each epoch, or the last one, the held-out texts are read whole.
 * @throws InputError when a text is too short for so many lanes and steps.
 */
export function nextSymbol(
  data: {
    readonly vocabulary: readonly string[];
    readonly train: Pick<EncodedTexts, "texts">;
    readonly validation: Pick<EncodedTexts, "texts">;
  },
  options: NextSymbolOptions,
): Task {
  const { batch, window, executor: name, tested } = options;
  const { texts } = data.train;
  const names = options.names ?? texts.map((_, i) => `text ${i + 1}`);
  checkLongEnough(texts, names, { batch, window });
  const steps = texts.map(textSteps);
  const vocabulary = parseVocabulary(JSON.stringify(data.vocabulary), "vocabulary");
  return {
    name: "next",
    batch,
    steps: window,
    symbols: [...data.vocabulary.keys()],
    ...(tested !== "last-epoch" && { judgedBy: "validationLoss" as const }),
    conventions: () => ({ readAt: "last-symbol", vocabulary }),
    check: checkReads,
    epoch(number, random) {
      // A text that would lose a lane's last window by it is left whole.
      const spare = Math.min(...texts.map(({ length }) => length - 1 - batch * window));
      const offset = number === 1 ? 0 : random.below(Math.max(1, Math.min(window, spare + 1)));
      const windowing = { batch, window, offset };
      return {
        updates: countWindows(steps, windowing),
        batches: (first, count) => makeWindows(steps, windowing, first, count),
      };
    },
    async evaluate(_, present, last): Promise<Record<string, number>> {
      if (tested === "last-epoch" && !last) return {};
      const { nats, accuracy } = await evaluateTexts(present(), data.validation.texts, { executor: name });
      return tested === "last-epoch"
        ? { testLoss: nats, testAccuracy: accuracy }
        : { validationLoss: nats, validationAccuracy: accuracy };
    },
  };
}

/**
 * Reads each text whole from a state of zero and compares every symbol after the first with what was expected of it.
 * @param texts symbols as rows of the network's embedding.
 * @throws InputError when the network predicts no symbols, or there is none to predict.
 */
export async function evaluateTexts(
  network: Network,
  texts: readonly SymbolArray[],
  { executor, as, outputs = 0 }: { executor?: ExecutorName; as?: As; outputs?: number } = {},
): Promise<TextEvaluation> {
  checkReads(network);
  const symbols = countPredictions(texts);
  if (symbols === 0)
    throw new InputError({ what: "there is no symbol to predict", hint: "give a longer text" });
  const reading = stream(network, { executor, int8: as === "stream-int8" });
  const size = network.architecture.readout.outputs;
  const logits = new Float32Array(Math.min(outputs, symbols) * size);
  let loss = 0;
  let correct = 0;
  let kept = 0;
  for (const text of texts) {
    reading.reset();
    for (let first = 0; first + 1 < text.length; first += CALL) {
      const end = Math.min(first + CALL, text.length - 1);
      const wanted = Math.min(logits.length / size - kept, end - first);
      const read = await reading.run(text.subarray(first, end), text.subarray(first + 1, end + 1), wanted);
      logits.set(read.outputs, kept * size);
      kept += wanted;
      loss += read.loss;
      correct += read.correct;
    }
  }
  return { symbols, nats: loss / symbols, accuracy: correct / symbols, logits };
}

/** The network, calibrated for int8 on texts; see `calibrate` in evaluate.ts. @throws InputError as `evaluateTexts`. */
export function calibrateOnTexts(
  network: Network,
  texts: readonly SymbolArray[],
  options: { readonly percentile: number },
): Network {
  checkReads(network);
  const calibration = new Calibration(network);
  for (const text of texts) {
    calibration.reset();
    for (const symbol of text) calibration.step(symbol);
  }
  return calibrated(network, calibration, options);
}

/** @throws InputError unless the network predicts a symbol at every step. */
export function checkReads(network: Network): void {
  if (taskOf(network) === "next") return;
  throw new InputError({
    what: "the network does not predict the next symbol of a text",
    hint: "train one with --text, or give it labelled sequences with --data",
  });
}
