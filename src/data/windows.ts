// The batches of a language model and of a forecast of long series. A text or a series is cut into as many contiguous streams
// as a batch has lanes, and one batch after the other takes the next few steps of all streams, so that the state of a lane
// goes on where it was: truncated backpropagation through time.
import { InputError } from "../errors.js";
import type { Batches } from "./batches.js";
import type { SymbolArray } from "./symbols.js";

/** How texts and series are cut into batches. */
export interface Windowing {
  /** Lanes: streams that each is cut into. */
  readonly batch: number;
  /** Steps of a batch; the last may have fewer. */
  readonly window: number;
  /** Steps left out at the beginning of each, 0 when left out. Another one in every epoch shifts all windows. */
  readonly offset?: number;
}

/** What is cut: steps with something to learn at each. */
export interface Steps {
  readonly count: number;
  /** [step][number]; one of symbols. */
  readonly inputs: Uint16Array | Int32Array | Float32Array;
  readonly width: number;
  /** [step][number]; one of classes. */
  readonly targets: Uint16Array | Int32Array | Float32Array;
  readonly targetWidth: number;
}

/** Batches that follow each other, with a target at every step. */
export type Windows = Required<Batches>;

/** A text as steps: every symbol but the last, and the one after each. */
export function textSteps(text: SymbolArray): Steps {
  const count = Math.max(0, text.length - 1);
  return { count, inputs: text, width: 1, targets: text.subarray(1), targetWidth: 1 };
}

/** How many batches all are cut into. */
export function countWindows(all: readonly Steps[], windowing: Windowing): number {
  return all.reduce((sum, steps) => sum + windowsOf(steps, windowing), 0);
}

/**
 * Cuts into batches, one text or series after the other: of n steps after the offset, lane l reads steps
 * l·s to (l + 1)·s - 1, s = floor(n / batch). With one lane all n are read. One of too few steps to give every lane one gives no
 * batch.
 * @param first number of the first batch wanted, as the cursor of a run has it.
 * @param count how many are wanted; all that are left when there are fewer or it is left out.
 * @throws InputError when batch or window is not a positive whole number.
 */
export function makeWindows(
  all: readonly Steps[],
  windowing: Windowing,
  first = 0,
  count = Number.POSITIVE_INFINITY,
): Windows {
  const { batch, window, offset = 0 } = checkWindowing(windowing);
  const wanted: { of: Steps; stream: number; start: number; steps: number }[] = [];
  let before = 0;
  for (const of of all) {
    const windows = windowsOf(of, windowing);
    const stream = streamLength(of, windowing);
    const end = Math.min(windows, first + count - before);
    for (let i = Math.max(0, first - before); i < end; i++) {
      wanted.push({ of, stream, start: i * window, steps: Math.min(window, stream - i * window) });
    }
    before += windows;
  }

  const steps = Int32Array.from(wanted, (one) => one.steps);
  const cells = batch * steps.reduce((sum, n) => sum + n, 0);
  const { width, targetWidth } = all[0];
  const numbers = all[0].inputs instanceof Float32Array;
  const wide = all.some(({ inputs }) => inputs instanceof Int32Array);
  const inputs = new (numbers ? Float32Array : wide ? Int32Array : Uint16Array)(cells * width);
  const targets = new (all[0].targets instanceof Float32Array ? Float32Array : Int32Array)(
    cells * targetWidth,
  );
  const lengths = new Int32Array(batch * wanted.length);
  let begin = 0;
  for (const [i, { of, stream, start, steps }] of wanted.entries()) {
    lengths.fill(steps, i * batch, (i + 1) * batch);
    for (let lane = 0; lane < batch; lane++) {
      let from = offset + lane * stream + start;
      const end = from + steps;
      for (let at = begin + lane; from < end; at += batch, from++) {
        for (let k = 0; k < width; k++) inputs[at * width + k] = of.inputs[from * width + k];
        for (let k = 0; k < targetWidth; k++)
          targets[at * targetWidth + k] = of.targets[from * targetWidth + k];
      }
    }
    begin += batch * steps;
  }
  return {
    count: wanted.length,
    sizes: new Int32Array(wanted.length).fill(batch),
    steps,
    inputs,
    lengths,
    targets,
    carry: Uint8Array.from(wanted, ({ start }) => Number(start > 0)),
  };
}

/**
 * Refuses texts that are too short to be trained on in such batches.
 * @param names what messages call the texts.
 * @throws InputError when a text has not enough symbols for one whole window in every lane, saying what would fit; when
 * batch or window is not a positive whole number.
 */
export function checkLongEnough(
  texts: readonly SymbolArray[],
  names: readonly string[],
  windowing: Pick<Windowing, "batch" | "window">,
): void {
  const { batch, window } = checkWindowing(windowing);
  for (const [i, { length }] of texts.entries()) {
    const predictions = Math.max(0, length - 1);
    if (predictions >= batch * window) continue;
    const fitting = [
      predictions >= window && `--batch ${Math.floor(predictions / window)}`,
      predictions >= batch && `--window ${Math.floor(predictions / batch)}`,
      predictions < window && predictions < batch && predictions > 0 && `--batch 1 --window ${predictions}`,
    ].filter(Boolean);
    throw new InputError({
      where: names[i],
      what: `${length} symbols to train on are too few for ${batch} streams of ${window} steps, which take ${batch * window + 1}`,
      hint: fitting.length > 0 ? `use ${fitting.join(" or ")}` : "give more text",
    });
  }
}

function windowsOf(steps: Steps, windowing: Windowing): number {
  return Math.ceil(streamLength(steps, windowing) / windowing.window);
}

function streamLength({ count }: Steps, { batch, offset = 0 }: Windowing): number {
  return Math.max(0, Math.floor((count - offset) / batch));
}

function checkWindowing(windowing: Windowing): Windowing {
  for (const name of ["batch", "window"] as const) {
    const value = windowing[name];
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new InputError({
      where: name,
      what: `${value} is not a positive whole number`,
      hint: `use for example ${name === "batch" ? 32 : 64}`,
    });
  }
  return windowing;
}
