// Training steps on sequences of numbers, of which a class is read at the end: a GRU on rows of pictures and a bidirectional
// LSTM on frames of sound, in the shapes of MNIST and of spoken words, with made-up numbers. Filigree, dense and sparse,
// beside PyTorch's fused cells on one core; see training.mjs. Needs `npm run build` and a Python with PyTorch.
//   taskset -c 0 node bench/sequences.mjs [--rounds 7]        PYTHON=python3
import { parseArgs } from "node:util";
import { sparsified } from "../dist/bench/steps.js";
import { compile } from "../dist/engine/compile.js";
import { Random } from "../dist/math/random.js";
import { initialise, stack } from "../dist/network/network.js";
import { cellNames } from "../dist/report/theme.js";
import { agree, besidePyTorch, head, timesOf, training } from "./training.mjs";

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(options.rounds);
const setups = [
  { cell: "gru", hidden: 400, layers: 1, channels: 28, steps: 28, batch: 64 },
  { cell: "lstm", hidden: 128, layers: 2, bidirectional: true, channels: 40, steps: 100, batch: 32 },
];
const SPARSE = 0.05;
const CLASSES = 10;
const BATCHES = 8;

await besidePyTorch("sequences.py", async (peer) => {
  console.log(peer.about);
  console.log(
    `sparse: 95 %; milliseconds of processor time a training step, medians of ${rounds} rounds; ratios within a round\n`,
  );
  console.log(head(["cell", "layers × units", "channels", "steps", "batch"]));
  for (const setup of setups) console.log(`| ${(await compare(peer, setup)).join(" | ")} |`);
});

/** The cells of a setup's row. */
async function compare(peer, { cell, hidden, layers, bidirectional = false, channels, steps, batch }) {
  const random = new Random("sequences");
  const dense = initialise(
    stack({ cell, hidden, layers, bidirectional, values: channels, outputs: CLASSES }),
    random,
  );
  const batches = {
    count: BATCHES,
    sizes: new Int32Array(BATCHES).fill(batch),
    steps: new Int32Array(BATCHES).fill(steps),
    inputs: Float32Array.from({ length: BATCHES * steps * batch * channels }, () => random.normal()),
    lengths: new Int32Array(BATCHES * batch).fill(steps),
    targets: Int32Array.from({ length: BATCHES * batch }, () => random.below(CLASSES)),
  };
  const [ours, ourSparse] = [dense, sparsified(dense, SPARSE, random)].map((network) =>
    training(network, compile(network, { batch, steps }), batches),
  );
  const about = { sizes: { cell, channels, hidden, layers, bidirectional, classes: CLASSES } };
  await agree(peer, ourSparse, { batches, about, steps: 1 }); // PyTorch has no masks here: the losses part with the first update.
  await agree(peer, ours, { batches, about });
  const name = `${bidirectional ? "bidirectional " : ""}${cellNames[cell]}`;
  return [
    ...[name, `${layers} × ${hidden}`, channels, steps, batch],
    ...(await timesOf(peer, ours, ourSparse, rounds)),
  ];
}
