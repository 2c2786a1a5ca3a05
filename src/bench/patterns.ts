// Masks drawn at random for measurements: of single weights, or of blocks of them, which kernels multiply faster.
import type { Random } from "../math/random.js";

/** A matrix of some gates one below the other, each of as many rows. */
export interface Gates {
  readonly gates: number;
  readonly units: number;
  readonly columns: number;
}

/** Blocks of so many rows and columns, side by side in each gate; the last ones of a gate are smaller where need be. */
export interface Pattern {
  readonly rows: number;
  readonly columns: number;
}

/** A mask of a share of ones in random places. */
export function randomMask(length: number, density: number, random: Random): Uint8Array {
  const ones = Math.round(density * length);
  return random.shuffle(Uint8Array.from({ length }, (_, i) => (i < ones ? 1 : 0)));
}

/** A mask of a share of blocks in random places, or, without a pattern, of single weights. */
export function patternMask(
  { gates, units, columns }: Gates,
  pattern: Pattern | undefined,
  density: number,
  random: Random,
): Uint8Array {
  if (!pattern) return randomMask(gates * units * columns, density, random);
  const down = Math.ceil(units / pattern.rows);
  const across = Math.ceil(columns / pattern.columns);
  const blocks = randomMask(gates * down * across, density, random);
  const mask = new Uint8Array(gates * units * columns);
  for (let i = 0; i < gates * units; i++) {
    const row = (Math.floor(i / units) * down + Math.floor((i % units) / pattern.rows)) * across;
    for (let j = 0; j < columns; j++) mask[i * columns + j] = blocks[row + Math.floor(j / pattern.columns)];
  }
  return mask;
}
