// What the engine's tests run: networks of every shape, masks, batches, and every executor of this machine.
import { setFlagsFromString } from "node:v8";
import { type Pattern, patternMask } from "../../src/bench/patterns.js";
import type { Batches, ReadAt } from "../../src/data/batches.js";
import { createExecutor, type ExecutorName } from "../../src/engine/engine.js";
import { type Executor, type Optimiser, optimisers, type Update } from "../../src/engine/executor.js";
import { loadNative } from "../../src/engine/native.js";
import type { Plan } from "../../src/engine/plan.js";
import { findWasm, wasmNames } from "../../src/engine/wasm-modules.js";
import { Random } from "../../src/math/random.js";
import {
  type Architecture,
  type Cell,
  type CellKind,
  gateCount,
  type Sum,
} from "../../src/network/architecture.js";
import { initialise, Network, tensorNames } from "../../src/network/network.js";

// Node.js 20 takes relaxed modules only when it is told to.
if (process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");

const wasmSets: readonly string[] = wasmNames;

/** The instruction sets that the native executor can use here, none where it is not built, and those of WebAssembly. */
export const instructionSets = ["avx512", "avx2", "neon", "baseline", ...wasmNames].filter((name) => {
  if (wasmSets.includes(name)) return withInstructionSet(name, findWasm).wasm !== undefined;
  const { addon } = loadNative();
  return (
    addon !== undefined && withInstructionSet(name, () => attempt(() => addon.instructionSet())) === name
  );
});
/** Those whose multiply-add is rounded once, which compute the same bits, and those where it is not, which do so too. */
export const [fused, unfused] = [false, true].map((without) =>
  instructionSets.filter((name) => ["baseline", "simd128"].includes(name) === without),
);
/**
 * Instruction sets without `relaxed`, whose module is `simd128`'s but for the multiply-add and has AVX2's bits (bits.test.ts): for suites
 * that would take long with both.
 */
export const distinctSets = instructionSets.filter((name) => name !== "relaxed");

/** Which executor has an instruction set. */
export function executorOf(instructionSet: string): ExecutorName {
  return wasmSets.includes(instructionSet) ? "wasm" : "native";
}

/** An executor in C++ that uses `instructionSet`, which must be one of `instructionSets`. */
export function compiledOn(
  instructionSet: string,
  plan: Plan,
  parameters: Float32Array,
  threads = 1,
): Executor {
  return withInstructionSet(instructionSet, () =>
    createExecutor(plan, parameters, { executor: executorOf(instructionSet), threads }),
  );
}

/** An update by Adam at a rate of 0.001, with these of its settings. */
export function adam(settings: Partial<Optimiser> = {}, rates = 1e-3): Update {
  return { optimiser: { ...optimisers.adam, ...settings }, rates };
}

/** Batches that are read at their last, padded step, or as they are. */
export function reading(batches: Batches, readAt: ReadAt): Batches {
  if (readAt === "last-symbol") return batches;
  const lengths = Array.from(batches.sizes).flatMap((size, i) => new Array(size).fill(batches.steps[i]));
  return { ...batches, lengths: Int32Array.from(lengths) };
}

/** Calls with FILIGREE_ISA set to `name`. */
export function withInstructionSet<T>(name: string, call: () => T): T {
  const before = process.env.FILIGREE_ISA;
  process.env.FILIGREE_ISA = name;
  try {
    return call();
  } finally {
    if (before === undefined) delete process.env.FILIGREE_ISA;
    else process.env.FILIGREE_ISA = before;
  }
}

function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

const cell = (kind: CellKind, name: string, size: number, ...inputs: string[]): Cell => ({
  type: "cell",
  name,
  kind,
  size,
  inputs,
});
const sum = (name: string, ...of: string[]): Sum => ({ type: "sum", name, of });
const around = (embedding: number, nodes: (Cell | Sum)[], ...inputs: string[]): Architecture => ({
  input: { kind: "symbols", vocabulary: 48, width: embedding },
  nodes,
  readout: { inputs, outputs: 3 },
});

/** The same architecture with another vocabulary, where it has one. */
export function over(vocabulary: number, architecture: Architecture): Architecture {
  const { kind, width } = architecture.input;
  return kind === "values" ? architecture : { ...architecture, input: { kind, vocabulary, width } };
}

/** The same architecture over so many numbers at each step. */
export function overValues(width: number, architecture: Architecture): Architecture {
  const renamed = (name: string) => (name === "embedding" ? "values" : name);
  const nodes = architecture.nodes.map((node) =>
    node.type === "cell" ? { ...node, inputs: node.inputs.map(renamed) } : node,
  );
  return { ...architecture, input: { kind: "values", width }, nodes };
}

/** A stack of layers of these sizes. */
export function layers(kind: CellKind, embedding: number, ...sizes: number[]): Architecture {
  const nodes = sizes.map((size, i) => cell(kind, String(i), size, i === 0 ? "embedding" : String(i - 1)));
  return around(embedding, nodes, String(sizes.length - 1));
}

const back = (...own: Parameters<typeof cell>): Cell => ({ ...cell(...own), direction: "reverse" });

/** Layers of two cells, one for each direction, of these sizes and one unit more; what reads a layer reads both. */
export function twoWay(kind: CellKind, embedding: number, ...sizes: number[]): Architecture {
  const namesOf = (layer: number) => (layer < 0 ? ["embedding"] : [`${layer}`, `${layer}.reverse`]);
  const nodes = sizes.flatMap((size, i) => {
    const [ahead, reverse] = namesOf(i);
    return [cell(kind, ahead, size, ...namesOf(i - 1)), back(kind, reverse, size + 1, ...namesOf(i - 1))];
  });
  return around(embedding, nodes, ...namesOf(sizes.length - 1));
}

/** Cells of both directions that read the input, each other and sums; one is not read, others are by several. */
export function twoWayWeb(kind: CellKind): Architecture {
  return around(
    5,
    [
      cell(kind, "a", 3, "embedding"),
      back(kind, "b", 4, "embedding"),
      back(kind === "lstm" ? "gru" : "lstm", "c", 3, "a", "b", "embedding"),
      cell(kind, "d", 3, "b", "a"),
      sum("s", "d", "a"),
      back(kind, "unread", 2, "a"),
      back(kind, "e", 2, "s", "c"),
    ],
    "s",
    "e",
    "c",
  );
}

/** Layers whose skip connections are cells of their own that are summed, as in the thesis's structures. */
export function skips(kind: CellKind): Architecture {
  return around(
    3,
    [
      cell(kind, "a", 4, "embedding"),
      cell(kind, "b", 5, "a"),
      cell(kind, "skip-b", 5, "embedding"),
      sum("s", "b", "skip-b"),
      cell(kind, "c", 3, "s"),
      cell(kind, "skip-c", 3, "a"),
      cell(kind, "skip-c2", 3, "embedding"),
      sum("t", "c", "skip-c", "skip-c2"),
    ],
    "t",
  );
}

/** Concatenated inputs, nodes read by several others, two read-outs and a cell on which nothing depends. */
export function web(kind: CellKind): Architecture {
  return around(
    5,
    [
      cell(kind, "a", 3, "embedding"),
      cell(kind, "b", 4, "a", "embedding"),
      cell(kind, "unread", 2, "b", "a"),
      cell(kind, "c", 3, "embedding", "b", "a"),
      cell(kind === "lstm" ? "gru" : "lstm", "d", 3, "c"),
      sum("s", "d", "a"),
    ],
    "s",
    "b",
  );
}

/** Cells on which nothing depends, the last ones too. */
export function deadEnds(kind: CellKind): Architecture {
  return around(
    3,
    [
      cell(kind, "a", 4, "embedding"),
      cell(kind, "unread", 5, "embedding"),
      cell(kind, "b", 3, "a"),
      cell(kind, "unread-too", 2, "b"),
    ],
    "b",
  );
}

/**
 * A network whose every matrix is masked at random to this density, except where it is 1. The hidden matrices may have a
 * density of their own: 1 as in random structures, where they exist as a whole within a compressed matrix.
 * @param pattern blocks that masks are cut in; single weights when left out.
 */
export function networkWith(
  architecture: Architecture,
  density: number,
  random: Random,
  hidden = density,
  pattern?: Pattern,
): Network {
  const { tied } = architecture.readout;
  const network = tied ? new Network(architecture) : initialise(architecture, random.stream("weights"));
  if (tied) for (const { name, shape } of network.tensors.values()) draw(name, 1 / Math.sqrt(shape.at(-1)!));
  if (density >= 1) return network;
  const masks = new Map<string, Uint8Array>();
  const draws = random.stream("masks");
  for (const node of architecture.nodes) {
    if (node.type !== "cell") continue;
    const { weightIh, weightHh } = tensorNames(node.name);
    const gates = gateCount(node.kind);
    masks.set(weightIh, mask(weightIh, gates, density));
    if (hidden < 1) masks.set(weightHh, mask(weightHh, gates, hidden));
  }
  if (!tied) masks.set("readout.weight", mask("readout.weight", 1, density));
  return network.copy(masks);

  function draw(name: string, bound: number): void {
    const stream = random.stream(name);
    const values = network.values(name);
    for (let i = 0; i < values.length; i++) values[i] = bound * (2 * stream.uniform() - 1);
  }
  function mask(name: string, gates: number, density: number): Uint8Array {
    const { length, shape } = network.tensor(name);
    if (pattern)
      return patternMask({ gates, units: shape[0] / gates, columns: shape[1] }, pattern, density, draws);
    return Uint8Array.from({ length }, () => (draws.uniform() < density ? 1 : 0));
  }
}

/** A network whose numbers, where it reads or forecasts any, are on scales of their own: means of about `size`. */
export function standardised(network: Network, random: Random, size: number): Network {
  const { input, readout } = network.architecture;
  const scale = (width: number) => ({
    mean: Array.from({ length: width }, () => size * random.normal()),
    deviation: Array.from({ length: width }, () => 0.5 + random.uniform()),
  });
  return new Network(network.architecture, network.parameters, network.masks, {
    ...network.conventions,
    ...(input.kind === "values" && { standardisation: scale(input.width) }),
    ...(readout.predicts && { targetStandardisation: scale(readout.outputs) }),
  });
}

/** Batches of these sizes, of strings of 1 to `longest` of the symbols 1 to `symbols`. */
export function batchesOf(
  random: Random,
  sizes: readonly number[],
  longest: number,
  symbols: number,
): Batches {
  const lengths: number[] = [];
  const steps: number[] = [];
  const codes: number[] = [];
  for (const size of sizes) {
    const own = Array.from({ length: size }, () => 1 + random.below(longest));
    const most = Math.max(...own);
    for (let t = 0; t < most; t++) {
      for (const length of own) codes.push(t < length ? 1 + random.below(symbols) : 0);
    }
    lengths.push(...own);
    steps.push(most);
  }
  return {
    count: sizes.length,
    sizes: Int32Array.from(sizes),
    steps: Int32Array.from(steps),
    inputs: Uint16Array.from(codes),
    lengths: Int32Array.from(lengths),
    targets: Int32Array.from(lengths, () => random.below(3)),
  };
}

/** The same network read after every symbol; tied, its read-out's weights are the embedding's. */
export function everyStep(architecture: Architecture, tied = false): Architecture {
  const { input, readout } = architecture;
  const own = tied && input.kind === "symbols" ? ({ outputs: input.vocabulary, tied: true } as const) : {};
  return { ...architecture, readout: { ...readout, at: "every-step", ...own } };
}

/** The same network whose outputs are numbers. */
export function forecasting(architecture: Architecture): Architecture {
  return { ...architecture, readout: { ...architecture.readout, predicts: "numbers" } };
}

/**
 * The batches as an architecture takes them: numbers instead of symbols, 0 after an example's end; targets at most steps
 * of every example, or most numbers at each of them, where there are several.
 */
export function fitted(random: Random, { input, readout }: Architecture, batches: Batches): Batches {
  const { outputs, predicts, at } = readout;
  const width = input.kind === "values" ? input.width : 0;
  const values: number[] = [];
  const targets: number[] = [];
  const none = predicts ? Number.NaN : -1;
  const target = () => (predicts ? random.normal() : random.below(outputs));
  const targetsOf = (isThere: boolean) => {
    for (let i = 0; i < (predicts ? outputs : 1); i++) {
      targets.push(isThere && random.below(5) > 0 ? target() : none);
    }
  };
  let example = 0;
  for (const [i, size] of batches.sizes.entries()) {
    for (let t = 0; t < batches.steps[i]; t++) {
      for (let l = 0; l < size; l++) {
        const isThere = t < batches.lengths[example + l];
        for (let j = 0; j < width; j++) values.push(isThere ? random.normal() : 0);
        if (at) targetsOf(isThere);
      }
    }
    example += size;
  }
  for (let e = 0; e < example && !at && predicts; e++) targetsOf(true);
  return {
    ...batches,
    ...(width > 0 && { inputs: Float32Array.from(values) }),
    ...(predicts ? { targets: Float32Array.from(targets) } : at && { targets: Int32Array.from(targets) }),
  };
}

/** Targets that are there. */
export function targetCount({ targets }: Batches): number {
  return targets instanceof Float32Array
    ? targets.filter((target) => !Number.isNaN(target)).length
    : targets.filter((target) => target >= 0).length;
}

/** Batches of these sizes and steps whose lanes go on from batch to batch, with a target at most steps. */
export function carriedBatches(
  random: Random,
  sizes: readonly number[],
  steps: readonly number[],
  symbols: number,
  outputs: number,
): Batches {
  const cells = sizes.reduce((sum, size, i) => sum + size * steps[i], 0);
  const target = () => (random.below(8) > 0 ? random.below(outputs) : -1);
  return {
    count: sizes.length,
    sizes: Int32Array.from(sizes),
    steps: Int32Array.from(steps),
    inputs: Int32Array.from({ length: cells }, () => 1 + random.below(symbols)),
    lengths: Int32Array.from(sizes.flatMap((size, i) => new Array(size).fill(steps[i]))),
    targets: Int32Array.from({ length: cells }, target),
    carry: Uint8Array.from(sizes, (_, i) => Number(i > 0)),
  };
}

/** The numbers 1 to n, which is what `batchesOf` draws symbols from. */
export const symbolsTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** ‖a - b‖ / ‖b‖. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/**
 * What a loss changes by along one random direction in the weights of each tensor: by its gradient, and by differences.
 * @param lossAt the loss, whose gradient it is, with other parameters.
 */
export function slopes(
  network: Network,
  gradient: ArrayLike<number>,
  lossAt: (parameters: Float64Array) => number,
): { tensor: string; actual: number; expected: number }[] {
  const random = new Random("directions");
  return [...network.tensors.values()].map(({ name, offset, length }) => {
    const mask = network.masks.get(name);
    const direction = Float64Array.from({ length }, (_, i) =>
      mask?.[i] === 0 ? 0 : random.normal() / Math.sqrt(length),
    );
    const moved = (step: number) => {
      const parameters = Float64Array.from(network.parameters);
      for (let i = 0; i < length; i++) parameters[offset + i] += step * direction[i];
      return lossAt(parameters);
    };
    return {
      tensor: name,
      actual: direction.reduce((sum, d, i) => sum + d * gradient[offset + i], 0),
      expected: (moved(1e-5) - moved(-1e-5)) / 2e-5,
    };
  });
}
