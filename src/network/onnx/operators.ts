// The operators that stand around the cells of an ONNX graph: those that move data, those that compute sizes, and those that look up,
// standardise, add and read out. Each says what becomes of what it takes, or that it cannot be part of a network.
import type { Constant, OnnxNode } from "./model.js";
import {
  type Axis,
  concatenated,
  type Data,
  type Head,
  type Part,
  picked,
  placeOf,
  reshaped,
  type Scaling,
  type Size,
  sizesOf,
  sliced,
  squeezed,
  type Traced,
  transposed,
  Untraceable,
  unsqueezed,
  widthOf,
} from "./values.js";

type Sizes = Extract<Traced, { is: "sizes" }>;

/** A node with what it takes. */
export interface Call {
  readonly node: OnnxNode;
  readonly where: string;
  /** The sizes that the file gives its free axes. */
  readonly known: ReadonlyMap<Size, number>;
  /** What it takes at a place; undefined where it is left out. */
  value(at: number): Traced | undefined;
  /** The same as sizes. */
  sizes(at: number): Sizes | undefined;
  embed(constant: Constant, axes: readonly Axis[]): Data;
  /** Counts what shifts or multiplies numbers. @throws Untraceable when it is too often for a standardisation. */
  countRescaling(): void;
  sum(parts: readonly Part[], everyStep: boolean): Part;
}

type Operator = (call: Call) => Traced;

export const operators: Readonly<Record<string, Operator | undefined>> = Object.assign(
  Object.create(null) as Record<string, Operator>,
  {
    Identity: same,
    Cast: same,
    Constant: constant,
    ConstantOfShape: zerosOfShape,
    Expand: (call: Call) => zerosOf(call, call.value(0)),
    Shape: shape,
    Gather: gather,
    Slice: slice,
    Squeeze: (call: Call) => moved(call, (data) => squeezed(data, axesOf(call)), "scalar"),
    Unsqueeze: (call: Call) => moved(call, (data) => unsqueezed(data, axesOf(call) ?? []), "list"),
    Concat: concat,
    Reshape: reshape,
    Transpose: transpose,
    Add: (call: Call) => added(call, 1),
    Sub: (call: Call) => added(call, -1),
    Mul: (call: Call) => multiplied(call, false),
    Div: (call: Call) => multiplied(call, true),
    Sum: summed,
    MatMul: (call: Call) => read(call, call.value(1), false),
    Gemm: gemm,
  },
);

function required(value: Traced | undefined): Traced {
  if (value) return value;
  throw new Untraceable("lacks an input");
}

function dataOf(value: Traced | undefined): Data {
  if (value?.is === "data") return value;
  throw new Untraceable("takes something else than data");
}

function attribute(call: Call, name: string, otherwise: number): number {
  return Number(call.node.attributes.get(name) ?? otherwise);
}

function listed(call: Call, name: string): readonly number[] | undefined {
  const list = call.node.attributes.get(name);
  return Array.isArray(list) ? list.map(Number) : undefined;
}

function numbers(sizes: Sizes | undefined): readonly number[] | undefined {
  return sizes?.sizes.map((size) => {
    if (typeof size === "number") return size;
    throw new Untraceable("has a place that is not known");
  });
}

/** Axes, which are an input since opset 13 and were an attribute before. */
function axesOf(call: Call): readonly number[] | undefined {
  return numbers(call.sizes(1)) ?? listed(call, "axes");
}

function same({ value }: Call): Traced {
  return required(value(0));
}

function zerosOf({ where }: Call, value: Traced | undefined): Traced {
  const isZero = value?.is === "constant" && value.constant.isZero(where);
  if (value?.is === "zeros" || isZero) return { is: "zeros" };
  throw new Untraceable("makes more than states of zeros");
}

function constant({ node }: Call): Traced {
  const value = node.attributes.get("value");
  if (typeof value === "object" && "isZero" in value)
    return { is: "constant", constant: value, turned: false };
  const own = node.attributes.get("value_int") ?? node.attributes.get("value_ints");
  const sizes = (Array.isArray(own) ? own : [own]).map(Number);
  if (own === undefined || !sizes.every(Number.isInteger))
    throw new Untraceable("has no constant that is known");
  return { is: "sizes", sizes, isScalar: !Array.isArray(own) };
}

