// Checkpoints: all that a training needs to go on as if nothing had happened, as one safetensors file.
import { z } from "zod";
import type { Wiring } from "../engine/executor.js";
import { InputError } from "../errors.js";
import { parse, type Safetensors, type StoredTensor, serialise } from "../network/safetensors.js";
import type { EpochMetrics } from "./task.js";
import type { Run } from "./train.js";

const FORMAT = "filigree-checkpoint";
const VERSION = "3";

/** A run with what its owner wants to remember beside it: named texts. */
export interface Checkpoint {
  readonly run: Run;
  readonly notes: ReadonlyMap<string, string>;
}

// A loss need not be finite, which JSON alone cannot say.
const number = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);
// What else a task measures is kept as it is.
const metrics = z.object({ trainLoss: number, trainAccuracy: number.optional() }).catchall(number);
const whole = z.int().min(0);
const schema = z.strictObject({
  epoch: whole,
  updates: whole,
  step: whole,
  /** Of the optimiser, which are fewer where something else took the place of some. */
  optimised: whole,
  sums: z.strictObject({
    loss: number,
    count: number,
    correct: number,
    born: number.optional(),
    dropped: number.optional(),
  }),
  history: z.array(metrics),
  best: z.strictObject({ epoch: whole, loss: number }).optional(),
});

/** The bytes of a checkpoint; equal checkpoints give equal bytes. */
export function encodeCheckpoint({ run, notes }: Checkpoint): Uint8Array {
  const { epoch, updates, step, state, carry, sums, history, best, sparsity = new Map() } = run;
  const vector = (values: Float32Array): StoredTensor => ({ dtype: "F32", shape: [values.length], values });
  const bits = (values: Uint8Array): StoredTensor => ({ dtype: "BOOL", shape: [values.length], values });
  const described: z.input<typeof schema> = {
    epoch,
    updates,
    step,
    optimised: state.step,
    sums,
    history: history.map((metrics) => ({ ...metrics })),
    ...(best && { best: { epoch: best.epoch, loss: best.loss } }),
  };
  return serialise({
    tensors: new Map([
      ["parameters", vector(state.parameters)],
      ["first_moment", vector(state.firstMoment)],
      ["second_moment", vector(state.secondMoment)],
      ["carry", vector(carry)],
      ...(best ? [["best", vector(best.parameters)] as const] : []),
      ...(best?.mask ? [["best_mask", bits(best.mask)] as const] : []),
      ...(state.wiring ? wiringTensors(state.wiring) : []),
      ...[...sparsity].map(([name, values]) => [`${SPARSITY}${name}`, vector(values)] as const),
    ]),
    metadata: new Map([[FORMAT, VERSION], ["run", JSON.stringify(described, finite)], ...notes]),
  });
}

function finite(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** The checkpoint in some bytes. @throws InputError when they are not one. */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const refuse = (what: string, cause?: unknown): never => {
    throw new InputError({ where, what, hint: "delete it and start again", cause });
  };
  let file: Safetensors;
  try {
    file = parse(bytes, where);
  } catch (error) {
    // The advice for a network, to get or save it again, is of no use here.
    return refuse("the checkpoint is damaged", error);
  }
  if (file.metadata.get(FORMAT) !== VERSION) refuse("it is not a checkpoint of this version");
  const vector = (name: string): Float32Array => {
    const values = file.tensors.get(name)?.values;
    return values instanceof Float32Array ? values : refuse(`the checkpoint lacks ${name}`);
  };
  const bits = (name: string): Uint8Array | undefined => {
    const values = file.tensors.get(name)?.values;
    return values instanceof Uint8Array ? values : undefined;
  };
  const { optimised, best, ...run } = described(file.metadata.get("run"), refuse);
  const mask = bits("mask");
  const state = {
    parameters: vector("parameters"),
    firstMoment: vector("first_moment"),
    secondMoment: vector("second_moment"),
    step: optimised,
    ...(mask && { wiring: { mask, born: Int32Array.from(vector("born")) } }),
  };
  const names = [...file.tensors.keys()].filter((name) => name.startsWith(SPARSITY));
  const sparsity = new Map(names.map((name) => [name.slice(SPARSITY.length), vector(name)]));
  const bestMask = bits("best_mask");
  return {
    run: {
      ...run,
      state,
      carry: vector("carry"),
      history: run.history satisfies EpochMetrics[],
      ...(best && { best: { ...best, parameters: vector("best"), ...(bestMask && { mask: bestMask }) } }),
      ...(sparsity.size > 0 && { sparsity }),
    },
    notes: file.metadata,
  };
}

/** Before the names of what a sparsifier keeps. */
const SPARSITY = "sparsity/";

/** Which weights exist, and since which update. */
function wiringTensors({ mask, born }: Wiring): [name: string, tensor: StoredTensor][] {
  return [
    ["mask", { dtype: "BOOL", shape: [mask.length], values: mask }],
    ["born", { dtype: "F32", shape: [born.length], values: Float32Array.from(born) }],
  ];
}

function described(text: string | undefined, refuse: (what: string, cause?: unknown) => never) {
  try {
    return schema.parse(JSON.parse(text ?? ""));
  } catch (error) {
    return refuse("the checkpoint's description of its run is damaged", error);
  }
}
