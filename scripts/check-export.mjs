// Networks as `initialise` draws them, exported as C, compiled and run, as WebAssembly and as ONNX, and for PyTorch where a Python
// that has it is named: each says what the engine says, to 1e-5 with <math.h> or the engine's exponentials, and in int8 to the last
// bit. Needs `npm run build` and a C compiler ($CC, or cc).
//   node scripts/check-export.mjs [networks, 1000 when left out] [--torch python3]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-web";
import { Calibration } from "../dist/engine/calibrate.js";
import { exportC } from "../dist/export/c/c.js";
import { goldenOf } from "../dist/export/golden.js";
import { exportOnnx } from "../dist/export/onnx/onnx.js";
import { exportTorch } from "../dist/export/torch.js";
import { exportWasm } from "../dist/export/wasm/wasm.js";
import {
  correctedStructure,
  initialise,
  layerGraph,
  Network,
  Random,
  randomStructureGraph,
  stack,
  stream,
} from "../dist/index.js";

/** Networks that are compiled into one program. */
const TOGETHER = 25;
const cells = ["rnn-tanh", "rnn-relu", "lstm", "gru"];
const kinds = ["libm", "own", "int8"];

const {
  values: { torch },
  positionals: [asked],
} = parseArgs({ options: { torch: { type: "string" } }, allowPositionals: true });
const count = Number(asked ?? 1000);
ort.env.wasm.numThreads = 1;
const random = new Random("exports");
const folder = mkdtempSync(join(tmpdir(), "filigree-exports-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Every tenth is a random structure; the others are stacks of 1 to 3 layers of up to 60 units, on symbols or numbers. */
function drawn(number) {
  const cell = cells[number % 4];
  const own = new Random(`network ${number}`);
  if (number % 10 === 9) {
    const family = number % 20 > 9 ? "watts_strogatz" : "barabasi_albert";
    const { architecture, masks } = correctedStructure(layerGraph(randomStructureGraph(family, own)), cell);
    return initialise(architecture, own, masks);
  }
  const values = random.below(3) === 0 ? 1 + random.below(20) : undefined;
  const options = {
    cell,
    hidden: 1 + random.below(60),
    layers: 1 + random.below(3),
    values,
    vocabulary: 2 + random.below(100),
    outputs: 1 + random.below(12),
    ...(random.below(2) === 0 && { at: "every-step" }),
    ...(values && random.below(2) === 0 && { predicts: "numbers" }),
  };
  return initialise(stack(options), own);
}

/** Calibrated on what its test will read. */
function calibrated(network) {
  const calibration = new Calibration(network);
  goldenOf(network, calibration);
  const { architecture, parameters, masks, conventions } = network;
  return new Network(architecture, parameters, masks, {
    ...conventions,
    activations: calibration.ranges(99.9),
  });
}

const standalone = new Uint8Array(readFileSync(new URL("../wasm/standalone.wasm", import.meta.url)));

/** Whether a network says as a module what it should: the same where it is in int8. */
function holdsInWasm(network, golden, int8) {
  const files = exportWasm(network, golden, standalone, { name: "net", int8 });
  const own = new WebAssembly.Instance(new WebAssembly.Module(files.get("net.wasm"))).exports;
  const { input, readout } = network.architecture;
  const numbersOf = (given, t) => given.slice(t * input.width, (t + 1) * input.width);
  return golden.inputs.every((given, s) => {
    own.reset();
    return Array.from({ length: golden.steps }, (_, t) => {
      if (input.kind === "values")
        new Float32Array(own.memory.buffer, own.input(), input.width).set(numbersOf(given, t));
      own.step(given[t]);
      return [...new Float32Array(own.memory.buffer, own.output(), readout.outputs)];
    })
      .flat()
      .every((said, i) => (int8 ? said === golden.outputs[s][i] : isClose(said, golden.outputs[s][i])));
  });
}

function isClose(said, expected) {
  return Math.abs(said - expected) <= 1e-5 * Math.max(1, Math.abs(expected));
}

/** Whether ONNX Runtime says what it should of a batch of all sequences, of which each ends a step before the one before it. */
async function holdsInOnnx(network, { inputs, outputs, steps }) {
  const { input, readout } = network.architecture;
  const lengths = inputs.map((_, s) => Math.max(1, steps - s));
  const given =
    input.kind === "values"
      ? { values: new ort.Tensor("float32", inputs.flat(), [inputs.length, steps, input.width]) }
      : { symbols: new ort.Tensor("int64", inputs.flat().map(BigInt), [inputs.length, steps]) };
  const session = await ort.InferenceSession.create(exportOnnx(network, { name: "net", streaming: false }));
  const { output } = await session.run({
    ...given,
    lengths: new ort.Tensor("int32", lengths, [inputs.length]),
  });
  await session.release();
  const perSequence = output.data.length / inputs.length;
  return lengths.every((length, s) => {
    const said = output.data.slice(s * perSequence, (s + 1) * perSequence);
    const own = readout.at ? said.slice(0, length * readout.outputs) : said;
    const expected = outputs[s].slice(
      readout.at ? 0 : (length - 1) * readout.outputs,
      length * readout.outputs,
    );
    return own.length === expected.length && expected.every((value, i) => isClose(own[i], value));
  });
}

/** Writes a network for PyTorch, with what it should say in the end. */
function writeTorch(network, { inputs, outputs, steps }, name) {
  for (const [file, content] of exportTorch(network, { name, masked: false }))
    writeFileSync(join(folder, file), content);
  const { input, readout } = network.architecture;
  const width = input.kind === "values" ? input.width : 0;
  const expected = outputs.map((own) => (readout.at ? own : own.slice((steps - 1) * readout.outputs)));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ width, inputs, expected }));
}

