// Results are the same to the last bit on every instruction set with a fused multiply-add, that of WebAssembly among them,
// and on those without one; alone or beside other runs, in one call or in many, and across an interruption.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Pattern } from "../../src/bench/patterns.js";
import type { Batches } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { type Executor, optimiserKinds, optimisers, type TrainingState } from "../../src/engine/executor.js";
import type { Plan } from "../../src/engine/plan.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import {
  adam,
  batchesOf,
  compiledOn,
  everyStep,
  fitted,
  forecasting,
  fused,
  layers,
  networkWith,
  over,
  overValues,
  reading,
  skips,
  symbolsTo,
  twoWay,
  twoWayWeb,
  unfused,
  web,
} from "./setups.js";

const shapes: { name: string; architecture(kind: CellKind): Architecture; symbols: number; size: number }[] =
  [
    { name: "13, 14, 50", architecture: (k) => layers(k, 7, 13, 14, 50), symbols: 7, size: 32 },
    { name: "3, 17, more than one tile", architecture: (k) => layers(k, 5, 3, 17), symbols: 20, size: 70 },
    { name: "skips, 40 symbols", architecture: skips, symbols: 40, size: 16 },
    { name: "web", architecture: web, symbols: 5, size: 9 },
    { name: "two-way web, more than one tile", architecture: twoWayWeb, symbols: 5, size: 40 },
    { name: "28 channels", architecture: (k) => overValues(28, layers(k, 1, 40)), symbols: 1, size: 20 },
    {
      name: "3 channels, two-way forecast",
      architecture: (k) => forecasting(everyStep(overValues(3, twoWay(k, 1, 17, 9)))),
      symbols: 1,
      size: 33,
    },
  ];
const forms: { form: "dense" | "sparse"; density: number; hidden: number; pattern?: Pattern }[] = [
  { form: "dense", density: 1, hidden: 1 },
  { form: "sparse", density: 0.3, hidden: 0.3 },
  { form: "sparse", density: 0.3, hidden: 1 },
  { form: "sparse", density: 0.3, hidden: 0.3, pattern: { rows: 4, columns: 1 } },
  { form: "sparse", density: 0.3, hidden: 0.3, pattern: { rows: 16, columns: 4 } },
];

interface Run {
  plan: Plan;
  parameters: Float32Array;
  batches: Batches;
}

function setUp(
  shape: (typeof shapes)[number],
  kind: CellKind,
  { form, density, hidden, pattern }: (typeof forms)[number],
): Run {
  const random = new Random(`${shape.name} ${kind}`);
  const { architecture, symbols, size } = shape;
  const network = networkWith(over(symbols + 1, architecture(kind)), density, random, hidden, pattern);
  const drawn = batchesOf(random, [size, size, 1, size, size >> 1, size], 40, symbols);
  const batches = fitted(random, network.architecture, drawn);
  const plan = compile(network, { batch: size, steps: 40, symbols: symbolsTo(symbols), form });
  return { plan, parameters: network.parameters, batches };
}

/** Trains for five passes over the batches. */
async function train(executor: Executor, batches: Batches): Promise<string> {
  const hash = createHash("sha256");
  for (let epoch = 0; epoch < 5; epoch++) {
    const { losses } = await executor.train(batches, 0, batches.count, adam());
    hash.update(losses);
  }
  return hash.digest("hex") + fingerprint(executor);
}

function fingerprint(executor: Executor): string {
  const { parameters, firstMoment, secondMoment, step } = executor.state();
  const hash = createHash("sha256").update(String(step));
  for (const vector of [parameters, firstMoment, secondMoment]) hash.update(vector);
  return hash.digest("hex");
}

const alike = [fused, unfused].filter((sets) => sets.length > 1);

