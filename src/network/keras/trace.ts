// Follows a model of Keras's layer by layer, from its input to its output, and finds the network in it: what each cell reads, and from where
// the read-out does. Layers that the output does not depend on, such as those that compute masks, are not looked at.
import { InputError } from "../../errors.js";
import { inputNames, type Node } from "../architecture.js";
import { type Matrix, type ReadCell, transposedValues } from "../collected.js";
import { REVERSE } from "../network.js";
import { quote } from "../safetensors.js";
import { cellOf, functionName, type RecurrentLayer } from "./cells.js";
import { type Layer, type Model, recordOf, type Settings } from "./config.js";
import type { Part, Store } from "./stores.js";

/** What a model computes. */
export interface Trace {
  readonly nodes: readonly Node[];
  /** By the names of nodes. */
  readonly cells: ReadonlyMap<string, ReadCell>;
  /** Left out where numbers are read. */
  readonly embedding?: Matrix;
  /** Numbers of a step, where such are read. */
  readonly width: number;
  readonly standardisation?: { readonly mean: readonly number[]; readonly deviation: readonly number[] };
  /** The nodes that the read-out reads. */
  readonly read: readonly string[];
  readonly head: Head;
  readonly everyStep: boolean;
  /** Whether steps beyond a sequence's own last one are skipped. */
  readonly isMasked: boolean;
  /** What else is different here, as clauses. */
  readonly remarks: readonly string[];
}

/** A linear layer. */
export interface Head {
  readonly layer: string;
  readonly weight: Matrix;
  readonly bias?: Matrix;
  readonly activation: string;
}

/** What a layer gives. */
interface Value {
  /** The input, or nodes side by side. */
  readonly sources: readonly string[];
  readonly everyStep: boolean;
  readonly isMasked: boolean;
  /** Whether symbols were looked up, or numbers are read. */
  readonly isInput?: boolean;
  readonly head?: Head;
}

const PARTS = "use an embedding or numbers, recurrent layers and one linear read-out";

/** Layers that do nothing when a trained network is used. */
const IDLE: ReadonlySet<string> = new Set([
  "Dropout",
  "SpatialDropout1D",
  "GaussianNoise",
  "GaussianDropout",
  "AlphaDropout",
  "ActivityRegularization",
]);

/** The least deviation of a Normalization. */
const LEAST_DEVIATION = 1e-7;

/** @throws InputError when the model is of anything but an input, cells, sums and a linear read-out. */
export function traceLayers({ layers, output }: Model, store: Store, where: string): Trace {
  return new Tracer(store, where).trace(layers, output);
}

class Tracer {
  private readonly store: Store;
  private readonly where: string;
  private readonly values = new Map<string, Value>();
  private readonly widths = new Map<string, number>();
  private readonly nodes: Node[] = [];
  private readonly cells = new Map<string, ReadCell>();
  private readonly remarks = new Set<string>();
  private embedding: Matrix | undefined;
  private standardisation: Trace["standardisation"];
  private input: string | undefined;
  private count = 0;

  constructor(store: Store, where: string) {
    this.store = store;
    this.where = where;
  }

  trace(layers: readonly Layer[], output: string): Trace {
    for (const layer of this.needed(layers, output)) this.values.set(layer.name, this.valueOf(layer));
    const said = this.values.get(output);
    if (!said?.head) {
      const last = layers.find(({ name }) => name === output);
      const what = last ? `its output, of the ${last.type} ${quote(last.name)},` : "its output";
      return this.fail(`${what} is no linear read-out (Dense)`, PARTS);
    }
    const { nodes, cells, embedding, standardisation } = this;
    return {
      nodes,
      cells,
      ...(embedding && { embedding }),
      width: this.widths.get(inputNames[embedding ? "symbols" : "values"])!,
      ...(standardisation && { standardisation }),
      read: said.sources,
      head: said.head,
      everyStep: said.everyStep,
      isMasked: said.isMasked,
      remarks: [...this.remarks],
    };
  }

