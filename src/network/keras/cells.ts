// Keras's SimpleRNN, LSTM and GRU as Filigree's cells: matrices transposed, gates in PyTorch's order, and everything that makes another
// equation of them refused by name.
import { InputError } from "../../errors.js";
import { type CellKind, gateCount } from "../architecture.js";
import { type Matrix, type ReadCell, transposedValues } from "../collected.js";
import { quote } from "../safetensors.js";
import type { Settings } from "./config.js";
import type { Hdf5Numbers } from "./hdf5.js";

/** The rows of PyTorch's gates in the order of Keras's: ifco of i, f, g, o and zrh of r, z, n. */
const GATES: Readonly<Record<CellKind, readonly number[]>> = {
  "rnn-tanh": [0],
  "rnn-relu": [0],
  lstm: [0, 1, 2, 3],
  gru: [1, 0, 2],
};

/** A recurrent layer, or one direction of a bidirectional one. */
export interface RecurrentLayer {
  /** How it is called in messages. */
  readonly name: string;
  readonly settings: Settings;
  /** Its kernel, its recurrent kernel and its biases, by these places. */
  read(at: number): Hdf5Numbers | undefined;
}

/**
 * A layer's cell.
 * @param width of what it reads, where that is known.
 * @throws InputError when it is of another equation, something is missing or sizes do not fit.
 */
export function cellOf(
  type: "SimpleRNN" | "LSTM" | "GRU",
  { name, settings, read }: RecurrentLayer,
  width: number | undefined,
  where: string,
): Omit<ReadCell, "reverse"> {
  const fail = (what: string, hint?: string): never => {
    throw new InputError({ where, what: `its ${type} ${quote(name)} ${what}`, hint });
  };
  const kind = kindOf(type, settings, fail);
  const { units } = settings;
  if (typeof units !== "number" || !Number.isSafeInteger(units) || units < 1)
    return fail("does not say how many units it has");
  const rows = gateCount(kind) * units;
  const order = GATES[kind];
  const found = (at: number, called: string, shape: readonly (number | undefined)[]): Hdf5Numbers => {
    const numbers = read(at);
    if (!numbers) return fail(`has no ${called} in the file`, "save the whole model");
    const { shape: own } = numbers;
    const fits =
      own.length === shape.length && shape.every((extent, i) => extent === undefined || extent === own[i]);
    if (fits) return numbers;
    const wanted = shape.map((extent) => extent ?? "width").join(",");
    return fail(`has a ${called} of shape [${own}], not [${wanted}]`, "save the model again");
  };
  /** Rows of gates as PyTorch has them; without columns, a vector. */
  const ordered = (called: string, values: Float32Array, columns?: number): Matrix => {
    const sorted = new Float32Array(values.length);
    const length = values.length / order.length;
    for (const [at, own] of order.entries())
      sorted.set(values.subarray(at * length, (at + 1) * length), own * length);
    return {
      name: `${name}/${called}`,
      shape: columns === undefined ? [rows] : [rows, columns],
      values: sorted,
    };
  };
  const matrix = (at: number, called: string, columns: number | undefined): Matrix => {
    const { shape, values } = found(at, called, [columns, rows]);
    return ordered(called, transposedValues(values, [shape[0], rows]), shape[0]);
  };
  const cell = {
    kind,
    size: units,
    weightIh: matrix(0, "kernel", width),
    weightHh: matrix(1, "recurrent_kernel", units),
  };
  if (settings.use_bias === false) return cell;
  if (kind !== "gru") return { ...cell, biasIh: ordered("bias", found(2, "bias", [rows]).values) };
  const { values } = found(2, "bias", [2, rows]);
  return {
    ...cell,
    biasIh: ordered("bias[0]", values.subarray(0, rows)),
    biasHh: ordered("bias[1]", values.subarray(rows)),
  };
}

/** What a setting calls a function: built-in ones by their names, own ones in a record. */
export function functionName(value: unknown): string {
  if (value === undefined || value === null) return "linear";
  return typeof value === "string" ? value : "a function of its own";
}

function kindOf(
  type: "SimpleRNN" | "LSTM" | "GRU",
  settings: Settings,
  fail: (what: string, hint?: string) => never,
): CellKind {
  if (type === "GRU" && settings.reset_after !== true) {
    fail(
      "has reset_after = False, another equation than PyTorch's and Filigree's",
      "train it with reset_after=True, as Keras does when it is left out",
    );
  }
  if (settings.return_state === true) fail("gives its state too (return_state)");
  if (settings.time_major === true) fail("has time before the batch (time_major)");
  const activation = functionName(settings.activation);
  if (type === "SimpleRNN" && activation === "relu") return "rnn-relu";
  if (activation !== "tanh") fail(`has another activation: ${quote(activation)}`, "train it with tanh");
  if (type === "SimpleRNN") return "rnn-tanh";
  const gates = functionName(settings.recurrent_activation);
  if (gates !== "sigmoid") fail(`has another recurrent_activation: ${quote(gates)}`, "train it with sigmoid");
  return type === "LSTM" ? "lstm" : "gru";
}
