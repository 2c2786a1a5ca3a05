// What an ONNX graph computes with, as far as the shape of a network goes: constants, sizes, states of zeros, and data, of which it
// is known what each axis is and which cells its numbers come from. Operators that only move data are done here.
import type { Constant } from "./model.js";

export type Axis = "batch" | "time" | "stack" | "units" | "one";

/** A size, or one that is free. */
export type Size = number | "batch" | "time";

/** What numbers that are read are before a cell: (x - mean) / deviation. */
export interface Scaling {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Numbers of a step side by side: the input's or those of a node. */
export interface Part {
  readonly source: string;
  readonly width: number;
  readonly reverse: boolean;
  /** Whether there are zeros after the own last step of a sequence. */
  readonly isPadded?: boolean;
  /** Of an input. */
  readonly scaling?: Scaling;
}

/** A linear map of what its parts are. */
export interface Head {
  readonly weight: Constant;
  /** Whether rows are inputs. */
  readonly turned: boolean;
  readonly outputs: number;
  readonly bias?: Constant;
  /** What its outputs are times the deviation, plus the mean. */
  readonly scaling?: Scaling;
}

/** Numbers for each place of the axes; without time they are those after a sequence. */
export interface Data {
  readonly is: "data";
  readonly axes: readonly Axis[];
  /** For each place on the axis "stack" its parts, which lie on the axis "units"; without that axis there is one. */
  readonly stack: readonly (readonly Part[])[];
  readonly head?: Head;
}

export type Traced =
  | Data
  /** Symbols, before they are looked up. */
  | { readonly is: "symbols"; readonly axes: readonly Axis[] }
  | { readonly is: "constant"; readonly constant: Constant; readonly turned: boolean }
  /** Whole numbers that are sizes or places. */
  | { readonly is: "sizes"; readonly sizes: readonly Size[]; readonly isScalar: boolean }
  | { readonly is: "zeros" }
  | { readonly is: "lengths" }
  /** What goes from one call to the next. */
  | { readonly is: "state" };

/** What an operator cannot do with data, as a clause. */
export class Untraceable extends Error {}

export function widthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { width }) => sum + width, 0);
}

/** The sizes of data. */
export function sizesOf({ axes, stack, head }: Data): Size[] {
  return axes.map((axis) => {
    if (axis === "one") return 1;
    if (axis === "stack") return stack.length;
    return axis === "units" ? (head?.outputs ?? widthOf(stack[0])) : axis;
  });
}

/** A place on an axis of so many, which may be counted from the end. */
export function placeOf(index: number, count: number): number {
  const place = index < 0 ? index + count : index;
  if (Number.isInteger(place) && place >= 0 && place < count) return place;
  throw new Untraceable(`has ${index} where there are ${count}`);
}

export function transposed<Any extends { readonly axes: readonly Axis[] }>(
  data: Any,
  order: readonly number[] | undefined,
): Any {
  const { axes } = data;
  const by = order ?? axes.map((_, i) => axes.length - 1 - i);
  const isWhole = by.length === axes.length && axes.every((_, i) => by.includes(i));
  if (!isWhole) throw new Untraceable("does not name every axis once");
  return { ...data, axes: by.map((i) => axes[i]) };
}

/** Data at one place of an axis: of cells on top of each other one, of time the end. */
export function picked(data: Data, at: number, index: number, keeps: boolean): Data {
  const { axes, stack } = data;
  const axis = axes[at];
  const left: Axis[] = axes.flatMap((own, i) => (i !== at ? [own] : keeps ? ["one" as const] : []));
  if (axis === "one") {
    placeOf(index, 1);
    return { ...data, axes: left };
  }
  if (axis === "stack") return { ...data, axes: left, stack: [stack[placeOf(index, stack.length)]] };
  if (axis === "time" && (index === -1 || index === 0)) {
    // A cell that runs backwards has read everything after the first step, others after the last.
    const isReverse = index === 0;
    const parts = stack.flat();
    if (!isReverse && parts.some(({ isPadded }) => isPadded))
      throw new Untraceable(
        "reads the last padded step, although sequence_lens says where each sequence ends",
      );
    if (parts.every(({ reverse }) => reverse === isReverse)) return { ...data, axes: left };
    throw new Untraceable(
      `reads a cell after its ${isReverse ? "first" : "last"} step where it has not read the whole sequence`,
    );
  }
  throw new Untraceable(`takes place ${index} of the axis ${axis}`);
}

/** Data from one place of an axis up to another. */
export function sliced(data: Data, at: number, begin: number, end: number): Data {
  const { axes, stack } = data;
  const axis = axes[at];
  if (axis === "time" && begin === -1 && end > 0) return picked(data, at, -1, true);
  if (axis === "time" && begin === 0 && end === 1) return picked(data, at, 0, true);
  if (begin === 0 && end >= 2 ** 31 - 1) return data;
  if (axis !== "stack") throw new Untraceable(`takes a part of the axis ${axis}`);
  const chosen = stack.slice(begin, end);
  if (chosen.length === 0) throw new Untraceable("takes nothing");
  return { ...data, stack: chosen };
}

