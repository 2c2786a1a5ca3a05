// Training steps of an LSTM whose masks are cut in blocks, beside the same at single weights, dense, and PyTorch's fused cells, on
// one core and in turn. Needs `npm run build`; without a Python with PyTorch that side is left out, with a line that says so.
//   taskset -c 0 node bench/blocks.mjs        PYTHON=python3
import { cpus } from "node:os";
import { interleave, median, ratioOf, timed } from "../dist/bench/rounds.js";
import { stepper } from "../dist/bench/steps.js";
import { describeExecutor } from "../dist/engine/engine.js";
import { loadNative } from "../dist/engine/native.js";
import { startPython } from "./python.mjs";

const [batch, length] = [32, 47];
const sizes = [
  { hidden: 512, layers: 1 },
  { hidden: 50, layers: 3 },
];
const densities = [0.1, 0.05];
const heights = [1, 2, 4, 8, 16];
const ROUNDS = { rounds: 9, milliseconds: 300 };

const torch = await startPython("step.py");
if (torch.absent) console.error(`left out: ${torch.absent}`);
console.log(
  `${cpus()[0].model}, one core, peak ${(loadNative().addon.peak() / 1e9).toFixed(0)} GFLOP/s; ${torch.about ?? "no PyTorch"}; Filigree on ${describeExecutor().detail}`,
);
console.log(
  `LSTM, batch ${batch}, ${length} steps; milliseconds, medians of ${ROUNDS.rounds} rounds; how many times as long dense takes, and PyTorch\n`,
);
console.log(`| layers × units | density | PyTorch, fused | dense | ${heights.map(nameOf).join(" | ")} |`);
console.log(`|${"---|".repeat(4 + heights.length)}`);
for (const { hidden, layers } of sizes) {
  const setup = { cell: "lstm", hidden, layers, batch, length };
  const ours = (density, height) => {
    const pattern = height > 1 ? { rows: height, columns: 1 } : undefined;
    return {
      run: timed(stepper({ ...setup, density, pattern, form: density < 1 ? "sparse" : undefined }).step),
    };
  };
  const question = (n) => ["fused", "lstm", hidden, layers, batch, length, n].join(" ");
  const peer = { run: async (n) => (1000 * Number(await torch.ask(question(n)))) / n };
  for (const density of densities) {
    const [dense, ...times] = await interleave(
      [ours(1), ...heights.map((height) => ours(density, height)), ...(torch.about ? [peer] : [])],
      ROUNDS,
    );
    const fused = torch.about ? times.at(-1) : undefined;
    const cells = heights.map((_, i) => {
      const ratios = [dense, ...(fused ? [fused] : [])].map(
        (other) => `${ratioOf(other, times[i]).toPrecision(3)}×`,
      );
      return [median(times[i]).toPrecision(3), ...ratios].join(", ");
    });
    const first = [
      `${layers} × ${hidden}`,
      `${100 * density} %`,
      fused ? median(fused).toPrecision(3) : "–",
      median(dense).toPrecision(3),
    ];
    console.log(`| ${[...first, ...cells].join(" | ")} |`);
  }
}
torch.end?.();

function nameOf(height) {
  return height > 1 ? `${height} × 1` : "single weights";
}
