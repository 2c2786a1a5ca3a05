// Times the kernels one by one against the two ceilings of a processor, its arithmetic and its memory: what
// `filigree bench kernels` prints and the roofline shows (Williams, Waterman & Patterson 2009). Operations and bytes are
// those that a kernel cannot avoid: every operand is read once and every result written once.

import { buildHint, loadNative } from "../engine/native.js";
import { EngineError } from "../errors.js";
import { Random } from "../math/random.js";
import { type CellKind, gateCount } from "../network/architecture.js";
import { type Pattern, patternMask } from "./patterns.js";
import { interleave, type Side } from "./rounds.js";

export interface Ceilings {
  /** Floating-point operations per second of one core. */
  readonly peak: number;
  /** Bytes per second that one core moves, by where they are; the fastest first. */
  readonly levels: readonly Level[];
}

export interface Level {
  readonly name: string;
  /** Bytes that were gone over again and again, to measure. */
  readonly size: number;
  /** Of reading them, or of adding one half to the other, whichever is faster. */
  readonly bandwidth: number;
}

export type KernelGroup = "dense" | "compressed" | "cell" | "other";

export interface KernelTiming {
  readonly kernel: string;
  readonly group: KernelGroup;
  /** Of a matrix; of anything else its rows only. */
  readonly shape: string;
  /** Of the whole call: operations, bytes and the best time in seconds. */
  readonly operations: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Share of what the roofline allows at the kernel's intensity and where its operands lie, 0 to 1. */
  readonly ofRoof: number;
}

export interface KernelOptions {
  /** Whose matrices are timed; the steps of all cells are. */
  readonly cell: CellKind;
  readonly hidden: number;
  readonly batch: number;
  /** Of the compressed matrix. */
  readonly density: number;
  /** Blocks that the mask of another one is cut in. */
  readonly pattern?: Pattern;
}

/** Sizes well inside the caches of today's processors, and what still counts as inside. */
const places = [
  { name: "L1", size: 2 ** 14, fits: 2 ** 15 },
  { name: "L2", size: 2 ** 18, fits: 2 ** 20 },
  { name: "L3", size: 2 ** 22, fits: 2 ** 24 },
  { name: "memory", size: 2 ** 27, fits: Number.POSITIVE_INFINITY },
];

/** Steps of a call: as many as the gradient of a matrix takes at once. */
const STEPS = 8;
/** Operations of a tanh or a sigmoid as the kernels compute it: an exponential and a quotient (native/cells.h). */
const SQUASH = 22;

/** Operations and floats moved for each unit and lane by the element-wise step of a cell. */
const cellSteps: Record<string, { operations: number; floats: number }> = {
  tanhForward: { operations: SQUASH, floats: 2 },
  tanhBackward: { operations: 4, floats: 4 },
  reluForward: { operations: 1, floats: 2 },
  reluBackward: { operations: 2, floats: 4 },
  lstmForward: { operations: 5 * SQUASH + 4, floats: 12 },
  lstmBackward: { operations: 23, floats: 14 },
  gruForward: { operations: 3 * SQUASH + 5, floats: 9 },
  gruBackward: { operations: 17, floats: 12 },
};

/** The same for the kernels that move and sum. */
const others: Record<string, { operations: number; floats: number }> = {
  gather: { operations: 0, floats: 1 },
  scatterRows: { operations: 1, floats: 3 },
  rowSums: { operations: 1, floats: 1 },
  spread: { operations: 0, floats: 1 },
  copy: { operations: 0, floats: 2 },
  add: { operations: 1, floats: 3 },
  squares: { operations: 2, floats: 1 },
  adam: { operations: 14, floats: 7 },
};

export interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly lanes: number;
  readonly steps: number;
  readonly mask?: Uint8Array;
}

/**
 * A kernel of the native executor as something to be timed: by its name in native/kernels.h, or a matrix's `product`,
 * `transposedProduct`, `gradient`, `refresh` or all of them, `training`.
 * @throws EngineError when there is no native executor.
 */
export function kernelSide(kernel: string, shape: Shape): Side {
  const { addon, absent } = loadNative();
  if (!addon)
    throw new EngineError({
      what: `kernels cannot be timed without the native executor: ${absent}`,
      hint: buildHint(),
    });
  const time = addon.timer({ kernel, ...shape });
  return { run: (n) => (1000 * time(n)) / n };
}

