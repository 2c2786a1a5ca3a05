// Which tensor of a PyTorch state dict is which: the recurrent modules, which have names of their own, and their order,
// where a model has several of them.
import { InputError, type Remark } from "../errors.js";
import { endsOf, linearMatrices, RECURRENT } from "./ends.js";
import { refuseOtherLayers } from "./foreign-parts.js";
import { measureCell, measureMatrix, type StoredCell, type StoredEnds } from "./layout.js";
import { quote, type Safetensors } from "./safetensors.js";

/** A recurrent module: the common beginning of its names, its layers and their widths. */
interface Module {
  readonly prefix: string;
  readonly cells: readonly StoredCell[];
  /** What its first layer reads and its last one gives. */
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Cells in their order and what is around them.
 * @throws InputError when there is no recurrent module, the order of several cannot be told, or there are other parts,
 *   which are named.
 */
export function torchParts(
  file: Safetensors,
  where: string,
  remark: Remark,
): { cells: readonly StoredCell[]; ends: StoredEnds } {
  // By the prefixes of the modules, whether they have biases.
  const prefixes = new Map<string, boolean>();
  for (const name of file.tensors.keys()) {
    const [, prefix, kind] = RECURRENT.exec(name) ?? [];
    if (prefix !== undefined) prefixes.set(prefix, prefixes.get(prefix) || kind === "bias");
  }
  if (prefixes.size === 0) {
    throw new InputError({
      where,
      what: "it holds no network that Filigree can read",
      hint: "save one state dict with an embedding, an nn.RNN, nn.LSTM or nn.GRU and a linear read-out",
    });
  }
  refuseOtherLayers(file, where);
  const modules = Array.from(prefixes, ([prefix, hasBias]) => moduleOf(file, { prefix, hasBias }, where));
  const stacked = modules.length > 1 ? inOrder(modules, file, where) : modules;
  if (stacked.length > 1) {
    remark(`${where}: its recurrent modules are read as a stack: ${stacked.map(nameOf).join(", ")}`);
  }
  const width = { inputs: stacked[0].inputs, units: stacked[stacked.length - 1].outputs };
  const ends = endsOf(file, width, where);
  if (ends.tied) remark(`${where}: its read-out is tied to its embedding, so its classes are its symbols`);
  return { cells: stacked.flatMap(({ cells }) => cells), ends };
}

function moduleOf(
  file: Safetensors,
  { prefix, hasBias }: { prefix: string; hasBias: boolean },
  where: string,
): Module {
  // nn.LSTMCell and its kin have one layer and no number.
  const single = ["ih", "hh"].some((part) => file.tensors.has(`${prefix}weight_${part}`));
  const directions = file.tensors.has(`${prefix}weight_hh_l0_reverse`) ? ["", "_reverse"] : [""];
  const cells: StoredCell[] = [];
  let layers = 0;
  do {
    for (const direction of directions) {
      const layer = single ? "" : `_l${layers}${direction}`;
      const biases = hasBias
        ? { biasIh: `${prefix}bias_ih${layer}`, biasHh: `${prefix}bias_hh${layer}` }
        : {};
      cells.push({
        weightIh: `${prefix}weight_ih${layer}`,
        weightHh: `${prefix}weight_hh${layer}`,
        ...biases,
        ...(direction && { reverse: true }),
      });
    }
    layers++;
  } while (!single && file.tensors.has(`${prefix}weight_hh_l${layers}`));
  const { size } = measureCell(file, cells[cells.length - 1].weightHh, where);
  const [, inputs] = measureMatrix(file, cells[0].weightIh, where);
  return { prefix, cells, inputs, outputs: size * directions.length };
}

function nameOf({ prefix }: Module): string {
  return quote(prefix.replace(/\.$/, ""));
}

const MOST_UNNUMBERED = 8;

/**
 * Modules one above the other: as they are numbered, or in the only order in which their widths fit the rest.
 * @throws InputError when there is no such order or more than one.
 */
function inOrder(modules: readonly Module[], file: Safetensors, where: string): readonly Module[] {
  const fail = (what: string): never => {
    throw new InputError({
      where,
      what: `its recurrent modules ${modules.slice(0, 4).map(nameOf).join(", ")} ${what}`,
      hint: "save a model with one, or with several above each other and numbered in their order",
    });
  };
  const fits = (list: readonly Module[]) =>
    list.every((module, i) => i === 0 || module.inputs === list[i - 1].outputs);
  const patterns = new Set(modules.map(({ prefix }) => prefix.replace(/\d+/g, "#")));
  if (patterns.size === 1 || (patterns.size === 2 && isFirstUnnumbered(modules))) {
    const numbered = modules.toSorted((a, b) => a.prefix.localeCompare(b.prefix, "en", { numeric: true }));
    return fits(numbered) ? numbered : fail("do not fit one above the other");
  }
  if (modules.length > MOST_UNNUMBERED) fail("have no numbers that tell their order");
  const widths = new Set(linearMatrices(file).map(({ columns }) => columns));
  const orders = ordersOf(modules).filter(
    (order) => widths.has(order[0].inputs) && widths.has(order[order.length - 1].outputs),
  );
  if (orders.length === 0) fail("do not fit one above the other");
  return orders.length === 1 ? orders[0] : fail("fit one above the other in more than one order");
}

/** Whether names are as `rnn`, `rnn2`, `rnn3`: all numbered but one, the first. */
function isFirstUnnumbered(modules: readonly Module[]): boolean {
  const stems = modules.map(({ prefix }) => prefix.replace(/\d*\.?$/, ""));
  return new Set(stems).size === 1;
}

/** All orders in which each module reads what the one before it gives. */
function ordersOf(modules: readonly Module[], last?: Module): Module[][] {
  if (modules.length === 0) return [[]];
  return modules
    .filter(({ inputs }) => last === undefined || inputs === last.outputs)
    .flatMap((next) => {
      const rest = modules.filter((module) => module !== next);
      return ordersOf(rest, next).map((order) => [next, ...order]);
    });
}
