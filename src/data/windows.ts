// The batches of a language model. A text is cut into as many contiguous streams as a batch has lanes, and one batch
// after the other takes the next few steps of all streams, so that the state of a lane goes on where it was: truncated
// backpropagation through time.
import { InputError } from "../errors.js";
import type { SymbolArray } from "./symbols.js";

/** How texts are cut into batches. */
export interface Windowing {
  /** Lanes: streams that each text is cut into. */
  readonly batch: number;
  /** Steps of a batch; the last of a text may have fewer. */
  readonly window: number;
  /** Symbols left out at the beginning of each text, 0 when left out. Another one in every epoch shifts all windows. */
  readonly offset?: number;
}

/** Batches that follow each other, ready for an executor: the layout of `Batches`, with a target at every step. */
export interface Windows {
  /** Number of batches. */
  readonly count: number;
  /** [count] lanes of each batch, always the same. */
  readonly sizes: Int32Array;
  /** [count] time steps of each batch. */
  readonly steps: Int32Array;
  /** Symbols per batch as [step][example], batches one after the other. */
  readonly inputs: SymbolArray;
  /** [examples] steps of each lane, in batch order: those of its batch. */
  readonly lengths: Int32Array;
  /** The symbol after each of `inputs`, in the same order. */
  readonly targets: Int32Array;
  /** [count] 1 where lanes go on from the batch before, 0 where a text begins and state starts anew. */
  readonly carry: Uint8Array;
}

/** How many batches the texts are cut into. */
export function countWindows(texts: readonly SymbolArray[], windowing: Windowing): number {
  return texts.reduce((sum, text) => sum + windowsOf(text, windowing), 0);
}

/**
 * Cuts texts into batches, one text after the other: of n symbols after the offset, lane l reads symbols
 * l·s to (l + 1)·s - 1, s = floor((n - 1) / batch), and predicts those one further. With one lane, all n - 1 symbols that have
 * one before them are predicted. A text of too few symbols to give every lane one gives no batch.
 * @param first number of the first batch wanted, as the cursor of a run has it.
 * @param count how many are wanted; all that are left when there are fewer or it is left out.
 * @throws InputError when batch or window is not a positive whole number.
 */
export function makeWindows(
  texts: readonly SymbolArray[],
  windowing: Windowing,
  first = 0,
  count = Number.POSITIVE_INFINITY,
): Windows {
  const { batch, window, offset = 0 } = checkWindowing(windowing);
  const wanted: { text: SymbolArray; stream: number; start: number; steps: number }[] = [];
  let before = 0;
  for (const text of texts) {
    const all = windowsOf(text, windowing);
    const stream = streamLength(text, windowing);
    const end = Math.min(all, first + count - before);
    for (let i = Math.max(0, first - before); i < end; i++) {
      wanted.push({ text, stream, start: i * window, steps: Math.min(window, stream - i * window) });
    }
    before += all;
  }

  const steps = Int32Array.from(wanted, (one) => one.steps);
  const cells = batch * steps.reduce((sum, n) => sum + n, 0);
  const wide = texts.some((text) => text instanceof Int32Array);
  const inputs = new (wide ? Int32Array : Uint16Array)(cells);
  const targets = new Int32Array(cells);
  const lengths = new Int32Array(batch * wanted.length);
  let begin = 0;
  for (const [i, { text, stream, start, steps }] of wanted.entries()) {
    lengths.fill(steps, i * batch, (i + 1) * batch);
    for (let lane = 0; lane < batch; lane++) {
      let from = offset + lane * stream + start;
      const end = from + steps;
      for (let at = begin + lane; from < end; at += batch) {
        inputs[at] = text[from++];
        targets[at] = text[from];
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

function windowsOf(text: SymbolArray, windowing: Windowing): number {
  return Math.ceil(streamLength(text, windowing) / windowing.window);
}

function streamLength(text: SymbolArray, { batch, offset = 0 }: Windowing): number {
  return Math.max(0, Math.floor((text.length - 1 - offset) / batch));
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
