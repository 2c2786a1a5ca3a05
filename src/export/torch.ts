// A network for PyTorch: a safetensors file under the names of nn.RNN, nn.LSTM and nn.GRU, and a module of Python that loads it.
import { checkFinite } from "../engine/program.js";
import { InputError } from "../errors.js";
import {
  type Architecture,
  type Cell,
  type CellKind,
  cellsOf,
  inputName,
  widths,
} from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { torchNames, torchStack } from "../network/torch-names.js";
import { saveForTorch } from "../network/weights.js";

export interface TorchOptions {
  /** What the files are called. */
  readonly name: string;
  /** Masks beside their weights, as torch.nn.utils.prune has them, so that training in PyTorch keeps them. */
  readonly masked: boolean;
}

const MODULES: Readonly<Record<CellKind, string>> = {
  "rnn-tanh": "RNN",
  "rnn-relu": "RNN",
  lstm: "LSTM",
  gru: "GRU",
};

/**
 * `NAME.safetensors` and `NAME.py`, whose `load()` gives a module: `net(x, state)` of `x [batch, time]` or `[batch, time, width]` returns
 * what the network says and its state.
 * @throws InputError when a parameter is not finite, or masks are asked of a network without any or one that is tied.
 */
export function exportTorch(
  network: Network,
  { name, masked }: TorchOptions,
): Map<string, string | Uint8Array> {
  checkFinite(network);
  if (masked && network.masks.size === 0) {
    throw new InputError({ where: "--masks", what: "the network has no masks", hint: "leave it out" });
  }
  if (masked && network.architecture.readout.tied) {
    throw new InputError({
      where: "--masks",
      what: "the read-out is tied to the embedding, and torch.nn.utils.prune unties them",
      hint: "leave it out: absent weights are zeros then",
    });
  }
  return new Map<string, string | Uint8Array>([
    [`${name}.safetensors`, saveForTorch(network, { masked })],
    [`${name}.py`, moduleOf(network, name, masked)],
  ]);
}

/** The text of the module. */
function moduleOf(network: Network, name: string, masked: boolean): string {
  const { architecture, conventions } = network;
  const { input, readout } = architecture;
  const { standardisation, targetStandardisation } = conventions;
  const shape = input.kind === "symbols" ? "[batch, time]" : `[batch, time, ${input.width}]`;
  const scaled = standardisation !== undefined || targetStandardisation !== undefined;
  const stack = torchStack(architecture);
  const { body, said } = stack ? stackBody(architecture) : cellsBody(architecture);
  const pruned = masked ? prunedLines(network) : [];
  return [
    `# Loads ${name}.safetensors: load()(x) gives what the network says of x ${shape}, and its state, to go on from.`,
    ...(scaled ? ["import json", ""] : []),
    "import torch",
    "from torch import nn",
    ...(masked ? ["from torch.nn.utils import prune"] : []),
    "from safetensors import safe_open",
    "",
    "",
    "class Net(nn.Module):",
    "    def __init__(self):",
    "        super().__init__()",
    ...(input.kind === "symbols"
      ? [`        self.embedding = nn.Embedding(${input.vocabulary}, ${input.width})`]
      : []),
    ...cellLines(architecture),
    `        self.readout = nn.Linear(${totalRead(architecture)}, ${readout.outputs})`,
    ...(readout.tied ? ["        self.readout.weight = self.embedding.weight"] : []),
    ...pruned,
    "",
    "    def forward(self, x, state=None):",
    ...(standardisation
      ? ["        x = ((x - self.standardisation[0]) / self.standardisation[1]).float()"]
      : []),
    ...body,
    ...(targetStandardisation
      ? [`        said = ${said}`, "        return (said * self.target[1] + self.target[0]).float(), state"]
      : [`        return ${said}, state`]),
    "",
    "",
    `def load(path="${name}.safetensors"):`,
    '    with safe_open(path, "pt") as file:',
    ...(scaled ? ["        metadata = file.metadata()"] : []),
    "        tensors = {name: file.get_tensor(name) for name in file.keys()}",
    "    net = Net()",
    "    net.load_state_dict(tensors)",
    ...(standardisation ? [scaleLine("standardisation", "standardisation")] : []),
    ...(targetStandardisation ? [scaleLine("target", "targetStandardisation")] : []),
    "    return net.eval()",
    "",
  ].join("\n");
}

