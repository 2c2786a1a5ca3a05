// The native executor: encodes a plan as flat words, hands it to the C++ addon and keeps the interface of the
// reference executor. Where the addon cannot be had, `loadNative` says why and the reference takes over.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Batches } from "../data/batches.js";
import { EngineError } from "../errors.js";
import { type CellKind, cellKinds } from "../network/architecture.js";
import {
  checkRange,
  checkState,
  type Evaluation,
  type Executor,
  initialState,
  type Optimiser,
  type Outcomes,
  type ReadAt,
  type TrainingState,
  tableRows,
} from "./executor.js";
import type { BackwardOp, BiasPart, ForwardOp, Plan, PrepareOp, Rows, TableBackwardOp } from "./plan.js";

interface AddonBatches {
  sizes: Int32Array;
  steps: Int32Array;
  symbols: Int32Array;
  lengths: Int32Array;
  labels: Int32Array;
  readLastStep: boolean;
}

interface AddonExecutor {
  train(batches: AddonBatches, from: number, to: number): Promise<Outcomes>;
  evaluate(batches: AddonBatches): Promise<Evaluation>;
  gradient(batches: AddonBatches, index: number, gradient: Float32Array): number;
  state(parameters: Float32Array, firstMoment: Float32Array, secondMoment: Float32Array): number;
  setState(
    parameters: Float32Array,
    firstMoment: Float32Array,
    secondMoment: Float32Array,
    step: number,
  ): void;
  footprint(): Footprint;
}

/** Bytes that an executor holds. */
export interface Footprint {
  readonly activations: number;
  /** Parameters, their gradients and the optimiser's moments. */
  readonly parameters: number;
  /** The matrices' forms. */
  readonly matrices: number;
  /** Tables and scratch. */
  readonly rest: number;
}

interface KernelShape {
  readonly kernel: string;
  readonly rows: number;
  readonly columns: number;
  readonly lanes: number;
  readonly steps: number;
  /** For a compressed matrix. */
  readonly mask?: Uint8Array;
}

interface AddonStream {
  /** @param symbol a row of the plan's tables. */
  step(symbol: number, logits: Float32Array): void;
  reset(): void;
}

interface Addon {
  NativeExecutor: new (
    words: Int32Array,
    masks: Uint8Array,
    parameters: Float32Array,
    optimiser: Optimiser,
    threads: number,
  ) => AddonExecutor;
  NativeStream: new (words: Int32Array, masks: Uint8Array, parameters: Float32Array) => AddonStream;
  /** Floating-point operations per second that one core reaches. */
  peak(): number;
  /** Makes operands for a kernel and returns what times so many calls of it, in seconds. */
  timer(kernel: KernelShape): (calls: number) => number;
  /** The instruction set in use; FILIGREE_ISA asks for another (avx512, avx2, neon or baseline). */
  instructionSet(): string;
}

let addon: Addon | undefined;
let absent: string | undefined;

/** The addon, or why there is none. It is looked for once: a build of this checkout first, then the package's. */
export function loadNative(): { addon: Addon; absent?: undefined } | { addon?: undefined; absent: string } {
  if (addon) return { addon };
  if (absent) return { absent };
  const places = ["../../build/Release/", `../../prebuilds/${process.platform}-${process.arch}/`].map(
    (folder) => fileURLToPath(new URL(`${folder}filigree.node`, import.meta.url)),
  );
  for (const place of places.filter((place) => existsSync(place))) {
    try {
      addon = openAddon(place);
      return { addon };
    } catch (error) {
      absent ??= (error as Error).message;
    }
  }
  absent ??= "it is not built";
  return { absent };
}

/**
 * Loads an addon, if it is as it was built: a damaged one could crash the process. scripts/build-native.mjs leaves its
 * digest beside it. @throws Error when it is damaged or cannot be loaded here.
 */
