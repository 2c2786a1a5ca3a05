// ONNX's RNN, LSTM and GRU as Filigree's cells: their gates in PyTorch's order, each direction a cell of its own, and everything
// that makes another equation of them refused by name.
import { InputError } from "../../errors.js";
import { type CellKind, gateCount } from "../architecture.js";
import type { Matrix, ReadCell } from "../collected.js";
import { quote } from "../safetensors.js";
import type { Constant, OnnxNode } from "./model.js";

/** The rows of PyTorch's gates in the order of ONNX's: iofc of i, f, g, o and zrh of r, z, n. */
export const GATES: Readonly<Record<CellKind, readonly number[]>> = {
  "rnn-tanh": [0],
  "rnn-relu": [0],
  lstm: [0, 3, 1, 2],
  gru: [1, 0, 2],
};

/**
 * The cells of a node, the forward one first.
 * @param constant its constants by their place among its inputs.
 * @throws InputError when it is of another equation or its sizes do not fit.
 */
export function cellsOfNode(
  node: OnnxNode,
  constant: (at: number) => Constant | undefined,
  where: string,
): ReadCell[] {
  const { operator, attributes, inputs } = node;
  const fail = (what: string, hint?: string): never => {
    throw new InputError({ where, what: `its ${operator} ${what}`, hint });
  };
  const number = (name: string) => Number(attributes.get(name) ?? 0);
  if (operator === "GRU" && number("linear_before_reset") !== 1) {
    fail(
      "has linear_before_reset = 0, another equation than PyTorch's and Filigree's",
      "export a GRU of PyTorch's, or one of Keras's with reset_after",
    );
  }
  if (number("layout") !== 0) fail("has layout = 1", "transpose around it instead");
  if (number("input_forget") !== 0) fail("couples its input and forget gates (input_forget)");
  if (attributes.has("clip")) fail("clips its gates (clip)");
  if (attributes.has("activation_alpha") || attributes.has("activation_beta"))
    fail("has activations with parameters");
  if (inputs[7]) fail("has peepholes");
  const direction = String(attributes.get("direction") ?? "forward");
  if (!["forward", "reverse", "bidirectional"].includes(direction)) fail(`runs ${quote(direction)}`);
  const directions = direction === "bidirectional" ? [false, true] : [direction === "reverse"];
  const kinds = kindsOf(node, directions.length) ?? fail(`has other activations: ${activationsIn(node)}`);

  const [w, r, b] = [1, 2, 3].map(constant);
  if (!w || !r) return fail("has weights that are no constants");
  if (inputs[3] && !b) return fail("has biases that are no constants");
  const size = r.shape[2];
  const gates = gateCount(kinds[0]);
  const rows = gates * size;
  const across = directions.length;
  const check = ({ name, shape }: Constant, wanted: readonly number[]) => {
    if (shape.length === wanted.length && wanted.every((extent, i) => extent === shape[i])) return;
    fail(`has ${quote(name)} of shape [${shape}], not [${wanted}]`, "export the model again");
  };
  if (!(size >= 1) || !(w.shape[2] >= 1)) fail(`has ${quote(r.name)} of shape [${r.shape}]`);
  const stated = attributes.get("hidden_size");
  if (stated !== undefined && stated !== size)
    fail(`has hidden_size = ${stated} and weights of ${size} units`);
  check(r, [across, rows, size]);
  check(w, [across, rows, w.shape[2]]);
  if (b) check(b, [across, 2 * rows]);
  const ordered = (
    from: Constant,
    kind: CellKind,
    begin: number,
    shape: readonly number[],
    part: string,
  ): Matrix => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    const stored = from.floats(where).subarray(begin, begin + length);
    const values = new Float32Array(length);
    const gate = length / gates;
    for (const [at, own] of GATES[kind].entries())
      values.set(stored.subarray(at * gate, (at + 1) * gate), own * gate);
    return { name: from.name + part, shape, values };
  };
  return directions.map((reverse, d) => {
    const kind = kinds[d];
    const part = across > 1 ? `[${d}]` : "";
    const of = (from: Constant, columns: number) =>
      ordered(from, kind, d * rows * columns, [rows, columns], part);
    return {
      kind,
      size,
      reverse,
      weightIh: of(w, w.shape[2]),
      weightHh: of(r, size),
      ...(b && {
        biasIh: ordered(b, kind, 2 * d * rows, [rows], `${part} of W`),
        biasHh: ordered(b, kind, (2 * d + 1) * rows, [rows], `${part} of R`),
      }),
    };
  });
}

function activationsIn({ attributes }: OnnxNode): readonly string[] | undefined {
  const list = attributes.get("activations");
  return Array.isArray(list) ? list.map(String) : undefined;
}

/** The kind of each direction; undefined where it has other activations than Filigree's cells. */
function kindsOf(node: OnnxNode, directions: number): CellKind[] | undefined {
  const usual = { RNN: ["tanh"], LSTM: ["sigmoid", "tanh", "tanh"], GRU: ["sigmoid", "tanh"] }[
    node.operator
  ]!;
  const given = activationsIn(node)?.map((name) => name.toLowerCase());
  const all = given ?? Array.from({ length: directions }, () => usual).flat();
  if (all.length !== usual.length * directions) return undefined;
  const kinds = Array.from({ length: directions }, (_, d): CellKind | undefined => {
    const own = all.slice(d * usual.length, (d + 1) * usual.length).join(" ");
    if (node.operator === "RNN") return own === "tanh" ? "rnn-tanh" : own === "relu" ? "rnn-relu" : undefined;
    return own === usual.join(" ") ? (node.operator === "LSTM" ? "lstm" : "gru") : undefined;
  });
  return kinds.includes(undefined) ? undefined : (kinds as CellKind[]);
}
