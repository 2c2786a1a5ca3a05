// A network as C99: a header, a source with its weights as constant tables, and a program that checks it against golden
// vectors. A step allocates nothing and calls nothing but <math.h>, or not even that.
import { int8Of, inverseScale, rangesOf, roundInto } from "../../engine/int8.js";
import { type CellOperation, type Product, type Program, programOf } from "../../engine/program.js";
import { InputError } from "../../errors.js";
import { type CellKind, inputNames } from "../../network/architecture.js";
import type { Network } from "../../network/network.js";
import { describeForm, type Held, hold } from "../form.js";
import type { Golden } from "../golden.js";
import { headerOf } from "./header.js";
import {
  blocksKernel,
  blocksName,
  cellKernels,
  cellNames,
  copyKernel,
  denseInt8Kernel,
  denseKernel,
  type MathName,
  needsMath,
  roundKernel,
  sumKernel,
  UNFUSED,
  zeroKernel,
  zeroWholeKernel,
} from "./kernels.js";
import { definition, namesOf } from "./names.js";
import { testOf } from "./test.js";
import { checkName, commented, doubleText, floatText, Identifiers, listText, tableText } from "./text.js";

export interface COptions {
  /** What all names begin with, and the files too. */
  readonly name: string;
  readonly math: MathName;
  /** Whole numbers (engine/int8.ts), of a network that was calibrated; with the engine's own exponentials. */
  readonly int8?: boolean;
}

/** What an exported network takes. */
export interface CSize {
  /** Bytes of constant tables, by what they hold. */
  readonly flash: { readonly weights: number; readonly indices: number; readonly others: number };
  /** Bytes of the state. */
  readonly ram: number;
  /** Multiplications and additions of a step, those of stored zeros included. */
  readonly operations: number;
  readonly matrices: readonly MatrixSize[];
}

export interface MatrixSize {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly form: string;
  readonly bytes: number;
}

export interface CExport {
  /** By their names. */
  readonly files: ReadonlyMap<string, string>;
  readonly size: CSize;
}

/** Numbers beyond which a source would be larger than a compiler takes. */
const MOST_NUMBERS = 2 ** 24;

/**
 * The network as a header, a source and a test program.
 * @param golden what the test expects.
 * @throws InputError when it is bidirectional or too large, a parameter is not finite, or `name` is no name in C; of int8, when it
 *   has not been calibrated or whole numbers cannot hold its weights.
 */
export function exportC(network: Network, golden: Golden, { name, math, int8 = false }: COptions): CExport {
  checkName(name);
  const numbers = [...network.tensors.keys()].reduce((sum, tensor) => sum + network.nonzeros(tensor), 0);
  if (numbers > MOST_NUMBERS) {
    throw new InputError({
      what: `the network has ${numbers} parameters, and C is written of up to ${MOST_NUMBERS}`,
      hint: "prune it, or export it as ONNX",
    });
  }
  const program = programOf(network);
  const source = new Source(
    network,
    program,
    name,
    int8 ? "own" : math,
    int8 ? rangesOf(network, program) : undefined,
  );
  const body = source.text();
  const { size, state } = source;
  const files = new Map([
    [`${name}.h`, headerOf(network, { name, math: int8 ? "own" : math, int8, state, size })],
    [`${name}.c`, body],
    [`${name}_test.c`, testOf(network, golden, name, int8)],
  ]);
  return { files, size };
}

/** A matrix as it is written: its weights, and in int8 the scales of its rows. */
interface Written {
  readonly weights: Float32Array | Int8Array;
  readonly scales?: Float32Array;
}

/** A field of the state, an array. */
export interface Field {
  readonly type: "float" | "int8_t";
  readonly name: string;
  readonly count: number;
  readonly about: string;
}

