// Training steps of Filigree and of PyTorch on one core, in turn, so that both meet the same machine: prints a table of
// medians and of ratios within a round. Needs `npm run build` and a Python with PyTorch.
//   taskset -c 0 node bench/step.mjs [hidden [layers [batch [length]]]]        PYTHON=python3
import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stepper } from "../dist/engine/benchmark.js";
import { describeExecutor } from "../dist/engine/engine.js";

const [hidden = 50, layers = 3, batch = 32, length = 47] = process.argv.slice(2).map(Number);
const rounds = 11;
const milliseconds = 150;

const script = fileURLToPath(new URL("step.py", import.meta.url));
const settings = [hidden, layers, batch, length].map(String);
const python = spawn(process.env.PYTHON ?? "python3", [script, ...settings], {
  stdio: ["pipe", "pipe", "inherit"],
});
python.on("error", ({ message }) => {
  console.error(`PyTorch cannot be run: ${message}; name a Python that has it in PYTHON`);
  process.exit(1);
});
const answers = createInterface(python.stdout)[Symbol.asyncIterator]();

async function answer() {
  const { value, done } = await answers.next();
  if (done) process.exit(1);
  return value;
}

function torch(form, cell) {
  return async (steps) => {
    python.stdin.write(`${form} ${cell} ${steps}\n`);
    return (1000 * Number(await answer())) / steps;
  };
}

function filigree(cell, density) {
  const { step } = stepper({ cell, hidden, layers, batch, length, density });
  return async (steps) => {
    const start = performance.now();
    await step(steps);
    return (performance.now() - start) / steps;
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const versions = await answer();
console.log(
  `${cpus()[0].model}, one core; ${versions}; Filigree on ${describeExecutor().detail}, Node.js ${process.version}`,
);
console.log(
  `${layers} x ${hidden}, batch ${batch}, length ${length}; milliseconds per training step, medians of ${rounds}\n`,
);
console.log(
  "| cell | PyTorch, loop | PyTorch, fused | Filigree, dense | 90 % sparse | fused / dense | loop / dense | dense / sparse |",
);
console.log("|---|---|---|---|---|---|---|---|");
for (const cell of ["rnn-tanh", "rnn-relu", "lstm", "gru"]) {
  const sides = [torch("loop", cell), torch("fused", cell), filigree(cell, 1), filigree(cell, 0.1)];
  const steps = [];
  for (const side of sides) {
    await side(1);
    steps.push(Math.max(1, Math.round(milliseconds / (await side(2)))));
  }
  const times = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, side] of sides.entries()) times[i].push(await side(steps[i]));
  }
  const ratio = (a, b) => median(times[a].map((time, round) => time / times[b][round])).toFixed(1);
  const columns = times.map((values) => median(values).toFixed(2));
  console.log(`| ${[cell, ...columns, ratio(1, 2), ratio(0, 2), ratio(2, 3)].join(" | ")} |`);
}
python.stdin.end();