function zerosOfShape({ node, where }: Call): Traced {
  const value = node.attributes.get("value");
  const isZero =
    value === undefined || (typeof value === "object" && "isZero" in value && value.isZero(where));
  if (isZero) return { is: "zeros" };
  throw new Untraceable("makes more than states of zeros");
}

function shape(call: Call): Traced {
  const own = call.value(0);
  const all: readonly Size[] | undefined =
    own?.is === "symbols" ? (own.axes as readonly Size[]) : own?.is === "data" ? sizesOf(own) : undefined;
  if (!all) throw new Untraceable("asks for a size that is not known");
  const end = call.node.attributes.get("end");
  const sizes = all.slice(attribute(call, "start", 0), end === undefined ? undefined : Number(end));
  return { is: "sizes", sizes, isScalar: false };
}

function gather(call: Call): Traced {
  const from = required(call.value(0));
  const at = call.value(1);
  if (at?.is === "symbols") {
    const isTable = from.is === "constant" && !from.turned && attribute(call, "axis", 0) === 0;
    if (isTable) return call.embed(from.constant, at.axes);
    throw new Untraceable("looks symbols up in no constant");
  }
  if (from.is === "zeros" || from.is === "state") return from;
  const places = call.sizes(1);
  const [index] = numbers(places) ?? [];
  if (!places || index === undefined || places.sizes.length !== 1)
    throw new Untraceable("takes more than one place");
  if (from.is === "data") {
    const axis = placeOf(attribute(call, "axis", 0), from.axes.length);
    return picked(from, axis, index, !places.isScalar);
  }
  const sizes = call.sizes(0)!.sizes;
  return { is: "sizes", sizes: [sizes[placeOf(index, sizes.length)]], isScalar: places.isScalar };
}

function slice(call: Call): Traced {
  const from = required(call.value(0));
  if (from.is === "zeros" || from.is === "state") return from;
  const begins = numbers(call.sizes(1)) ?? listed(call, "starts") ?? [];
  const ends = numbers(call.sizes(2)) ?? listed(call, "ends") ?? [];
  const axes = numbers(call.sizes(3)) ?? listed(call, "axes") ?? begins.map((_, i) => i);
  const steps = numbers(call.sizes(4)) ?? [];
  if (steps.some((step) => step !== 1)) throw new Untraceable("leaves places out");
  if (begins.length !== ends.length || begins.length !== axes.length || axes.length > 8)
    throw new Untraceable("has no place for each axis");
  if (from.is === "data") {
    return axes.reduce(
      (data, axis, i) => sliced(data, placeOf(axis, data.axes.length), begins[i], ends[i]),
      from,
    );
  }
  if (axes.length !== 1) throw new Untraceable("takes sizes by more than one axis");
  return { is: "sizes", sizes: call.sizes(0)!.sizes.slice(begins[0], ends[0]), isScalar: false };
}

/** Squeeze and Unsqueeze, for which sizes are one or a list. */
function moved(call: Call, move: (data: Data) => Data, form: "scalar" | "list"): Traced {
  const from = required(call.value(0));
  if (from.is === "data") return move(from);
  if (from.is === "zeros" || from.is === "state") return from;
  const { sizes, isScalar } = call.sizes(0)!;
  if ((form === "scalar" && sizes.length !== 1) || (form === "list" && !isScalar))
    throw new Untraceable("changes what is no single size");
  return { is: "sizes", sizes, isScalar: form === "scalar" };
}

const MOST_SIZES = 64;

function concat(call: Call): Traced {
  const all = call.node.inputs.map((_, i) => required(call.value(i)));
  const axis = attribute(call, "axis", 0);
  if (all.length > 0 && all.every((value) => value.is === "data")) return concatenated(all, axis);
  // States that go out, of several cells.
  if (all.some(({ is }) => is === "state")) return { is: "state" };
  if (all.some(({ is }) => is === "zeros")) return all.map((value) => zerosOf(call, value))[0];
  const sizes = all.flatMap((_, i) => call.sizes(i)!.sizes);
  if (sizes.length > MOST_SIZES) throw new Untraceable(`has more than ${MOST_SIZES} sizes`);
  return { is: "sizes", sizes, isScalar: false };
}