/** Loads what `writeTorch` wrote, and prints the names of those that say something else. */
const inTorch = `
import importlib.util, json, pathlib, torch
for path in sorted(pathlib.Path(".").glob("*.json")):
    spec = importlib.util.spec_from_file_location("net", path.with_suffix(".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    given = json.loads(path.read_text())
    x = torch.tensor(given["inputs"], dtype=torch.float32 if given["width"] else torch.int64)
    with torch.no_grad():
        said, _ = module.load(str(path.with_suffix(".safetensors")))(x.unflatten(1, (-1, given["width"])) if given["width"] else x)
    expected = torch.tensor(given["expected"], dtype=torch.float64)
    error = (said.flatten(1).double() - expected).abs() / expected.abs().clamp(min=1)
    if not error.max() <= 1e-5:
        print(path.stem)
`;

let wrong = 0;
let wrongInWasm = 0;
let wrongInOnnx = 0;
let wrongInTorch = 0;
for (let first = 0; first < count; first += TOGETHER) {
  // Signals are heard in between.
  await setImmediate();
  const names = [];
  for (let number = first; number < Math.min(first + TOGETHER, count); number++) {
    const int8 = kinds[number % 3] === "int8";
    const network = int8 ? calibrated(drawn(number)) : drawn(number);
    const name = `net${number}`;
    const math = int8 ? "own" : kinds[number % 3];
    const golden = goldenOf(network, stream(network, { int8 }));
    if (!holdsInWasm(network, golden, int8)) {
      console.log(`${name}: its module says something else`);
      wrongInWasm++;
    }
    const golden32 = int8 ? goldenOf(network, stream(network)) : golden;
    if (!(await holdsInOnnx(network, golden32))) {
      console.log(`${name}: ONNX Runtime says something else`);
      wrongInOnnx++;
    }
    if (torch) writeTorch(network, golden32, name);
    const { files } = exportC(network, golden, { name, math, int8 });
    for (const [file, text] of files) {
      writeFileSync(join(folder, file), text.replace("int main(void)", `int test_${name}(void)`));
    }
    names.push(name);
  }
  const declared = names.map((name) => `int test_${name}(void);\n`).join("");
  const called = names.map((name) => `  wrong += test_${name}();\n`).join("");
  writeFileSync(
    join(folder, "main.c"),
    `${declared}int main(void) {\n  int wrong = 0;\n${called}  return wrong;\n}\n`,
  );
  const sources = ["main.c", ...names.flatMap((name) => [`${name}.c`, `${name}_test.c`])];
  const words = ["-std=c99", "-O1", ...sources, "-lm", "-o", "main"];
  const made = spawnSync(process.env.CC ?? "cc", words, {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (made.status !== 0) throw new Error("the exported C could not be compiled");
  const run = spawnSync(join(folder, "main"), { cwd: folder, encoding: "utf8" });
  if (run.status === null) throw new Error(`the exported C ended by ${run.signal}`);
  wrong += run.status;
  process.stdout.write(
    run.stdout
      .split("\n")
      .filter((line) => line !== "" && !/: 0 of/.test(line))
      .map((line) => `${line}\n`)
      .join(""),
  );
}
if (torch) {
  const run = spawnSync(torch, ["-c", inTorch], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (run.status !== 0) throw new Error(`${torch} could not run the exported modules`);
  for (const name of run.stdout.split("\n").filter(Boolean)) {
    console.log(`${name}: PyTorch says something else`);
    wrongInTorch++;
  }
}
const kindsOfWrong = [`${wrong} in C`, `${wrongInWasm} in WebAssembly`, `${wrongInOnnx} in ONNX Runtime`];
if (torch) kindsOfWrong.push(`${wrongInTorch} in PyTorch`);
console.log(`${count} networks; say something else: ${kindsOfWrong.join(", ")}`);
process.exitCode = wrong + wrongInWasm + wrongInOnnx + wrongInTorch > 0 ? 1 : 0;
