// What `export --to onnx` writes is read back as the same network: every weight to the bit, the same wiring, reading and conventions.
import { describe, expect, it } from "vitest";
import { neededNodes } from "../../../src/engine/program.js";
import { exportOnnx } from "../../../src/export/onnx/onnx.js";
import { Random } from "../../../src/math/random.js";
import {
  type Architecture,
  type CellKind,
  cellKinds,
  isBidirectional,
} from "../../../src/network/architecture.js";
import { Network } from "../../../src/network/network.js";
import { parseModel } from "../../../src/network/onnx/model.js";
import { parseNetwork } from "../../../src/network/weights.js";
import {
  deadEnds,
  everyStep,
  forecasting,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  standardised,
  twoWay,
  twoWayWeb,
  web,
} from "../../engine/setups.js";

const shapes: { name: string; architecture(kind: CellKind): Architecture; density?: number }[] = [
  { name: "one layer", architecture: (k) => layers(k, 4, 5) },
  { name: "two layers, every step", architecture: (k) => everyStep(layers(k, 4, 5, 3)) },
  { name: "three layers under masks", architecture: (k) => layers(k, 3, 8, 7, 9), density: 0.5 },
  { name: "two ways", architecture: (k) => twoWay(k, 4, 5, 3) },
  { name: "two ways, three layers, numbers", architecture: (k) => overValues(2, twoWay(k, 4, 5, 3, 2)) },
  { name: "two ways, every step, numbers", architecture: (k) => everyStep(overValues(2, twoWay(k, 4, 5))) },
  { name: "one channel", architecture: (k) => overValues(1, layers(k, 1, 6, 2)) },
  { name: "channels, every step", architecture: (k) => everyStep(overValues(5, layers(k, 1, 12))) },
  { name: "forecast", architecture: (k) => everyStep(forecasting(overValues(3, layers(k, 1, 7)))) },
  { name: "forecast at the end", architecture: (k) => forecasting(overValues(1, skips(k))) },
  { name: "tied", architecture: (k) => everyStep(over(40, layers(k, 9, 5, 9)), true) },
  { name: "skips", architecture: skips },
  { name: "web", architecture: web },
  { name: "two-way web", architecture: twoWayWeb },
];

function networkOf(kind: CellKind, { name, architecture, density = 1 }: (typeof shapes)[number]): Network {
  const random = new Random(`${name} ${kind}`);
  return standardised(networkWith(architecture(kind), density, random), random, 1000);
}

/** The same but for nodes of which nothing is read, which an export leaves out. */
function expectSame(read: Network, own: Network): void {
  const { nodes, ...rest } = own.architecture;
  const needed = neededNodes(own.architecture);
  expect(read.architecture).toEqual({ nodes: nodes.filter(({ name }) => needed.has(name)), ...rest });
  const { vocabulary } = own.conventions;
  const symbols = vocabulary.first(rest.input.kind === "symbols" ? rest.input.vocabulary : 0);
  expect(read.conventions).toEqual({ ...own.conventions, vocabulary: symbols });
  for (const name of read.tensors.keys()) expect(read.values(name)).toEqual(own.values(name));
}

describe.each(cellKinds)("an ONNX file of %s", (kind) => {
  it.each(shapes)("is read as what was exported: $name", (shape) => {
    const own = networkOf(kind, shape);
    const bytes = exportOnnx(own, { name: "net", streaming: false });
    const read = parseNetwork(bytes, "net.onnx");
    expectSame(read, own);
    for (const [name, mask] of own.masks)
      if (/weight_[ih]h$/.test(name)) expect(read.masks.get(name)).toEqual(mask);
    // Without its name it is known by its bytes, and without its metadata by its graph.
    expect(parseNetwork(bytes, "net").parameters).toEqual(read.parameters);
  });

  const oneWay = shapes.filter(({ architecture }) => !isBidirectional(architecture(kind)));
  it.each(oneWay)("is read as what was exported as a stream: $name", (shape) => {
    const own = networkOf(kind, shape);
    const read = parseNetwork(exportOnnx(own, { name: "net", streaming: true }), "net.onnx");
    const { architecture, parameters, masks, conventions } = read;
    const { at, ...readout } = architecture.readout;
    // A stream of forecasts forecasts at every step, so that nothing says that one was enough.
    const isOnce = own.architecture.readout.predicts && !own.architecture.readout.at;
    expect(at).toBe(isOnce ? "every-step" : own.architecture.readout.at);
    expectSame(
      isOnce ? new Network({ ...architecture, readout }, parameters, masks, conventions) : read,
      own,
    );
  });
});

it("leaves out what the output does not depend on, and ranges of it", () => {
  const { architecture, parameters, masks, conventions } = networkWith(
    deadEnds("gru"),
    1,
    new Random("dead ends"),
  );
  const ranges = (names: readonly string[]) => Object.fromEntries(names.map((name, i) => [name, i + 0.5]));
  const own = new Network(architecture, parameters, masks, {
    ...conventions,
    activations: ranges(["embedding", "a", "b", "unread", "unread-too"]),
  });
  const bytes = exportOnnx(own, { name: "net", streaming: false });
  expect(parseNetwork(bytes, "net.onnx").conventions.activations).toEqual(ranges(["embedding", "a", "b"]));
});

it.each(shapes)("has no result that nothing reads: $name", ({ architecture }) => {
  const network = networkWith(architecture("lstm"), 1, new Random("results"));
  for (const streaming of isBidirectional(network.architecture) ? [false] : [false, true]) {
    const { nodes, outputs } = parseModel(exportOnnx(network, { name: "net", streaming }), "net.onnx");
    const read = new Set([...outputs, ...nodes.flatMap(({ inputs }) => inputs)]);
    const unread = nodes.filter((node) => !node.outputs.some((name) => read.has(name)));
    expect(unread).toEqual([]);
  }
});

it("keeps ranges for int8 and labels", () => {
  const { architecture, parameters, masks, conventions } = networkWith(
    layers("gru", 4, 5, 3),
    1,
    new Random("ranges"),
  );
  const own = new Network(architecture, parameters, masks, {
    ...conventions,
    labels: Array.from({ length: architecture.readout.outputs }, (_, i) => `class ${i}`),
    activations: Object.fromEntries(architecture.nodes.map(({ name }, i) => [name, i + 0.5])),
  });
  expectSame(parseNetwork(exportOnnx(own, { name: "net", streaming: false }), "net.onnx"), own);
});
