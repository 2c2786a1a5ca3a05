// What the engine's tests run: networks of every shape, masks, batches, and every executor of this machine.
import type { Batches, ReadAt } from "../../src/data/batches.js";
import { type Executor, type Optimiser, optimisers, type Update } from "../../src/engine/executor.js";
import { loadNative, NativeExecutor } from "../../src/engine/native.js";
import type { Plan } from "../../src/engine/plan.js";
import type { Random } from "../../src/math/random.js";
import type { Architecture, Cell, CellKind, Sum } from "../../src/network/architecture.js";
import { initialise, type Network, tensorNames } from "../../src/network/network.js";

/** The instruction sets that the native executor can use here; none where it is not built. */
export const instructionSets = ["avx512", "avx2", "neon", "baseline"].filter((name) => {
  const { addon } = loadNative();
  return (
    addon !== undefined && withInstructionSet(name, () => attempt(() => addon.instructionSet())) === name
  );
});

/** A native executor that uses `instructionSet`, which must be one of `instructionSets`. */
export function nativeOn(
  instructionSet: string,
  plan: Plan,
  parameters: Float32Array,
  threads = 1,
): Executor {
  return withInstructionSet(instructionSet, () => new NativeExecutor(plan, parameters, threads));
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
  vocabulary: 48,
  embedding,
  nodes,
  readout: { inputs, outputs: 3 },
});

/** A stack of layers of these sizes. */
export function layers(kind: CellKind, embedding: number, ...sizes: number[]): Architecture {
  const nodes = sizes.map((size, i) => cell(kind, String(i), size, i === 0 ? "embedding" : String(i - 1)));
  return around(embedding, nodes, String(sizes.length - 1));
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
 */
export function networkWith(
  architecture: Architecture,
  density: number,
  random: Random,
  hidden = density,
): Network {
  const network = initialise(architecture, random.stream("weights"));
  if (density >= 1) return network;
  const masks = new Map<string, Uint8Array>();
  const draws = random.stream("masks");
  for (const node of architecture.nodes) {
    if (node.type !== "cell") continue;
    const { weightIh, weightHh } = tensorNames(node.name);
    masks.set(weightIh, mask(network.tensor(weightIh).length, density));
    if (hidden < 1) masks.set(weightHh, mask(network.tensor(weightHh).length, hidden));
  }
  masks.set("readout.weight", mask(network.tensor("readout.weight").length, density));
  return network.copy(masks);

  function mask(length: number, density: number): Uint8Array {
    return Uint8Array.from({ length }, () => (draws.uniform() < density ? 1 : 0));
  }
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
    symbols: Uint16Array.from(codes),
    lengths: Int32Array.from(lengths),
    targets: Int32Array.from(lengths, () => random.below(3)),
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
