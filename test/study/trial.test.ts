import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Kinds, kindsOf, type TrialKind } from "../../src/study/kind.js";
import { Schedule } from "../../src/study/schedule.js";
import { TrialResolver } from "../../src/study/trial.js";
import { testKinds } from "./kinds.js";

describe("a trial's identity", () => {
  const identity = (configuration: object, seed = 0, kinds = testKinds) =>
    new TrialResolver(kinds).resolve({ kind: "walk", configuration: configuration as never, seed }).identity;

  it("is the hash of its canonical description", () => {
    // sha256 of {"configuration":{"epochs":3,"rate":3.9,"sleep":0,"steps":100},"kind":"walk","seed":0,"version":1}
    expect(identity({})).toBe("3b2f6e3cf4e5a2cb60c49cdc1dfd7b212b94332be898bfcdfa5a783df28707e9");
  });

  it("does not depend on the order of keys or on defaults written out", () => {
    expect(identity({ steps: 100, rate: 3.9 })).toBe(identity({}));
    expect(identity({ rate: 3.8 })).not.toBe(identity({}));
    expect(identity({}, 1)).not.toBe(identity({}));
  });

  it("changes with the version of its kind", () => {
    const next = { ...testKinds.walk, version: 2 };
    expect(identity({}, 0, kindsOf(next))).not.toBe(identity({}));
  });

  it("changes with what it starts from, whatever else its configuration says", () => {
    const next = { ...testKinds.walk, version: 2 };
    const sequel = (kinds: Kinds) =>
      new TrialResolver(kinds).resolve({ kind: "sequel", configuration: {}, seed: 0 }).identity;
    expect(sequel(kindsOf(next, testKinds.sequel))).not.toBe(sequel(testKinds));
    expect(sequel(kindsOf(testKinds.walk, testKinds.sequel))).toBe(sequel(testKinds));
  });

  it("changes with the arithmetic of kinds that have one", () => {
    const on = (name: string) => kindsOf({ ...testKinds.walk, arithmetic: () => name });
    expect(identity({}, 0, on("native"))).toBe(identity({}, 0, on("native")));
    expect(identity({}, 0, on("native"))).not.toBe(identity({}, 0, on("reference")));
    expect(identity({}, 0, on("native"))).not.toBe(identity({}));
  });

  it("leaves out what a kind says decides nothing", () => {
    const { sleep: _, ...deciding } = { sleep: 0, rate: 3.9 };
    const patient = kindsOf({ ...testKinds.walk, identifying: () => deciding });
    expect(identity({ sleep: 5 }, 0, patient)).toBe(identity({ sleep: 6 }, 0, patient));
  });

  it("needs a whole seed", () => {
    expect(() => identity({}, 0.5)).toThrow("seed 0.5 is not a whole number");
    expect(() => identity({}, -1)).toThrow("seed -1");
  });
});

it("needs that go round are refused", () => {
  const round: TrialKind<{ n: number }> = {
    name: "round",
    version: 1,
    schema: z.strictObject({ n: z.number() }),
    needs: ({ n }, seed) => [{ kind: "round", configuration: { n: 1 - n }, seed }],
    run: () => Promise.reject(new Error("never")),
  };
  const resolve = () =>
    new TrialResolver(kindsOf(round)).resolve({ kind: "round", configuration: { n: 0 }, seed: 0 });
  expect(resolve).toThrow("its needs go round in a circle");
});

describe("the schedule", () => {
  const specs = [2, 3].flatMap((factor) => [
    { kind: "sequel", configuration: { factor }, seed: 0 },
    { kind: "sequel", configuration: { factor }, seed: 1 },
  ]);

  function schedule(finished: (name: string) => boolean = () => false) {
    const resolver = new TrialResolver(testKinds);
    const order = specs.map((spec) => resolver.resolve(spec).identity);
    const names = new Map(
      [...resolver.trials.values()].map(({ identity, kind, seed, configuration }) => [
        identity,
        kind === "walk" ? `walk ${seed}` : `sequel ${seed} ${configuration.factor}`,
      ]),
    );
    const done = new Set([...names].filter(([, name]) => finished(name)).map(([identity]) => identity));
    const identity = (name: string) => [...names].find(([, other]) => other === name)?.[0] as string;
    const name = (key: string) => names.get(key);
    return { schedule: new Schedule(resolver.trials, order, done), identity, name };
  }

  it("runs needs first, once, and then what waited for them", () => {
    const { schedule: it, identity, name } = schedule();
    expect(it.take(10).map(name)).toEqual(["walk 0", "walk 1"]);
    expect(it.empty).toBe(true);
    it.finish(identity("walk 1"));
    expect(it.take(1).map(name)).toEqual(["sequel 1 2"]);
    expect(it.empty).toBe(false);
    it.finish(identity("walk 0"));
    expect(it.take(10).map(name)).toEqual(["sequel 1 3", "sequel 0 2", "sequel 0 3"]);
    it.putBack(identity("sequel 0 2"));
    expect(it.take(10).map(name)).toEqual(["sequel 0 2"]);
  });

  it("leaves out what is finished", () => {
    const { schedule: it, name } = schedule((other) => other === "walk 0" || other === "sequel 0 3");
    expect(it.take(10).map(name)).toEqual(["sequel 0 2", "walk 1"]);
  });

  it("says what can never run when a need fails", () => {
    const { schedule: it, identity, name } = schedule();
    it.take(10);
    expect(it.fail(identity("walk 0")).map((doomed) => [name(doomed.identity), name(doomed.need)])).toEqual([
      ["sequel 0 2", "walk 0"],
      ["sequel 0 3", "walk 0"],
    ]);
    it.finish(identity("walk 1"));
    expect(it.take(10)).toHaveLength(2);
  });
});
