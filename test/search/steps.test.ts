// Searches on texts and on series to be forecast: what they find is the same from wherever they go on, the lowest loss on what is held
// out wins, what judges in the end is not looked at, and inputs that matter are found among others that do not.
import { describe, expect, it } from "vitest";
import type { Sequences } from "../../src/data/sequences.js";
import { createTextData } from "../../src/data/text.js";
import { edgesOf } from "../../src/graph/graph.js";
import { layerGraph } from "../../src/graph/layers.js";
import { Random } from "../../src/math/random.js";
import { maskVector } from "../../src/network/masks.js";
import { type Network, tensorNames } from "../../src/network/network.js";
import { correctedStructure } from "../../src/network/structure.js";
import { taskOf } from "../../src/network/tasks.js";
import { forecastSubject, type Subject, textSubject } from "../../src/search/subject.js";
import { findTopology, type TopologyOptions, type TopologySettings } from "../../src/search/topology.js";
import { evaluateForecast, forecast, splitSeries } from "../../src/train/forecast.js";
import { evaluateTexts, nextSymbol } from "../../src/train/language.js";
import type { EpochMetrics } from "../../src/train/task.js";
import { train } from "../../src/train/train.js";

const text = "the cat sat on the mat, and the hat sat on the cat; that is that. ".repeat(20);
const encoded = createTextData([{ name: "rhyme", text }]);
const { vocabulary } = encoded;
const texts = { vocabulary, texts: encoded.train.texts, names: ["rhyme"] };
/** Windows of which an epoch that begins later has one less. */
const windowed = { window: 24, batch: 3, held: 0.25 };

/** Two channels of a wave and noise, one series longer than the other. */
function wavesOf(seed: number, steps = [260, 200]): Sequences {
  const random = new Random(seed);
  const values = steps.map((count) =>
    Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i / 9) + 0.2 * random.uniform()),
  );
  return { channels: ["a", "b"], values };
}

const series = splitSeries(wavesOf(1), 0.75, "waves");

const subjects: Record<"texts" | "forecasts", Subject> = {
  texts: textSubject(texts, windowed),
  forecasts: forecastSubject(series, { window: 24, batch: 4, held: 0.25, horizon: 2 }),
};

const graphs: TopologySettings = {
  cell: "gru",
  epochs: 4,
  learningRate: 0.01,
  candidates: 4,
  space: "edges",
  searcher: "top-k",
  budget: 16,
  units: 10,
  layers: 3,
};

async function find(
  subject: Subject,
  settings: Partial<TopologySettings>,
  more: Partial<TopologyOptions> = {},
) {
  const saved: Uint8Array[] = [];
  const rows: Readonly<Record<string, number>>[] = [];
  const found = await findTopology(
    subject,
    { ...graphs, ...settings },
    {
      seed: 3,
      onSave(_, metrics, bytes) {
        saved.push(bytes.slice());
        rows.push(metrics);
      },
      ...more,
    },
  );
  return { found, saved, rows };
}