class Source {
  readonly state: Field[] = [];
  private readonly network: Network;
  private readonly program: Program;
  private readonly name: string;
  private readonly math: MathName;
  private readonly identifiers = new Identifiers();
  private readonly tables: string[] = [];
  private readonly kernels = new Map<string, string>();
  private readonly lines: string[] = [];
  private readonly matrices: MatrixSize[] = [];
  private readonly flash = { weights: 0, indices: 0, others: 0 };
  private operations = 0;
  /** Where the output of each node, or the input, is, and where products find it, in int8 as whole numbers. */
  private readonly outputs = new Map<string, string>();
  private readonly places = new Map<string, string>();
  private indices = false;
  /** Whether the read-out's weights are the embedding's table. */
  private readonly sharesEmbedding: boolean;
  private readonly looksUp: boolean;
  /** In int8 the range of every source; undefined in float32. */
  private readonly ranges: ReadonlyMap<string, number> | undefined;
  private readonly written = new Map<Product, Written>();

  constructor(
    network: Network,
    program: Program,
    name: string,
    math: MathName,
    ranges: ReadonlyMap<string, number> | undefined,
  ) {
    this.network = network;
    this.program = program;
    this.name = name;
    this.math = math;
    this.ranges = ranges;
    const { readout } = network.architecture;
    // In int8 the read-out has a scale for each row, and the embedding one for all.
    this.sharesEmbedding = readout.tied === true && readout.inputs.length === 1 && ranges === undefined;
    this.looksUp = this.isLookedUp();
  }

  get size(): CSize {
    const bytes = this.state.reduce((sum, { type, count }) => sum + (type === "float" ? 4 : 1) * count, 0);
    const ram = 4 * Math.ceil(bytes / 4);
    const { flash, operations, matrices } = this;
    return { flash, ram, operations, matrices };
  }

  text(): string {
    const { name, network, program } = this;
    const resets: string[] = [];
    const gates = Math.max(...program.operations.map((one) => (one.type === "cell" ? one.bias.length : 0)));
    this.input();
    for (const operation of program.operations) {
      const { name: node, size } = operation;
      const id = this.identifiers.next(node);
      const place = this.field(`h_${id}`, size, `output of ${operation.type} ${commented(node)}`);
      this.outputs.set(node, place);
      this.places.set(node, this.ranges?.has(node) ? `state->q_${id}` : place);
      this.lines.push("", `  /* ${operation.type === "cell" ? operation.kind : "sum"} ${commented(node)} */`);
      if (operation.type === "cell") {
        resets.push(...this.cell(operation, id, place));
      } else {
        const [first, ...others] = operation.of.map((source) => this.outputs.get(source)!);
        this.call(copyKernel, `copy(${place}, ${first}, ${size})`);
        for (const other of others) this.call(sumKernel, `add(${place}, ${other}, ${size})`);
      }
      const range = this.ranges?.get(node);
      if (range !== undefined) resets.push(`zero_whole(${this.rounded(range, place, id, size)}, ${size});`);
    }
    this.field("gates", gates, "of the cell at work");
    this.readout();
    const has = (kernel: string) => resets.some((line) => line.startsWith(`${kernel}(`));
    if (has("zero")) this.kernels.set(zeroKernel, zeroKernel);
    if (has("zero_whole")) this.kernels.set(zeroWholeKernel, zeroWholeKernel);
    const kinds = new Set(
      program.operations.flatMap((one): CellKind[] => (one.type === "cell" ? [one.kind] : [])),
    );
    const math = needsMath(kinds, this.math) ? ["#include <math.h>\n"] : [];
    const unfused = this.math === "own" ? [UNFUSED] : [];
    const integers = this.indices || this.math === "own" ? ["#include <stdint.h>\n"] : [];
    return [
      `/* ${name}: weights and arithmetic; see ${name}.h. */\n`,
      `#include "${name}.h"\n`,
      math.concat(integers).join(""),
      ...unfused,
      "/* ---- Tables ---- */\n",
      ...this.tables,
      ...namesOf(network, name).map(definition),
      "/* ---- Arithmetic ---- */\n",
      ...this.kernels.values(),
      ...cellKernels(kinds, this.math),
      "/* ---- The network ---- */\n",
      `void ${name}_reset(${name}_state *state) {\n${resets.map((line) => `  ${line}`).join("\n")}\n}\n`,
      this.step(),
    ]
      .filter((part) => part !== "")
      .join("\n");
  }

