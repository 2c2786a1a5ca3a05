// Training one random structure under the thesis's protocol, in Filigree and in PyTorch by the thesis's own kind of
// model code, on one core and in turn, so that both meet the same machine. Both start from the same weights and train on
// the same batches, and the first losses must agree. Needs `npm run build` and a Python with PyTorch.
//   taskset -c 0 node bench/structures.mjs [family [nodes]]        PYTHON=python3
import { cpus } from "node:os";
import { median, ratioOf, timed } from "../dist/bench/rounds.js";
import { makeBatches, shuffledOrder } from "../dist/data/batches.js";
import { stringExamples, symbolsInUse } from "../dist/data/examples.js";
import { generateDataset } from "../dist/data/generate.js";
import { compile } from "../dist/engine/compile.js";
import { createExecutor, describeExecutor } from "../dist/engine/engine.js";
import { optimisers } from "../dist/engine/executor.js";
import { GRAPH_FAMILIES } from "../dist/graph/generators.js";
import { layerGraph } from "../dist/graph/layers.js";
import { Random } from "../dist/math/random.js";
import { cellKinds } from "../dist/network/architecture.js";
import { initialise } from "../dist/network/network.js";
import { findGrammar } from "../dist/paths/grammars.js";
import { thesisStructure } from "../dist/thesis/structure.js";
import { startPython } from "./python.mjs";

const family = process.argv[2] ?? "barabasi_albert";
const n = Number(process.argv[3] ?? 30);
const parameters = {
  barabasi_albert: { m: Math.floor(n / 10) },
  watts_strogatz: { k: Math.floor(n / 5), p: 1, tries: 100 },
};
const rounds = 7;
const perRound = 2; // batches in a round
const repeats = 40; // as often Filigree trains on them, to have something to measure
const batch = 128;
const epochs = 15;
const update = { optimiser: optimisers.adam, rates: 1e-3 };

const { train } = generateDataset({ grammar: findGrammar("reber") }, new Random(1));
const examples = stringExamples(train);
const order = shuffledOrder(examples, new Random("order"));
const rowsOf = (round) => order.subarray(round * perRound * batch, (round + 1) * perRound * batch);
const longest = Math.max(...train.strings.map(({ length }) => length));
const graph = layerGraph(GRAPH_FAMILIES[family]({ n, ...parameters[family] }, new Random("benchmark")));
const perEpoch = Math.ceil(train.strings.length / batch);

const python = await startPython("structures.py");
if (python.absent) {
  console.error(python.absent);
  process.exit(1);
}
const ask = async (question) => JSON.parse(await python.ask(JSON.stringify(question)));
console.log(
  `${cpus()[0].model}, one core; ${python.about}; Filigree on ${describeExecutor().detail}, Node.js ${process.version}`,
);
console.log(
  `${family}, ${n} nodes, ${graph.edges.length} edges, ${graph.layers.length} layers, batch ${batch}\n`,
);
console.log(
  "| cell | cells | PyTorch, ms a step | Filigree, ms a step | ratio | 15 epochs in PyTorch | in Filigree |",
);
console.log("|---|---|---|---|---|---|---|");
for (const cell of cellKinds) {
  const { architecture, masks } = thesisStructure(graph, cell);
  const network = initialise(architecture, new Random("weights"), masks);
  const list = (map, values) =>
    Object.fromEntries([...map.keys()].map((name) => [name, Array.from(values(name))]));
  const shapes = Object.fromEntries([...network.tensors].map(([name, { shape }]) => [name, shape]));
  await ask({
    network: {
      architecture,
      shapes,
      weights: list(network.tensors, (name) => network.values(name)),
      masks: list(masks, (name) => masks.get(name)),
    },
  });
  const plan = compile(network, { batch, steps: longest, symbols: symbolsInUse(examples) });
  const executor = createExecutor(plan, network.parameters);
  const times = { torch: [], filigree: [] };
  for (let round = 0; round < rounds; round++) {
    const rows = rowsOf(round);
    const once = makeBatches(examples, rows, batch, "last-step");
    const again = Array.from({ length: repeats }, () => [...rows]).flat();
    const repeated = makeBatches(examples, again, batch, "last-step");
    const { seconds, losses } = await ask({ batches: { ...arrays(once), size: batch } });
    times.torch.push((1000 * seconds) / perRound);
    if (round === 0) {
      const { losses: sums, counts } = await executor.train(once, 0, once.count, update);
      const own = Array.from(sums, (sum, i) => sum / counts[i]);
      if (!losses.every((loss, i) => Math.abs(loss - own[i]) < 1e-4))
        throw new Error(`${cell}: losses ${losses} in PyTorch and ${own} in Filigree`);
    }
    times.filigree.push(
      await timed(() => executor.train(repeated, 0, repeated.count, update))(repeated.count),
    );
  }
  const [torch, filigree] = [median(times.torch), median(times.filigree)];
  const ratio = ratioOf(times.torch, times.filigree);
  const whole = (step) => `${((step * perEpoch * epochs) / 1000).toFixed(1)} s`;
  const cells = architecture.nodes.filter(({ type }) => type === "cell").length;
  console.log(
    `| ${[cell, cells, torch.toFixed(1), filigree.toFixed(2), ratio.toFixed(0), whole(torch), whole(filigree)].join(" | ")} |`,
  );
}
python.end();

function arrays({ steps, inputs, targets }) {
  return { steps: Array.from(steps), symbols: Array.from(inputs), targets: Array.from(targets) };
}