  private fail(what: string, hint?: string): never {
    throw new InputError({ where: this.where, what, hint });
  }

  private failIn({ type, name }: Layer, what: string, hint?: string): never {
    return this.fail(`its ${type} ${quote(name)} ${what}`, hint);
  }

  /** The layers that the output is made of, in their order. */
  private needed(layers: readonly Layer[], output: string): Layer[] {
    const wanted = new Set([output]);
    const found: Layer[] = [];
    for (const layer of layers.toReversed()) {
      if (!wanted.has(layer.name)) continue;
      found.push(layer);
      for (const name of layer.inputs) wanted.add(name);
    }
    return found.reverse();
  }

  private valueOf(layer: Layer): Value {
    const { type, settings } = layer;
    const inputs = layer.inputs.map(
      (name) =>
        this.values.get(name) ?? this.failIn(layer, `reads ${quote(name)}, which nothing before it gives`),
    );
    if (type === "InputLayer") return this.start(layer);
    if (type === "Concatenate" || type === "Add") return this.join(layer, inputs);
    if (inputs.length > 1) return this.failIn(layer, "reads more than one layer", PARTS);
    // A chain may begin without a layer for its input.
    const [value = this.start(layer)] = inputs;
    if (IDLE.has(type)) return value;
    switch (type) {
      case "Embedding":
        return this.embed(layer, value);
      case "Normalization":
        return this.standardise(layer, value);
      case "Masking":
        if (!value.isInput) return this.failIn(layer, "stands elsewhere than behind the input", PARTS);
        this.remarks.add("steps that its Masking skips are taken for the padding at a sequence's end");
        return { ...value, isMasked: true };
      case "SimpleRNN":
      case "LSTM":
      case "GRU":
        return this.recur(layer, value);
      case "Bidirectional":
        return this.recurBothWays(layer, value);
      case "Dense":
        return this.readOut(layer, value, settings, "");
      case "TimeDistributed": {
        const inner = recordOf(settings.layer);
        if (inner.class_name !== "Dense" || !value.everyStep)
          return this.failIn(layer, `is of ${quote(String(inner.class_name))}, and not of Dense`, PARTS);
        return this.readOut(layer, value, recordOf(inner.config), "layer");
      }
      case "Activation":
        return this.activate(layer, value, functionName(settings.activation));
      case "Softmax":
        if (settings.axis !== undefined && settings.axis !== -1)
          return this.failIn(layer, "is over another axis than the last");
        return this.activate(layer, value, "softmax");
      default:
        return this.failIn(layer, "is of a class that Filigree's networks do not have", PARTS);
    }
  }

  /** The input, as numbers until an embedding looks them up. */
  private start({ name }: Layer): Value {
    if (this.input !== undefined) return this.fail("it has more than one input", PARTS);
    this.input = name;
    return { sources: [inputNames.values], everyStep: true, isMasked: false, isInput: true };
  }

  private embed(layer: Layer, value: Value): Value {
    if (!value.isInput || this.embedding || this.standardisation)
      return this.failIn(layer, "does not look up what the model reads", PARTS);
    const numbers = this.store.read(layer, "", 0);
    if (numbers?.shape.length !== 2)
      return this.failIn(layer, "has no matrix in the file", "save the whole model");
    this.embedding = { name: `${layer.name}/embeddings`, ...numbers };
    this.widths.set(inputNames.symbols, numbers.shape[1]);
    const isMasked = value.isMasked || layer.settings.mask_zero === true;
    return { sources: [inputNames.symbols], everyStep: true, isMasked };
  }

