// What the fuzzer of files feeds: for each kind of file that a user can hand to the command line, some sound samples
// and the functions through which a verb would take one. `read` must throw one of Filigree's own errors or come back
// with something sound, which it checks.
import { strict as assert } from "node:assert";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { namedGraph } from "../../dist/cli/files.js";
import { allProperties } from "../../dist/cli/graph.js";
import { resumption } from "../../dist/cli/training.js";
import { createDataset } from "../../dist/data/dataset.js";
import { generateDataset } from "../../dist/data/generate.js";
import { LOG_MEL, logMel } from "../../dist/data/numbers/logmel.js";
import { formatNpy } from "../../dist/data/numbers/npy.js";
import { formatNpz } from "../../dist/data/numbers/npz.js";
import { parseWav } from "../../dist/data/numbers/wav.js";
import { describeDataset } from "../../dist/data/stats.js";
import { cuts } from "../../dist/data/symbols.js";
import { createTextData } from "../../dist/data/text.js";
import { describeText } from "../../dist/data/text-stats.js";
import { ascii } from "../../dist/data/vocabulary.js";
import { compile } from "../../dist/engine/compile.js";
import { createExecutor } from "../../dist/engine/engine.js";
import { carryOf } from "../../dist/engine/executor.js";
import { FiligreeError } from "../../dist/errors.js";
import { kinds } from "../../dist/experiments/kinds.js";
import { structureOf } from "../../dist/experiments/structures.js";
import { exportOnnx } from "../../dist/export/onnx/onnx.js";
import { readLargeBytes, readTextBytes } from "../../dist/files.js";
import { formatEdgeList } from "../../dist/graph/edge-list.js";
import { readGraph } from "../../dist/graph/files.js";
import { barabasiAlbert, randomDag } from "../../dist/graph/generators.js";
import { formatGraphml } from "../../dist/graph/graphml.js";
import { layerGraph } from "../../dist/graph/layers.js";
import { formatNodeLink } from "../../dist/graph/node-link.js";
import { Random } from "../../dist/math/random.js";
import { cellKinds } from "../../dist/network/architecture.js";
import { initialise, stack } from "../../dist/network/network.js";
import { parse, serialise } from "../../dist/network/safetensors.js";
import { saveNetwork } from "../../dist/network/weights.js";
import { readDataset } from "../../dist/paths/datasets.js";
import { findGrammar } from "../../dist/paths/grammars.js";
import { readNetwork, readStructure } from "../../dist/paths/networks.js";
import { readSequences } from "../../dist/paths/sequences.js";
import { fitPredictor, loadPredictor, rank, savePredictor } from "../../dist/predict/predictor.js";
import { regressorNames } from "../../dist/predict/regressors.js";
import { isNumeric, numbers, readTable, tableOf } from "../../dist/predict/table.js";
import { readStudy } from "../../dist/study/document.js";
import { countCombinations, defineStudy } from "../../dist/study/expand.js";
import "../../dist/thesis/format.js";
import { thesisStructure } from "../../dist/thesis/structure.js";
import { encodeCheckpoint } from "../../dist/train/checkpoint.js";
import { evaluate } from "../../dist/train/evaluate.js";
import {
  damageArchive,
  damageArray,
  damageBytes,
  damageHeader,
  damageJsonFile,
  damageTensors,
} from "./damage.mjs";

const random = new Random(1);
const strings = createDataset(["BTXSE", "BPVVE", "BTSXXTVVE", "B"], [1, 1, 1, 0]);

// ---- Samples ----------------------------------------------------------------------------------------------------

const graph = barabasiAlbert({ n: 9, m: 2 }, random);
const layered = layerGraph(graph);
const masked = (architecture, density) => {
  const network = initialise(architecture, random);
  const masks = new Map();
  for (const { name, length } of network.tensors.values()) {
    if (!/weight_[ih]h$/.test(name)) continue;
    masks.set(
      name,
      Uint8Array.from({ length }, () => Number(random.uniform() < density)),
    );
  }
  return network.copy(masks);
};

/** A network's tensors under other names, as safetensors; `names` maps a pattern to its replacement. */
function renamed(network, names, metadata = []) {
  const tensors = new Map();
  for (const { name, shape } of network.tensors.values()) {
    const other = names.reduce((text, [pattern, by]) => text.replace(pattern, by), name);
    tensors.set(other, { dtype: "F32", shape, values: network.values(name) });
  }
  return Buffer.from(serialise({ tensors, metadata: new Map(metadata) }));
}

