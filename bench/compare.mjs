// Training steps of Filigree, dense and compressed, beside PyTorch and TensorFlow.js on one core, in turn, so that all
// meet the same machine. Writes the numbers as JSON, CSV and Markdown, and pictures. Needs `npm run build`; a peer that
// is not installed is left out with a line that says how to get it.
//   taskset -c 0 node bench/compare.mjs [--quick] [--out DIR]        PYTHON=python3
//   node bench/compare.mjs --draw DIR        draws the numbers in DIR again
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { timeDensities } from "../dist/bench/density.js";
import { measureCeilings, timeKernels } from "../dist/bench/kernels.js";
import { interleave, timed } from "../dist/bench/rounds.js";
import { stepper } from "../dist/bench/steps.js";
import { describeExecutor } from "../dist/engine/engine.js";
import { cellKinds } from "../dist/network/architecture.js";
import { ceilingsText, densityTable, kernelTable, stepCsv, stepTable } from "./comparison.mjs";
import { comparisonFigures } from "./figures.mjs";
import { startPython } from "./python.mjs";
import { findTensorFlow } from "./tensorflow.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    out: { type: "string", default: "results/comparison" },
    draw: { type: "string" },
  },
});
const length = 47;
const grid = options.quick
  ? { sizes: [{ hidden: 50, layers: 3 }], batches: [32], densities: [0.1], rounds: 11 }
  : {
      sizes: [
        { hidden: 50, layers: 3 },
        { hidden: 128, layers: 1 },
        { hidden: 512, layers: 1 },
      ],
      batches: [32, 128],
      densities: [0.7, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05],
      rounds: 7,
    };
const matrices = [16, 32, 50, 128, 256, 512];
const milliseconds = 100;

if (options.draw) write(options.draw, JSON.parse(readFileSync(`${options.draw}/comparison.json`, "utf8")));
else write(options.out, await measure());

async function measure() {
  const torch = await startPython("step.py");
  const tensorflow = await findTensorFlow();
  for (const { absent } of [torch, tensorflow]) if (absent) console.error(`left out: ${absent}`);
  const { name, detail } = describeExecutor();
  const versions = [torch.about, tensorflow.about, `Filigree, ${name} executor (${detail})`];
  const setups = [];
  for (const size of grid.sizes) {
    for (const batch of grid.batches) {
      for (const cell of cellKinds) {
        const setup = { cell, ...size, batch, length };
        const named = sidesOf(setup, torch, tensorflow);
        const times = await interleave(named, { rounds: grid.rounds, milliseconds });
        setups.push({
          ...setup,
          sides: named.map(({ side, density }, i) => ({ side, density, times: times[i] })),
        });
        console.error(`${cell}, ${size.layers} x ${size.hidden}, batch ${batch}`);
      }
    }
  }
  torch.end?.();
  const result = {
    machine: `${cpus()[0].model}, one core; Node.js ${process.version}`,
    versions: versions.filter((version) => version !== undefined),
    setups,
  };
  if (options.quick || name !== "native") return result;
  const ceilings = await measureCeilings();
  const kernels = [];
  for (const hidden of [50, 512]) {
    const timings = await timeKernels({ cell: "lstm", hidden, batch: 32, density: 0.1 }, ceilings);
    kernels.push({ hidden, timings });
  }
  const densities = [];
  for (const hidden of matrices) {
    for (const cell of ["rnn-tanh", "lstm", "gru"]) densities.push(await timeDensities(cell, hidden, 32));
  }
  return { ...result, ceilings, kernels, densities };
}

function sidesOf(setup, torch, tensorflow) {
  const { cell, hidden, layers, batch } = setup;
  const pytorch = (form) => ({
    side: `torch-${form}`,
    density: 1,
    run: async (n) =>
      (1000 * Number(await torch.ask([form, cell, hidden, layers, batch, length, n].join(" ")))) / n,
  });
  // Compressed at every density, so that what it costs is seen where it does not pay, too.
  const own = (density) => ({
    side: "filigree",
    density,
    run: timed(stepper({ ...setup, density, form: "sparse" }).step),
  });
  return [
    ...(torch.about ? [pytorch("loop"), pytorch("fused")] : []),
    ...(tensorflow.about && hidden === 50 && batch === 32
      ? [{ side: "tensorflow", density: 1, ...tensorflow.side(setup) }]
      : []),
    ...[1, ...grid.densities].map(own),
  ];
}

function write(folder, comparison) {
  mkdirSync(folder, { recursive: true });
  const { machine, versions, ceilings, kernels, densities } = comparison;
  const parts = {
    machine: `${machine}; ${versions.join("; ")}.`,
    steps: stepTable(comparison),
    ...(ceilings ? { ceilings: ceilingsText(ceilings) } : {}),
    ...Object.fromEntries(
      (kernels ?? []).map(({ hidden, timings }) => [`kernels-${hidden}`, kernelTable(timings)]),
    ),
    ...(densities ? { densities: densityTable(densities) } : {}),
  };
  writeFileSync(`${folder}/comparison.json`, `${JSON.stringify(comparison, undefined, 1)}\n`);
  writeFileSync(`${folder}/comparison.csv`, stepCsv(comparison));
  const blocks = Object.entries(parts).map(([name, text]) => `<!-- ${name} -->\n\n${text}\n\n<!-- end -->\n`);
  writeFileSync(`${folder}/comparison.md`, blocks.join("\n"));
  for (const { name, svg } of comparisonFigures(comparison)) writeFileSync(`${folder}/${name}.svg`, svg);
  console.log(`${parts.machine}\nMilliseconds of a training step, ${length} time steps.\n\n${parts.steps}`);
  console.error(`written to ${folder}`);
}