export function openAddon(path: string): Addon {
  const record = `${path}.sha256`;
  const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (!existsSync(record) || !readFileSync(record, "utf8").startsWith(digest))
    throw new Error(`${path} is damaged`);
  const found = createRequire(import.meta.url)(path) as Addon;
  found.instructionSet();
  return found;
}

/** How to get an addon where there is none, as the hint of an error. */
export function buildHint(): string {
  const script = fileURLToPath(new URL("../../scripts/build-native.mjs", import.meta.url));
  return `\`node ${relative("", script)}\` builds it with a C++20 compiler`;
}

export class NativeExecutor implements Executor {
  readonly name = "native";
  readonly plan: Plan;
  private readonly inner: AddonExecutor;

  /**
   * @param threads how many tiles of a batch run at once; it changes no result.
   * @throws EngineError when the addon is absent or refuses the plan.
   */
  constructor(plan: Plan, parameters: Float32Array, optimiser: Optimiser, threads = 1) {
    const { addon, absent } = loadNative();
    if (!addon) throw new EngineError({ what: `there is no native executor: ${absent}`, hint: buildHint() });
    this.plan = plan;
    checkState(plan, initialState(parameters));
    const { words, masks } = encode(plan);
    this.inner = refusing(() => new addon.NativeExecutor(words, masks, parameters, optimiser, threads));
  }

  state(): TrainingState {
    const vector = () => new Float32Array(this.plan.parameters);
    const [parameters, firstMoment, secondMoment] = [vector(), vector(), vector()];
    const step = refusing(() => this.inner.state(parameters, firstMoment, secondMoment));
    return { parameters, firstMoment, secondMoment, step };
  }

  setState(state: TrainingState): void {
    checkState(this.plan, state);
    const { parameters, firstMoment, secondMoment, step } = state;
    refusing(() => this.inner.setState(parameters, firstMoment, secondMoment, step));
  }

  async train(batches: Batches, from: number, to: number, readAt: ReadAt): Promise<Outcomes> {
    checkRange(batches, from, to);
    const translated = this.translate(batches, readAt);
    return refusing(() => this.inner.train(translated, from, to)).catch(refuse);
  }

  async evaluate(batches: Batches, readAt: ReadAt): Promise<Evaluation> {
    const translated = this.translate(batches, readAt);
    return refusing(() => this.inner.evaluate(translated)).catch(refuse);
  }

  gradient(batches: Batches, index: number, readAt: ReadAt) {
    checkRange(batches, index, index + 1);
    const gradient = new Float32Array(this.plan.parameters);
    const loss = refusing(() => this.inner.gradient(this.translate(batches, readAt), index, gradient));
    return { loss, gradient };
  }

  footprint(): Footprint {
    return refusing(() => this.inner.footprint());
  }

  private translate(batches: Batches, readAt: ReadAt): AddonBatches {
    const { sizes, steps, lengths, labels } = batches;
    const symbols = tableRows(this.plan, batches);
    return { sizes, steps, symbols, lengths, labels, readLastStep: readAt === "last-step" };
  }
}

/** What the addon threw, as an EngineError. */
export function refusal(error: unknown): EngineError {
  return error instanceof EngineError
    ? error
    : new EngineError({ what: (error as Error).message, cause: error });
}

function refuse(error: unknown): never {
  throw refusal(error);
}

/** Calls the addon; what it refuses becomes an EngineError. */
export function refusing<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    return refuse(error);
  }
}

const VERSION = 3;
const codes = {
  bias: 1,
  table: 2,
  gather: 3,
  affine: 4,
  cell: 5,
  sum: 6,
  select: 7,
  loss: 8,
  clear: 9,
  scatter: 10,
  copy: 11,
  cellBackward: 12,
  affineBackward: 13,
  weightGradient: 14,
  biasGradient: 15,
  tableGradient: 16,
  tableBackward: 17,
} as const;

