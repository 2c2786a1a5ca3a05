// What a search costs beside one training of its whole super-network and of a graph: `node bench/search.mjs` (--cell gru --budget 96). Edges of 32
// units in four layers, 18,750 strings an epoch in batches of 128, processor time of each; ratios count, as sides run by turns.
import { parseArgs } from "node:util";
import { generateDataset, MIXES } from "../dist/data/generate.js";
import { layerGraph } from "../dist/graph/layers.js";
import { Random } from "../dist/math/random.js";
import { correctedStructure } from "../dist/network/structure.js";
import { findGrammar } from "../dist/paths/grammars.js";
import { anyGraph } from "../dist/search/candidates.js";
import { edgeSpace, graphOfEdges, layersOf, superGraph } from "../dist/search/edges.js";
import { search } from "../dist/search/search.js";
import { searcherNames } from "../dist/search/searchers.js";
import { subjectOf } from "../dist/search/subject.js";
import { train } from "../dist/train/train.js";

const { values } = parseArgs({
  options: {
    cell: { type: "string", default: "gru" },
    epochs: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    budget: { type: "string", default: "96" },
  },
});
const sizes = layersOf(32, 4);
const data = generateDataset(
  { grammar: findGrammar("reber"), count: 33_334, mix: MIXES.hard },
  new Random(1),
);
const subject = subjectOf(data, { batch: 128, held: 0.25, random: new Random(1) });
const structure = correctedStructure(superGraph(sizes), values.cell);
const network = subject.network(structure, new Random(2));
const space = edgeSpace(network, sizes, Number(values.budget));
const options = { epochs: Number(values.epochs), seed: 1, learningRate: 1e-3 };

const one = correctedStructure(
  layerGraph(graphOfEdges(sizes, anyGraph(sizes, Number(values.budget), new Random(3)))),
  values.cell,
);
const drawn = subject.network(one, new Random(4));

const sides = {
  "training of the super-network": () => train(network, subject.task(network), options),
  "training of a random graph": () => train(drawn, subject.task(drawn), options),
  ...Object.fromEntries(
    searcherNames.map((searcher) => [
      `search ${searcher}`,
      () => search(space, subject.task(network), { ...options, searcher, held: subject.held(network) }),
    ]),
  ),
};
const seconds = new Map(Object.keys(sides).map((name) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, side] of Object.entries(sides)) {
    const begun = process.cpuUsage();
    await side();
    const { user, system } = process.cpuUsage(begun);
    seconds.get(name).push((user + system) / 1e6);
  }
}
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const [whole] = [...seconds.values()].map(median);
for (const [name, list] of seconds)
  console.log(`${name.padEnd(32)} ${median(list).toFixed(2)} s  ${(median(list) / whole).toFixed(2)}`);
