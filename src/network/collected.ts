// Networks whose numbers were read piece by piece and put into PyTorch's order: their tensors and layout, as if one file had held them.
import type { Architecture, CellKind } from "./architecture.js";
import { type Layout, layoutOf, type StoredCell } from "./layout.js";
import type { Safetensors, StoredTensor } from "./safetensors.js";

/** Numbers by the name that they have in messages. */
export interface Matrix {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A cell of one direction, with its numbers in Filigree's order. */
export interface ReadCell {
  readonly kind: CellKind;
  readonly size: number;
  readonly reverse: boolean;
  readonly weightIh: Matrix;
  readonly weightHh: Matrix;
  readonly biasIh?: Matrix;
  readonly biasHh?: Matrix;
}

/** The parts around the cells. */
export interface ReadEnds {
  /** Left out where numbers are read. */
  readonly embedding?: Matrix;
  readonly readout: Matrix;
  readonly readoutBias?: Matrix;
  /** Whether the read-out has the embedding's weights. */
  readonly tied?: boolean;
}

/**
 * The layout and the tensors of a network.
 * @param cells by their names in the architecture.
 * @param metadata what is said of the network, by the keys of weight files.
 */
export function collected(
  architecture: Architecture,
  cells: ReadonlyMap<string, ReadCell>,
  { tied, ...ends }: ReadEnds,
  metadata: ReadonlyMap<string, string>,
): { layout: Layout; file: Safetensors } {
  const tensors = new Map<string, StoredTensor>();
  const store = ({ name, shape, values }: Matrix): string => {
    tensors.set(name, { dtype: "F32", shape, values });
    return name;
  };
  const stored = Array.from(cells, ([name, cell]): [string, StoredCell] => [
    name,
    {
      weightIh: store(cell.weightIh),
      weightHh: store(cell.weightHh),
      ...(cell.biasIh && { biasIh: store(cell.biasIh) }),
      ...(cell.biasHh && { biasHh: store(cell.biasHh) }),
    },
  ]);
  const layout = layoutOf(architecture, new Map(stored), {
    readout: store(ends.readout),
    ...(ends.embedding && { embedding: store(ends.embedding) }),
    ...(ends.readoutBias && { readoutBias: store(ends.readoutBias) }),
    ...(tied && { tied }),
  });
  return { layout, file: { tensors, metadata } };
}

/** The values of a matrix with rows and columns exchanged. */
export function transposedValues(
  values: Float32Array,
  [rows, columns]: readonly [rows: number, columns: number],
): Float32Array {
  const turned = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j];
  }
  return turned;
}
