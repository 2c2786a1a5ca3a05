// What PyTorch makes of exported files: the fixture holds what its modules said of some sequences, and the bytes of the files that
// they were loaded from. test/fixtures/make/torch-export.py made it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { standardise, unstandardise } from "../../src/data/standardise.js";
import { compile } from "../../src/engine/compile.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { InputError } from "../../src/errors.js";
import { exportTorch } from "../../src/export/torch.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import { type Network, stack } from "../../src/network/network.js";
import { parseNetwork } from "../../src/network/weights.js";
import {
  everyStep,
  forecasting,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  standardised,
  twoWayWeb,
  web,
} from "../engine/setups.js";

const shapes: {
  name: string;
  architecture(kind: CellKind): Architecture;
  density?: number;
  masked?: boolean;
}[] = [
  { name: "stack", architecture: (cell) => stack({ cell, hidden: 6, layers: 3 }) },
  {
    name: "pruned",
    architecture: (cell) => stack({ cell, hidden: 6, layers: 2 }),
    density: 0.4,
    masked: true,
  },
  { name: "two ways", architecture: (cell) => stack({ cell, hidden: 4, layers: 2, bidirectional: true }) },
  { name: "sizes", architecture: (k) => everyStep(layers(k, 3, 5, 4)) },
  { name: "skips", architecture: skips, density: 0.6 },
  { name: "web, pruned", architecture: (k) => everyStep(overValues(2, web(k))), density: 0.5, masked: true },
  { name: "two-way web", architecture: twoWayWeb },
  {
    name: "forecast",
    architecture: (cell) =>
      everyStep(forecasting(overValues(3, stack({ cell, hidden: 5, layers: 1, values: 3, outputs: 2 })))),
  },
  { name: "tied", architecture: (k) => everyStep(over(12, layers(k, 4, 4)), true) },
];
const cases = cellKinds.flatMap((kind) =>
  shapes.map((shape) => ({ ...shape, kind, id: `${shape.name} ${kind}` })),
);
type Case = (typeof cases)[number];

const BATCH = 2;
const STEPS = 6;

function networkOf({ id, kind, architecture, density = 1 }: Case): Network {
  const random = new Random(id);
  return standardised(networkWith(architecture(kind), density, random), random, 1000);
}

/** [sequence][step·width], symbols or numbers in their own units. */
function inputsOf({ id }: Case, { architecture, conventions }: Network): number[][] {
  const { input } = architecture;
  const random = new Random(`inputs of ${id}`);
  const { mean, deviation } = conventions.standardisation ?? {};
  return Array.from({ length: BATCH }, () =>
    Array.from({ length: STEPS * (input.kind === "values" ? input.width : 1) }, (_, i) => {
      if (input.kind === "symbols") return random.below(input.vocabulary);
      return Math.fround(
        random.normal() * (deviation?.[i % input.width] ?? 1) + (mean?.[i % input.width] ?? 0),
      );
    }),
  );
}

/** What the reference executor says, [sequence][step·output] or [sequence][output]. */
async function said(network: Network, inputs: readonly (readonly number[])[]): Promise<number[][]> {
  const { input, readout } = network.architecture;
  const { standardisation, targetStandardisation } = network.conventions;
  const width = input.kind === "values" ? input.width : 1;
  const rows = inputs.map((row) => {
    const values = Float32Array.from(row);
    if (standardisation) standardise(values, standardisation);
    return values;
  });
  const turned = Array.from({ length: STEPS }, (_, t) =>
    rows.flatMap((row) => [...row.subarray(t * width, (t + 1) * width)]),
  ).flat();
  const targets = readout.at ? BATCH * STEPS : BATCH;
  const count = readout.predicts ? targets * readout.outputs : targets;
  const batches = {
    count: 1,
    sizes: Int32Array.of(BATCH),
    steps: Int32Array.of(STEPS),
    inputs: input.kind === "values" ? Float32Array.from(turned) : Int32Array.from(turned),
    lengths: new Int32Array(BATCH).fill(STEPS),
    targets: readout.predicts ? new Float32Array(count) : new Int32Array(count),
  };
  const plan = compile(network, { batch: BATCH, steps: STEPS, symbols: inputs.flat(), purpose: "evaluate" });
  const { outputs } = await new ReferenceExecutor(plan, network.parameters).evaluate(batches, "outputs");
  if (targetStandardisation) unstandardise(outputs, targetStandardisation);
  const own = readout.outputs;
  return Array.from({ length: BATCH }, (_, l) =>
    Array.from({ length: readout.at ? STEPS : 1 }, (_, t) => [
      ...outputs.subarray((t * BATCH + l) * own, (t * BATCH + l + 1) * own),
    ]).flat(),
  );
}

