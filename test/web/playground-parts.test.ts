// The parts of the playground that need no page: what stands in its address, its automata, its curves.
import { describe, expect, it } from "vitest";
import { accepts } from "../../src/data/grammar.js";
import { builtInGrammar, grammarNames } from "../../src/data/grammars.js";
import { maskVector } from "../../src/network/masks.js";
import { saveNetwork } from "../../src/network/weights.js";
import { partsOf } from "../../src/sparsify/parts.js";
import { drawnArcs, pathOf, placesOf } from "../../src/web/playground/automaton.js";
import { Course } from "../../src/web/playground/course.js";
import { type Edit, formatEdits, parseEdits, withEdit } from "../../src/web/playground/edits.js";
import {
  commandsOf,
  type Experiment,
  fromAddress,
  isOpenEnded,
  standard,
  toAddress,
} from "../../src/web/playground/experiment.js";
import { subjectOf } from "../../src/web/playground/subject.js";
import { grammarTasks } from "../../src/web/playground/tasks.js";
import { edgeWeights, pairsOf, unitsOf } from "../../src/web/playground/units.js";
import { wiringChoices } from "../../src/web/playground/wiring.js";

describe("an address", () => {
  const other: Experiment = {
    task: "text",
    cell: "lstm",
    hidden: 10,
    layers: 3,
    learn: "label",
    wiring: "erdos-renyi",
    units: 30,
    edges: 70,
    method: "rigl",
    density: 0.25,
    pattern: "2:4",
    rate: 0.02,
    schedule: "cosine",
    epochs: 7,
    batch: 4,
    seed: 99,
    edits: [{ step: 3, kind: "prune", percent: 12.5 }],
    text: "A text & more = 100 %\nof it.",
    from: "a#b.safetensors",
  };

  it("is empty of what is as usual, and holds what is not", () => {
    expect(toAddress(standard)).toBe("");
    expect(fromAddress("")).toEqual(standard);
    expect(fromAddress(`#${toAddress(other)}`)).toEqual(other);
    const onFile = { ...standard, task: "file", file: "my data.csv" };
    expect(fromAddress(toAddress(onFile))).toEqual(onFile);
  });

  it("names a text that is too long for a link", () => {
    const { text, file } = fromAddress(toAddress({ ...standard, task: "text", text: "long ".repeat(5000) }));
    expect({ text, file }).toEqual({ text: undefined, file: "playground.txt" });
  });

  it("of nonsense is as usual", () => {
    const address =
      "task=nothing&cell=grrr&hidden=-3&layers=x&density=0&rate=1e9&seed=1.5&edits=5q;x;7p900;8c1.5&other=1";
    expect(fromAddress(address)).toEqual(standard);
  });
});

describe("edits", () => {
  const edits: Edit[] = [
    { step: 0, kind: "below", threshold: 0.0123 },
    { step: 5, kind: "prune", percent: 80 },
    { step: 5, kind: "cut", weights: [1, 20] },
    { step: 9, kind: "regrow", weights: [20] },
    { step: 10, kind: "regrow-all" },
  ];

  it("are read as they were written", () => {
    expect(formatEdits(edits)).toBe("0b0.0123;5p80;5c1,20;9r20;10a");
    expect(parseEdits(formatEdits(edits))).toEqual(edits);
    expect(parseEdits(formatEdits([{ step: 1, kind: "below", threshold: 1e-7 }]))).toEqual([
      { step: 1, kind: "below", threshold: 1e-7 },
    ]);
  });

  it("of the same kind at the same update are one", () => {
    const cut = (step: number, ...weights: number[]): Edit => ({ step, kind: "cut", weights });
    expect(withEdit(withEdit([], cut(1, 4)), cut(1, 5))).toEqual([cut(1, 4, 5)]);
    expect(withEdit([cut(1, 4)], cut(2, 5))).toEqual([cut(1, 4), cut(2, 5)]);
  });
});

