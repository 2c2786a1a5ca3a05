// Our kernels of a compressed matrix beside the only others that train on sparse storage, SparseProp's (Nikdan et al. 2023), and the CSR
// product of the library behind PyTorch, on one core and in turn. Needs `npm run build` and a Python with PyTorch and
// SparseProp: `pip install pybind11 scipy setuptools`, then `pip install --no-build-isolation --no-deps sparseprop`.
//   taskset -c 0 node bench/sparse-kernels.mjs [--density 0.1]        PYTHON=python3
import { parseArgs } from "node:util";
import { kernelSide } from "../dist/bench/kernels.js";
import { patternMask } from "../dist/bench/patterns.js";
import { interleave, median, ratioOf } from "../dist/bench/rounds.js";
import { Random } from "../dist/math/random.js";
import { besidePyTorch } from "./training.mjs";

const { values } = parseArgs({ options: { density: { type: "string", default: "0.1" } } });
const density = Number(values.density);
const [gates, units, columns, lanes, steps] = [4, 512, 512, 32, 47];
const rows = gates * units;
const ROUNDS = { rounds: 9, milliseconds: 400 };

await besidePyTorch("sparse-kernels.py", async ({ about, ask }) => {
  console.log(`${about}\n`);
  const { weights } = await ask({ rows, columns, share: density });
  console.log(
    `${rows} × ${columns}, ${weights} weights at random; milliseconds, medians of ${ROUNDS.rounds} rounds\n`,
  );
  const theirs = (kernel, own, count = 1) => ({
    run: async (calls) => 1000 * (await ask({ kernel, lanes: own, steps: count, calls })).seconds,
  });
  const ours = (kernel, count, pattern) => {
    const mask = patternMask({ gates, units, columns }, pattern, density, new Random("benchmark"));
    return kernelSide(kernel, { rows, columns, lanes, steps: count, mask });
  };
  const blocks = { rows: 8, columns: 1 };
  const table = [
    [
      "forward and backward, 47 steps of 32 lanes",
      "SparseProp",
      theirs("sparseprop", lanes, steps),
      "training",
      steps,
    ],
    ["the same, 1,504 lanes at once", "SparseProp", theirs("sparseprop", lanes * steps), "training", steps],
    ["product, 256 lanes", "CSR", theirs("csr", 256), "product", 8],
    ["product, 32 lanes", "CSR", theirs("csr", lanes), "product", 1],
  ];
  console.log("| | | theirs | ours | in blocks of 8 × 1 | theirs ÷ ours | theirs ÷ blocks |");
  console.log("|---|---|---|---|---|---|---|");
  for (const [what, who, side, kernel, count] of table) {
    const sides = [side, ours(kernel, count), ours(kernel, count, blocks)];
    const times = await interleave(sides, ROUNDS);
    const milliseconds = times.map((own) => median(own).toPrecision(3));
    const ratios = [1, 2].map((k) => `${ratioOf(times[0], times[k]).toPrecision(3)}×`);
    console.log(`| ${[what, who, ...milliseconds, ...ratios].join(" | ")} |`);
  }
});