const exported = (one: Case, network = networkOf(one)) =>
  exportTorch(network, { name: "net", masked: one.masked ?? false });
const hashOf = (files: ReadonlyMap<string, string | Uint8Array>) =>
  [...files.values()].reduce((hash, content) => hash.update(content), createHash("sha256")).digest("hex");

const path = new URL("../fixtures/torch-export.json", import.meta.url);
const fixture: Record<string, { hash: string; outputs: number[][] }> = existsSync(path)
  ? JSON.parse(readFileSync(path, "utf8"))
  : {};

const writeTo = process.env.FILIGREE_EXPORTS;
it.runIf(writeTo !== undefined)("writes its exports where the maker of the fixture asks for them", () => {
  for (const one of cases) {
    const folder = join(writeTo!, one.id);
    mkdirSync(folder);
    const network = networkOf(one);
    const files = exported(one, network);
    for (const [name, content] of files) writeFileSync(join(folder, name), content);
    const { input } = network.architecture;
    const inputs = inputsOf(one, network);
    const width = input.kind === "values" ? input.width : 0;
    writeFileSync(join(folder, "inputs.json"), JSON.stringify({ hash: hashOf(files), width, inputs }));
  }
});

describe.skipIf(writeTo !== undefined)("files for PyTorch", () => {
  it.each(cases)("are loaded by it, and say there what an evaluation says: $id", async (one) => {
    const network = networkOf(one);
    const { hash, outputs } = fixture[one.id];
    expect(hashOf(exported(one, network))).toBe(hash);
    const own = (await said(network, inputsOf(one, network))).flat();
    expect(own.length).toBe(outputs.flat().length);
    for (const [i, value] of outputs.flat().entries()) {
      expect(Math.abs(own[i] - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-5);
    }
  });

  it.each(cases)("are read back as the same network: $id", (one) => {
    const network = networkOf(one);
    const bytes = exported(one, network).get("net.safetensors") as Uint8Array;
    const back = parseNetwork(bytes, "net.safetensors");
    expect(back.architecture).toEqual(network.architecture);
    expect(back.parameters).toEqual(network.parameters);
    const { vocabulary, ...others } = network.conventions;
    const { input } = network.architecture;
    const known = input.kind === "symbols" ? vocabulary.first(input.vocabulary) : vocabulary;
    expect(back.conventions).toEqual({ ...others, vocabulary: known });
    // Without masks only the zeros of recurrent matrices tell.
    for (const [name, mask] of network.masks) {
      if (one.masked || name.startsWith("cells.")) expect(back.masks.get(name)).toEqual(mask);
    }
  });

  it("are refused where there is nothing to mask, or what is masked is tied", () => {
    const make = (one: Case, masked: boolean) => () => exportTorch(networkOf(one), { name: "net", masked });
    const find = (id: string) => cases.find((one) => one.id === id)!;
    expect(make(find("stack gru"), true)).toThrow(InputError);
    expect(make(find("stack gru"), true)).toThrow("--masks: the network has no masks; leave it out");
    expect(make({ ...find("tied gru"), density: 0.5 }, true)).toThrow(/--masks: the read-out is tied/);
  });
});