const torchNames = [
  [/^cells\.(\d+)\.(.*)$/, "rnn.$2_l$1"],
  [/^readout\./, "fc."],
];
const thesisNames = [
  [/^cells\.(\d+)\./, "recurrent.recurrent_layers.$1."],
  [/^readout\./, "out."],
];
const small = (cell) => stack({ cell, hidden: 3, layers: 2, vocabulary: 128 });
const own = [
  ...cellKinds.map((cell) => masked(small(cell), 0.5)),
  initialise(thesisStructure(layered, "gru").architecture, random, thesisStructure(layered, "gru").masks),
].map((network) => Buffer.from(saveNetwork(network)));
/** Every matrix as torch.nn.utils.prune stores it. */
function pruned(bytes) {
  const { tensors, metadata } = parse(bytes, "sample");
  const stored = [...tensors].flatMap(([name, tensor]) => {
    if (tensor.shape.length < 2) return [[name, tensor]];
    const mask = { ...tensor, values: tensor.values.map(() => random.below(2)) };
    return [
      [`${name}_orig`, tensor],
      [`${name}_mask`, mask],
    ];
  });
  return Buffer.from(serialise({ tensors: new Map(stored), metadata }));
}

const letters = Array.from({ length: 128 }, (_, i) => String.fromCodePoint(i < 97 ? 32 + i : 1000 + i)).join(
  "",
);
const conventions = [
  ["vocabulary", letters],
  ["readAt", "last-step"],
  ["labels", '["no","yes"]'],
];
const words = Array.from({ length: 128 }, (_, i) => `word${i}`);
const tied = stack({ cell: "lstm", hidden: 3, layers: 1, embedding: 3, vocabulary: 128, outputs: 128 });
const tiedNames = [...torchNames, [/^fc.weight$/, "embedding.weight"]];
const foreign = [
  ...cellKinds.flatMap((cell) => [
    renamed(initialise(small(cell), random), torchNames, [["format", "pt"]]),
    renamed(initialise(small(cell), random), thesisNames),
  ]),
  pruned(renamed(initialise(small("gru"), random), torchNames, conventions)),
  renamed(initialise(small("lstm"), random), torchNames, [["vocabulary", JSON.stringify(words)]]),
  renamed(initialise(tied, random), tiedNames, [["fc.weight", "embedding.weight"]]),
];

const resumed = initialise(small("gru"), random);
const plan = compile(resumed, { batch: 4, steps: 9, symbols: [66, 84] });
const state = resumed.parameters;
const history = [{ trainLoss: 1, trainAccuracy: 0.5, testLoss: 1, testAccuracy: 0.5 }];
const IDENTITY = "identity";
const checkpoint = Buffer.from(
  encodeCheckpoint({
    run: {
      epoch: 1,
      updates: 2,
      state: { parameters: state, firstMoment: state, secondMoment: state, step: 3 },
      carry: new Float32Array(carryOf(plan)),
      sums: { loss: 1, count: 2, correct: 1 },
      history,
      best: { epoch: 1, loss: 1, parameters: state },
    },
    notes: new Map([["identity", IDENTITY]]),
  }),
);

const properties = allProperties(graph, "graph");
const rows = Array.from({ length: 12 }, (_, i) => ({
  name: `graph ${i}`,
  order: 10 + i,
  density: random.uniform(),
  diameter: random.below(5),
  accuracy: random.uniform(),
}));
const table = [Object.keys(rows[0]), ...rows.map(Object.values)].map((row) => row.join(",")).join("\n");
const predictors = (file) =>
  regressorNames.map((regressor) => {
    const options = { regressor, features: ["density", "diameter"] };
    savePredictor(file, fitPredictor(tableOf("rows", rows), "accuracy", options));
    return readFileSync(file, "utf8");
  });

