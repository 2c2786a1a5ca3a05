// Puts the table of methods on rows of MNIST into docs/sparsify.md, from the rows kept in docs/investigations/mnist.csv, after the
// finished trials of the stores given are added to them. The studies are docs/investigations/mnist-*.yaml.
//   node scripts/document-mnist.mjs [STORE …]        needs `npm run build`
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { mean } from "../dist/math/statistics.js";
import { cellNames } from "../dist/report/theme.js";
import { decimal } from "../dist/report/words.js";
import { StoreReader } from "../dist/study/reading.js";

const kept = new URL("../docs/investigations/mnist.csv", import.meta.url);
/** @type {Map<string, { identity: string, cell: string, method: string, hidden: number, seed: number, error: number, seconds: number }>} */
const rows = new Map();
if (existsSync(kept))
  for (const row of parse(readFileSync(kept), {
    columns: true,
    cast: (value, { column }) =>
      ["hidden", "seed", "error", "seconds"].includes(column) ? Number(value) : value,
  }))
    rows.set(row.identity, row);
for (const store of process.argv.slice(2)) {
  const reader = StoreReader.open(store);
  for (const { name } of reader.list()) {
    for (const { identity, seed, state, summary } of reader.rows(name)) {
      if (state !== "finished") continue;
      const { configuration, attempts } = reader.trial(identity);
      const { cell, hidden, sparsify } = configuration;
      const seconds = Math.round(attempts.reduce((sum, attempt) => sum + (attempt.seconds ?? 0), 0));
      const method = sparsify?.method ?? (hidden < 400 ? "small" : "dense");
      const error = Number((100 * (1 - summary.testAccuracy)).toFixed(4));
      rows.set(identity, { identity, cell, method, hidden, seed, error, seconds });
    }
  }
  reader.close();
}
const sorted = [...rows.values()].sort((a, b) => (a.identity < b.identity ? -1 : 1));
writeFileSync(kept, stringify(sorted, { header: true }));

const methods = {
  dense: "dense",
  gradual: "gradual",
  iterative: "iterative, 5 rounds of 8 epochs",
  snip: "snip",
  rigl: "rigl",
  set: "set",
  random: "random",
  small: "dense, as many weights",
};
const cells = ["rnn-tanh", "lstm", "gru"];
const written = cells.flatMap((cell) => [cellNames[cell], "seconds"]);
const head = [["method", ...written], Array(2 * cells.length + 1).fill("---")];
const body = Object.entries(methods).map(([method, title]) => [
  title,
  ...cells.flatMap((cell) => {
    const own = [...rows.values()].filter((row) => row.cell === cell && row.method === method);
    if (own.length === 0) return ["", ""];
    const errors = own.map(({ error }) => error).sort((a, b) => a - b);
    const [least, most] = [errors[0], errors.at(-1)].map((error) => error.toFixed(2));
    const spread = own.length > 1 ? ` (${least} to ${most})` : "";
    const seeds = own.length === 3 ? "" : `, ${own.length} ${own.length === 1 ? "seed" : "seeds"}`;
    const seconds = Math.min(...own.map((row) => row.seconds));
    return [`${mean(errors).toFixed(2)} %${spread}${seeds}`, decimal(seconds)];
  }),
]);
const table = [...head, ...body].map((line) => `| ${line.join(" | ")} |`).join("\n");
const page = new URL("../docs/sparsify.md", import.meta.url);
const text = readFileSync(page, "utf8");
writeFileSync(
  page,
  text.replace(/<!-- mnist -->\n[\s\S]*?<!-- end -->/, `<!-- mnist -->\n\n${table}\n\n<!-- end -->`),
);
