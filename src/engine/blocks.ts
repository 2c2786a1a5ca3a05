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

function sparseBelow(columns: number): number {
  return SPARSE_BELOW.find((size) => columns <= size.columns)!.density;
}

/**
 * The same for a stream, by the number of weights that the matrix has when dense. Its dense products cost less for each
 * weight, least of all where they fit the second-level cache (half a MiB). Measured on Zen 3 with AVX2: dense and
 * compressed take equally long at 10 to 15 % up to 128 units of an LSTM, and at 20 to 25 % from 256 on.
 */
const streamSparseBelow = (weights: number) => (weights <= 2 ** 17 ? 0.12 : 0.2);

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
  let nonzeros = 0;
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
    nonzeros += rows * width;
  }
  const masked = parts.filter(({ weight }) => network.masks.has(weight));
  if (masked.length > 0) {
    const own = new Uint8Array(rows * columns).fill(1);
    for (const part of masked) {
      const full = network.masks.get(part.weight)!;
      const stride = network.tensor(part.weight).shape[1];
      for (let i = 0; i < part.rows; i++) {
        const from = (part.fromRow + i) * stride + part.fromColumn;
        for (let j = 0; j < part.columns; j++) {
          if (full[from + j] !== 0) continue;
          own[(part.row + i) * columns + part.column + j] = 0;
          nonzeros--;
        }
      }
    }
    if (own.includes(0)) mask = own;
  }
  const sparse = isSparse({ rows, columns, nonzeros }, { form, streaming });
  return { name: parts[0].weight, rows, columns, pieces, mask, nonzeros, sparse };
}

function isSparse(
  { rows, columns, nonzeros }: Pick<Block, "rows" | "columns" | "nonzeros">,
  { form, streaming }: { form?: "dense" | "sparse"; streaming: boolean },
): boolean {
  const weights = rows * columns;
  const below = streaming ? streamSparseBelow(weights) : sparseBelow(columns);
  return nonzeros < weights && (form ? form === "sparse" : nonzeros < below * weights);
}

/**
 * The plan's blocks under another mask, each in the form that now suits it.
 * @param mask a byte for each parameter, 1 where it exists.
 */
export function maskedBlocks(plan: Plan, mask: Uint8Array): Block[] {
  return plan.blocks.map((block) => {
    const { rows, columns, pieces } = block;
    const own = new Uint8Array(rows * columns);
    for (const piece of pieces) {
      for (let i = 0; i < piece.rows; i++) {
        const from = piece.parameter + i * piece.stride;
        own.set(mask.subarray(from, from + piece.columns), (piece.row + i) * columns + piece.column);
      }
    }
    const { weights, nonzeros } = countOf(block, mask);
    const sparse = suitsSparse(plan, block, nonzeros);
    return { ...block, mask: nonzeros < weights ? own : undefined, nonzeros, sparse };
  });
}

/** A byte for each block of the plan: whether it is held compressed under a mask. */
export function compressedBlocks(plan: Plan, mask: Uint8Array): Uint8Array {
  return Uint8Array.from(plan.blocks, (block) =>
    Number(suitsSparse(plan, block, countOf(block, mask).nonzeros)),
  );
}

function suitsSparse({ form, lanes }: Plan, { rows, columns }: Block, nonzeros: number): boolean {
  return isSparse({ rows, columns, nonzeros }, { form, streaming: lanes === 1 });
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
