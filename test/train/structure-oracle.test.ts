// The author's own random structures, evaluated as his code does: the number of correct strings and the first logits
// must be those of PyTorch. The reference executor takes half an hour for all of them, so here it evaluates the smallest
// of each cell and the native one a few; FILIGREE_ORACLE=all makes them evaluate all.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { executorNames } from "../../src/engine/engine.js";
import { readGraph } from "../../src/graph/files.js";
import { layerGraph } from "../../src/graph/layers.js";
import { readDataset } from "../../src/paths/datasets.js";
import { readStructure } from "../../src/paths/networks.js";
import { evaluate } from "../../src/train/evaluate.js";
import "../../src/thesis/format.js";
import { hasReference, reference, skipNote } from "../reference.js";

interface Entry {
  name: string;
  mode: string;
  features: { edges: number };
  correct: number;
  total: number;
  loss: number;
  logits8: number[][];
}

describe.skipIf(!hasReference)(`the oracle of random structures${skipNote}`, () => {
  const entries: Entry[] = hasReference
    ? JSON.parse(readFileSync(reference("structures/oracle.json"), "utf8"))
    : [];
  for (const executor of executorNames) {
    const few = executor === "native" ? entries.filter((_, i) => i % 8 === 7) : smallest(entries);
    const chosen = process.env.FILIGREE_ORACLE === "all" ? entries : few;
    it(`${chosen.length} networks, ${executor}`, { timeout: 3_600_000 }, async () => {
      const dataset = readDataset(reference("dataset/test.csv"));
      for (const { name, correct, total, loss, logits8 } of chosen) {
        const file = reference(`structures/${name}.graph.json`);
        const source = { graph: layerGraph(readGraph(file)), name: file };
        const network = readStructure(reference(`structures/${name}.safetensors`), source);
        const result = await evaluate(network, dataset, { protocol: "thesis", batch: 128, executor });
        expect(result.total).toBe(total);
        expect(Math.abs(result.correct - correct), name).toBeLessThanOrEqual(2);
        expect(Math.abs(result.sumOfBatchMeans - loss), name).toBeLessThan(1e-3 * loss + 1e-3);
        for (const [i, value] of logits8.flat().entries()) {
          expect(Math.abs(result.logits[i] - value), name).toBeLessThan(1e-4);
        }
      }
    });
  }
});

/** The network with the fewest edges of each cell. */
function smallest(entries: readonly Entry[]): Entry[] {
  const byCell = new Map<string, Entry>();
  for (const entry of entries.toSorted((a, b) => b.features.edges - a.features.edges))
    byCell.set(entry.mode, entry);
  return [...byCell.values()];
}
