// Training steps of language models: a loss at every symbol, state carried from window to window, Adam. Filigree, dense and
// 90 % sparse, beside PyTorch's fused LSTM on one core, in turn, so that both meet the same machine; the core's peak is
// measured in the same rounds. Both start from the same weights and train on the same windows, and the first losses must
// agree. Needs `npm run build` and a Python with PyTorch.
//   taskset -c 0 node bench/language.mjs [--rounds 7]        PYTHON=python3
import { parseArgs } from "node:util";
import { sparsified } from "../dist/bench/steps.js";
import { makeWindows, textSteps } from "../dist/data/windows.js";
import { compile } from "../dist/engine/compile.js";
import { Random } from "../dist/math/random.js";
import { initialise, stack } from "../dist/network/network.js";
import { agree, besidePyTorch, head, timesOf, training } from "./training.mjs";

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(options.rounds);
const setups = [
  { hidden: 512, layers: 1, embedding: 512, symbols: 65, batch: 32, window: 64 },
  { hidden: 512, layers: 1, embedding: 64, symbols: 65, batch: 64, window: 64 },
  { hidden: 650, layers: 2, embedding: 650, symbols: 10_000, batch: 20, window: 35 },
];
const SPARSE = 0.1;
const WINDOWS = 8;

await besidePyTorch("language.py", async (peer) => {
  console.log(peer.about);
  console.log(
    `LSTM, sparse: 90 %; milliseconds of processor time a training step, medians of ${rounds} rounds; ratios within a round\n`,
  );
  console.log(head(["layers × units", "embedding", "symbols", "batch", "window"]));
  for (const setup of setups) console.log(`| ${(await compare(peer, setup)).join(" | ")} |`);
});

/** The cells of a setup's row. */
async function compare(peer, { hidden, layers, embedding, symbols, batch, window }) {
  const random = new Random("language");
  const architecture = stack({
    cell: "lstm",
    hidden,
    layers,
    embedding,
    vocabulary: symbols,
    outputs: symbols,
    at: "every-step",
  });
  const dense = initialise(architecture, random);
  const text = Int32Array.from({ length: WINDOWS * batch * window + 1 }, () => random.below(symbols));
  const windows = makeWindows([textSteps(text)], { batch, window });
  const batches = { ...windows, carry: new Uint8Array(windows.count).fill(1) }; // The text begins anew, the state goes on.
  const [ours, ourSparse] = [dense, sparsified(dense, SPARSE, random)].map((network) => {
    const all = Array.from({ length: symbols }, (_, i) => i);
    return training(network, compile(network, { batch, steps: window, symbols: all }), batches);
  });
  const about = { sizes: { symbols, embedding, hidden, layers } };
  await agree(peer, ourSparse, { batches, about, steps: 1 }); // PyTorch has no masks here: the losses part with the first update.
  await agree(peer, ours, { batches, about });
  return [
    ...[`${layers} × ${hidden}`, embedding, symbols, batch, window],
    ...(await timesOf(peer, ours, ourSparse, rounds)),
  ];
}