  private standardise(layer: Layer, value: Value): Value {
    const { axis, invert } = layer.settings;
    const axes: unknown[] = Array.isArray(axis) ? axis : [axis];
    if (!value.isInput || this.standardisation)
      return this.failIn(layer, "stands elsewhere than before all cells", "standardise what is read, once");
    if (invert === true) return this.failIn(layer, "goes back to what was before it (invert)");
    if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== 2))
      return this.failIn(layer, "is over other axes than the last", "use axis=-1");
    const given = (setting: unknown, at: number): readonly number[] => {
      const own: unknown[] | undefined = Array.isArray(setting) ? setting.flat(3) : undefined;
      const numbers = own ? own.map(Number) : [...(this.store.read(layer, "", at)?.values ?? [])];
      if (numbers.length > 0) return numbers;
      return this.failIn(layer, "has no mean and variance for each number of a step", "adapt it to data");
    };
    const mean = given(layer.settings.mean, 0);
    const variance = given(layer.settings.variance, 1);
    if (mean.length !== variance.length) return this.failIn(layer, "has means and variances that differ");
    if (![...mean, ...variance].every(Number.isFinite))
      return this.failIn(layer, "has means or variances that are not finite", "adapt it to other data");
    this.standardisation = {
      mean,
      deviation: variance.map((own) => Math.max(Math.fround(Math.sqrt(own)), LEAST_DEVIATION)),
    };
    this.widths.set(inputNames.values, mean.length);
    return value;
  }

  private join(layer: Layer, inputs: readonly Value[]): Value {
    const { axis } = layer.settings;
    const [first] = inputs;
    if (!first) return this.failIn(layer, "reads nothing");
    if (inputs.some(({ head }) => head)) return this.failIn(layer, "reads what a linear layer gives", PARTS);
    if (inputs.some(({ everyStep }) => everyStep !== first.everyStep))
      return this.failIn(layer, "reads whole sequences and last steps");
    const joined = {
      everyStep: first.everyStep,
      isMasked: inputs.some(({ isMasked }) => isMasked),
    };
    const sources = inputs.flatMap((value) => value.sources);
    if (layer.type === "Concatenate") {
      const last = first.everyStep ? 2 : 1;
      if (axis !== undefined && axis !== -1 && axis !== last)
        return this.failIn(layer, `joins axis ${quote(String(axis))}, and not the last`);
      return { sources, ...joined };
    }
    if (inputs.length < 2) return this.failIn(layer, "adds something that no layer gives", PARTS);
    if (sources.length !== inputs.length)
      return this.failIn(layer, "adds what stands side by side", "add the outputs of single cells");
    const name = String(this.count++);
    this.nodes.push({ type: "sum", name, of: sources });
    const width = this.widths.get(sources[0]);
    if (width !== undefined) this.widths.set(name, width);
    return { sources: [name], ...joined };
  }

  private recur(layer: Layer, value: Value): Value {
    const { settings } = layer;
    const reverse = settings.go_backwards === true;
    const everyStep = settings.return_sequences === true;
    if (reverse && everyStep)
      return this.failIn(layer, "gives its steps in reverse (go_backwards)", "wrap it into Bidirectional");
    const part = { name: layer.name, settings, read: this.reading(layer, "cell") };
    const source = this.cell(layer.type as "LSTM", part, value, reverse, layer);
    return { sources: [source], everyStep, isMasked: value.isMasked };
  }

  private recurBothWays(layer: Layer, value: Value): Value {
    const { layer: ahead, backward_layer: back, merge_mode: merge } = layer.settings;
    const type = recordOf(ahead).class_name;
    if (type !== "SimpleRNN" && type !== "LSTM" && type !== "GRU")
      return this.failIn(layer, `is of ${quote(String(type))}, which is no recurrent layer`, PARTS);
    if (merge !== "concat" && merge !== undefined)
      return this.failIn(layer, `has merge_mode ${quote(String(merge))}, and not concat`);
    const forward = recordOf(recordOf(ahead).config);
    // Files of old have the other direction only where it is of other settings.
    const backward = back ? recordOf(recordOf(back).config) : { ...forward, go_backwards: true };
    const isOneType = !back || recordOf(back).class_name === type;
    const everyStep = forward.return_sequences === true;
    if (!isOneType || (backward.return_sequences === true) !== everyStep)
      return this.failIn(layer, "has directions that differ");
    if (forward.go_backwards === true || backward.go_backwards !== true)
      return this.failIn(layer, "does not run once forwards and once backwards");
    const part = (settings: Settings, at: Part): RecurrentLayer => ({
      name: `${layer.name}/${at.split("_")[0]}`,
      settings,
      read: this.reading(layer, at),
    });
    const one = this.cell(type, part(forward, "forward_layer/cell"), value, false, layer);
    const other = this.cell(type, part(backward, "backward_layer/cell"), value, true, layer, one + REVERSE);
    return { sources: [one, other], everyStep, isMasked: value.isMasked };
  }

  private reading(layer: Layer, part: Part): RecurrentLayer["read"] {
    return (at) => this.store.read(layer, part, at);
  }

  /** Adds a cell. @returns its name. */
  private cell(
    type: "SimpleRNN" | "LSTM" | "GRU",
    part: RecurrentLayer,
    { head, everyStep, sources }: Value,
    reverse: boolean,
    layer: Layer,
    name = String(this.count++),
  ): string {
    if (head) return this.failIn(layer, `reads what the linear layer ${quote(head.layer)} gives`, PARTS);
    if (!everyStep)
      return this.failIn(layer, "reads one step of a layer before it", "let that return_sequences");
    if (part.settings.stateful === true)
      this.remarks.add("its stateful layers begin every sequence with zeros here");
    // How wide numbers are that are read, the first kernel tells.
    const unknown = sources.find((source) => !this.widths.has(source));
    const known = sources.reduce((sum, source) => sum + (this.widths.get(source) ?? 0), 0);
    const cell = cellOf(type, part, unknown === undefined ? known : undefined, this.where);
    if (unknown !== undefined) {
      const width = cell.weightIh.shape[1] - known;
      if (width < 1) return this.failIn(layer, `has a kernel for ${width + known} numbers and reads more`);
      this.widths.set(unknown, width);
    }
    this.nodes.push({
      type: "cell",
      name,
      kind: cell.kind,
      size: cell.size,
      inputs: sources,
      ...(reverse && { direction: "reverse" }),
    });
    this.cells.set(name, { ...cell, reverse });
    this.widths.set(name, cell.size);
    return name;
  }

  private readOut(layer: Layer, value: Value, settings: Settings, part: Part): Value {
    const { name } = layer;
    if (value.head)
      this.fail(`its head has a hidden layer: ${quote(value.head.layer)} comes before ${quote(name)}`, PARTS);
    if (this.nodes.length === 0) return this.failIn(layer, "stands before the recurrent layers", PARTS);
    const numbers = this.store.read(layer, part, 0);
    if (numbers?.shape.length !== 2)
      return this.failIn(layer, "has no kernel in the file", "save the whole model");
    const [rows, columns] = numbers.shape;
    const weight = {
      name: `${name}/kernel`,
      shape: [columns, rows],
      values: transposedValues(numbers.values, [rows, columns]),
    };
    const bias = settings.use_bias === false ? undefined : this.store.read(layer, part, 1);
    if (settings.use_bias !== false && !bias)
      return this.failIn(layer, "has no bias in the file", "save the whole model");
    return {
      ...value,
      head: {
        layer: name,
        weight,
        ...(bias && { bias: { name: `${name}/bias`, ...bias } }),
        activation: functionName(settings.activation),
      },
    };
  }

  private activate(layer: Layer, value: Value, activation: string): Value {
    if (activation === "linear") return value;
    if (value.head?.activation !== "linear")
      return this.failIn(layer, `applies ${quote(activation)} elsewhere than behind the read-out`, PARTS);
    return { ...value, head: { ...value.head, activation } };
  }
}
