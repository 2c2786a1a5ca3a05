// Exported C says at every step what the stream of the engine says: for every cell, wiring and density, in single precision with
// the engine's own polynomials to the last bit, and with <math.h> to 1e-5.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stream } from "../../src/engine/stream.js";
import { type CExport, exportC } from "../../src/export/c/c.js";
import type { MathName } from "../../src/export/c/kernels.js";
import { goldenOf } from "../../src/export/golden.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import { Network } from "../../src/network/network.js";
import { parsePattern } from "../../src/sparsify/pattern.js";
import {
  deadEnds,
  everyStep,
  forecasting,
  instructionSets,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  web,
  withInstructionSet,
} from "../engine/setups.js";
import { compiler, folder, run, WARNINGS, write } from "./compiler.js";

interface Shape {
  readonly name: string;
  readonly architecture: (kind: CellKind) => Architecture;
  readonly density: number;
  readonly pattern?: string;
}

const shapes: Shape[] = [
  { name: "1 unit", architecture: (k) => layers(k, 1, 1), density: 1 },
  { name: "16, 17", architecture: (k) => layers(k, 3, 16, 17), density: 1 },
  { name: "50, sparse", architecture: (k) => layers(k, 50, 50), density: 0.1 },
  { name: "300, very sparse", architecture: (k) => layers(k, 9, 300), density: 0.02 },
  {
    name: "16 x 1",
    architecture: (k) => overValues(13, layers(k, 1, 40, 33)),
    density: 0.2,
    pattern: "16x1",
  },
  { name: "4 x 4", architecture: (k) => layers(k, 17, 31), density: 0.2, pattern: "4x4" },
  { name: "skips", architecture: skips, density: 0.6 },
  { name: "web", architecture: web, density: 0.3 },
  { name: "dead ends", architecture: deadEnds, density: 1 },
  { name: "nothing", architecture: (k) => layers(k, 4, 5), density: 0 },
  { name: "few symbols", architecture: (k) => over(5, everyStep(layers(k, 20, 6))), density: 1 },
  { name: "tied", architecture: (k) => everyStep(over(40, layers(k, 9, 5, 9)), true), density: 1 },
  { name: "a channel", architecture: (k) => overValues(1, layers(k, 1, 17, 5)), density: 1 },
  {
    name: "28 channels, forecast",
    architecture: (k) => everyStep(forecasting(overValues(28, layers(k, 1, 20)))),
    density: 0.4,
  },
  { name: "3 channels, web", architecture: (k) => overValues(3, web(k)), density: 0.5 },
];

/** A network of a shape, its numbers on a scale of their own where it reads or says any. */
function networkOf({ architecture, density, pattern, name }: Shape, kind: CellKind): Network {
  const random = new Random(`${name} ${kind}`);
  const network = networkWith(
    architecture(kind),
    density,
    random,
    density,
    pattern === undefined ? undefined : (parsePattern(pattern) as never),
  );
  const { input, readout } = network.architecture;
  const scale = (width: number) => ({
    mean: Array.from({ length: width }, () => 100 * random.normal()),
    deviation: Array.from({ length: width }, () => 0.1 + random.uniform()),
  });
  return new Network(network.architecture, network.parameters, network.masks, {
    ...network.conventions,
    ...(input.kind === "values" && { standardisation: scale(input.width) }),
    ...(readout.predicts && { targetStandardisation: scale(readout.outputs) }),
  });
}

function exported(network: Network, name: string, math: MathName): CExport {
  return exportC(network, goldenOf(network, stream(network)), { name, math });
}

/** The bits that the networks of all shapes say in C, one after the other, on the inputs of their golden vectors. */
function said(kind: CellKind, math: MathName, ...flags: string[]): Float32Array[] {
  const path = folder();
  const networks = shapes.map((shape) => networkOf(shape, kind));
  const calls = networks.map((network, i) => {
    const name = `net${i}`;
    write(path, exported(network, name, math).files);
    // Its test program, as a function that writes every output.
    const { inputs, steps } = goldenOf(network, stream(network));
    const symbols = network.architecture.input.kind === "symbols";
    const width = symbols ? 1 : network.architecture.input.width;
    const list = inputs
      .flat()
      .map((value) => (symbols ? value : `${value.toPrecision(9)}f`.replace(/^(-?\d+)f$/, "$1.0f")));
    const given = symbols ? "given[t]" : `given + t * ${width}`;
    return `static void run${i}(void) {
  static const ${symbols ? "int" : "float"} given[] = {${list.join(", ")}};
  static ${name}_state state;
  float output[NET${i}_OUTPUTS];
  for (int t = 0; t < ${inputs.length * steps}; t++) {
    if (t % ${steps} == 0) ${name}_reset(&state);
    ${name}_step(&state, ${given}, output);
    fwrite(output, sizeof(float), NET${i}_OUTPUTS, stdout);
  }
}`;
  });
  const includes = networks.map((_, i) => `#include "net${i}.h"`).join("\n");
  const main = `int main(void) {\n${networks.map((_, i) => `  run${i}();`).join("\n")}\n  return 0;\n}\n`;
  write(path, new Map([["main.c", `#include <stdio.h>\n${includes}\n${calls.join("\n")}\n${main}`]]));
  const sources = networks.map((_, i) => `net${i}.c`);
  const compiled = run(path, compiler!, ...WARNINGS, ...flags, "main.c", ...sources, "-lm", "-o", "main");
  expect(compiled.err).toBe("");
  const { out, status } = run(path, join(path, "main"));
  expect(status).toBe(0);
  const floats = new Float32Array(new Uint8Array(out).buffer);
  let at = 0;
  return networks.map((network) => {
    const { outputs } = goldenOf(network, stream(network));
    const count = outputs.flat().length;
    at += count;
    return floats.subarray(at - count, at);
  });
}

const expected = (network: Network, isa?: string) =>
  Float32Array.from(
    (isa === undefined
      ? goldenOf(network, stream(network, { executor: "reference" }))
      : withInstructionSet(isa, () => goldenOf(network, stream(network, { executor: "native" })))
    ).outputs.flat(),
  );

describe.skipIf(compiler === undefined).each(cellKinds)("exported C of %s", (kind) => {
  it.skipIf(!instructionSets.includes("baseline"))(
    "with the engine's polynomials has the engine's bits",
    () => {
      for (const flags of [
        ["-O0", "-ffp-contract=off"],
        ["-O3", "-ffp-contract=off"],
      ]) {
        for (const [i, own] of said(kind, "own", ...flags).entries()) {
          expect(own, shapes[i].name).toEqual(expected(networkOf(shapes[i], kind), "baseline"));
        }
      }
    },
  );

  it("with <math.h> says what the engine says, to 1e-5", () => {
    for (const [i, own] of said(kind, "libm", "-O3").entries()) {
      const other = expected(networkOf(shapes[i], kind));
      for (const [at, value] of own.entries()) {
        expect(Math.abs(value - other[at]) / Math.max(1, Math.abs(other[at])), shapes[i].name).toBeLessThan(
          1e-5,
        );
      }
    }
  });
});
