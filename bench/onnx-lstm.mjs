// Writes a stack of LSTMs as an ONNX model: symbols and state in, logits after the last symbol and state out. Protocol buffers
// are few enough rules that no package is needed; field numbers are those of onnx.proto.
import { cellsOf } from "../dist/network/architecture.js";
import { tensorNames } from "../dist/network/network.js";

const FLOAT = 1;
const INT64 = 7;

function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

const integer = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => {
  const content = Buffer.isBuffer(value) ? value : Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
};
const message = (field, ...parts) => bytes(field, Buffer.concat(parts));

const tensor = (name, type, shape, data) =>
  message(
    5,
    ...shape.map((extent) => integer(1, extent)),
    integer(2, type),
    bytes(8, name),
    bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );

const value = (field, name, type, shape) =>
  message(
    field,
    bytes(1, name),
    message(
      2,
      message(1, integer(1, type), message(2, ...shape.map((extent) => message(1, integer(1, extent))))),
    ),
  );

const node = (kind, inputs, outputs, attributes = {}) =>
  message(
    1,
    ...inputs.map((name) => bytes(1, name)),
    ...outputs.map((name) => bytes(2, name)),
    bytes(4, kind),
    ...Object.entries(attributes).map(([name, number]) =>
      message(5, bytes(1, name), integer(3, number), integer(20, 2)),
    ),
  );

/** Rows of the gates i, f, g, o in the order that ONNX wants them: i, o, f, g. */
function reordered(values) {
  const gate = values.length / 4;
  const out = new Float32Array(values.length);
  for (const [to, from] of [0, 3, 1, 2].entries()) {
    out.set(values.subarray(from * gate, (from + 1) * gate), to * gate);
  }
  return out;
}

/**
 * The model of a network of `stack`. Inputs: `symbol` int64 [steps, 1], and for each layer i `h{i}` and `c{i}`
 * float32 [1, 1, size]. Outputs: `logits` [1, classes], `next_h{i}`, `next_c{i}`.
 */
export function lstmModel(network, steps) {
  const { architecture } = network;
  const cells = cellsOf(architecture);
  const {
    input: { vocabulary, width: embedding },
    readout,
  } = architecture;
  const graph = [
    tensor("embedding", FLOAT, [vocabulary, embedding], network.values("embedding.weight")),
    node("Gather", ["embedding", "symbol"], ["x0"]),
    value(11, "symbol", INT64, [steps, 1]),
    tensor("direction", INT64, [1], BigInt64Array.of(1n)),
  ];
  for (const [i, { name, size }] of cells.entries()) {
    const names = tensorNames(name);
    const width = i === 0 ? embedding : cells[i - 1].size;
    const biases = new Float32Array(8 * size);
    biases.set(reordered(network.values(names.biasIh)));
    biases.set(reordered(network.values(names.biasHh)), 4 * size);
    graph.push(
      tensor(`w${i}`, FLOAT, [1, 4 * size, width], reordered(network.values(names.weightIh))),
      tensor(`r${i}`, FLOAT, [1, 4 * size, size], reordered(network.values(names.weightHh))),
      tensor(`b${i}`, FLOAT, [1, 8 * size], biases),
      node(
        "LSTM",
        [`x${i}`, `w${i}`, `r${i}`, `b${i}`, "", `h${i}`, `c${i}`],
        [`y${i}`, `next_h${i}`, `next_c${i}`],
        { hidden_size: size },
      ),
      node("Squeeze", [`y${i}`, "direction"], [`x${i + 1}`]),
      ...["h", "c"].map((state) => value(11, `${state}${i}`, FLOAT, [1, 1, size])),
      ...["h", "c"].map((state) => value(12, `next_${state}${i}`, FLOAT, [1, 1, size])),
    );
  }
  const last = cells.length - 1;
  const { size } = cells[last];
  graph.push(
    tensor("last", INT64, [1], BigInt64Array.of(0n)),
    node("Squeeze", [`next_h${last}`, "last"], ["features"]),
    tensor("readout", FLOAT, [readout.outputs, size], network.values("readout.weight")),
    tensor("bias", FLOAT, [readout.outputs], network.values("readout.bias")),
    node("Gemm", ["features", "readout", "bias"], ["logits"], { transB: 1 }),
    value(12, "logits", FLOAT, [1, readout.outputs]),
  );
  return Buffer.concat([
    integer(1, 8),
    message(7, bytes(2, "lstm"), ...graph),
    message(8, bytes(1, ""), integer(2, 17)),
  ]);
}