  private step(): string {
    const { name, program } = this;
    const outputs = `float output[${name.toUpperCase()}_OUTPUTS]`;
    const body = this.lines.join("\n");
    if (program.input.kind === "values") {
      return `void ${name}_step(${name}_state *state, const float input[${name.toUpperCase()}_INPUTS], ${outputs}) {\n${body}\n}\n`;
    }
    const check = `  if (symbol < 0 || symbol >= ${name.toUpperCase()}_SYMBOLS) return -1;`;
    return `int ${name}_step(${name}_state *state, int symbol, ${outputs}) {\n${check}\n${body}\n  return 0;\n}\n`;
  }

  private field(name: string, count: number, about: string, type: Field["type"] = "float"): string {
    this.state.push({ type, name, count, about });
    return `state->${name}`;
  }

  /** Emits the rounding of what a node gives, or of the input, and returns where products find it. */
  private rounded(range: number, place: string, id: string, size: number): string {
    const whole = this.field(`q_${id}`, size, "the same in whole numbers", "int8_t");
    this.call(roundKernel, `round_to(${whole}, ${place}, ${floatText(inverseScale(range))}, ${size})`);
    return whole;
  }

  private call(kernel: string, line: string): void {
    this.kernels.set(kernel, kernel);
    this.lines.push(`  ${line};`);
  }

  private floats(
    name: string,
    values: ArrayLike<number>,
    about: string,
    kind: "weights" | "others" = "others",
  ): void {
    const list = Array.from(values);
    this.flash[kind] += 4 * list.length;
    this.tables.push(
      `/* ${about}: ${4 * list.length} bytes. */\n${tableText("float", name, list, floatText)}`,
    );
  }

  /** What cells read as the input: numbers, standardised, or a row of the embedding. */
  private input(): void {
    const { input, embedding, operations } = this.program;
    const read = operations.some(
      (one) =>
        one.type === "cell" &&
        one.inputs.some((own) => own.source === inputNames[input.kind] && !this.isEmpty(own)),
    );
    if (input.kind === "symbols") {
      if (!embedding || this.looksUp || !(read || this.sharesEmbedding)) return;
      const about = `embedding, ${input.vocabulary} symbols x ${input.width}`;
      const range = this.ranges?.get("embedding");
      if (range === undefined) this.floats("embedding", embedding, about, "weights");
      else this.wholes("embedding", roundedEmbedding(embedding, range), about);
      const type = range === undefined ? "float" : "int8_t";
      if (read) this.lines.push(`  const ${type} *embedded = embedding + ${input.width} * symbol;`);
      this.places.set("embedding", "embedded");
      return;
    }
    const { standardisation } = this.network.conventions;
    if (!read) {
      this.lines.push("  (void)input; /* Pruning has left nothing that reads it. */");
      return;
    }
    const { width } = input;
    let place = "input";
    if (standardisation) {
      this.scaling("input", standardisation);
      place = this.field("values", width, "the step's numbers, standardised");
      this.lines.push(
        `  for (int i = 0; i < ${width}; i++) ${place}[i] = (float)((input[i] - input_mean[i]) / input_deviation[i]);`,
      );
    }
    const range = this.ranges?.get("values");
    this.places.set("values", range === undefined ? place : this.rounded(range, place, "values", width));
  }

  /** Emits a table of whole numbers. */
  private wholes(name: string, values: ArrayLike<number>, about: string): void {
    this.flash.weights += values.length;
    this.tables.push(
      `/* ${about}: ${values.length} bytes. */\n${tableText("int8_t", name, Array.from(values))}`,
    );
  }

  private scaling(
    of: string,
    { mean, deviation }: { mean: readonly number[]; deviation: readonly number[] },
  ): void {
    for (const [name, values] of [
      ["mean", mean],
      ["deviation", deviation],
    ] as const) {
      this.flash.others += 8 * values.length;
      const list = listText([...values], doubleText);
      this.tables.push(`static const double ${of}_${name}[${values.length}] = ${list};\n`);
    }
  }

  private get valueBytes(): 1 | 4 {
    return this.ranges ? 1 : 4;
  }

