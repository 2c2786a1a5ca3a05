// Exported modules of WebAssembly import nothing, say in Node.js and in Chromium what the engine says, in int8 to the last bit, and
// carry what is known of the network.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Calibration } from "../../src/engine/calibrate.js";
import { stream } from "../../src/engine/stream.js";
import { type Golden, goldenOf } from "../../src/export/golden.js";
import { exportWasm, usageOf } from "../../src/export/wasm/wasm.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import { Network } from "../../src/network/network.js";
import { chromium, inChromium } from "../browser/chromium.js";
import {
  everyStep,
  forecasting,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  twoWay,
  web,
} from "../engine/setups.js";
import { folder } from "./compiler.js";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  input(): number;
  output(): number;
  step(symbol?: number): number;
  reset(): void;
}
declare const WebAssembly: {
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): object[];
    exports(module: object): { name: string }[];
    customSections(module: object, name: string): ArrayBuffer[];
  };
  Instance: new (module: object) => { readonly exports: Exports };
};

const module = new Uint8Array(readFileSync(new URL("../../wasm/standalone.wasm", import.meta.url)));

/** A network calibrated on what its golden vectors read. */
function calibrated(network: Network): Network {
  const calibration = new Calibration(network);
  goldenOf(network, calibration);
  const activations = calibration.ranges(99);
  return new Network(network.architecture, network.parameters, network.masks, {
    ...network.conventions,
    activations,
  });
}

function exported(network: Network, int8: boolean): { golden: Golden; files: ReturnType<typeof exportWasm> } {
  const golden = goldenOf(network, stream(network, { int8 }));
  return { golden, files: exportWasm(network, golden, module, { name: "net", int8 }) };
}

const moduleIn = (files: ReturnType<typeof exportWasm>) => files.get("net.wasm") as Uint8Array;

/** How far a module's outputs are from those expected, at most, beside max(1, |output|). */
function distanceOf(
  bytes: Uint8Array,
  { architecture }: Network,
  { inputs, outputs, steps }: Golden,
): number {
  const own = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  const { input, readout } = architecture;
  let largest = 0;
  for (const [s, given] of inputs.entries()) {
    own.reset();
    for (let t = 0; t < steps; t++) {
      if (input.kind === "symbols") own.step(given[t]);
      else {
        const numbers = given.slice(t * input.width, (t + 1) * input.width);
        new Float32Array(own.memory.buffer, own.input(), input.width).set(numbers);
        own.step();
      }
      for (const [i, said] of new Float32Array(own.memory.buffer, own.output(), readout.outputs).entries()) {
        const expected = outputs[s][t * readout.outputs + i];
        const error = Math.abs(said - expected) / Math.max(1, Math.abs(expected));
        largest = Math.max(largest, error);
      }
    }
  }
  return largest;
}

const shapes: { name: string; density: number; architecture(kind: CellKind): Architecture }[] = [
  { name: "stack", density: 1, architecture: (k) => layers(k, 9, 40, 30) },
  { name: "more than a page", density: 0.3, architecture: (k) => layers(k, 9, 130) },
  { name: "skips", density: 0.3, architecture: skips },
  { name: "every step", density: 0.5, architecture: (k) => everyStep(over(12, web(k))) },
  { name: "tied", density: 1, architecture: (k) => layers(k, 20, 20) },
  { name: "numbers", density: 1, architecture: (k) => overValues(4, layers(k, 1, 30)) },
  {
    name: "forecasts",
    density: 0.5,
    architecture: (k) => everyStep(forecasting(overValues(3, layers(k, 1, 30)))),
  },
];

/** Numbers are standardised by something. */
function networkOf({ name, density, architecture }: (typeof shapes)[number], kind: CellKind): Network {
  const own = architecture(kind);
  const plain = networkWith(
    name === "tied" ? everyStep(own, true) : own,
    density,
    new Random(`${name} ${kind}`),
  );
  const { input, readout } = plain.architecture;
  if (input.kind === "symbols") return plain;
  const scale = (width: number) => ({
    mean: Array.from({ length: width }, (_, i) => 10 ** i - 3),
    deviation: Array.from({ length: width }, (_, i) => 2 / (i + 1)),
  });
  return new Network(plain.architecture, plain.parameters, plain.masks, {
    ...plain.conventions,
    standardisation: scale(input.width),
    ...(readout.predicts === "numbers" && { targetStandardisation: scale(readout.outputs) }),
  });
}