function reshape(call: Call): Traced {
  const from = required(call.value(0));
  if (from.is === "zeros" || from.is === "state") return from;
  const target = call.sizes(1)?.sizes ?? listed(call, "shape");
  if (!target || target.length > 8) throw new Untraceable("has no shape");
  if (from.is === "data") return reshaped(from, target, call.known);
  const { sizes } = call.sizes(0)!;
  if (target.length !== 1 || (target[0] !== -1 && target[0] !== sizes.length))
    throw new Untraceable("changes what is no list of sizes");
  return { is: "sizes", sizes, isScalar: false };
}

function transpose(call: Call): Traced {
  const from = required(call.value(0));
  const order = listed(call, "perm");
  if (from.is === "data" || from.is === "symbols") return transposed(from, order);
  if (from.is === "zeros") return from;
  const isTurn = order === undefined || (order.length === 2 && order[0] === 1 && order[1] === 0);
  if (from.is === "constant" && from.constant.shape.length === 2 && isTurn)
    return { ...from, turned: !from.turned };
  throw new Untraceable("turns something else than data");
}

/** One operand as data and the other as what it is. */
function operands(call: Call): { data: Data; other: Traced; isFirst: boolean } {
  const [one, two] = [required(call.value(0)), required(call.value(1))];
  if (one.is === "data") return { data: one, other: two, isFirst: true };
  return { data: dataOf(two), other: one, isFirst: false };
}

/** One number for each of so many, from a constant that has one or as many. */
function spread(call: Call, value: Traced, count: number): readonly number[] {
  if (value.is !== "constant" || value.turned)
    throw new Untraceable("computes with something that is no constant");
  const { constant } = value;
  const numbers = constant.floats(call.where);
  if (numbers.length === 1) return new Array<number>(count).fill(numbers[0]);
  if (numbers.length === count && constant.shape.at(-1) === count) return Array.from(numbers);
  throw new Untraceable(`has ${numbers.length} numbers for ${count}`);
}

const MOST_CHANNELS = 65_536;

/** What numbers are shifted or multiplied as: those that are read before any cell, or those that are read out. */
function rescaled(
  call: Call,
  data: Data,
  change: (scaling: Scaling, count: number, isOutput: boolean) => Scaling,
): Data {
  const { axes, stack, head } = data;
  if (axes.at(-1) !== "units" || stack.length !== 1)
    throw new Untraceable("computes with data of which units are not the last axis");
  call.countRescaling();
  const fresh = (count: number): Scaling => ({
    mean: new Array<number>(count).fill(0),
    deviation: new Array<number>(count).fill(1),
  });
  const checked = (scaling: Scaling): Scaling => {
    const { mean, deviation } = scaling;
    if (mean.every(Number.isFinite) && deviation.every((value) => value > 0 && Number.isFinite(value)))
      return scaling;
    throw new Untraceable("standardises by a deviation that is not positive");
  };
  if (head) {
    const scaling = checked(change(head.scaling ?? fresh(head.outputs), head.outputs, true));
    return { ...data, head: { ...head, scaling } };
  }
  const [part, ...others] = stack[0];
  if (others.length > 0 || part.source !== "values")
    throw new Untraceable("computes with what a cell or an embedding gives");
  // A width is only believed where weights are that wide, which is found out later.
  if (part.width > MOST_CHANNELS)
    throw new Untraceable(`standardises more than ${MOST_CHANNELS} numbers of a step`);
  const scaling = checked(change(part.scaling ?? fresh(part.width), part.width, false));
  return { ...data, stack: [[{ ...part, scaling }]] };
}

function added(call: Call, sign: 1 | -1): Traced {
  const { data, other, isFirst } = operands(call);
  if (other.is === "data") {
    if (sign === 1) return summed(call);
    throw new Untraceable("takes the difference of data");
  }
  if (sign === -1 && !isFirst) throw new Untraceable("subtracts data from a constant");
  const { head } = data;
  const isBias =
    head && !head.bias && !head.scaling && sign === 1 && other.is === "constant" && !other.turned;
  if (isBias && data.axes.at(-1) === "units") {
    const { shape } = other.constant;
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (count === head.outputs && shape.at(-1) === count)
      return { ...data, head: { ...head, bias: other.constant } };
    throw new Untraceable(`adds a bias of shape [${shape}] to ${head.outputs} outputs`);
  }
  return rescaled(call, data, ({ mean, deviation }, count, isOutput) => {
    const by = spread(call, other, count);
    // An input is (x - mean) / deviation, an output x · deviation + mean.
    const shift = (own: number, i: number) =>
      isOutput ? own + sign * by[i] : own - sign * by[i] * deviation[i];
    return { mean: mean.map(shift), deviation };
  });
}

