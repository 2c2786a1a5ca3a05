// Puts the matrices that a plan multiplies together from the network's weights and masks, and chooses the form in which
// each is held.
import type { Network } from "../network/network.js";
import type { Block, Piece, Plan } from "./plan.js";

/**
 * Densities below which a masked matrix is held compressed, by its number of columns: as `filigree bench density` measured
 * (docs/performance.md). A small matrix gains more, because its dense panels are short and its inputs stay close.
 */
const SPARSE_BELOW = [
  { columns: 64, density: 0.57 },
  { columns: 192, density: 0.43 },
  { columns: Number.POSITIVE_INFINITY, density: 0.4 },
] as const;

/**
 * The same where a mask is cut in blocks of rows, which the native executor then holds in bands (native/bands.h): by the
 * weights that share a column of a band, on average. Fewer than 1.5 are no bands. Measured on Zen 3 with blocks of 2 × 1
 * and 4 × 1; whatever the size, those of two rows break even at 60 to 68 %, those of four at 69 to 87 %.
 */
const BANDS_BELOW = [
  { height: 3, density: 0.6 },
  { height: Number.POSITIVE_INFINITY, density: 0.75 },
] as const;
const LEAST_HEIGHT = 1.5;

function sparseBelow(columns: number): number {
  return SPARSE_BELOW.find((size) => columns <= size.columns)!.density;
}

function bandsBelow(height: number): number {
  return height < LEAST_HEIGHT ? 0 : BANDS_BELOW.find((bands) => height < bands.height)!.density;
}

/** How many weights there are for each column of adjacent rows that have their weights in the same columns. */
function heightOf(mask: Uint8Array, columns: number): number {
  let weights = 0;
  let columnsOfBands = 0;
  for (let from = 0; from < mask.length; from += columns) {
    let count = 0;
    let same = from > 0;
    for (let j = from; j < from + columns; j++) {
      count += mask[j];
      if (same && mask[j] !== mask[j - columns]) same = false;
    }
    weights += count;
    if (!same) columnsOfBands += count;
  }
  return weights / Math.max(1, columnsOfBands);
}

/**
 * The same for a stream, by the number of weights that the matrix has when dense. Its dense products cost less for each
 * weight, least of all where they fit the second-level cache (half a MiB). Measured on Zen 3 with AVX2: dense and
 * compressed take equally long at 10 to 15 % up to 128 units of an LSTM, and at 20 to 25 % from 256 on.
 */
const streamSparseBelow = (weights: number) => (weights <= 2 ** 17 ? 0.12 : 0.2);

/**
 * The same of a stream where adjacent rows have their weights in the same columns, by the share of the columns of sixteen rows that
 * hold any: dense and bands (native/stream_matrix.h) take equally long at 70 to 80 % with 128 to 512 units and AVX2.
 */
const STREAM_BANDS_BELOW = 0.6;
const BAND_ROWS = 16;

/** The share of columns, of sixteen adjacent rows each, in which there is a weight. */
function columnsInUse(mask: Uint8Array, columns: number): number {
  const rows = mask.length / columns;
  let inUse = 0;
  let all = 0;
  for (let first = 0; first < rows; first += BAND_ROWS, all += columns) {
    const end = Math.min(first + BAND_ROWS, rows);
    for (let j = 0; j < columns; j++) {
      let i = first;
      while (i < end && mask[i * columns + j] === 0) i++;
      inUse += Number(i < end);
    }
  }
  return inUse / all;
}

/** A piece of a block before its weights have an offset: rows and columns of a named weight. */
export interface Part extends Omit<Piece, "parameter" | "stride"> {
  readonly weight: string;
  readonly fromRow: number;
  readonly fromColumn: number;
}

/**
 * A block of these rows and columns from parts of a network's weights, which do not overlap.
 * @param form how it is held when weights are absent: by its density when left out.
 * @param streaming whether one vector is multiplied at a time, and not a batch of them.
 */
