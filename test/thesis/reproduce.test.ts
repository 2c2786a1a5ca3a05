// A reproduction whose trials are made up: the kinds have the names and versions of the real ones and so the same
// identities, but end at once. What is tested is what comes after: prediction, tables and report.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isText } from "../../src/experiments/data.js";
import { pruneKind } from "../../src/experiments/pruning.js";
import { NETWORK } from "../../src/experiments/recording.js";
import { graphOf, structureKind } from "../../src/experiments/structures.js";
import { trainKind } from "../../src/experiments/training.js";
import { makeFolder } from "../../src/files.js";
import { moreGraphProperties } from "../../src/graph/more-properties.js";
import { graphProperties } from "../../src/graph/properties.js";
import { Random } from "../../src/math/random.js";
import { initialise, stack } from "../../src/network/network.js";
import { saveNetwork } from "../../src/network/weights.js";
import { kindsOf } from "../../src/study/kind.js";
import { runStudy } from "../../src/study/runner.js";
import { Store } from "../../src/study/store.js";
import { type ReproduceOptions, reproduce, studiesOf } from "../../src/thesis/reproduce.js";
import { encodeNotes, TEXT_NOTES } from "../../src/train/text-notes.js";
import { expectSound } from "../report/sound.js";
import { testFolder } from "../study/folder.js";
import { textTraining } from "./report/sample.js";

const path = testFolder();

const network = saveNetwork(
  initialise(stack({ cell: "gru", hidden: 4, layers: 1, embedding: 4 }), new Random(1)),
);
const learnt = { trainLoss: 0.5, trainAccuracy: 0.7, testLoss: 0.4, testAccuracy: 0.8 };

/** @param failing the number of the graph, one of each family, whose trials fail. */
const madeUp = (failing?: number) =>
  kindsOf(
    {
      ...trainKind,
      run: ({ data }) =>
        Promise.resolve({
          summary: isText(data) ? { validationLoss: 1.5, bestEpoch: 1, parameters: 9 } : learnt,
          artifacts: {
            [NETWORK]: network,
            ...(isText(data) && { [TEXT_NOTES]: encodeNotes(textTraining.notes) }),
          },
        }),
    },
    { ...pruneKind, run: () => Promise.resolve({ summary: learnt, artifacts: { [NETWORK]: network } }) },
    {
      ...structureKind,
      run({ graph }, { seed }) {
        if ("number" in graph && graph.number === failing && graph.family === "barabasi_albert")
          throw new Error("it fails");
        const drawn = graphOf(graph);
        const properties = graphProperties(drawn);
        const testAccuracy = Math.min(1, properties.nodes / 60 + seed / 100);
        const summary = { ...learnt, ...properties, ...moreGraphProperties(drawn), testAccuracy };
        return Promise.resolve({ summary, artifacts: {} });
      },
    },
  );

/** A folder in which every trial has ended. */
async function ended(name: string, seeds: readonly number[], failing?: number): Promise<ReproduceOptions> {
  const options = { scale: "quick", protocol: "thesis", out: path(name), seeds, command: "test" } as const;
  makeFolder(options.out);
  const store = Store.open(path(`${name}/store.db`));
  for (const study of studiesOf(options)) await runStudy(study, { store, kinds: madeUp(failing) });
  store.close();
  return options;
}

const written = (name: string) => {
  expectSound(readFileSync(path(`${name}/report.html`), "utf8"));
  for (const protocol of ["thesis", "corrected"])
    expect(existsSync(path(`${name}/structures-${protocol}-gru.csv`))).toBe(true);
  return JSON.parse(readFileSync(path(`${name}/results.json`), "utf8"));
};

describe("a reproduction", () => {
  it("is reported without a prediction where replicates hide that there are too few graphs", async () => {
    const options = await ended("few", [1, 2], 3);
    const { prediction, failed, language } = await reproduce(options);
    expect(prediction).toEqual([]);
    expect(language).toMatchObject({ cell: "gru", nats: 1.5, notes: textTraining.notes });
    expect(failed).toBe(16);
    expect(written("few").facts.complete).toBe(false);
  });

  it("is reported with the predictions so far when it is stopped during them", async () => {
    const options = await ended("stopped", [1]);
    const controller = new AbortController();
    const { prediction, facts } = await reproduce({
      ...options,
      signal: controller.signal,
      onPrediction: (share) => {
        if (share > 1 / 8) controller.abort(new Error("stopped"));
      },
    });
    expect(prediction.map(({ protocol, cell }) => [protocol, cell])).toEqual([["thesis", "rnn-tanh"]]);
    expect(facts.complete).toBe(false);
    expect(written("stopped")).toMatchObject({ facts: { complete: false }, prediction: [{}] });
    expect(JSON.parse(readFileSync(path("stopped/run.json"), "utf8")).seconds).toBeGreaterThan(0);
  });

  it("ends with the error of a prediction, beside which the control was running", async () => {
    const onPrediction = () => {
      throw new Error("the screen is gone");
    };
    await expect(reproduce({ ...(await ended("broken", [1])), onPrediction })).rejects.toThrow(
      "the screen is gone",
    );
    expect(existsSync(path("broken/report.html"))).toBe(false);
  });
});