describe.each(["texts", "forecasts"] as const)("a search on %s", (learnt) => {
  const subject = subjects[learnt];

  it.each(["top-k", "hard-concrete", "mixture", "gradual", "evolution"] as const)(
    "by %s comes to the same graph from wherever it goes on",
    async (searcher) => {
      const { found, saved } = await find(subject, { searcher });
      const edges = edgesOf(found.graph!);
      expect(edges).toHaveLength(16);
      expect(saved).toHaveLength(4);
      for (const resume of saved.slice(0, -1))
        expect(edgesOf((await find(subject, { searcher }, { resume })).found.graph!)).toEqual(edges);
      const other = await find(subject, { searcher }, { seed: 4 });
      expect(edgesOf(other.found.graph!)).not.toEqual(edges);
    },
  );

  it.each(["weights", "densities"] as const)("chooses %s of a network for the task", async (space) => {
    const settings = { space, searcher: "mixture", budget: 100, units: 6, layers: 1 } as const;
    const { found } = await find(subject, settings);
    expect(found.size).toBe(100);
    expect(taskOf(found.network!)).toBe(learnt === "texts" ? "next" : "forecast");
    expect(maskVector((await find(subject, settings)).found.network!)).toEqual(maskVector(found.network!));
  });

  it("takes the graph of the lowest loss on what is held out", async () => {
    const settings = { searcher: "best-of-random", epochs: 1 } as const;
    const { found, rows } = await find(subject, settings);
    const { criterion, values } = found.candidates!;
    expect(criterion).toBe("heldLoss");
    expect(rows.map(({ heldLoss }) => heldLoss)).toEqual(values);
    const best = values.indexOf(Math.min(...values));
    expect(rows.at(-1)).toMatchObject({ bestHeldLoss: values[best] });
    // The first candidates do not depend on how many there will be, so that the best is the last of as many as come up to it.
    const upTo = await find(subject, { ...settings, candidates: best + 1 });
    expect(edgesOf(upTo.found.graph!)).toEqual(edgesOf(found.graph!));
    expect(upTo.found.candidates!.values).toEqual(values.slice(0, best + 1));
    if (best === 0) return;
    const before = await find(subject, { ...settings, candidates: best });
    expect(edgesOf(before.found.graph!)).not.toEqual(edgesOf(found.graph!));
  });
});

const graph = (await find(subjects.texts, { searcher: "random" })).found.graph!;
const structure = correctedStructure(layerGraph(graph), "gru");
const short = { epochs: 2, learningRate: 0.01, seed: 5 };

/** A trained network, and its loss on what is held out after the last epoch. */
async function lossOf(network: Network, subject: Subject): Promise<[trained: Network, loss?: number]> {
  const rows: EpochMetrics[] = [];
  const trained = await train(network, subject.task(network), {
    ...short,
    onEpoch: (_, metrics) => void rows.push(metrics),
  });
  expect(rows[0]).not.toHaveProperty("testLoss");
  return [trained, rows[1].testLoss];
}

