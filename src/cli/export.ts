// `filigree export`: a network as something that runs without Filigree: C, WebAssembly, ONNX, or a module of PyTorch's.
import { readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { Command } from "commander";
import { stream } from "../engine/stream.js";
import { InputError } from "../errors.js";
import type { CSize } from "../export/c/c.js";
import { type MathName, mathNames } from "../export/c/kernels.js";
import { checkNewFolder, writeFolder } from "../files.js";
import { isBidirectional } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { choice, type ModelOptions, Output, required, table, withJson, withModelOptions } from "./command.js";
import { refuse } from "./train.js";

/** What a network can be written as. */
const formats = ["c", "wasm", "onnx", "torch"] as const;
type Format = (typeof formats)[number];

interface Options extends ModelOptions {
  to?: Format;
  out?: string;
  name?: string;
  math?: MathName;
  int8?: true;
  masks?: true;
  graph?: string;
  json?: boolean;
}

export function exportCommand(): Command {
  const command = new Command()
    .argument("<model>", "a network, as for filigree evaluate")
    .addOption(
      choice("--to <format>", "C99, WebAssembly, ONNX, or safetensors and a module for PyTorch", formats),
    )
    .option("--out <folder>", "where its files are written: a new folder")
    .option("--name <name>", "what its files and, in C, its functions are called; as the model's file")
    .addOption(choice("--math <name>", "C: exp and tanh of <math.h>, or the engine's own; libm", mathNames))
    .option(
      "--int8",
      "C, WebAssembly: whole numbers of 8 bits, of a network that filigree quantize has calibrated",
    )
    .option("--masks", "PyTorch: masks beside their weights, as torch.nn.utils.prune has them")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it");
  return withJson(withModelOptions(command)).action((model: string, options: Options) => run(model, options));
}

/** What was written, and what to say of it. */
interface Exported {
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly document: object;
  readonly lines: readonly string[];
}

async function run(model: string, options: Options): Promise<void> {
  const output = new Output(options);
  const to = required(options.to, "--to");
  const out = required(options.out, "--out");
  if (to !== "c") refuse(options, ["math"], "--to c");
  if (to !== "c" && to !== "wasm") refuse(options, ["int8"], "--to c or wasm");
  if (options.int8 && options.math === "libm") {
    throw new InputError({
      where: "--math libm",
      what: "an int8 network says the same bits everywhere, which exp and tanh of <math.h> do not",
      hint: "leave it out",
    });
  }
  if (to !== "torch") refuse(options, ["masks"], "--to torch");
  const { checkName } = await import("../export/c/text.js");
  const name = checkName(options.name ?? nameOf(model));
  checkNewFolder(out);
  const { readModel } = await import("./files.js");
  const network = readModel(model, options, output);
  const { files, document, lines } = await exporters[to](network, name, out, options);
  writeFolder(out, files);
  const sizes = Object.fromEntries([...files].map(([file, content]) => [file, Buffer.byteLength(content)]));
  const written = Object.entries(sizes).map(([file, bytes]) => `${join(out, file)} (${kilobytes(bytes)})`);
  output.result(
    { model, to, out, name, files: sizes, ...document },
    [`${written.join(", ")}`, "", ...lines].join("\n"),
  );
}

const exporters: Readonly<
  Record<Format, (network: Network, name: string, out: string, options: Options) => Promise<Exported>>
> = {
  async c(network, name, out, { int8 = false, math = int8 ? "own" : "libm" }) {
    const [{ exportC }, { goldenOf }] = await Promise.all([
      import("../export/c/c.js"),
      import("../export/golden.js"),
    ]);
    const { files, size } = exportC(network, goldenOf(network, stream(network, { int8 })), {
      name,
      math,
      int8,
    });
    return { files, document: { math, int8, ...size }, lines: describeC(size, name, out, math) };
  },

  async wasm(network, name, out, { int8 = false }) {
    const [{ exportWasm, usageOf }, { goldenOf }] = await Promise.all([
      import("../export/wasm/wasm.js"),
      import("../export/golden.js"),
    ]);
    const module = new Uint8Array(readFileSync(new URL("../../wasm/standalone.wasm", import.meta.url)));
    const files = exportWasm(network, goldenOf(network, stream(network, { int8 })), module, { name, int8 });
    const lines = [
      "In a page:",
      ...usageOf(network, name).map((line) => `  ${line}`),
      "",
      "It is checked by",
      `  node ${join(out, `${name}_test.mjs`)}`,
    ];
    return { files, document: { int8 }, lines };
  },

  async onnx(network, name) {
    const { exportOnnx } = await import("../export/onnx/onnx.js");
    const streams = !isBidirectional(network.architecture);
    const files = new Map([[`${name}.onnx`, exportOnnx(network, { name, streaming: false })]]);
    if (streams) files.set(`${name}_stream.onnx`, exportOnnx(network, { name, streaming: true }));
    return { files, document: { streams }, lines: describeOnnx(network, name, streams) };
  },

  async torch(network, name, out, { masks: masked = false }) {
    const { exportTorch } = await import("../export/torch.js");
    const files = exportTorch(network, { name, masked });
    const lines = [
      `cd ${out} && python -c 'import ${name}; print(${name}.load())'`,
      "",
      String(files.get(`${name}.py`)),
    ];
    return { files, document: { masks: masked, loader: `${name}.py` }, lines };
  },
};

/** A file's name as one of C. */
function nameOf(model: string): string {
  const plain = basename(model, extname(model)).replace(/[^A-Za-z0-9]+/g, "_");
  return plain.replace(/^(?![A-Za-z])/, "net_").slice(0, 60);
}

function describeC(
  { flash, ram, operations, matrices }: CSize,
  name: string,
  out: string,
  math: MathName,
): string[] {
  const { weights, indices, others } = flash;
  const link = math === "libm" ? " -lm" : "";
  const files = [`${name}.c`, `${name}_test.c`].map((file) => join(out, file)).join(" ");
  return [
    table(
      ["matrix", "rows", "columns", "held", "bytes"],
      matrices.map((one) => [one.name, one.rows, one.columns, one.form, one.bytes]),
    ),
    "",
    `flash       ${weights + indices + others} bytes of tables: weights ${weights}, indices ${indices}, biases and scales ${others}`,
    `RAM         ${ram} bytes of state`,
    `operations  ${operations} a step, multiplications and additions, beside those of the cells' own equations`,
    "",
    "It is checked on any machine by",
    `  cc -std=c99 -O2 ${files}${link} -o ${name}_test && ./${name}_test`,
  ];
}

function describeOnnx(network: Network, name: string, streams: boolean): string[] {
  const { input, readout } = network.architecture;
  const given =
    input.kind === "symbols" ? "symbols [batch, time] int64" : `values [batch, time, ${input.width}] float32`;
  const dimensions = readout.at ? `[batch, time, ${readout.outputs}]` : `[batch, ${readout.outputs}]`;
  const once = taskOf(network) === "classify" && network.conventions.readAt === "last-step";
  return [
    `${name}.onnx: ${given} and lengths [batch] int32 become output ${dimensions}`,
    ...(once
      ? ["it is read at the last padded step of a batch: give the padded length for all lengths"]
      : []),
    streams
      ? `${name}_stream.onnx: the same without lengths, with states in (zeros at first) and out, read at every step`
      : "no stream: the network is bidirectional, and what it says of a step depends on those after it",
  ];
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
