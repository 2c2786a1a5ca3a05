// At which density the compressed form of a matrix becomes the faster one, for matrices of several shapes: what
// `filigree bench density` prints and the table in blocks.ts is read off from.
import { Random } from "../math/random.js";
import { type CellKind, gateCount } from "../network/architecture.js";
import { kernelSide, type Shape } from "./kernels.js";
import { type Pattern, patternMask } from "./patterns.js";
import { interleave, ratioOf } from "./rounds.js";

export interface DensityTiming {
  readonly rows: number;
  readonly columns: number;
  /** How long the compressed form takes beside the dense one, by density, ascending. */
  readonly points: readonly { density: number; ratio: number }[];
  /** See `breakEven`. */
  readonly breakEven: number;
}

const densities = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const STEPS = 47;

/**
 * Times all that a training step does with the hidden matrix of a cell, in both forms and in turn, for every density.
 * @param pattern blocks that masks are cut in; single weights when left out.
 * @throws EngineError when there is no native executor.
 */
export async function timeDensities(
  cell: CellKind,
  hidden: number,
  batch: number,
  pattern?: Pattern,
): Promise<DensityTiming> {
  const gates = { gates: gateCount(cell), units: hidden, columns: hidden };
  const [rows, columns] = [gates.gates * hidden, hidden];
  const shape: Shape = { rows, columns, lanes: batch > 16 ? 32 : 16, steps: STEPS };
  const random = new Random("density");
  const sides = [undefined, ...densities].map((density) => {
    const mask = density === undefined ? undefined : patternMask(gates, pattern, density, random);
    return kernelSide("training", { ...shape, mask });
  });
  const [dense, ...compressed] = await interleave(sides, { rounds: 9, milliseconds: 8 });
  const points = densities.map((density, i) => ({ density, ratio: ratioOf(compressed[i], dense) }));
  return { rows, columns, points, breakEven: breakEven(points) };
}

/**
 * The density at which a ratio of times, sparse to dense, rises to 1: between two points on the straight line that joins
 * them. 0 when the first point is slower already and 1 when even the last is not.
 * @param points by ascending density.
 */
export function breakEven(points: readonly { density: number; ratio: number }[]): number {
  const slower = points.findIndex(({ ratio }) => ratio >= 1);
  if (slower === 0) return 0;
  if (slower < 0) return 1;
  const [before, after] = [points[slower - 1], points[slower]];
  return (
    before.density + ((1 - before.ratio) / (after.ratio - before.ratio)) * (after.density - before.density)
  );
}
