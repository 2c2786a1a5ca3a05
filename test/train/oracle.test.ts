// The author's own trained networks, pruned and evaluated as his code does: the number of correct strings, the nonzeros
// of every mask and the first logits must be those of PyTorch. The reference executor takes minutes for all of it, so
// here it checks a few settings; FILIGREE_ORACLE=all makes it check them all.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { executorNames } from "../../src/engine/engine.js";
import { readDataset } from "../../src/paths/datasets.js";
import { readNetwork } from "../../src/paths/networks.js";
import "../../src/thesis/format.js";
import { densities, prune } from "../../src/sparsify/prune.js";
import type { Target } from "../../src/sparsify/target.js";
import { evaluate } from "../../src/train/evaluate.js";
import { hasReference, reference, skipNote } from "../reference.js";

interface Setting {
  mode: string;
  target: Target | "none";
  percent: number;
  correct: number;
  total: number;
  loss: number;
  logits8: number[][];
  mask_nonzeros?: number[];
}

describe.skipIf(!hasReference)(`the pruning oracle${skipNote}`, () => {
  const settings: Setting[] = hasReference
    ? JSON.parse(readFileSync(reference("pruning/oracle.json"), "utf8"))
    : [];
  const all = process.env.FILIGREE_ORACLE === "all";
  for (const executor of executorNames) {
    const every = executor === "native" || all ? 1 : executor === "reference" ? 62 : 31;
    const chosen = settings.filter((_, i) => i % every === 17 % every);
    it(`${chosen.length} settings, ${executor}`, { timeout: 3_600_000 }, async () => {
      const dataset = readDataset(reference("dataset/test.csv"));
      let exact = 0;
      for (const setting of chosen) {
        const model = readNetwork(reference(`pruning/${setting.mode.toLowerCase()}.safetensors`));
        const { target, percent } = setting;
        const network = target === "none" ? model : prune(model, { target, percent });
        if (setting.mask_nonzeros) {
          expect(densities(network).map(({ nonzeros }) => nonzeros)).toEqual(setting.mask_nonzeros);
        }
        const result = await evaluate(network, dataset, { protocol: "thesis", batch: 32, executor });
        const where = `${setting.mode} ${target} ${percent}`;
        expect(result.total).toBe(setting.total);
        expect(Math.abs(result.correct - setting.correct), where).toBeLessThanOrEqual(1);
        if (result.correct === setting.correct) exact++;
        expect(Math.abs(result.sumOfBatchMeans - setting.loss), where).toBeLessThan(
          1e-3 * setting.loss + 1e-3,
        );
        for (const [i, value] of setting.logits8.flat().entries()) {
          expect(Math.abs(result.logits[i] - value), where).toBeLessThan(1e-4);
        }
      }
      console.log(`${executor}: ${exact} of ${chosen.length} settings have exactly as many correct strings`);
    });
  }
});
