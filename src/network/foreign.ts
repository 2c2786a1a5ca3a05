// Networks that were saved elsewhere, recognised by the names of their tensors: PyTorch's nn.RNN, nn.LSTM and nn.GRU
// inside any module, and the thesis's own modules. Equations, gate order and matrix layout are PyTorch's in both, so
// reading them is a matter of names.
import { basename } from "node:path";
import { InputError } from "../errors.js";
import { type CellKind, EMBEDDING } from "./architecture.js";
import {
  type Layout,
  layoutOf,
  measureCell,
  measureMatrix,
  type StoredCell,
  type StoredEnds,
} from "./layout.js";
import { quote, type Safetensors } from "./safetensors.js";

/** A stack of cells in a file: the common beginning of its names, its layers, and the names around it. */
interface Stack {
  readonly prefix: string;
  readonly cells: readonly StoredCell[];
  readonly ends: StoredEnds;
}

/**
 * The layout of a file that PyTorch or the thesis's code wrote: an embedding, a stack of cells and a linear read-out.
 * @param cell what the caller takes its cells to be; see `kindOf`.
 * @throws InputError when the names are of neither origin or belong to something that Filigree does not have.
 */
export function foreignLayout(file: Safetensors, where: string, cell?: CellKind): Layout {
  const { prefix, cells, ends } = thesisStack(file, where) ?? torchStack(file, where);
  const [vocabulary, embedding] = measureMatrix(file, ends.embedding, where);
  const [outputs] = measureMatrix(file, ends.readout, where);
  const { gates } = measureCell(file, cells[0].weightHh, where);
  const kind = kindOf(gates, file, where, prefix, cell);
  const nodes = cells.map(({ weightHh }, i) => ({
    type: "cell" as const,
    name: String(i),
    kind,
    size: measureCell(file, weightHh, where).size,
    inputs: [i === 0 ? EMBEDDING : String(i - 1)],
  }));
  const readout = { inputs: [String(cells.length - 1)], outputs };
  const named = new Map(cells.map((stored, i) => [String(i), stored]));
  return layoutOf({ vocabulary, embedding, nodes, readout }, named, ends);
}

/**
 * The kind of a stored cell of so many gates. A cell of one gate is `cell` where that is a simple one, else what the
 * metadata's `nonlinearity` says (tanh or relu, PyTorch's word), else relu where the file's name or `prefix`
 * contains "relu", else tanh.
 */
export function kindOf(
  gates: 1 | 3 | 4,
  file: Safetensors,
  where: string,
  prefix: string,
  cell?: CellKind,
): CellKind {
  if (gates !== 1) return gates === 3 ? "gru" : "lstm";
  if (cell === "rnn-tanh" || cell === "rnn-relu") return cell;
  const said = file.metadata.get("nonlinearity") ?? basename(where) + prefix;
  return /relu/i.test(said) ? "rnn-relu" : "rnn-tanh";
}

/** The thesis's names of the cell of layer `index`, or of skip cell `index`. */
export function thesisCell(index: number, part: "recurrent_layers" | "skip_layers"): StoredCell {
  const prefix = `recurrent.${part}.${index}`;
  return {
    weightIh: `${prefix}.weight_ih`,
    weightHh: `${prefix}.weight_hh`,
    biasIh: `${prefix}.bias_ih`,
    biasHh: `${prefix}.bias_hh`,
    maskIh: `${prefix}.mask_i2h`,
    maskHh: `${prefix}.mask_h2h`,
  };
}

/** The thesis's names of the parts around its cells. */
export const thesisEnds: StoredEnds = {
  embedding: "embedding.weight",
  readout: "out.weight",
  readoutBias: "out.bias",
};

/** The layers of a file with the thesis's names, without skip cells. */
function thesisStack(file: Safetensors, where: string): Stack | undefined {
  const cells: StoredCell[] = [];
  for (;;) {
    const cell = thesisCell(cells.length, "recurrent_layers");
    if (!file.tensors.has(cell.weightHh)) break;
    cells.push(cell);
  }
  if (cells.length === 0) return undefined;
  if (file.tensors.has(thesisCell(0, "skip_layers").weightHh)) {
    throw new InputError({
      where,
      what: "it is a random structure with skip cells, which its weights alone do not describe",
      hint: "give the graph that it was built from as well",
    });
  }
  return { prefix: "", cells, ends: thesisEnds };
}

function torchStack(file: Safetensors, where: string): Stack {
  const names = [...file.tensors.keys()];
  const refuse = (what: string, hint: string): never => {
    throw new InputError({ where, what, hint });
  };
  const parts = names.flatMap((name) => {
    const match = /^(.*?)(?:weight|bias)_(ih|hh|hr)_l\d+(_reverse)?$/s.exec(name);
    return match
      ? [{ name, prefix: match[1], projection: match[2] === "hr", reverse: match[3] !== undefined }]
      : [];
  });
  if (parts.length === 0) {
    refuse(
      "it holds no network that Filigree can read",
      "save one state dict with an embedding, an nn.RNN, nn.LSTM or nn.GRU and a linear read-out",
    );
  }
  for (const { name, projection, reverse } of parts) {
    if (reverse)
      refuse(`tensor ${quote(name)} is of a bidirectional network`, "train it with bidirectional=False");
    if (projection)
      refuse(`tensor ${quote(name)} is of an LSTM with projections`, "train it with proj_size=0");
  }
  const { prefix } = parts[0];
  const other = parts.find((part) => part.prefix !== prefix);
  if (other)
    refuse(
      `tensors ${quote(parts[0].name)} and ${quote(other.name)} are of two recurrent modules`,
      "save a model with one",
    );

  const bias = parts.some(({ name }) => name.startsWith(`${prefix}bias_`));
  const cells: StoredCell[] = [];
  for (;;) {
    const layer = `l${cells.length}`;
    const weightHh = `${prefix}weight_hh_${layer}`;
    if (cells.length > 0 && !file.tensors.has(weightHh)) break;
    const biases = bias ? { biasIh: `${prefix}bias_ih_${layer}`, biasHh: `${prefix}bias_hh_${layer}` } : {};
    cells.push({ weightIh: `${prefix}weight_ih_${layer}`, weightHh, ...biases });
  }

  const matrices = names.filter((name) => /(^|\.)weight$/.test(name));
  const heads = matrices.filter((name) => /(^|\.)(fc|out|linear|decoder|head)\.weight$/.test(name));
  if (heads.length !== 1) {
    refuse(`it has ${heads.length} linear read-outs`, "name one of them fc, out, linear, decoder or head");
  }
  const embeddings = matrices.filter((name) => name !== heads[0]);
  if (embeddings.length !== 1) {
    refuse(
      `it has ${embeddings.length} embeddings`,
      "save a model with one embedding and one linear read-out",
    );
  }
  const readoutBias = heads[0].replace(/weight$/, "bias");
  return {
    prefix,
    cells,
    ends: {
      embedding: embeddings[0],
      readout: heads[0],
      ...(file.tensors.has(readoutBias) && { readoutBias }),
    },
  };
}