/** A plan as the words that native/plan.cc decodes, and its masks one after the other. */
export function encode(plan: Plan): { words: Int32Array; masks: Uint8Array } {
  const { symbols, offset, width } = plan.embedding;
  const words = [
    VERSION,
    plan.lanes,
    plan.steps,
    plan.segment,
    plan.outputs,
    plan.parameters,
    offset,
    width,
    symbols.length,
  ];
  words.push(plan.prepared, plan.gradients, plan.arena, plan.blocks.length);
  const lists = [plan.prepare, plan.forward, plan.backward, plan.finish];
  for (const list of lists) words.push(list.length);
  for (const symbol of symbols) words.push(symbol); // May be more than a call takes arguments.
  const masks: Uint8Array[] = [];
  for (const block of plan.blocks) {
    const { rows, columns, sparse, mask, pieces } = block;
    words.push(rows, columns, Number(sparse), Number(mask !== undefined), pieces.length);
    for (const p of pieces) words.push(p.row, p.column, p.rows, p.columns, p.parameter, p.stride);
    if (mask) masks.push(mask);
  }
  for (const list of lists) {
    for (const op of list) words.push(codes[op.op], ...encodeOp(op, plan.lanes));
  }
  return { words: Int32Array.from(words), masks: new Uint8Array(Buffer.concat(masks)) };
}

const flags = ({ of }: Rows) => Number(of.initial) + 2 * Number(of.once);
const kind = (name: CellKind) => cellKinds.indexOf(name);
const biasParts = (parts: readonly BiasPart[]) => [
  parts.length,
  ...parts.flatMap((part) => [part.first, part.rows, part.parameter]),
];
const list = (all: readonly Rows[], one: (rows: Rows) => number[]) => [all.length, ...all.flatMap(one)];

function encodeOp(op: PrepareOp | ForwardOp | BackwardOp | TableBackwardOp, lanes: number): number[] {
  const rows = (r: Rows) => [r.of.offset + r.first * lanes, r.rows, r.of.rows, flags(r)];
  switch (op.op) {
    case "bias":
      return [op.rows, op.to, ...biasParts(op.parts)];
    case "table":
      return [op.block, op.bias, op.to];
    case "gather":
      return [op.table, ...rows(op.to)];
    case "affine":
      return [op.block, ...rows(op.from), ...rows(op.to), op.bias, Number(op.accumulate)];
    case "cell": {
      const buffers = [...rows(op.gates), ...rows(op.output), ...list(op.state ? [op.state] : [], rows)];
      const { window } = op;
      const behind = window && window.of.offset + (window.first - window.of.rows) * lanes;
      return [
        kind(op.kind),
        op.block,
        op.bias,
        ...buffers,
        ...(behind === undefined ? [0, 0] : [window!.rows, behind]),
      ];
    }
    case "sum":
      return [...list(op.from, rows), ...rows(op.to)];
    case "select":
    case "scatter":
      return [...rows(op.from), ...rows(op.to)];
    case "loss":
      return rows(op.logits);
    case "clear":
      return rows(op.to);
    case "copy":
      return [...rows(op.from), ...rows(op.to), Number(op.accumulate)];
    case "cellBackward": {
      const buffers = [...rows(op.gates), ...rows(op.output), ...list(op.state ? [op.state] : [], rows)];
      return [kind(op.kind), op.block, ...buffers, ...list(op.gradients, rows), ...rows(op.carry)];
    }
    case "affineBackward":
      return [op.block, ...rows(op.from), ...rows(op.to), Number(op.accumulate)];
    case "weightGradient":
      return [op.block, ...rows(op.from), ...rows(op.input), op.shift];
    case "biasGradient":
      return [...rows(op.from), ...biasParts(op.parts)];
    case "tableGradient":
      return [...rows(op.from), op.stride, op.gradient];
    case "tableBackward":
      return [op.block, op.stride, op.gradient];
  }
}
