// ONNX models as they are written: nodes, constants and their types, and the graph around them. Numbers of fields and types are
// those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
import { version } from "../../version.js";
import { Message } from "./protobuf.js";

/** Operators are those of this set, which ONNX Runtime has known since 1.12. */
const OPSET = 17;
/** The format's version that goes with it. */
const IR_VERSION = 8;

/** ONNX's numbers of types. */
const types = { float: 1, int32: 6, int64: 7 } as const;
export type TypeName = keyof typeof types;

/** An input or output: of each dimension its size, or the name of one that is free. */
export interface Value {
  readonly name: string;
  readonly type: TypeName;
  readonly shape: readonly (number | string)[];
}

/** A whole number, a text, or several of either. */
type Attribute = number | string | readonly number[] | readonly string[];

/** A graph that is put together node by node. */
export class Graph {
  private readonly nodes: Message[] = [];
  private readonly constants = new Map<string, Message>();
  private readonly names = new Set<string>();

  /**
   * Adds a node. An input that is left out is named "".
   * @param outputs their names, which become those of the results.
   */
  node(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): void {
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, `${operator} ${outputs[0]}`).text(4, operator);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attributeOf(name, value));
    this.nodes.push(node);
  }

  /** Adds a constant of whole numbers and returns its name. */
  integers(values: readonly number[]): string {
    const name = `integers ${values.join(" ")}`;
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    if (!this.constants.has(name)) this.constants.set(name, tensor(name, "int64", [values.length], bytes));
    return name;
  }

  /** Adds a constant of floats and returns its name. */
  floats(name: string, shape: readonly number[], values: Float32Array): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.constants.set(name, tensor(name, "float", shape, bytes));
    return name;
  }

  /** A name that no other result has. */
  fresh(name: string): string {
    let own = name;
    for (let i = 2; this.names.has(own); i++) own = `${name} ${i}`;
    this.names.add(own);
    return own;
  }

  /** The bytes of a model file. */
  finish(
    name: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    metadata: Iterable<readonly [string, string]>,
  ): Uint8Array {
    const graph = new Message();
    for (const node of this.nodes) graph.message(1, node);
    graph.text(2, name);
    for (const constant of this.constants.values()) graph.message(5, constant);
    for (const input of inputs) graph.message(11, valueInfo(input));
    for (const output of outputs) graph.message(12, valueInfo(output));
    const model = new Message().integer(1, IR_VERSION).text(2, "Filigree").text(3, version).message(7, graph);
    model.message(8, new Message().text(1, "").integer(2, OPSET));
    for (const [key, value] of metadata) model.message(14, new Message().text(1, key).text(2, value));
    return model.finish();
  }
}

function attributeOf(name: string, value: Attribute): Message {
  const attribute = new Message().text(1, name);
  if (typeof value === "number") return attribute.integer(3, value).integer(20, 2);
  if (typeof value === "string") return attribute.text(4, value).integer(20, 3);
  for (const one of value) {
    if (typeof one === "number") attribute.integer(8, one);
    else attribute.text(9, one);
  }
  return attribute.integer(20, typeof value[0] === "number" ? 7 : 8);
}

function tensor(name: string, type: TypeName, shape: readonly number[], bytes: Uint8Array): Message {
  const own = new Message();
  for (const size of shape) own.integer(1, size);
  return own.integer(2, types[type]).text(8, name).bytes(9, bytes);
}

function valueInfo({ name, type, shape }: Value): Message {
  const dimensions = new Message();
  for (const size of shape) {
    dimensions.message(
      1,
      typeof size === "number" ? new Message().integer(1, size) : new Message().text(2, size),
    );
  }
  const own = new Message().integer(1, types[type]).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, own));
}