/** Data without axes of one place: those named, or all. */
export function squeezed(data: Data, at: readonly number[] | undefined): Data {
  const { axes, stack } = data;
  const isSingle = (axis: Axis) => axis === "one" || (axis === "stack" && stack.length === 1);
  const places = at?.map((index) => placeOf(index, axes.length));
  for (const place of places ?? []) {
    if (!isSingle(axes[place])) throw new Untraceable(`takes the axis ${axes[place]} for one of size 1`);
  }
  return { ...data, axes: axes.filter((axis, i) => !(places ? places.includes(i) : isSingle(axis))) };
}

export function unsqueezed(data: Data, at: readonly number[]): Data {
  const count = data.axes.length + at.length;
  const places = new Set(at.map((index) => placeOf(index, count)));
  if (places.size !== at.length || count > 8) throw new Untraceable("does not name different axes");
  const own = data.axes[Symbol.iterator]();
  return {
    ...data,
    axes: Array.from({ length: count }, (_, i) => (places.has(i) ? "one" : own.next().value!)),
  };
}

// The names of a graph can double with every node.
const MOST_PARTS = 4096;

/** Data side by side, or on top of each other. */
export function concatenated(all: readonly Data[], index: number): Data {
  const [first] = all;
  const at = placeOf(index, first.axes.length);
  const axis = first.axes[at];
  for (const { axes, stack, head } of all) {
    const isAlike =
      axes.length === first.axes.length && axes.every((own, i) => alike(own, first.axes[i], i === at));
    if (!isAlike || head) throw new Untraceable("joins data of different axes or after the read-out");
    if (axis === "units" && stack.length !== 1) throw new Untraceable("joins units of several cells at once");
  }
  if (axis !== "units" && axis !== "stack" && axis !== "one")
    throw new Untraceable(`joins data along the axis ${axis}`);
  if (axis === "one" && first.axes.some((own, i) => own === "stack" && i !== at))
    throw new Untraceable("joins cells along a second axis");
  const count = all.reduce((sum, { stack }) => sum + stack.length * stack[0].length, 0);
  if (count > MOST_PARTS) throw new Untraceable(`joins more than ${MOST_PARTS} cells`);
  const joined = all.flatMap(({ stack }) => stack);
  const stack = axis === "units" ? [joined.flat()] : joined;
  if (stack.some((parts) => widthOf(parts) !== widthOf(stack[0])))
    throw new Untraceable("stacks cells of different sizes");
  return {
    is: "data",
    axes: first.axes.map((own, i) => (i === at && axis !== "units" ? "stack" : own)),
    stack,
  };
}

function alike(one: Axis, other: Axis, isJoined: boolean): boolean {
  const single = (axis: Axis) => (isJoined && axis === "one" ? "stack" : axis);
  return single(one) === single(other);
}

/**
 * Data in another shape, in which axes of size 1 come or go, or units of cells that lie beside them come side by side.
 * @param known the sizes that the file gives its free axes.
 */
export function reshaped(data: Data, target: readonly Size[], known: ReadonlyMap<Size, number>): Data {
  const sizes = sizesOf(data);
  const wanted = target.map((size, i) => (size === 0 ? sizes[i] : size));
  const at = data.axes.indexOf("stack");
  const kept = fitted(data, wanted, known);
  if (kept) return kept;
  if (at >= 0 && data.axes[at + 1] === "units") {
    const merged: Data = { ...data, axes: data.axes.filter((_, i) => i !== at), stack: [data.stack.flat()] };
    const other = fitted(merged, wanted, known);
    if (other) return other;
  }
  throw new Untraceable(`makes [${target}] of [${sizes}]`);
}

function fitted(data: Data, target: readonly Size[], known: ReadonlyMap<Size, number>): Data | undefined {
  const isSingle = (axis: Axis) => axis === "one" || (axis === "stack" && data.stack.length === 1);
  const essential = data.axes.filter((axis) => !isSingle(axis));
  const sizes = sizesOf({ ...data, axes: essential });
  const axes: Axis[] = [];
  let next = 0;
  for (const wanted of target) {
    const own = sizes[next];
    const fits = own !== undefined && (wanted === own || wanted === -1 || wanted === known.get(own));
    if (fits) axes.push(essential[next++]);
    else if (wanted === 1 && axes.length < 8) axes.push("one");
    else return undefined;
  }
  return next === essential.length && target.filter((size) => size === -1).length <= 1
    ? { ...data, axes }
    : undefined;
}
