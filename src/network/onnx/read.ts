// Networks from ONNX files: what a graph computes becomes the tensors and the layout of a weight file, so that everything after it,
// conventions, masks and checks, is as for any other.
import { InputError } from "../../errors.js";
import { type Architecture, type Input, inputNames, type Node } from "../architecture.js";
import { collected, type Matrix, transposedValues } from "../collected.js";
import type { Layout } from "../layout.js";
import { REVERSE } from "../network.js";
import { quote, type Safetensors, strictJson } from "../safetensors.js";
import { readingFor, type TaskName, taskNames } from "../tasks.js";
import { type Constant, parseModel } from "./model.js";
import { type Trace, traceModel } from "./trace.js";
import type { Scaling } from "./values.js";

/** Metadata keys beside those of weight files: what the network is for, and the names of its nodes in their order. */
export const TASK = "task";
export const NODES = "nodes";

const STANDARDISATION = "standardisation";
const TARGET_STANDARDISATION = "targetStandardisation";

/** Whether a file is ONNX: by its first field, a small version, where safetensors have the length of their header; or by its name. */
export function isOnnx(bytes: Uint8Array, where: string): boolean {
  const isShortLength = bytes.subarray(4, 8).every((byte) => byte === 0);
  return /\.onnx$/i.test(where) || (bytes[0] === 8 && !isShortLength);
}

/**
 * The network of an ONNX file, as `filigree export --to onnx` and PyTorch's exporters write them: cells are RNN, LSTM and GRU with
 * PyTorch's equations, in one direction or both.
 * @throws InputError when it is damaged, or has an operator or an equation that Filigree does not have, which is named.
 */
export function readOnnx(bytes: Uint8Array, where: string): { layout: Layout; file: Safetensors } {
  const model = parseModel(bytes, where);
  const trace = traceModel(model, where);
  const { metadata } = model;
  const names = namesOf(trace, metadata, where);
  const cells = new Map(Array.from(trace.cells, ([name, cell]) => [names.get(name)!, cell] as const));
  const { head, embedding } = trace;
  const isTied = embedding === head.weight && !head.turned;
  const architecture = architectureOf(trace, { names, isTied, task: taskIn(metadata, where), where });
  const said = new Map(metadata);
  agree(said, STANDARDISATION, trace.standardisation, where);
  agree(said, TARGET_STANDARDISATION, head.scaling, where);
  const ends = {
    ...(embedding && { embedding: whole(embedding, where) }),
    readout: head.turned ? turned(head.weight, where) : whole(head.weight, where),
    ...(head.bias && { readoutBias: { ...whole(head.bias, where), shape: [head.outputs] } }),
    ...(isTied && { tied: true }),
  };
  return collected(architecture, cells, ends, said);
}

function architectureOf(
  { nodes, embedding, width, read, head, everyStep }: Trace,
  {
    names,
    isTied,
    task,
    where,
  }: {
    names: ReadonlyMap<string, string>;
    isTied: boolean;
    task: TaskName | undefined;
    where: string;
  },
): Architecture {
  const own = (source: string) => names.get(source) ?? source;
  const input: Input = embedding
    ? { kind: "symbols", vocabulary: embedding.shape[0], width: embedding.shape[1] }
    : { kind: "values", width: width! };
  if (!everyStep && (task === "label" || task === "next"))
    throw new InputError({ where, what: `its metadata ${TASK} is ${task}, and it is read once` });
  const isForecast = task === "forecast" || (!task && (head.scaling !== undefined || head.outputs === 1));
  if (!task && isForecast && embedding) {
    throw new InputError({
      where,
      what: `its read-out ${quote(head.weight.name)} has one output, or outputs that are numbers, and no classes to choose among`,
      hint: "train it with one output for each class, two for yes and no",
    });
  }
  if (head.scaling && !isForecast)
    throw new InputError({ where, what: "the outputs of its read-out are multiplied or shifted" });
  return {
    input,
    nodes: nodes.map(
      (node): Node =>
        node.type === "cell"
          ? { ...node, name: own(node.name), inputs: node.inputs.map(own) }
          : { ...node, name: own(node.name), of: node.of.map(own) },
    ),
    readout: {
      inputs: read.map(({ source }) => own(source)),
      outputs: head.outputs,
      // A stream says something at every step, whatever it is for.
      ...(everyStep && task !== "classify" && readingFor("label")),
      ...(isForecast && { predicts: "numbers" }),
      ...(isTied && { tied: true }),
    },
  };
}