// In double precision, as the engine has them.
function scaleLine(attribute: string, key: string): string {
  return `    net.${attribute} = [torch.tensor(json.loads(metadata["${key}"])[part], dtype=torch.float64) for part in ("mean", "deviation")]`;
}

function totalRead(architecture: Architecture): number {
  const width = widths(architecture);
  return architecture.readout.inputs.reduce((sum, source) => sum + width.get(source)!, 0);
}

function construct({ kind, size }: Pick<Cell, "kind" | "size">, inputs: number, more = ""): string {
  const relu = kind === "rnn-relu" ? ', nonlinearity="relu"' : "";
  return `nn.${MODULES[kind]}(${inputs}, ${size}${more}, batch_first=True${relu})`;
}

function cellLines(architecture: Architecture): string[] {
  const width = widths(architecture);
  const stack = torchStack(architecture);
  const inputsOf = ({ inputs }: Cell) => inputs.reduce((sum, source) => sum + width.get(source)!, 0);
  if (stack) {
    const more = `, ${stack.layers}${stack.bidirectional ? ", bidirectional=True" : ""}`;
    return [`        self.rnn = ${construct(stack.first, inputsOf(stack.first), more)}`];
  }
  const modules = cellsOf(architecture).map((cell) => `            ${construct(cell, inputsOf(cell))},`);
  return ["        self.cells = nn.ModuleList([", ...modules, "        ])"];
}

interface Body {
  readonly body: readonly string[];
  /** What is said, as an expression. */
  readonly said: string;
}

function stackBody(architecture: Architecture): Body {
  const { input, readout } = architecture;
  const { first, bidirectional } = torchStack(architecture)!;
  const x = input.kind === "symbols" ? "self.embedding(x)" : "x";
  const body = [`        out, state = self.rnn(${x}, state)`];
  if (readout.at) return { body, said: "self.readout(out)" };
  if (!bidirectional) return { body, said: "self.readout(out[:, -1])" };
  const ends = `[out[:, -1, :${first.size}], out[:, 0, ${first.size}:]]`;
  return { body, said: `self.readout(torch.cat(${ends}, -1))` };
}

/** One line for each cell and sum. */
function cellsBody(architecture: Architecture): Body {
  const { input, nodes, readout } = architecture;
  const variables = new Map([[inputName(architecture), input.kind === "symbols" ? "e" : "x"]]);
  const reverse = new Set<string>();
  const all = (sources: readonly string[], of = (source: string) => variables.get(source)!) =>
    sources.length === 1 ? of(sources[0]) : `torch.cat([${sources.map(of).join(", ")}], -1)`;
  const body = ["        state = list(state or [None] * len(self.cells))"];
  if (input.kind === "symbols") body.push("        e = self.embedding(x)");
  let cell = 0;
  for (const [i, node] of nodes.entries()) {
    const variable = `n${i}`;
    const about = `  # ${node.name.replace(/[^\x20-\x7e]/g, "?")}`;
    if (node.type === "sum") {
      body.push(
        `        ${variable} = ${node.of.map((source) => variables.get(source)).join(" + ")}${about}`,
      );
    } else if (node.direction) {
      reverse.add(node.name);
      body.push(
        `        ${variable} = self.cells[${cell++}](${all(node.inputs)}.flip(1))[0].flip(1)${about}`,
      );
    } else {
      const own = `state[${cell}]`;
      body.push(`        ${variable}, ${own} = self.cells[${cell++}](${all(node.inputs)}, ${own})${about}`);
    }
    variables.set(node.name, variable);
  }
  if (readout.at) return { body, said: `self.readout(${all(readout.inputs)})` };
  const end = (source: string) => `${variables.get(source)}[:, ${reverse.has(source) ? 0 : -1}]`;
  return { body, said: `self.readout(${all(readout.inputs, end)})` };
}

function prunedLines(network: Network): string[] {
  const { cells, ends } = torchNames(network.architecture);
  const names = [...cells].flatMap(([cell, stored]) => [
    [`cells.${cell}.weight_ih`, stored.weightIh],
    [`cells.${cell}.weight_hh`, stored.weightHh],
  ]);
  if (ends.embedding !== undefined) names.push(["embedding.weight", ends.embedding]);
  names.push(["readout.weight", ends.readout]);
  return names
    .filter(([own]) => network.masks.has(own))
    .map(([, stored]) => {
      const [, path, parameter] = /^(.*)\.([^.]+)$/.exec(stored)!;
      return `        prune.identity(self.${path.replace(/\.(\d+)/g, "[$1]")}, "${parameter}")`;
    });
}