  private writtenOf(product: Product): Written {
    let own = this.written.get(product);
    if (!own) {
      const range = this.ranges?.get(product.source);
      own = range === undefined ? { weights: product.weights } : int8Of(product, range);
      this.written.set(product, own);
    }
    return own;
  }

  /** Whether no weight of a matrix exists. */
  private isEmpty(product: Product): boolean {
    return this.writtenOf(product).weights.every((weight) => weight === 0);
  }

  /** Whether what symbols add to gates is looked up: where that takes no more bytes than the embedding and its products. */
  private isLookedUp(): boolean {
    const { input, operations, embedding } = this.program;
    if (input.kind !== "symbols" || !embedding) return false;
    const products = operations.flatMap((one) =>
      one.type === "cell" ? one.inputs.filter(({ source }) => source === "embedding") : [],
    );
    const looked = products.reduce((sum, { rows }) => sum + 4 * rows * input.vocabulary, 0);
    const own = this.sharesEmbedding ? 0 : this.valueBytes * embedding.length;
    if (looked <= own) return true;
    const multiplied = products.reduce((sum, product) => {
      const { weights, scales } = this.writtenOf(product);
      const { values, indices } = hold({ ...product, weights }, this.valueBytes).bytes;
      return sum + values + indices + 4 * (scales?.length ?? 0);
    }, own);
    return looked <= multiplied;
  }

  /** Emits a cell and returns what resets it. */
  private cell(cell: CellOperation, id: string, place: string): string[] {
    const { kind, size, bias, inputs, hidden, name } = cell;
    const about = `${kind} ${commented(name)}`;
    const gates = "state->gates";
    const inputRows = hidden.first === 0 ? bias.length : bias.length - size;
    const looked = this.looksUp ? inputs.find(({ source }) => source === "embedding") : undefined;
    if (looked) {
      this.lookUp(looked, bias, `cell_${id}_table`, about);
      this.call(copyKernel, `copy(${gates}, cell_${id}_table + ${inputRows} * symbol, ${inputRows})`);
      if (inputRows < bias.length) {
        this.floats(`cell_${id}_bias`, bias.subarray(inputRows), `${about}, bias of the hidden share of new`);
        this.call(copyKernel, `copy(${gates} + ${inputRows}, cell_${id}_bias, ${size})`);
      }
    } else {
      this.floats(`cell_${id}_bias`, bias, `${about}, biases of all gates`);
      this.call(copyKernel, `copy(${gates}, cell_${id}_bias, ${bias.length})`);
    }
    for (const product of inputs) {
      if (product === looked) continue;
      const source = this.identifiers.next(`${id}_from_${product.source}`);
      this.product(product, `cell_${source}`, `${about}, from ${commented(product.source)}`, gates);
    }
    this.product(hidden, `cell_${id}_hidden`, `${about}, from its own last output`, gates);
    const resets = [`zero(${place}, ${size});`];
    let states = place;
    if (kind === "lstm") {
      const c = this.field(`c_${id}`, size, `state of cell ${commented(name)}`);
      resets.push(`zero(${c}, ${size});`);
      states = `${c}, ${place}`;
    }
    this.lines.push(`  ${cellNames[kind]}(${gates}, ${states}, ${size});`);
    return resets;
  }

  /** The table of what each symbol adds, biases included, in the arithmetic of a step. */
  private lookUp(product: Product, bias: Float32Array, name: string, about: string): void {
    const { rows, columns } = product;
    const { input, embedding } = this.program;
    if (input.kind !== "symbols" || !embedding) return;
    const { weights, scales } = this.writtenOf(product);
    const range = this.ranges?.get("embedding");
    const read = range === undefined ? embedding : roundedEmbedding(embedding, range);
    const values = new Float32Array(rows * input.vocabulary);
    for (let s = 0; s < input.vocabulary; s++) {
      for (let r = 0; r < rows; r++) {
        let sum = scales ? 0 : bias[r];
        for (let c = 0; c < columns; c++) {
          const term = weights[r * columns + c] * read[s * columns + c];
          sum = scales ? sum + term : Math.fround(sum + Math.fround(term));
        }
        values[s * rows + r] = scales ? bias[r] + Math.fround(Math.fround(sum) * scales[r]) : sum;
      }
    }
    this.matrices.push({
      name,
      rows: input.vocabulary,
      columns: rows,
      form: "looked up",
      bytes: 4 * values.length,
    });
    this.floats(
      name,
      values,
      `${about}, what each of ${input.vocabulary} symbols adds to ${rows} gates`,
      "weights",
    );
  }