const studies = [
  `kind: prune
fixed: { base: { cell: gru, hidden: 8, epochs: 1 } }
grid:
  percent: { from: 10, to: 90, step: 20 }
  scope: [global, per-matrix]
replicates: 2
`,
  `name: rates
kind: train
list:
  - &a { cell: lstm, hidden: 5 }
  - { <<: *a, cell: gru }
random:
  draws: 3
  values:
    learningRate: { logUniform: [0.0001, 0.01] }
    epochs: { integer: [1, 4] }
objective: { metric: testAccuracy }
timeLimit: 60
`,
  JSON.stringify({
    kind: "structure",
    fixed: {
      cell: "gru",
      protocol: "corrected",
      graph: {
        nodes: 3,
        edges: [
          [0, 1],
          [1, 2],
        ],
      },
    },
    grid: { batch: { from: 1, to: 64, count: 3, scale: "log" } },
  }),
];
const grammar = JSON.stringify({
  name: "ab",
  start: 0,
  accepting: [0, "end"],
  arcs: [
    [0, "a", 1],
    [1, "b", 0],
    [1, "c", "end"],
  ],
});

const wide = "id,t0,t1,t2,label\n1,.5,-2e-3,3,up\n2,1.5,2.25,,down\n3,1,2,3,up\n";
const headless = "2 0.5 1.5 2.5\n1 4.5 5 6\n2 0.25 8.5\n1 1.5 2 3\n";
const long = `date,case,x,y,state
2024-01-30 23:00,a,1.5,2,on
2024-01-31 01:00,a,2.5,-3,"off"
2024-01-30,b,.5,4,
2024-02-01T10:00:00Z,b,1e2,5,on
`;
const series = `# numbers
@problemName p
@timeStamps false
@missing false
@univariate false
@dimensions 2
@equalLength false
@classLabel true a b
@data
1.5,2,3:4,5,6:a
7:8:b
`;