function multiplied(call: Call, divides: boolean): Traced {
  const first = required(call.value(0));
  if (first.is !== "data" && call.value(1)?.is !== "data") return product(call, divides);
  const { data, other, isFirst } = operands(call);
  if (divides && !isFirst) throw new Untraceable("divides by data");
  return rescaled(call, data, ({ mean, deviation }, count, isOutput) => {
    const by = spread(call, other, count);
    const scaled = (own: number, i: number) => (divides === isOutput ? own / by[i] : own * by[i]);
    if (isOutput) return { mean: mean.map(scaled), deviation: deviation.map(scaled) };
    return { mean, deviation: deviation.map(scaled) };
  });
}

/** Of sizes. */
function product(call: Call, divides: boolean): Traced {
  const [one, two] = [call.sizes(0), call.sizes(1)];
  const [a, b] = [numbers(one), numbers(two)];
  if (divides || !a || !b || a.length !== b.length)
    throw new Untraceable("computes with sizes that are not known");
  return { is: "sizes", sizes: a.map((size, i) => size * b[i]), isScalar: one!.isScalar && two!.isScalar };
}

function summed(call: Call): Data {
  const all = call.node.inputs.map((_, i) => dataOf(call.value(i)));
  const [first] = all;
  if (all.length < 2) throw new Untraceable("adds nothing");
  const parts = all.map(({ axes, stack, head }) => {
    const isPlain = !head && stack.length === 1 && stack[0].length === 1 && axes.join() === first.axes.join();
    if (isPlain) return stack[0][0];
    throw new Untraceable("adds something else than the outputs of single cells");
  });
  if (parts.some(({ source }) => source === "values" || source === "embedding"))
    throw new Untraceable("adds the input to outputs of cells");
  return { ...first, stack: [[call.sum(parts, first.axes.includes("time"))]] };
}

/** The read-out. `turned`: whether the constant's rows are its outputs. */
function read(call: Call, weight: Traced | undefined, turned: boolean): Data {
  const data = dataOf(call.value(0));
  if (weight?.is !== "constant" || weight.constant.shape.length !== 2)
    throw new Untraceable("multiplies by something that is no constant matrix");
  if (data.head) throw new Untraceable("follows a linear layer, so the read-out would have a hidden one");
  const { axes, stack } = data;
  if (axes.at(-1) !== "units" || stack.length !== 1)
    throw new Untraceable("multiplies data of which units are not the last axis");
  const byOutput = weight.turned !== turned;
  const [rows, columns] = weight.constant.shape;
  const [outputs, inputs] = byOutput ? [rows, columns] : [columns, rows];
  const width = widthOf(stack[0]);
  if (inputs !== width) throw new Untraceable(`has weights for ${inputs} numbers and reads ${width}`);
  // So that there are as many outputs as its shape says.
  weight.constant.floats(call.where);
  const head: Head = { weight: weight.constant, turned: !byOutput, outputs };
  return { ...data, head };
}

function gemm(call: Call): Data {
  const isPlain =
    attribute(call, "alpha", 1) === 1 &&
    attribute(call, "beta", 1) === 1 &&
    attribute(call, "transA", 0) === 0;
  if (!isPlain) throw new Untraceable("scales or turns what it multiplies");
  const data = read(call, call.value(1), attribute(call, "transB", 0) !== 0);
  const bias = call.value(2);
  if (!bias) return data;
  const { outputs } = data.head!;
  if (bias.is !== "constant" || bias.turned || bias.constant.shape.join() !== String(outputs))
    throw new Untraceable("adds no bias of its outputs");
  return { ...data, head: { ...data.head!, bias: bias.constant } };
}