describe("commands", () => {
  it("name all that decides, and nothing that is changed by hand", () => {
    const [generate, train] = commandsOf({ ...standard, method: "rigl" }, { baseline: false })!;
    expect(generate).toBe(
      "npx filigree data generate reber --count 4000 --negatives hard --min-length 5 --max-length 30 --seed 1 --out data",
    );
    expect(train).toBe(
      "npx filigree train --data data/train.csv --test data/test.csv --cell gru --hidden 24 --layers 2 --sparsify rigl --density 0.2 --learning-rate 0.003 --learning-rate-schedule constant --epochs 20 --batch 32 --seed 1 --out network.safetensors",
    );
    expect(
      commandsOf({ ...standard, edits: [{ step: 1, kind: "regrow-all" }] }, { baseline: false }),
    ).toBeUndefined();
  });

  it("quote names for a shell, and ask for the arithmetic without a fused multiply-add", () => {
    const experiment = { ...standard, task: "file", file: "it's mine.csv" };
    const [train] = commandsOf(experiment, { updates: 7, baseline: true })!;
    expect(train).toMatch(
      /^FILIGREE_ISA=baseline npx filigree train --data 'it'\\''s mine.csv' .* --updates 7 /,
    );
  });

  it("may be for any update where updates do not depend on how many there will be", () => {
    expect(isOpenEnded(standard)).toBe(true);
    expect(isOpenEnded({ ...standard, method: "snip" })).toBe(true);
    for (const settings of [{ method: "gradual" }, { schedule: "cosine" }, { task: "text" }] as const)
      expect(isOpenEnded({ ...standard, ...settings })).toBe(false);
  });
});

it("a network that was opened says what is to be learnt of a file", () => {
  const rows = Array.from({ length: 200 }, (_, t) => `${t},${Math.sin(t / 5)},${t % 3}`);
  const data = {
    name: "series.csv",
    bytes: new TextEncoder().encode(["time,load,wind", ...rows].join("\n")),
  };
  const onFile = { ...standard, task: "file", file: data.name, hidden: 3, layers: 1, batch: 4 };
  const { network } = subjectOf({ ...onFile, learn: "forecast" }, { data });
  const from = { name: "forecast.safetensors", bytes: saveNetwork(network) };
  const { task, data: read } = subjectOf({ ...onFile, from: from.name }, { data, from });
  expect(task.name).toBe("forecast");
  expect(read).toMatchObject({ kind: "numbers", numbers: { task: "forecast" } });
});

describe("a graph", () => {
  const wired = { ...standard, wiring: "watts-strogatz", units: 12, edges: 20 } as const;

  it("has the units and edges that are wanted, by chance of the seed", () => {
    for (const wiring of wiringChoices.slice(1)) {
      const graphs = [1, 2, 1].map(
        (seed) => unitsOf(subjectOf({ ...wired, wiring, seed }, {}).network) ?? expect.fail(),
      );
      expect(graphs[0].layers.flat()).toEqual(Array.from({ length: 12 }, (_, i) => i));
      expect(graphs[0].edges).toHaveLength(20);
      expect(graphs[2]).toEqual(graphs[0]);
      expect(graphs[1]).not.toEqual(graphs[0]);
    }
  });

  it("has a weight of each gate for every edge forward, whether it exists or not", () => {
    const { network } = subjectOf(wired, {});
    const { layers, edges } = unitsOf(network)!;
    const weights = edgeWeights(network.architecture, partsOf(network));
    const mask = maskVector(network);
    const isEdge = new Set(edges.map(String));
    const pairs = pairsOf(layers);
    for (const pair of pairs) {
      const own = weights(pair);
      expect(own).toHaveLength(3);
      expect(own.map((weight) => mask[weight])).toEqual(own.map(() => Number(isEdge.has(String(pair)))));
    }
    const all = pairs.flatMap(weights);
    expect(new Set(all).size).toBe(all.length);
    const inputs = [...network.tensors.values()].filter(({ name }) =>
      /^cells\.[1-9]\d*\.weight_ih/.test(name),
    );
    expect(all.length).toBe(inputs.reduce((sum, { length }) => sum + length, 0));
  });

  it("is none of a stack of layers, nor of a text", () => {
    expect(unitsOf(subjectOf(standard, {}).network)).toBeUndefined();
    expect(unitsOf(subjectOf({ ...wired, task: "text" }, {}).network)).toBeUndefined();
  });

  it("with too few edges is refused", () => {
    expect(() => subjectOf({ ...wired, edges: 5 }, {})).toThrow(
      "connects 12 nodes with 5 edges; use another budget or another family",
    );
  });
});