describe.each(alike.flatMap((sets) => cellKinds.map((kind) => [sets, kind] as const)))(
  "%s agree to the last bit, %s",
  (exact, kind) => {
    for (const shape of shapes) {
      it.each(forms)(`${shape.name}, $form`, async (form) => {
        const { plan, parameters, batches } = setUp(shape, kind, form);
        const trained = await Promise.all(
          exact.map((isa) => train(compiledOn(isa, plan, parameters), batches)),
        );
        expect(new Set(trained).size).toBe(1);
        const logits = await Promise.all(
          exact.map(async (isa) => {
            const executor = compiledOn(isa, plan, parameters);
            const { losses, counts, correct, outputs } = await executor.evaluate(
              reading(batches, "last-step"),
              "outputs",
            );
            return { losses, counts, correct, outputs };
          }),
        );
        for (const other of logits) expect(other).toEqual(logits[0]);
      });
    }
  },
);

describe.skipIf(fused.length === 0).each(cellKinds)("a run of %s is the same to the last bit", (kind) => {
  const [isa] = fused;
  const runs = forms.map((form) => ({ ...form, ...setUp(shapes[0], kind, form) }));

  it.each(runs)("a second time and beside other runs, $form", async ({ plan, parameters, batches }) => {
    const alone = await train(compiledOn(isa, plan, parameters), batches);
    const crowd = Array.from({ length: 4 }, () => train(compiledOn(isa, plan, parameters), batches));
    for (const hash of await Promise.all(crowd)) expect(hash).toBe(alone);
  });

  it.each(forms)("on 1, 2 or 4 threads, $form", async (form) => {
    // 70 examples are three tiles.
    for (const shape of [shapes[1], shapes[6]]) {
      const { plan, parameters, batches } = setUp(shape, kind, form);
      const [one, ...others] = await Promise.all(
        [1, 2, 4].map(async (threads) => {
          const executor = compiledOn(isa, plan, parameters, threads);
          const trained = await train(executor, batches);
          const { outputs } = await executor.evaluate(batches, "outputs");
          return { trained, outputs };
        }),
      );
      for (const other of others) expect(other).toEqual(one);
    }
  });

  it.each(runs)("interrupted between any two batches, $form", async ({ plan, parameters, batches: own }) => {
    const batches = reading(own, "last-step");
    const whole = compiledOn(isa, plan, parameters);
    await whole.train(batches, 0, batches.count, adam());
    let part = compiledOn(isa, plan, parameters);
    for (let i = 0; i < batches.count; i++) {
      await part.train(batches, i, i + 1, adam());
      // What comes between must leave no trace, nor may anything but the state count.
      await part.evaluate(batches);
      part.gradient(own, 0);
      const state = part.state();
      part = compiledOn(isa, plan, parameters);
      part.setState(state);
    }
    expect(fingerprint(part)).toBe(fingerprint(whole));
  });
});

describe.each([fused, unfused].filter((sets) => sets.length > 1).map((sets) => [sets] as const))(
  "on %s, moments that fade away",
  (sets) => {
    it.each(optimiserKinds)("are flushed to zero alike by %s", async (kind) => {
      const { plan, parameters, batches } = setUp(shapes[0], "gru", forms[0]);
      const random = new Random("fading");
      const faint = () => Float32Array.from(parameters, () => 10 ** (-37.9 + 5 * random.uniform()));
      const state: TrainingState = {
        parameters: faint(),
        firstMoment: faint().map((v) => (random.uniform() < 0.5 ? -v : v)),
        secondMoment: faint(),
        step: 3,
      };
      // Nothing counts, so that there is no gradient.
      const classWeights = new Float32Array(plan.outputs);
      for (const epsilon of [1e-8, 1e-36]) {
        const optimiser = { ...optimisers[kind], epsilon, weightDecay: 0.01 };
        const states = [];
        for (const name of sets) {
          const executor = compiledOn(name, plan, parameters);
          executor.setState(state);
          // The batch of a single string.
          for (let i = 0; i < 100; i++)
            await executor.train(batches, 2, 3, { optimiser, rates: 0.01, classWeights });
          states.push(fingerprint(executor));
        }
        expect(new Set(states).size).toBe(1);
      }
    });
  },
);