describe("what is held out", () => {
  it("of a text is its end, read once after the last epoch", async () => {
    const subject = subjects.texts;
    const network = subject.network(structure, new Random(1));
    const [own, loss] = await lossOf(network, subject);
    const [whole] = encoded.train.texts;
    const end = Math.round(0.75 * whole.length);
    const [learnt, held] = [whole.subarray(0, end), whole.subarray(end)];
    const { nats } = await evaluateTexts(own, [held]);
    expect(loss).toBe(nats);
    const task = nextSymbol(
      { vocabulary, train: { texts: [learnt] }, validation: { texts: [held] } },
      windowed,
    );
    // With one epoch there is none to choose, so that both trainings end with the same network.
    const [one, other] = await Promise.all(
      [task, subject.task(network)].map((own) => train(network, own, { ...short, epochs: 1 })),
    );
    expect(one.parameters).toEqual(other.parameters);
  });

  it("of series is the end of each, in their own units", async () => {
    const subject = subjects.forecasts;
    const network = subject.network(structure, new Random(1));
    const [own, loss] = await lossOf(network, subject);
    const parts = splitSeries(series.train, 0.75, "waves");
    const { meanSquaredError } = await evaluateForecast(own, parts.validation, { batch: 4 });
    expect(loss).toBe(meanSquaredError);
    const task = forecast(network, { train: parts.train }, { window: 24, batch: 4 });
    const other = await train(network, task, short);
    expect(own.parameters).toEqual(other.parameters);
  });

  it("does not overlap with what gates that need data of their own are not to see", () => {
    const network = subjects.forecasts.network(structure, new Random(1));
    const { batches, updates } = subjects.forecasts.held(network).epoch(1, new Random(1));
    const { targets } = batches(0, updates);
    // Of 195 and 150 steps the last 49 and 38, in two channels; of the longer ones as many lanes as of the shorter.
    expect(targets.filter((value) => !Number.isNaN(value)).length).toBe(2 * (49 + 38));
  });

  it("may be other data", async () => {
    const other = createTextData([{ name: "rhyme", text: text.split("").reverse().join("") }], {
      vocabulary,
    });
    const named = textSubject(
      { ...texts, validation: { texts: other.train.texts, names: ["reversed"] } },
      windowed,
    );
    const network = named.network(structure, new Random(1));
    const [own, measured] = await lossOf(network, named);
    expect(measured).toBe((await evaluateTexts(own, other.train.texts)).nats);
    const validation = { series: wavesOf(2) };
    const ofSeries = forecastSubject({ train: series.train, validation }, { ...windowed, batch: 4 });
    const forecasting = ofSeries.network(structure, new Random(1));
    const [trained, error] = await lossOf(forecasting, ofSeries);
    expect(error).toBe((await evaluateForecast(trained, validation, { batch: 4 })).meanSquaredError);
  });

  it("is not what judges in the end, at which a search does not look", async () => {
    // The same up to where what judges begins, and other numbers from there on.
    const changed = wavesOf(1);
    for (const [row, own] of changed.values.entries()) own.fill(7, 2 * series.validation.from[row]);
    const others = splitSeries(changed, 0.75, "waves");
    const another = forecastSubject(others, { window: 24, batch: 4, held: 0.25, horizon: 2 });
    for (const searcher of ["mixture", "evolution"] as const) {
      const [own, other] = await Promise.all(
        [subjects.forecasts, another].map((subject) => find(subject, { searcher })),
      );
      expect(edgesOf(other.found.graph!)).toEqual(edgesOf(own.found.graph!));
    }
  });

  it("needs texts and series that are long enough", () => {
    expect(() =>
      textSubject({ ...texts, texts: [texts.texts[0].subarray(0, 90)] }, { ...windowed, batch: undefined }),
    ).toThrow(
      "rhyme: its 90 symbols are too few to hold some out for a search: what is learnt and what is held out take 25 each",
    );
    const two = { channels: ["a"], values: [Float32Array.of(1, 2)] };
    expect(() => forecastSubject({ train: two }, { held: 0.25, where: "two.csv" })).toThrow(
      "two.csv, series 1: its 2 steps are too few to hold some out for a search; give more, or validation data",
    );
  });
});

describe("a planted forecast", () => {
  // Of eight channels of noise one is what the target will be a step later.
  const [channels, steps, told] = [8, 400, 5];
  const random = new Random(7);
  const values = Float32Array.from({ length: channels * steps }, () => random.normal());
  const target = Float32Array.from({ length: steps }, (_, t) =>
    t === 0 ? 0 : values[(t - 1) * channels + told],
  );
  const planted: Sequences = {
    channels: Array.from({ length: channels }, (_, c) => `x${c}`),
    values: [values],
    target: { kind: "numbers", names: ["y"], of: [target] },
  };
  const subject = forecastSubject({ train: planted }, { window: 20, batch: 8, held: 0.25 });
  const settings = { cell: "rnn-tanh", space: "weights", units: 6, layers: 1, budget: 12 } as const;

  /** Weights of the channel that tells, of six that there are; of twelve drawn at random 0.9 are expected. */
  async function hits(searcher: TopologySettings["searcher"]): Promise<number> {
    const { found } = await find(subject, { ...settings, searcher, epochs: 60 });
    const mask = found.network!.masks.get(tensorNames("0").weightIh)!;
    return mask.filter((bit, i) => bit === 1 && i % channels === told).length;
  }

  it.each(["top-k", "hard-concrete", "mixture"] as const)("is found by %s", async (searcher) => {
    expect(await hits(searcher)).toBeGreaterThanOrEqual(4);
  });

  it("is not found by chance", async () => {
    expect(await hits("random")).toBeLessThanOrEqual(3);
  });
});
