// Exported C says at every step what the stream of the engine says: for every cell, wiring and density, in single precision with
// the engine's own polynomials to the last bit, and with <math.h> to 1e-5.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Pattern } from "../../src/bench/patterns.js";
import { Calibration } from "../../src/engine/calibrate.js";
import { type Stream, stream } from "../../src/engine/stream.js";
import { exportC } from "../../src/export/c/c.js";
import type { MathName } from "../../src/export/c/kernels.js";
import { floatText, listText } from "../../src/export/c/text.js";
import { type Golden, goldenOf } from "../../src/export/golden.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import { Network } from "../../src/network/network.js";
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
  standardised,
  web,
  withInstructionSet,
} from "../engine/setups.js";
import { compiler, folder, run, WARNINGS, write } from "./compiler.js";

interface Shape {
  readonly name: string;
  readonly architecture: (kind: CellKind) => Architecture;
  readonly density: number;
  readonly pattern?: Pattern;
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
    pattern: { rows: 16, columns: 1 },
  },
  { name: "4 x 4", architecture: (k) => layers(k, 17, 31), density: 0.2, pattern: { rows: 4, columns: 4 } },
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
  return standardised(networkWith(architecture(kind), density, random, density, pattern), random, 100);
}

/** The network, calibrated on the inputs of its golden vectors. */
function calibratedOn(network: Network): Network {
  const calibration = new Calibration(network);
  const watched = {
    step: (input: number | Float32Array) => calibration.step(input),
    reset: () => calibration.reset(),
  } as Stream;
  goldenOf(network, watched);
  return new Network(network.architecture, network.parameters, network.masks, {
    ...network.conventions,
    activations: calibration.ranges(99),
  });
}

interface Exported {
  readonly network: Network;
  readonly golden: Golden;
}

const made = new Map<CellKind, Exported[]>();
/** The networks of all shapes, and their golden vectors. */
function networksOf(kind: CellKind): readonly Exported[] {
  const known = made.get(kind);
  if (known) return known;
  const all = shapes.map((shape) => {
    const network = networkOf(shape, kind);
    return { network, golden: goldenOf(network, stream(network, { executor: "reference" })) };
  });
  made.set(kind, all);
  return all;
}

/** What exported networks say in C, to the last bit, one after the other, on the inputs of their golden vectors. */
function said(
  all: readonly Exported[],
  how: { readonly math: MathName; readonly int8?: boolean },
  ...flags: string[]
): Float32Array[] {
  const path = folder();
  const runs = all.map(({ network, golden }, i) => {
    const name = `net${i}`;
    write(path, exportC(network, golden, { name, ...how }).files);
    // As its test program does, but it writes every output.
    const { inputs, steps } = golden;
    const { input } = network.architecture;
    const [type, format] = input.kind === "symbols" ? ["int", String] : ["float", floatText];
    const given = input.kind === "symbols" ? "given[t]" : `given + t * ${input.width}`;
    return `static void run${i}(void) {
  static const ${type} given[] = ${listText(inputs.flat(), format)};
  static ${name}_state state;
  float output[NET${i}_OUTPUTS];
  for (int t = 0; t < ${inputs.length * steps}; t++) {
    if (t % ${steps} == 0) ${name}_reset(&state);
    ${name}_step(&state, ${given}, output);
    fwrite(output, sizeof(float), NET${i}_OUTPUTS, stdout);
  }
}
`;
  });
  const includes = all.map((_, i) => `#include "net${i}.h"\n`).join("");
  const calls = all.map((_, i) => `  run${i}();\n`).join("");
  const main = `#include <stdio.h>\n${includes}${runs.join("")}int main(void) {\n${calls}  return 0;\n}\n`;
  write(path, new Map([["main.c", main]]));
  const sources = all.map((_, i) => `net${i}.c`);
  const compiled = run(path, compiler!, ...WARNINGS, ...flags, "main.c", ...sources, "-lm", "-o", "main");
  expect(compiled.err).toBe("");
  const { out, status } = run(path, join(path, "main"));
  expect(status).toBe(0);
  const floats = new Float32Array(new Uint8Array(out).buffer);
  let at = 0;
  return all.map(({ golden }) => {
    const count = golden.outputs.flat().length;
    at += count;
    return floats.subarray(at - count, at);
  });
}

const baseline = instructionSets.includes("baseline");

describe.skipIf(compiler === undefined).each(cellKinds)("exported C of %s", (kind) => {
  // The baseline of the native executor has no fused multiply-add, as C has not.
  it.skipIf(!baseline)("with the engine's polynomials has the engine's bits", () => {
    const all = networksOf(kind);
    for (const [i, own] of said(all, { math: "own" }, "-O1", "-ffp-contract=off").entries()) {
      const { network } = all[i];
      const native = withInstructionSet("baseline", () => stream(network, { executor: "native" }));
      expect(own, shapes[i].name).toEqual(Float32Array.from(goldenOf(network, native).outputs.flat()));
    }
  });

  it("with <math.h> says what the engine says, to 1e-5", () => {
    const all = networksOf(kind).slice(0, 3);
    for (const [i, own] of said(all, { math: "libm" }, "-O1").entries()) {
      for (const [at, expected] of all[i].golden.outputs.flat().entries()) {
        const error = Math.abs(own[at] - expected) / Math.max(1, Math.abs(expected));
        expect(error, shapes[i].name).toBeLessThan(1e-5);
      }
    }
  });

  it("in int8 has the bits of the engine's stream", () => {
    const all = networksOf(kind).map(({ network }) => {
      const calibrated = calibratedOn(network);
      return { network: calibrated, golden: goldenOf(calibrated, stream(calibrated, { int8: true })) };
    });
    for (const [i, own] of said(all, { math: "own", int8: true }, "-O2").entries()) {
      expect(own, shapes[i].name).toEqual(Float32Array.from(all[i].golden.outputs.flat()));
    }
  });
});
