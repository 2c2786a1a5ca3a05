// What a network would take in each form that it can be exported in: bytes, operations and bytes read for one step. Of numbers
// alone; what the instructions take, and how fast a machine is, only a measurement tells.
import { type Product, programOf } from "../engine/program.js";
import type { Network } from "../network/network.js";
import { type Held, hold, holdAs, type Weights } from "./form.js";

export interface Cost {
  readonly form: string;
  /** Bytes of all numbers, indices and scales. */
  readonly bytes: number;
  /** Multiplications and additions of a step, those of stored zeros included. */
  readonly operations: number;
  /** Bytes of weights, indices, scales and biases that a step reads. */
  readonly read: number;
}

interface Form {
  readonly name: string;
  readonly valueBytes: 1 | 4;
  hold(matrix: Weights): Held;
}

const forms: readonly Form[] = [
  { name: "float32, dense", valueBytes: 4, hold: (matrix) => holdAs(matrix, { kind: "dense" }, 4) },
  {
    name: "float32, single weights",
    valueBytes: 4,
    hold: (matrix) => holdAs(matrix, { kind: "blocks", rows: 1, columns: 1 }, 4),
  },
  { name: "float32, fewest bytes", valueBytes: 4, hold: (matrix) => hold(matrix, 4) },
  { name: "int8, fewest bytes", valueBytes: 1, hold: (matrix) => hold(matrix, 1) },
];

/**
 * What a network takes in each form, one of which is that of `filigree export`, which may look symbols up and standardises besides.
 * @throws InputError when it is bidirectional, so that it is no stream.
 */
export function costsOf(network: Network): Cost[] {
  const program = programOf(network);
  const cells = program.operations.flatMap((one) => (one.type === "cell" ? [one] : []));
  const products = [
    ...cells.flatMap(({ inputs, hidden }) => [...inputs, hidden]),
    ...program.readout.products,
  ];
  const biases = 4 * [...cells, program.readout].reduce((sum, { bias }) => sum + bias.length, 0);
  return forms.map(({ name, valueBytes, hold }) => {
    let [operations, matrices] = [0, 0];
    for (const product of products) {
      const { values, bytes } = hold(product);
      operations += 2 * values.length;
      matrices += bytes.values + bytes.indices + (valueBytes === 1 ? scalesOf(product) : 0);
    }
    const width = program.input.kind === "symbols" ? program.input.width : 0;
    const embedding = valueBytes * (program.embedding?.length ?? 0);
    return {
      form: name,
      bytes: matrices + biases + embedding,
      operations,
      read: matrices + biases + valueBytes * width,
    };
  });
}

/** Bytes of a scale for each row. */
function scalesOf({ rows }: Product): number {
  return 4 * rows;
}
