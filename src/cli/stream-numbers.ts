// `filigree stream` of a network over numbers: each line is a step, an empty line begins a new sequence. What is said depends
// on what the network is for: a class at the end of each sequence, or a class or a forecast after every step.
import { standardise, unstandardise } from "../data/standardise.js";
import type { Stream } from "../engine/stream.js";
import { InputError } from "../errors.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { probabilitiesOf } from "../train/evaluate.js";
import { horizonOf } from "../train/forecast.js";
import { describeClasses } from "./stream-classes.js";

/** What is said of a sequence at its end, or of a step. */
export type NumberSaying = OfSequence | OfStep | Forecast;

interface Verdict {
  /** The most likely class, and its name if it has one. */
  readonly class: number;
  readonly label?: string;
  readonly probabilities: readonly number[];
}

/** Sequences and steps count from 1. */
interface OfSequence extends Verdict {
  readonly sequence: number;
  readonly steps: number;
}

interface OfStep extends Verdict {
  readonly sequence: number;
  readonly step: number;
}

interface Forecast {
  readonly sequence: number;
  readonly step: number;
  /** The step that is foretold, and its numbers in their own unit. */
  readonly of: number;
  readonly forecast: readonly number[];
}

/** Numbers as they are written, without the separators that they may have between them. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Reads lines of numbers, one at a time, and says what the network says. */
export class NumberStream {
  readonly #network: Network;
  readonly #stream: Stream;
  readonly #width: number;
  #sequence = 1;
  #steps = 0;
  #outputs: Float32Array = new Float32Array();

  constructor(network: Network, stream: Stream) {
    this.#network = network;
    this.#stream = stream;
    this.#width = network.architecture.input.width;
  }

  /**
   * Takes in a line.
   * @param where names it in messages.
   * @returns what there is to say after it. @throws InputError when it is no step of the network.
   */
  line(line: string, where: string): NumberSaying | undefined {
    const cells = cellsOf(line);
    if (cells.length === 0) return this.end();
    const values = this.#valuesOf(cells, where);
    this.#outputs = this.#stream.step(values);
    this.#steps++;
    const task = taskOf(this.#network);
    if (task === "classify") return undefined;
    const at = { sequence: this.#sequence, step: this.#steps };
    return task === "forecast" ? { ...at, ...this.#forecast() } : { ...at, ...this.#verdict() };
  }

  /** Ends the sequence, if one has begun. */
  end(): NumberSaying | undefined {
    if (this.#steps === 0) return undefined;
    const said =
      taskOf(this.#network) === "classify"
        ? { sequence: this.#sequence, steps: this.#steps, ...this.#verdict() }
        : undefined;
    this.#stream.reset();
    this.#sequence++;
    this.#steps = 0;
    return said;
  }

  #valuesOf(cells: readonly string[], where: string): Float32Array {
    const { channels, standardisation } = this.#network.conventions;
    if (cells.length !== this.#width) {
      const named = channels?.some((name, i) => name !== String(i + 1));
      const names =
        channels && named ? `: ${channels.slice(0, 8).join(", ")}${channels.length > 8 ? ", …" : ""}` : "";
      throw new InputError({
        where,
        what: `the line has ${cells.length} ${cells.length === 1 ? "number" : "numbers"}, and the network reads ${this.#width}${names}`,
        hint: "give one line for each step, with one number for each channel",
      });
    }
    const values = Float32Array.from(cells, Number);
    const bad = cells.findIndex((cell, i) => !NUMBER.test(cell) || !Number.isFinite(values[i]));
    if (bad >= 0) {
      throw new InputError({
        where,
        what: `${JSON.stringify(cells[bad].slice(0, 40))} is not a finite number`,
        hint: "give numbers alone, with decimal points and without a header",
      });
    }
    if (standardisation) standardise(values, standardisation);
    return values;
  }

  #verdict(): Verdict {
    const { labels } = this.#network.conventions;
    const probabilities = probabilitiesOf(this.#outputs);
    const likeliest = probabilities.indexOf(Math.max(...probabilities));
    return { class: likeliest, ...(labels && { label: labels[likeliest] }), probabilities };
  }

  #forecast(): Pick<Forecast, "of" | "forecast"> {
    const { targetStandardisation } = this.#network.conventions;
    const values = this.#outputs.slice();
    if (targetStandardisation) unstandardise(values, targetStandardisation);
    return { of: this.#steps + horizonOf(this.#network), forecast: [...values] };
  }
}

/** The numbers of a line: between semicolons, where there are any, else between commas or blanks. */
function cellsOf(line: string): string[] {
  const text = line.trim();
  if (text === "") return [];
  if (text.includes(";"))
    return text.split(";").map((cell) => cell.trim().replace(/^([+-]?\d*),(\d+)/, "$1.$2"));
  return text.split(/\s*,\s*|\s+/);
}

/** What is said in a line: "12  rest 0.9104  walk 0.0896", or of a forecast "13  temperature 21.25". */
export function describeNumbers(saying: NumberSaying, { conventions }: Network): string {
  if ("forecast" in saying) {
    const { targets } = conventions;
    const shown = saying.forecast.map(
      (value, i) => `${targets?.[i] ?? i + 1} ${Number(value.toPrecision(6))}`,
    );
    return [saying.of, ...shown].join("  ");
  }
  const place = "step" in saying ? saying.step : saying.sequence;
  return describeClasses(String(place), saying.probabilities, conventions.labels);
}
