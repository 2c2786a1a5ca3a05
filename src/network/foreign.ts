// Networks that were saved elsewhere, recognised by the names of their recurrent tensors and the shapes of the others:
// PyTorch's nn.RNN, nn.LSTM and nn.GRU and their cells inside any module, and registered formats. Equations, gate order and
// matrix layout are PyTorch's in all, so reading them is a matter of telling which tensor is which.
import { InputError, type Remark } from "../errors.js";
import { type Cell, type CellKind, type Input, inputName, type Readout } from "./architecture.js";
import { applyMasks } from "./foreign-masks.js";
import { withoutBookkeeping } from "./foreign-parts.js";
import { type ForeignFormat, foreignFormats } from "./formats.js";
import {
  type Layout,
  layoutOf,
  measureCell,
  measureMatrix,
  type StoredCell,
  type StoredEnds,
} from "./layout.js";
import { REVERSE } from "./network.js";
import { quote, type Safetensors } from "./safetensors.js";
import { readingFor } from "./tasks.js";
import { torchParts } from "./torch.js";

/** What a foreign file holds. */
export interface Foreign {
  /** PyTorch's modules, or a format with rules of its own. */
  readonly origin: "torch" | ForeignFormat;
  readonly layout: Layout;
  /** The file with masks applied to their weights and without what is no part of a network. */
  readonly file: Safetensors;
}

/**
 * The network that PyTorch or the code of a registered format wrote: an embedding, a stack of cells and a linear read-out.
 * @param cell what the caller takes its cells to be; see `kindOf`.
 * @throws InputError when it is of no such origin or has a part that Filigree does not have, which is named.
 */
export function readForeign(
  source: Safetensors,
  where: string,
  { cell, remark }: { cell?: CellKind; remark: Remark },
): Foreign {
  const { file: pruned, masks } = applyMasks(source, where, remark);
  const file = withoutBookkeeping(pruned, where, remark);
  const [own] = [...foreignFormats()].flatMap((format) => {
    const parts = format.stack(file, where);
    return parts ? [{ origin: format, parts }] : [];
  });
  const { origin, parts } = own ?? { origin: "torch", parts: torchParts(file, where, remark) };
  const layout = stackLayout(file, where, { ...parts, cell, remark });
  const found = [...layout.tensors].flatMap(([own, stored]) => {
    const mask = masks.get(stored);
    if (mask === undefined) return [];
    const other = layout.masks.get(own);
    if (other === undefined || !file.tensors.has(other)) return [[own, mask] as const];
    throw new InputError({
      where,
      what: `${quote(stored)} has two masks, ${quote(mask)} and ${quote(other)}`,
      hint: "make pruning permanent with prune.remove before saving the model",
    });
  });
  return { origin, layout: { ...layout, masks: new Map([...layout.masks, ...found]) }, file };
}

/** The network of cells one above the other, each of the kind that its gates tell. */
function stackLayout(
  file: Safetensors,
  where: string,
  options: { cells: readonly StoredCell[]; ends: StoredEnds; cell?: CellKind; remark: Remark },
): Layout {
  const { cells, ends, cell, remark } = options;
  const input = inputOf(file, where, cells[0], ends);
  const [outputs] = measureMatrix(file, ends.readout, where);
  if (outputs === 1 && input.kind === "symbols" && !ends.tied) {
    throw new InputError({
      where,
      what: `its read-out ${quote(ends.readout)} has one output, a single logit or value, and no classes to choose among`,
      hint: "train it with one output for each class, two for yes and no",
    });
  }
  const remarks = new Set<string>();
  const nodes: Cell[] = [];
  const named = new Map<string, StoredCell>();
  // What a layer reads, and the cells of the one under way.
  let inputs = [inputName({ input })];
  let layer: string[] = [];
  let layers = 0;
  for (const stored of cells) {
    const { weightHh, reverse } = stored;
    if (!reverse) {
      if (layer.length > 0) inputs = layer;
      layer = [];
      layers++;
    }
    const { gates, size } = measureCell(file, weightHh, where);
    const name = `${layers - 1}${reverse ? REVERSE : ""}`;
    nodes.push({
      type: "cell",
      name,
      kind: kindOf(gates, file, where, { prefix: weightHh, cell, remark: (line) => remarks.add(line) }),
      size,
      inputs,
      ...(reverse && { direction: "reverse" }),
    });
    named.set(name, stored);
    layer.push(name);
  }
  for (const line of remarks) remark(line);
  const readout: Readout = {
    inputs: layer,
    outputs,
    ...(ends.tied && { tied: true as const }),
    // One output that is no class is a number, which there is at every step.
    ...(outputs === 1 && readingFor("forecast")),
  };
  return layoutOf({ input, nodes, readout }, named, ends);
}

function inputOf(file: Safetensors, where: string, first: StoredCell, { embedding }: StoredEnds): Input {
  if (embedding === undefined)
    return { kind: "values", width: measureMatrix(file, first.weightIh, where)[1] };
  const [vocabulary, width] = measureMatrix(file, embedding, where);
  return { kind: "symbols", vocabulary, width };
}

/**
 * The kind of a stored cell of so many gates. A cell of one gate is `cell` where that is a simple one, else what the
 * metadata's `nonlinearity` says (tanh or relu, PyTorch's word), else relu where the file's name or `prefix`
 * contains "relu", else tanh, which is said where no name says so.
 */
export function kindOf(
  gates: 1 | 3 | 4,
  file: Safetensors,
  where: string,
  { prefix, cell, remark }: { prefix: string; cell?: CellKind; remark: Remark },
): CellKind {
  if (gates !== 1) return gates === 3 ? "gru" : "lstm";
  if (cell === "rnn-tanh" || cell === "rnn-relu") return cell;
  const said = file.metadata.get("nonlinearity") ?? where.replace(/^.*[\\/]/s, "") + prefix;
  if (/relu/i.test(said)) return "rnn-relu";
  if (cell === undefined && !/tanh/i.test(said)) {
    remark(
      `${where}: its simple cells are taken for tanh, because the file does not say; read relu with --cell rnn-relu`,
    );
  }
  return "rnn-tanh";
}