/**
 * The names of nodes by their numbers: as the metadata have them, else as those of a stack, with sums numbered like cells. Sums of the
 * same nodes may have become fewer than there were.
 */
function namesOf(
  { nodes }: Trace,
  metadata: ReadonlyMap<string, string>,
  where: string,
): ReadonlyMap<string, string> {
  const said = metadata.get(NODES);
  if (said !== undefined) {
    const names = namesIn(said);
    if (names?.length === nodes.length) return new Map(nodes.map(({ name }, i) => [name, names[i]]));
    if (!names) {
      throw new InputError({
        where,
        what: `its metadata ${NODES} is no JSON array of different names`,
        hint: "export the model again",
      });
    }
  }
  const names = new Map<string, string>();
  let count = 0;
  for (const [i, node] of nodes.entries()) {
    const before = nodes[i - 1];
    const isPair =
      node.type === "cell" &&
      node.direction === "reverse" &&
      before?.type === "cell" &&
      !before.direction &&
      before.inputs.join() === node.inputs.join();
    names.set(node.name, isPair ? `${count - 1}${REVERSE}` : String(count++));
  }
  return names;
}

function namesIn(text: string): readonly string[] | undefined {
  let value: unknown;
  try {
    value = strictJson(text, 2);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const isName = (name: unknown) => typeof name === "string" && /^[^\p{Cc}]{1,200}$/u.test(name);
  const inputs: readonly string[] = Object.values(inputNames);
  const isSound = value.every((name) => isName(name) && !inputs.includes(name));
  return isSound && new Set(value).size === value.length ? value : undefined;
}

function taskIn(metadata: ReadonlyMap<string, string>, where: string): TaskName | undefined {
  const said = metadata.get(TASK);
  const task = taskNames.find((name) => name === said);
  if (said === undefined || task) return task;
  throw new InputError({
    where,
    what: `its metadata ${TASK} is ${quote(said)}`,
    hint: `use one of ${taskNames.join(", ")}`,
  });
}

/** What a float is of a number, and a little more. */
const CLOSE = 2 ** -20;

/**
 * Puts how numbers are standardised into the metadata, where they do not say it.
 * @throws InputError when the graph does otherwise than they say.
 */
function agree(
  metadata: Map<string, string>,
  key: string,
  scaling: Scaling | undefined,
  where: string,
): void {
  const said = metadata.get(key);
  if (said === undefined) {
    if (scaling) metadata.set(key, JSON.stringify(scaling));
    return;
  }
  let value: unknown;
  try {
    value = strictJson(said, 3);
  } catch {
    // Refused where conventions are read.
    return;
  }
  const { mean, deviation } = Object(value);
  const isClose = (list: unknown, own: readonly number[], allowed: (i: number) => number) =>
    Array.isArray(list) && own.every((number, i) => Math.abs(Number(list[i]) - number) <= allowed(i));
  const isSame =
    scaling !== undefined &&
    isClose(deviation, scaling.deviation, (i) => CLOSE * scaling.deviation[i]) &&
    isClose(mean, scaling.mean, (i) => CLOSE * (Math.abs(scaling.mean[i]) + scaling.deviation[i]));
  if (isSame) return;
  throw new InputError({
    where,
    what: `its metadata ${key} is another than what it computes`,
    hint: "export the model again",
  });
}

function whole(constant: Constant, where: string): Matrix {
  return { name: constant.name, shape: constant.shape, values: constant.floats(where) };
}

/** A matrix with rows and columns exchanged. */
function turned(constant: Constant, where: string): Matrix {
  const [rows, columns] = constant.shape;
  const values = transposedValues(constant.floats(where), [rows, columns]);
  return { name: `${constant.name} turned`, shape: [columns, rows], values };
}