/** Measures the processor. @throws EngineError when there is no native executor. */
export async function measureCeilings(): Promise<Ceilings> {
  const sides = places.flatMap(({ size }) => [
    kernelSide("read", { rows: size / 128, columns: 1, lanes: 32, steps: 1 }),
    kernelSide("add", { rows: size / 256, columns: 1, lanes: 32, steps: 1 }),
  ]);
  const best = (await interleave(sides, { rounds: 15, milliseconds: 10 })).map((times) => Math.min(...times));
  const levels = places.map(({ name, size }, i) => {
    // An addition reads both halves and writes one of them.
    const bandwidth = 1000 * Math.max(size / best[2 * i], (1.5 * size) / best[2 * i + 1]);
    return { name, size, bandwidth };
  });
  return { peak: loadNative().addon!.peak(), levels };
}

interface Subject extends Pick<KernelTiming, "kernel" | "group" | "shape" | "operations" | "bytes"> {
  readonly side: Side;
}

/** Times every kernel at one size of layer, in turn. @throws EngineError when there is no native executor. */
export async function timeKernels(options: KernelOptions, ceilings: Ceilings): Promise<KernelTiming[]> {
  const lanes = options.batch > 16 ? 32 : 16;
  const { hidden } = options;
  const gates = gateCount(options.cell);
  const rows = gates * hidden;
  const size: Shape = { rows, columns: hidden, lanes, steps: STEPS };
  const masked = (pattern?: Pattern): Shape => {
    const random = new Random("benchmark");
    const mask = patternMask({ gates, units: hidden, columns: hidden }, pattern, options.density, random);
    return { ...size, mask };
  };
  const share = `${Math.round(100 * options.density)} %`;
  const { pattern } = options;
  const subjects = [
    ...matrixSubjects(size, ""),
    ...matrixSubjects(masked(), `, ${share}`),
    ...(pattern
      ? matrixSubjects(masked(pattern), `, ${share}, ${pattern.rows} × ${pattern.columns}`, pattern.rows)
      : []),
    ...elementSubjects(cellSteps, "cell", { rows: hidden, columns: 1, lanes, steps: 1 }),
    ...elementSubjects(others, "other", { rows, columns: 8, lanes, steps: 1 }),
  ];
  const times = await interleave(
    subjects.map(({ side }) => side),
    { rounds: 15, milliseconds: 5 },
  );
  return subjects.map(({ side: _, ...subject }, i) => {
    const seconds = Math.min(...times[i]) / 1000;
    return { ...subject, seconds, ofRoof: leastSeconds(subject, ceilings) / seconds };
  });
}

/** The time that the ceilings allow: of its arithmetic or of its memory, whichever is longer. */
export function leastSeconds(work: { operations: number; bytes: number }, { peak, levels }: Ceilings) {
  const place = places.findIndex(({ fits }) => work.bytes <= fits);
  return Math.max(work.operations / peak, work.bytes / levels[place].bandwidth);
}

/** The products of a matrix and its gradient; so many compressed weights share a place. */
function matrixSubjects(size: Shape, suffix: string, share = 1): Subject[] {
  const { rows, columns, lanes, steps, mask } = size;
  const weights = mask ? mask.reduce((sum, bit) => sum + bit, 0) : rows * columns;
  const operations = 2 * weights * lanes * steps;
  const activations = 4 * (rows + columns) * lanes * steps;
  // A compressed weight has a place beside it, and its gradient two.
  const product = activations + (mask ? 4 + 4 / share : 4) * weights * steps;
  const gradient = activations + (mask ? 12 + 4 / share : 8) * weights;
  const shape = `${rows} × ${columns}${suffix}`;
  const group = mask ? "compressed" : "dense";
  return [
    { kernel: "product", bytes: product },
    { kernel: "transposedProduct", bytes: product },
    { kernel: "gradient", bytes: gradient },
  ].map(({ kernel, bytes }) => ({
    kernel,
    group,
    shape,
    operations,
    bytes,
    side: kernelSide(kernel, size),
  }));
}

function elementSubjects(
  kernels: Record<string, { operations: number; floats: number }>,
  group: KernelGroup,
  size: Shape,
): Subject[] {
  const count = size.rows * size.lanes;
  return Object.entries(kernels).map(([kernel, { operations, floats }]) => ({
    kernel,
    group,
    shape: String(size.rows),
    operations: operations * count,
    bytes: 4 * floats * count,
    side: kernelSide(kernel, size),
  }));
}