describe("tasks", () => {
  it("are all grammars, with strings enough", () => {
    expect(grammarTasks.map(({ grammar }) => grammar)).toEqual(grammarNames);
  });

  it.each(grammarTasks)("$grammar has strings of both kinds", ({ grammar, count }) => {
    const { data } = subjectOf({ ...standard, task: grammar, hidden: 2, layers: 1 }, {});
    if (data.kind !== "strings") throw new Error(data.kind);
    const { train, test } = data.sets;
    expect(train.strings.length + test.strings.length).toBe(count);
    for (const { strings, labels } of [train, test]) {
      const right = strings.map((string) => Number(accepts(builtInGrammar(grammar), string)));
      expect([...labels]).toEqual(right);
    }
  });
});

describe.each(grammarNames)("the drawing of %s", (name) => {
  const grammar = builtInGrammar(name);

  it("has a place of its own for every state, and every arc", () => {
    const places = placesOf(grammar);
    expect(places).toHaveLength(grammar.arcs.length);
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(grammar.arcs.length);
    const arcs = drawnArcs(grammar).flatMap(({ from, to, symbols }) =>
      symbols.map((symbol) => `${from}${symbol}${to}`),
    );
    const all = grammar.arcs.flatMap((own, from) => own.map(({ symbol, to }) => `${from}${symbol}${to}`));
    expect(arcs.sort()).toEqual(all.sort());
  });
});

it("a string goes through the states of its automaton until it leaves them", () => {
  const reber = builtInGrammar("reber");
  const path = pathOf(reber, "BTSXSE");
  expect(path).toHaveLength(7);
  expect(reber.accepting[path.at(-1)!]).toBe(true);
  expect(pathOf(reber, "BXE").slice(1)).toEqual([1, undefined, undefined]);
});

describe("a curve", () => {
  it("keeps every value as long as there are few", () => {
    const course = new Course();
    course.push(0, [3, 1]);
    course.push(2, [2]);
    expect(course.points()).toEqual({ steps: [1, 2, 3], values: [3, 1, 2] });
  });

  it("keeps means of many, whatever came at once", () => {
    const values = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i / 50));
    const [atOnce, apart] = [new Course(), new Course()];
    atOnce.push(0, values);
    for (let first = 0; first < values.length; first += 7)
      apart.push(first, values.subarray(first, first + 7));
    const { steps, values: means } = atOnce.points();
    expect(apart.points()).toEqual({ steps, values: means });
    expect(means.length).toBeLessThanOrEqual(1200);
    const stride = steps[1] - steps[0];
    const own = values.subarray(stride, 2 * stride);
    expect(means[1]).toBeCloseTo(own.reduce((sum, value) => sum + value, 0) / stride, 12);
    expect(steps[1]).toBe(stride + (stride - 1) / 2 + 1);
  });

  it("forgets what came after a rewinding, and begins finely again", () => {
    const course = new Course();
    course.push(0, new Float32Array(5000).fill(1));
    course.push(2000, [5]);
    const { steps, values } = course.points();
    expect(steps.at(-1)).toBe(2001);
    expect(values.at(-1)).toBe(5);
    expect(values.filter((value) => value !== 1)).toEqual([5]);
    course.cut(0);
    course.push(0, [1, 2, 3]);
    expect(course.points().steps).toEqual([1, 2, 3]);
  });
});
