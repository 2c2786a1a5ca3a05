import { existsSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { publishedPruning, publishedStructures, thesisCells } from "../../../src/thesis/published.js";

const folder = new URL("../../../../shared/reference/published/", import.meta.url);
const absent = !existsSync(folder);
if (absent)
  console.info("published.test: skipped in part, the folder with the published CSV files is absent");

function table(name: string): Record<string, string>[] {
  return parse(readFileSync(new URL(`${name}.csv`, folder)), { columns: true });
}

describe("published numbers", () => {
  it("are the thesis's own at a few places known by heart", () => {
    expect(publishedPruning("rnn-tanh").filter(({ criterion }) => criterion === "none")).toHaveLength(50);
    expect(publishedPruning("gru")).toHaveLength(50 + 3 * 10 * 11);
    expect(publishedStructures("gru").pearson.source_nodes).toBe(0.73844);
    expect(publishedStructures("gru").rSquared["random-forest"]).toBe(0.87635);
    expect(publishedStructures("lstm").importance["bayesian-ridge"]).toHaveProperty("layers");
  });

  it.skipIf(absent).each(thesisCells)("agree with the CSV files for %s", (cell) => {
    const file = cell.replace("-", "_");
    const modes = { none: file, both: `${file}_prune`, i2h: `${file}_prune_i2h`, h2h: `${file}_prune_h2h` };
    const published = new Map(
      table(`pruning_${file}`).map((row) => [`${row.mode} ${row.prune} ${row.epoch}`, row]),
    );
    const rows = publishedPruning(cell);
    expect(rows).toHaveLength(published.size);
    for (const { target, percent, epoch, testAccuracy, trainAccuracy, criterion } of rows) {
      const row = published.get(`${modes[target]} ${percent} ${epoch}`)!;
      expect(testAccuracy).toBeCloseTo(Number(row.test_acc), 5);
      if (criterion === "none") expect(trainAccuracy).toBeCloseTo(Number(row.train_acc), 5);
    }
    const structures = table(`structure_${file}`);
    const { families, rSquared } = publishedStructures(cell);
    for (const [family, { accuracy, nodes }] of Object.entries(families)) {
      const own = structures.filter(({ graph }) => graph === family);
      expect(nodes).toEqual(own.map((row) => Number(row.nodes)));
      own.forEach((row, i) => {
        expect(accuracy[i]).toBeCloseTo(Number(row.test_acc), 5);
      });
    }
    const scores = table("r_squared").find(({ mode }) => mode.toLowerCase() === file)!;
    expect(rSquared["bayesian-ridge"]).toBeCloseTo(Number(scores.BayesianRidge), 5);
  });
});
