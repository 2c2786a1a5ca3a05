// How an exported matrix is held: as a whole, at its nonzeros, or in blocks of rows and columns, whichever takes the fewest
// bytes. A matrix is cut gate by gate, as patterns of sparsity cut it (src/sparsify/pattern.ts), and a row is added up in the
// order of its columns in every form, so that the form changes no bit of a result.

/** Blocks of 1 × 1 are single weights. */
export type Form =
  | { readonly kind: "dense" }
  | { readonly kind: "blocks"; readonly rows: number; readonly columns: number };

/** A matrix of `rows` × `columns` weights, whose rows are cut into so many gates. */
export interface Weights {
  readonly rows: number;
  readonly columns: number;
  readonly gates: number;
  /** Row by row; a weight of 0 is absent. */
  readonly weights: ArrayLike<number>;
}

/** Weights as they are held. */
export interface Held {
  readonly form: Form;
  /** Dense: row by row. Blocks: those of a row of blocks from left to right, each row by row. */
  readonly values: readonly number[];
  /** Of blocks, how many there are in each row of them, gate after gate. */
  readonly counts: readonly number[];
  /** Of each block, its place within its row of blocks. */
  readonly places: readonly number[];
  /** Bytes of a place: 1 or 2. */
  readonly placeBytes: 1 | 2;
  readonly bytes: { readonly values: number; readonly indices: number };
}

/** Of a count. */
const COUNT_BYTES = 2;
const HEIGHTS = [16, 8, 4, 2, 1];
const WIDTHS = [1, 2, 4, 8, 16];
/** Places that 16 bits can tell apart. */
const MOST_PLACES = 2 ** 16;

/** The matrix in the form that takes the fewest bytes; dense, then larger blocks first, where it makes no difference. */
export function hold(matrix: Weights, valueBytes: number): Held {
  let best = dense(matrix, valueBytes);
  const nonzeros = count(matrix.weights);
  for (const rows of HEIGHTS) {
    for (const columns of WIDTHS) {
      const across = Math.ceil(matrix.columns / columns);
      // A block larger than the matrix is the matrix.
      if (across > MOST_PLACES || rows > matrix.rows / matrix.gates || columns > matrix.columns) continue;
      // No cut holds fewer values than there are nonzeros.
      if (nonzeros * valueBytes >= total(best)) return best;
      const other = blocks(matrix, rows, columns, valueBytes);
      if (total(other) < total(best)) best = other;
    }
  }
  return best;
}

/** The matrix in a form of one's choice. */
export function holdAs(matrix: Weights, form: Form, valueBytes: number): Held {
  return form.kind === "dense"
    ? dense(matrix, valueBytes)
    : blocks(matrix, form.rows, form.columns, valueBytes);
}

function total({ bytes }: Held): number {
  return bytes.values + bytes.indices;
}

function count(weights: ArrayLike<number>): number {
  let nonzeros = 0;
  for (let i = 0; i < weights.length; i++) nonzeros += Number(weights[i] !== 0);
  return nonzeros;
}

function dense({ weights }: Weights, valueBytes: number): Held {
  const values = Array.from(weights);
  const bytes = { values: valueBytes * values.length, indices: 0 };
  return { form: { kind: "dense" }, values, counts: [], places: [], placeBytes: 1, bytes };
}

function blocks(matrix: Weights, height: number, width: number, valueBytes: number): Held {
  const { columns, gates, weights } = matrix;
  const units = matrix.rows / gates;
  const values: number[] = [];
  const counts: number[] = [];
  const places: number[] = [];
  for (let gate = 0; gate < gates; gate++) {
    for (let first = 0; first < units; first += height) {
      const from = gate * units + first;
      const end = from + Math.min(height, units - first);
      const before = places.length;
      for (let left = 0; left < columns; left += width) {
        const right = Math.min(left + width, columns);
        if (isEmpty(weights, columns, from, end, left, right)) continue;
        places.push(left / width);
        for (let i = from; i < end; i++) {
          for (let j = left; j < right; j++) values.push(weights[i * columns + j]);
        }
      }
      counts.push(places.length - before);
    }
  }
  const placeBytes = Math.ceil(columns / width) <= 256 ? 1 : 2;
  const indices = COUNT_BYTES * counts.length + placeBytes * places.length;
  const form = { kind: "blocks", rows: height, columns: width } as const;
  const bytes = { values: valueBytes * values.length, indices };
  return { form, values, counts, places, placeBytes, bytes };
}

function isEmpty(
  weights: ArrayLike<number>,
  stride: number,
  from: number,
  end: number,
  left: number,
  right: number,
): boolean {
  for (let i = from; i < end; i++) {
    for (let j = left; j < right; j++) if (weights[i * stride + j] !== 0) return false;
  }
  return true;
}

/** For example "16 x 1 blocks", "single weights" or "dense". */
export function describeForm(form: Form): string {
  if (form.kind === "dense") return "dense";
  return form.rows * form.columns === 1 ? "single weights" : `${form.rows} x ${form.columns} blocks`;
}
