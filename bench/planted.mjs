// Whether a search finds a wiring that is known: `node bench/planted.mjs` (--seeds 5 --updates 800). Of the hidden weights of a
// sparse teacher, the share that each way of choosing as many finds, in percent, for each seed.
import { parseArgs } from "node:util";
import { FROZEN, planted, recovered } from "../dist/bench/planted.js";
import { Random } from "../dist/math/random.js";
import { maskVector } from "../dist/network/masks.js";
import { search } from "../dist/search/search.js";
import { searcherNames } from "../dist/search/searchers.js";
import { sparsifying } from "../dist/sparsify/methods.js";
import { train } from "../dist/train/train.js";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "5" },
    updates: { type: "string", default: "800" },
    rate: { type: "string", default: "0.01" },
    schedule: { type: "string", default: "cosine" },
  },
});
const hidden = "cells.0.weight_hh";
const settings = (seed) => ({
  updates: Number(values.updates),
  learningRate: Number(values.rate),
  schedule: values.schedule,
  freeze: FROZEN,
  seed,
});

/** Trains under a way to be sparse and says where weights are. */
async function under(method, own, seed, more = {}) {
  const density = own.edges / own.mask.length;
  const sparsify = sparsifying({ method, density, target: "h2h", ...more });
  const network = await train(own.student, own.task, { ...settings(seed), sparsify });
  const { offset, length } = network.tensor(hidden);
  return maskVector(network).subarray(offset, offset + length);
}

const ways = {
  random: (own, seed) => {
    const random = new Random(`chance ${seed}`);
    return Array.from(own.mask, () => random.uniform());
  },
  "dense, then one-shot magnitude": (own, seed) => under("magnitude", own, seed),
  "gradual magnitude": (own, seed) => under("gradual", own, seed),
  RigL: (own, seed) => under("rigl", own, seed),
  "top-k while training": (own, seed) => under("top-k", own, seed),
  "hard concrete while training": (own, seed) => under("hard-concrete", own, seed),
  ...Object.fromEntries(
    searcherNames.map((searcher) => [
      `search ${searcher}`,
      async (own, seed) =>
        (await search(own.space, own.task, { ...settings(seed), searcher, held: own.held })).scores,
    ]),
  ),
};

const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const problems = await Promise.all(seeds.map((seed) => planted({ seed })));
console.log(`| way | ${seeds.map((seed) => `seed ${seed}`).join(" | ")} | mean | s |`);
console.log(`|---|${"---|".repeat(seeds.length + 2)}`);
for (const [name, way] of Object.entries(ways)) {
  const found = [];
  const begun = process.cpuUsage();
  for (const [i, own] of problems.entries()) found.push(100 * recovered(own, await way(own, seeds[i])));
  const { user, system } = process.cpuUsage(begun);
  const mean = found.reduce((sum, share) => sum + share, 0) / found.length;
  const seconds = (user + system) / 1e6 / seeds.length;
  const cells = [...found, mean].map((share) => share.toFixed(1));
  console.log(`| ${name} | ${cells.join(" | ")} | ${seconds.toFixed(1)} |`);
}
