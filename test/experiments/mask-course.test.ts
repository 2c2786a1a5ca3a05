import { describe, expect, it } from "vitest";
import { decodeMasks, MASKS, MaskCourse, MOST_MOMENTS } from "../../src/experiments/mask-course.js";
import { trainKind } from "../../src/experiments/training.js";
import { Random } from "../../src/math/random.js";
import { maskVector } from "../../src/network/masks.js";
import { parseNetwork } from "../../src/network/weights.js";
import { check } from "../../src/study/check.js";
import type { Resume, TrialContext } from "../../src/study/kind.js";

const random = new Random("masks");
const masks = Array.from({ length: 45 }, () => Uint8Array.from({ length: 37 }, () => random.below(2)));

describe("a course of masks", () => {
  it("is read as it was written", () => {
    const course = new MaskCourse();
    for (const [i, mask] of masks.slice(0, 5).entries()) course.note(i + 3, mask);
    const { moments, matrices } = decodeMasks(course.encode({ "cells.0.weight_hh": [16, 12] })!, "masks");
    expect(matrices).toEqual({ "cells.0.weight_hh": [16, 12] });
    expect(moments).toEqual(masks.slice(0, 5).map((mask, i) => ({ epoch: i + 3, mask })));
    expect(new MaskCourse().encode()).toBeUndefined();
  });

  it("keeps few moments of many epochs, the same ones when it is interrupted", () => {
    const whole = new MaskCourse();
    let resumed = new MaskCourse();
    for (const [i, mask] of masks.entries()) {
      whole.note(i + 1, mask);
      if (i % 7 === 3) resumed = new MaskCourse(decodeMasks(resumed.encode()!, "masks").moments);
      resumed.note(i + 1, mask);
      expect(resumed.encode()).toBe(whole.encode());
    }
    const { moments } = decodeMasks(whole.encode()!, "masks");
    expect(moments.length).toBeLessThanOrEqual(MOST_MOMENTS);
    expect(moments.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 11 }, (_, i) => 4 * (i + 1)));
    for (const { epoch, mask } of moments) expect(mask).toEqual(masks[epoch - 1]);
  });

  it("is refused when it is damaged", () => {
    const course = new MaskCourse();
    course.note(1, masks[0]);
    const text = course.encode()!;
    const of = (change: (parsed: { parameters: number; moments: { changed: string }[] }) => void) => {
      const parsed = JSON.parse(text);
      change(parsed);
      return JSON.stringify(parsed);
    };
    for (const bad of [
      "",
      "[]",
      text.slice(0, -3),
      of((parsed) => (parsed.parameters = 2 ** 27)),
      of((parsed) => (parsed.parameters = 29)),
      of(({ moments }) => (moments[0].changed = "?")),
      of(({ moments }) => (moments[0].changed = moments[0].changed.slice(0, 8))),
      of(({ moments }) => moments.push(...Array(MOST_MOMENTS).fill(moments[0]))),
    ])
      expect(() => decodeMasks(bad, "masks"), bad.slice(0, 80)).toThrow(/^masks/);
  });
});

const methods = ["gradual", "top-k", "top-kast"];
it.each(methods)(
  "is left by a training whose masks change by %s, the same when it was interrupted",
  async (method) => {
    const configuration = check(
      trainKind.schema,
      {
        data: { count: 200, minLength: 5, maxLength: 12 },
        cell: "gru",
        hidden: 6,
        layers: 1,
        epochs: 6,
        sparsify: { method, density: 0.3 },
      },
      "c",
    );
    const context: TrialContext = {
      seed: 1,
      signal: new AbortController().signal,
      needs: [],
      resume: undefined,
      saveEpoch: async () => {},
    };
    let saved: Resume | undefined;
    const whole = await trainKind.run(configuration, {
      ...context,
      saveEpoch: async (epoch, _, state) => {
        if (epoch === 3) saved = { epoch, state };
      },
    });
    const resumed = await trainKind.run(configuration, { ...context, resume: saved });
    expect(resumed.artifacts[MASKS]).toEqual(whole.artifacts[MASKS]);
    const { moments, matrices } = decodeMasks(new TextDecoder().decode(whole.artifacts[MASKS]), MASKS);
    const network = parseNetwork(whole.artifacts["network.safetensors"], "network");
    const { offset, length } = network.tensor("cells.0.weight_hh");
    expect(matrices["cells.0.weight_hh"]).toEqual([offset, length]);
    expect(moments.at(-1)).toEqual({ epoch: 6, mask: maskVector(network) });
    expect(moments[0].mask).not.toEqual(moments[4].mask);

    const dense = check(trainKind.schema, { ...configuration, sparsify: undefined, epochs: 1 }, "c");
    expect((await trainKind.run(dense, context)).artifacts[MASKS]).toBeUndefined();
  },
);