describe.each(cellKinds)("modules of %s say what the engine says", (kind) => {
  it.each(shapes)("$name", (shape) => {
    const network = networkOf(shape, kind);
    const float = exported(network, false);
    expect(distanceOf(moduleIn(float.files), network, float.golden)).toBeLessThan(1e-5);
    const whole = calibrated(network);
    const int8 = exported(whole, true);
    expect(distanceOf(moduleIn(int8.files), whole, int8.golden)).toBe(0);
    expect(int8.golden.outputs).not.toEqual(float.golden.outputs);
    expect(moduleIn(int8.files).length).toBeLessThan(moduleIn(float.files).length);
  });
});

describe("a module", () => {
  const network = networkOf(shapes[0], "gru");
  const { files, golden } = exported(network, false);
  const compiled = new WebAssembly.Module(moduleIn(files));

  it("imports nothing, exports what a page calls, and tells about itself", () => {
    expect(WebAssembly.Module.imports(compiled)).toEqual([]);
    const names = WebAssembly.Module.exports(compiled).map(({ name }) => name);
    expect(names.sort()).toEqual(["input", "memory", "output", "reset", "step"]);
    const [section] = WebAssembly.Module.customSections(compiled, "filigree");
    expect(JSON.parse(new TextDecoder().decode(section))).toMatchObject({
      name: "net",
      numbers: "float32",
      symbols: 48,
      outputs: 3,
      readAt: "last-symbol",
    });
  });

  it("takes no symbol beyond its own, and is as before then", () => {
    const own = new WebAssembly.Instance(compiled).exports;
    const said = () => [...new Float32Array(own.memory.buffer, own.output(), 3)];
    own.step(7);
    const before = said();
    expect([own.step(-1), own.step(48)]).toEqual([0, 0]);
    expect(said()).toEqual(before);
    expect(own.step(7)).toBe(own.output());
    expect(said()).not.toEqual(before);
    own.reset();
    own.step(7);
    expect(said()).toEqual(before);
  });

  it("comes with a program that checks it", () => {
    const home = folder();
    for (const [file, content] of files) writeFileSync(join(home, file), content);
    const program = join(home, "net_test.mjs");
    expect(execFileSync(process.execPath, [program], { encoding: "utf8" })).toMatch(
      /^net: 0 of 108 outputs are wrong/,
    );
    const text = String(files.get("net_test.mjs"));
    writeFileSync(program, text.replace(JSON.stringify(golden.outputs[0][0]), "0.125"));
    const { status, stdout } = spawnSync(process.execPath, [program], { encoding: "utf8" });
    expect([status, stdout.slice(0, 26)]).toEqual([1, "net: 1 of 108 outputs are "]);
  });

  it("is refused of networks that read both ways, are not finite or not calibrated", () => {
    const random = new Random("refused");
    const bothWays = networkWith(twoWay("gru", 2, 3), 1, random);
    expect(() => exportWasm(bothWays, golden, module, { name: "net" })).toThrow(/is bidirectional/);
    expect(() => exportWasm(network, golden, module, { name: "net", int8: true })).toThrow(
      /has not been calibrated/,
    );
    const parameters = network.parameters.slice();
    parameters[3] = Number.NaN;
    const broken = new Network(network.architecture, parameters, network.masks, network.conventions);
    expect(() => exportWasm(broken, golden, module, { name: "net" })).toThrow(/it holds NaN/);
  });
});

describe.skipIf(!chromium)("in Chromium", () => {
  it("the three lines run a module to the same bits", async () => {
    const network = calibrated(networkOf(shapes[0], "lstm"));
    const { files, golden } = exported(network, true);
    const address = `data:application/wasm;base64,${Buffer.from(moduleIn(files)).toString("base64")}`;
    const [load, step, say] = usageOf(network, "net");
    const script = `
      ${load.replace('"net.wasm"', JSON.stringify(address))}
      for (const symbol of ${JSON.stringify(golden.inputs[0])}) { ${step}
      }
      const console = { log: (said) => report([...said]) };
      ${say}`;
    const said = await inChromium(script, 60_000);
    expect(said).toEqual(golden.outputs[0].slice(-3));
  }, 90_000);
});