// Arrays, images and recordings, as in test/fixtures/make.
const x = {
  shape: [3, 4, 2],
  values: Float32Array.from({ length: 24 }, (_, i) => (i > 21 ? Number.NaN : i / 3)),
};
const y = { shape: [3], values: ["on", "off", "été"] };
const lengths = { shape: [3], values: Int32Array.of(4, 2, 3) };
const steps = { shape: [3, 4], values: Int32Array.from({ length: 12 }, (_, i) => (i % 4) - 1) };
const fixture = (name) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/${name}.json`, import.meta.url), "utf8"));
const fromBase64 = (text) => Buffer.from(text, "base64");
const both = cellKinds.map((cell) =>
  stack({ cell, hidden: 3, layers: 2, vocabulary: 128, bidirectional: true }),
);
const onnx = [
  ...[...cellKinds.map(small), ...both, thesisStructure(layered, "gru").architecture].flatMap(
    (architecture) =>
      [false, true].flatMap((streaming) =>
        streaming && both.includes(architecture)
          ? []
          : [Buffer.from(exportOnnx(initialise(architecture, random), { name: "net", streaming }))],
      ),
  ),
  // Of those over strings, which an evaluation can be asked of.
  ...fixture("onnx-models")
    .filter(({ name }) => !/numbers|tanh/.test(name))
    .map(({ model }) => fromBase64(model)),
];
const keras = fixture("keras-models").models.map(({ model }) => gunzipSync(fromBase64(model)));
const archives = [{ x, y }, { data: x, target: steps, lengths }, { x: lengths }].map((arrays) =>
  Buffer.from(formatNpz(arrays)),
);
archives.push(...Object.values(fixture("arrays").npz).map(fromBase64));
const arrays = [x, y, lengths, steps].map((array) => Buffer.from(formatNpy(array)));
arrays.push(...Object.values(fixture("arrays").good).map(({ bytes }) => fromBase64(bytes)));
const idx = (...sizes) => {
  const count = sizes.reduce((product, size) => product * size, 1);
  const bytes = Buffer.alloc(4 + 4 * sizes.length + count, 7);
  bytes.set([0, 0, 8, sizes.length]);
  for (const [axis, size] of sizes.entries()) bytes.writeUInt32BE(size, 4 + 4 * axis);
  return bytes;
};
const images = [idx(3, 4, 2), idx(3, 5), idx(3)];
images.push(...images.map((bytes) => gzipSync(bytes)));
const { cases: heard, encodings, stereo } = fixture("logmel");
const recordings = [heard[0].wav, ...Object.values(encodings), stereo].map(fromBase64);

// ---- Readers ----------------------------------------------------------------------------------------------------

/** Saves what was read, reads that and wants the same; and has it computed, natively where that is possible. */
async function checkNetwork(network, file) {
  for (const { shape, length } of network.tensors.values()) {
    assert.equal(
      shape.reduce((product, extent) => product * extent, 1),
      length,
    );
  }
  assert(network.parameters.every(Number.isFinite), "parameters are not finite");
  const bytes = saveNetwork(network);
  writeFileSync(file, bytes);
  assert(Buffer.from(saveNetwork(readNetwork(file))).equals(bytes), "does not survive being saved");
  const { vocabulary } = network.conventions;
  const known = vocabulary.symbols.find((symbol) => vocabulary.rowOf(symbol) !== undefined) ?? "";
  const own =
    vocabulary === ascii ? strings : createDataset([known, known], [0, 1], "own", undefined, { vocabulary });
  await evaluate(network, own, { batch: 3 });
}

function checkGraph(graph, file) {
  for (const value of Object.values(allProperties(graph, file))) assert(!Number.isNaN(value), "NaN");
  for (const cell of ["gru", "rnn-tanh"]) {
    const corrected = { kind: "corrected", recurrence: "unit", readout: "sinks", embedding: 2 };
    for (const wiring of [{ kind: "thesis" }, corrected]) {
      const { architecture, masks } = structureOf(graph, { cell, wiring }, file);
      initialise(architecture, new Random(1), masks);
    }
  }
}

function checkSequences({ channels, values, target }) {
  for (const own of values) {
    finite(own);
    assert(own.length > 0 && own.length % channels.length === 0, "a sequence is no whole number of steps");
  }
  const places =
    target?.kind === "class" ? [target.labels.of] : target?.kind === "step-classes" ? target.of : [];
  const classes = target?.labels?.classes ?? target?.classes ?? [];
  for (const place of places.flatMap((list) => [...list])) assert(place < classes.length, "no such class");
}

/** As data with labels of its own, and as the labels of three sequences. */
function labelled(file) {
  const three = `${file}.three.npy`;
  writeFileSync(three, formatNpy(x));
  try {
    checkSequences(readSequences(three, { labels: file }));
  } catch (error) {
    if (!(error instanceof FiligreeError)) throw error;
  } finally {
    rmSync(three);
  }
  checkSequences(readSequences(file));
}

const finite = (values) => assert(values.every(Number.isFinite), "a number is not finite");
const either =
  (...damages) =>
  (bytes, random) =>
    random.pick(damages)(bytes, random);
const safetensors = either(damageBytes, damageHeader, damageTensors);

/** Kinds of files; `samples` are made once, in `folder`. */
export function readers(folder) {
  const graphFile = `${folder}/graph.json`;
  writeFileSync(graphFile, formatNodeLink(graph));
  const nodeLinks = [graph, randomDag({ n: 8, p: 0.4 }, random)].map(formatNodeLink);
  return {
    weights: {
      extension: "safetensors",
      samples: [...own, ...foreign],
      damage: safetensors,
      read: async (file) => checkNetwork(readNetwork(file), file),
    },
    "weights with a graph": {
      extension: "safetensors",
      samples: [own.at(-1), ...foreign.slice(-2)],
      damage: safetensors,
      read: async (file) => checkNetwork(readStructure(file, namedGraph(graphFile)), file),
    },
    onnx: {
      extension: "onnx",
      samples: onnx,
      damage: damageBytes,
      read: async (file) => checkNetwork(readNetwork(file), `${file}.safetensors`),
    },
    keras: {
      extension: "keras",
      samples: keras,
      damage: either(damageBytes, damageArchive),
      read: async (file) => checkNetwork(readNetwork(file), `${file}.safetensors`),
    },
    checkpoint: {
      extension: "checkpoint",
      samples: [checkpoint],
      damage: safetensors,
      read(file) {
        const { state, carry } = resumption(file, IDENTITY);
        const executor = createExecutor(plan, resumed.parameters);
        executor.setState(state);
        executor.setCarry(carry);
      },
    },
    "node-link": {
      extension: "json",
      samples: nodeLinks.map(Buffer.from),
      damage: either(damageJsonFile, damageBytes),
      read: (file) => checkGraph(readGraph(file), file),
    },
    graphml: {
      extension: "graphml",
      samples: [Buffer.from(formatGraphml(graph))],
      damage: damageBytes,
      read: (file) => checkGraph(readGraph(file), file),
    },
    "edge list": {
      extension: "edges",
      samples: [Buffer.from(formatEdgeList(graph)), Buffer.from("# directed\na b {'w': 1}\nb;c\n")],
      damage: damageBytes,
      read: (file) => checkGraph(readGraph(file), file),
    },
    strings: {
      extension: "csv",
      samples: [
        ',string,valid\n0,BTXSE,1\n1,"B,P",0\n2,BPVVE,1\n',
        "name;language\nŁucja;pl\nÉlo;fr\nJan;pl\nZoé;fr\n",
        "ab\tyes\nba\tno\ncc\tyes\ndd\tno\n",
      ].map((text) => Buffer.from(text)),
      damage: damageBytes,
      read(file) {
        const dataset = readDataset(file);
        assert.equal(dataset.labels.length, dataset.strings.length);
        describeDataset(dataset);
      },
    },
    "wide table": {
      extension: "csv",
      samples: [wide, wide.replaceAll(",", ";").replaceAll(".", ","), headless].map((text) =>
        Buffer.from(text),
      ),
      damage: damageBytes,
      read: (file) => checkSequences(readSequences(file)),
    },
    "long table": {
      extension: "csv",
      samples: [long, long.replaceAll(",", "\t")].map((text) => Buffer.from(text)),
      damage: damageBytes,
      read: (file) => checkSequences(readSequences(file, { table: { task: "label" } })),
    },
    series: {
      extension: "ts",
      samples: [Buffer.from(series)],
      damage: damageBytes,
      read: (file) => checkSequences(readSequences(file)),
    },
    array: {
      extension: "npy",
      samples: arrays,
      damage: either(damageBytes, damageArray),
      read: labelled,
    },
    archive: {
      extension: "npz",
      samples: archives,
      damage: damageBytes,
      read: labelled,
    },
    images: {
      extension: "idx",
      samples: images,
      damage: damageBytes,
      read: labelled,
    },
    recording: {
      extension: "wav",
      samples: recordings,
      damage: damageBytes,
      read(file) {
        const { rate, samples } = parseWav(readLargeBytes(file), file);
        finite(samples);
        // A window of a rate of millions is as long as the file at the most.
        finite(logMel(rate, LOG_MEL)(samples, file));
      },
    },
    text: {
      extension: "txt",
      samples: [Buffer.from("Où est-il?\r\n\t“Ici”, dit-il. 我在这里。 😀\n".repeat(9))],
      damage: damageBytes,
      read(file) {
        const texts = [{ name: file, text: readTextBytes(file) }];
        const baselines = cuts
          .toReversed()
          .map((cut) => describeText(texts, createTextData(texts, { cut })).baselines);
        finite(baselines.flat().map(({ nats }) => nats));
      },
    },
    table: {
      extension: "csv",
      samples: [Buffer.from(table)],
      damage: damageBytes,
      read(file) {
        const table = readTable(file);
        for (const name of table.columns) if (isNumeric(table, name)) finite(numbers(table, name));
        fitPredictor(table, "accuracy", { regressor: "bayesian-ridge" });
      },
    },
    predictor: {
      extension: "json",
      samples: predictors(graphFile.replace("graph", "predictor")).map(Buffer.from),
      damage: either(damageJsonFile, damageBytes),
      read(file) {
        for (const { predicted } of rank(loadPredictor(file), [properties, properties])) finite([predicted]);
      },
    },
    study: {
      extension: "yaml",
      samples: studies.map(Buffer.from),
      damage: (bytes, random) =>
        (bytes[0] === 0x7b ? either(damageJsonFile, damageBytes) : damageBytes)(bytes, random),
      read(file) {
        const document = readStudy(file);
        // A million trials are allowed, and take their time.
        if (countCombinations(document) > 1000) return;
        assert(defineStudy(document, kinds).members.length > 0);
      },
    },
    grammar: {
      extension: "json",
      samples: [Buffer.from(grammar)],
      damage: either(damageJsonFile, damageBytes),
      read: (file) =>
        void generateDataset({ grammar: findGrammar(file), count: 8, minLength: 1 }, new Random(1)),
    },
  };
}