export function assemble(
  network: Network,
  rows: number,
  columns: number,
  parts: readonly Part[],
  { form, streaming }: { form?: "dense" | "sparse"; streaming: boolean },
): Block {
  const pieces: Piece[] = [];
  let mask: Uint8Array | undefined;
  let weights = 0;
  for (const { row, column, rows, columns: width, weight, fromRow, fromColumn } of parts) {
    const { offset, shape } = network.tensor(weight);
    const stride = shape[1];
    const parameter = offset + fromRow * stride + fromColumn;
    const last = pieces.at(-1);
    // Gates that are adjacent in both are one piece.
    if (
      last?.column === column &&
      last.columns === width &&
      last.row + last.rows === row &&
      last.parameter + last.rows * stride === parameter
    ) {
      pieces[pieces.length - 1] = { ...last, rows: last.rows + rows };
    } else {
      pieces.push({ row, column, rows, columns: width, parameter, stride });
    }
    weights += rows * width;
  }
  let nonzeros = weights;
  if (parts.some(({ weight }) => network.masks.has(weight))) {
    const own = new Uint8Array(rows * columns);
    nonzeros = 0;
    for (const part of parts) {
      const full = network.masks.get(part.weight);
      const stride = network.tensor(part.weight).shape[1];
      for (let i = 0; i < part.rows; i++) {
        const from = (part.fromRow + i) * stride + part.fromColumn;
        const to = (part.row + i) * columns + part.column;
        for (let j = 0; j < part.columns; j++) {
          const bit = full?.[from + j] === 0 ? 0 : 1;
          own[to + j] = bit;
          nonzeros += bit;
        }
      }
    }
    if (nonzeros < weights) mask = own;
  }
  const sparse = isSparse({ rows, columns, nonzeros, mask: () => mask }, { form, streaming });
  return { name: parts[0].weight, rows, columns, pieces, mask, nonzeros, sparse };
}

/** @param mask asked for where it decides: between the densities at which single weights and bands break even. */
function isSparse(
  {
    rows,
    columns,
    nonzeros,
    mask,
  }: Pick<Block, "rows" | "columns" | "nonzeros"> & { readonly mask: () => Uint8Array | undefined },
  { form, streaming }: { form?: "dense" | "sparse"; streaming: boolean },
): boolean {
  const weights = rows * columns;
  if (nonzeros === weights) return false;
  if (form) return form === "sparse";
  if (streaming) {
    if (nonzeros < streamSparseBelow(weights) * weights) return true;
    const own = nonzeros < STREAM_BANDS_BELOW * weights ? mask() : undefined;
    return own !== undefined && columnsInUse(own, columns) < STREAM_BANDS_BELOW;
  }
  if (nonzeros < sparseBelow(columns) * weights) return true;
  const own = nonzeros < BANDS_BELOW.at(-1)!.density * weights ? mask() : undefined;
  return own !== undefined && nonzeros < bandsBelow(heightOf(own, columns)) * weights;
}

/**
 * The plan's blocks under another mask, each in the form that now suits it.
 * @param mask a byte for each parameter, 1 where it exists.
 */
export function maskedBlocks(plan: Plan, mask: Uint8Array): Block[] {
  return plan.blocks.map((block) => {
    const { weights, nonzeros } = countOf(block, mask);
    const own = nonzeros < weights ? maskOf(block, mask) : undefined;
    return { ...block, mask: own, nonzeros, sparse: suitsSparse(plan, block, nonzeros, () => own) };
  });
}

/** A byte for each block of the plan: whether it is held compressed under a mask. */
export function compressedBlocks(plan: Plan, mask: Uint8Array): Uint8Array {
  return Uint8Array.from(plan.blocks, (block) => {
    const { nonzeros } = countOf(block, mask);
    return Number(suitsSparse(plan, block, nonzeros, () => maskOf(block, mask)));
  });
}

function suitsSparse(
  { form, lanes }: Plan,
  { rows, columns }: Block,
  nonzeros: number,
  mask: () => Uint8Array | undefined,
): boolean {
  return isSparse({ rows, columns, nonzeros, mask }, { form, streaming: lanes === 1 });
}

/** A block's share of a mask over the parameters, 0 where no piece is. */
function maskOf({ rows, columns, pieces }: Block, mask: Uint8Array): Uint8Array {
  const own = new Uint8Array(rows * columns);
  for (const piece of pieces) {
    for (let i = 0; i < piece.rows; i++) {
      const from = piece.parameter + i * piece.stride;
      own.set(mask.subarray(from, from + piece.columns), (piece.row + i) * columns + piece.column);
    }
  }
  return own;
}

/** The weights of a block's pieces, and those of them that exist. */
function countOf({ pieces }: Block, mask: Uint8Array): { weights: number; nonzeros: number } {
  let weights = 0;
  let nonzeros = 0;
  for (const { parameter, stride, rows, columns } of pieces) {
    for (let i = 0; i < rows; i++) {
      const from = parameter + i * stride;
      for (let at = from; at < from + columns; at++) nonzeros += mask[at];
    }
    weights += rows * columns;
  }
  return { weights, nonzeros };
}
