// SNIP of PyTorch's language models, by the first window of the text: the numbers of weights that each matrix keeps, and which.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTextData } from "../../src/data/text.js";
import { parse } from "../../src/network/safetensors.js";
import { readFor } from "../../src/network/tasks.js";
import { readNetwork } from "../../src/paths/networks.js";
import { densities, prune } from "../../src/sparsify/prune.js";
import { nextSymbol } from "../../src/train/language.js";
import { gradientOn } from "../../src/train/train.js";
import { reference, skipNote } from "../reference.js";
import { executors } from "./subjects.js";

const masksOf = (name: string) => reference(`language/${name}.snip90.masks.safetensors`);

describe.skipIf(!existsSync(masksOf("gru")))(`the SNIP oracle${skipNote}`, () => {
  it.each<[string, number[]]>([
    ["gru", [1401, 1399, 1751, 633]],
    ["rnn_tanh", [624, 386, 488, 230]],
  ])("%s", (name, counts) => {
    const network = readFor(readNetwork(reference(`language/${name}.safetensors`)), "next", name);
    const text = readFileSync(reference("text/tinyshakespeare.txt"), "utf8");
    const data = createTextData([{ name: "text", text }], {
      vocabulary: network.conventions.vocabulary.symbols,
    });
    const task = nextSymbol(data, { batch: 32, window: 64 });
    const { tensors } = parse(readFileSync(masksOf(name)), name);
    const expected = [...tensors.values()].map(({ values }) =>
      Array.from(values as ArrayLike<number>, Number),
    );
    // The reference executor takes many seconds for the larger one.
    const all = process.env.FILIGREE_ORACLE === "all" || name === "rnn_tanh";
    for (const executor of executors.filter((own) => own === "native" || all)) {
      const gradient = gradientOn(network, task, { seed: 1, batches: 1, executor });
      const pruned = prune(network, { percent: 90, criterion: "snip", gradient });
      const own = densities(pruned);
      for (const [i, { nonzeros }] of own.entries()) {
        expect(Math.abs(nonzeros - counts[i]), `${own[i].name} on ${executor}`).toBeLessThanOrEqual(2);
      }
      expect(own.reduce((sum, { nonzeros }) => sum + nonzeros, 0)).toBe(
        counts.reduce((sum, count) => sum + count),
      );
      // Weights at the threshold may differ by the order of sums.
      const masks = own.map((matrix) => pruned.masks.get(matrix.name)!);
      for (const mask of masks) {
        const same = expected.filter(({ length }) => length === mask.length);
        const differing = Math.min(...same.map((bits) => bits.filter((bit, i) => bit !== mask[i]).length));
        expect(differing).toBeLessThanOrEqual(4);
      }
    }
  });
});