  private product(product: Product, name: string, about: string, to: string): void {
    const { source, first, rows, columns } = product;
    if (this.isEmpty(product)) return;
    const { weights, scales } = this.writtenOf(product);
    const held = hold({ ...product, weights }, this.valueBytes);
    this.hold(held, name, `${about}, ${rows} x ${columns}, ${describeForm(held.form)}`);
    if (scales) this.floats(`${name}_scales`, scales, `${about}, scales of the rows`);
    const { values, indices } = held.bytes;
    const bytes = values + indices + 4 * (scales?.length ?? 0);
    this.matrices.push({ name, rows, columns, form: describeForm(held.form), bytes });
    const out = first === 0 ? to : `${to} + ${first}`;
    this.multiply(held, product, name, out, this.places.get(source)!);
  }

  /** Emits the tables of a matrix. */
  private hold({ values, counts, places, placeBytes, bytes, form }: Held, name: string, about: string): void {
    this.operations += 2 * values.length;
    if (this.ranges) this.wholes(name, values, about);
    else this.floats(name, values, about, "weights");
    if (form.kind === "dense") return;
    this.flash.indices += bytes.indices;
    this.indices = true;
    this.tables.push(
      tableText("uint16_t", `${name}_counts`, counts),
      tableText(`uint${8 * placeBytes}_t`, `${name}_places`, places),
    );
  }

  private multiply(held: Held, product: Product, name: string, out: string, from: string): void {
    const { rows, columns, gates } = product;
    const { form, placeBytes } = held;
    const own = this.ranges ? `${name}, ${name}_scales` : name;
    if (form.kind === "dense") {
      const kernel = this.ranges ? denseInt8Kernel : denseKernel;
      this.call(kernel, `add_dense(${out}, ${own}, ${rows}, ${columns}, ${from})`);
      return;
    }
    const kernel = blocksKernel(form.rows, form.columns, placeBytes, this.ranges ? "int8" : "float");
    const sizes =
      form.rows * form.columns === 1
        ? `${rows}`
        : `${gates}, ${rows / gates}${form.columns === 1 ? "" : `, ${columns}`}`;
    const called = blocksName(form.rows, form.columns, placeBytes);
    this.call(kernel, `${called}(${out}, ${own}, ${name}_counts, ${name}_places, ${sizes}, ${from})`);
  }

  private readout(): void {
    const { bias, products } = this.program.readout;
    const { targetStandardisation } = this.network.conventions;
    this.lines.push("", "  /* read-out */");
    this.floats("readout_bias", bias, "read-out, biases");
    this.call(copyKernel, `copy(output, readout_bias, ${bias.length})`);
    for (const [i, product] of products.entries()) {
      const { rows, columns, source } = product;
      if (this.sharesEmbedding && !this.looksUp) {
        this.operations += 2 * rows * columns;
        this.call(
          denseKernel,
          `add_dense(output, embedding, ${rows}, ${columns}, ${this.places.get(source)})`,
        );
        continue;
      }
      const name = products.length === 1 ? "readout" : `readout_${i}`;
      this.product(product, `${name}_weights`, `read-out, from ${commented(source)}`, "output");
    }
    if (!targetStandardisation) return;
    this.scaling("output", targetStandardisation);
    this.lines.push(
      `  for (int i = 0; i < ${bias.length}; i++) output[i] = (float)(output[i] * output_deviation[i] + output_mean[i]);`,
    );
  }
}

/** An embedding in whole numbers, as a stream in int8 rounds its rows. */
function roundedEmbedding(embedding: Float32Array, range: number): Int8Array {
  const rounded = new Int8Array(embedding.length);
  roundInto(rounded, embedding, inverseScale(range));
  return rounded;
}
