// The names that a network's tensors have in PyTorch: those of one nn.RNN, nn.LSTM or nn.GRU of several layers where its cells
// are such a stack, else those of one module for each cell.
import { type Architecture, type Cell, cellsOf, inputName } from "./architecture.js";
import type { StoredCell, StoredEnds } from "./layout.js";

/** Layers of PyTorch's, of one kind and one size. */
export interface TorchStack {
  readonly first: Cell;
  readonly layers: number;
  readonly bidirectional: boolean;
}

/** The cells as one module of PyTorch's; undefined of any other structure. */
export function torchStack(architecture: Architecture): TorchStack | undefined {
  const { nodes, readout } = architecture;
  const cells = cellsOf(architecture);
  const bidirectional = cells[1]?.direction === "reverse";
  const across = bidirectional ? 2 : 1;
  if (cells.length !== nodes.length || cells.length % across !== 0) return undefined;
  const [first] = cells;
  const layers = cells.length / across;
  const namesOf = (layer: number) =>
    layer < 0
      ? [inputName(architecture)]
      : cells.slice(layer * across, (layer + 1) * across).map(({ name }) => name);
  const isIn = (cell: Cell, i: number) =>
    cell.kind === first.kind &&
    cell.size === first.size &&
    (cell.direction === "reverse") === (i % across === 1) &&
    cell.inputs.join("\n") === namesOf(Math.floor(i / across) - 1).join("\n");
  const isRead = readout.inputs.join("\n") === namesOf(layers - 1).join("\n");
  return isRead && cells.every(isIn) ? { first, layers, bidirectional } : undefined;
}

/** What each cell's tensors, and those around the cells, are called. */
export function torchNames(architecture: Architecture): {
  cells: ReadonlyMap<string, StoredCell>;
  ends: StoredEnds;
} {
  const stack = torchStack(architecture);
  const cells = cellsOf(architecture).map(({ name }, i) => {
    const across = stack?.bidirectional ? 2 : 1;
    const [prefix, suffix] = stack
      ? ["rnn.", `_l${Math.floor(i / across)}${i % across === 1 ? "_reverse" : ""}`]
      : [`cells.${i}.`, "_l0"];
    const part = (kind: string) => `${prefix}${kind}${suffix}`;
    return [
      name,
      {
        weightIh: part("weight_ih"),
        weightHh: part("weight_hh"),
        biasIh: part("bias_ih"),
        biasHh: part("bias_hh"),
      },
    ] as const;
  });
  const { input, readout } = architecture;
  return {
    cells: new Map(cells),
    ends: {
      readout: "readout.weight",
      readoutBias: "readout.bias",
      ...(input.kind === "symbols" && { embedding: "embedding.weight" }),
      ...(readout.tied && { tied: true }),
    },
  };
}
