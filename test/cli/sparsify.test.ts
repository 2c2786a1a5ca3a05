// Ways to be sparse on the command line and in studies: what comes out, and what is refused in one clear line.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/math/random.js";
import { cellsOf } from "../../src/network/architecture.js";
import { initialise, Network } from "../../src/network/network.js";
import { parseNetwork, saveNetwork } from "../../src/network/weights.js";
import { methodNames } from "../../src/sparsify/methods.js";
import { densities } from "../../src/sparsify/prune.js";
import { decodeCheckpoint } from "../../src/train/checkpoint.js";
import { over, skips } from "../engine/setups.js";
import { slopes, waves, wordStrings } from "../sequences.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-sparsify-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const read = (name: string) => parseNetwork(readFileSync(at(name)), name);
const nonzerosOf = (name: string) =>
  Object.fromEntries(densities(read(name)).map(({ name: tensor, nonzeros }) => [tensor, nonzeros]));
const total = (nonzeros: Readonly<Record<string, number>>) =>
  Object.values(nonzeros).reduce((sum, count) => sum + count, 0);

/** Words in which names of files are paths in the folder. */
const placed = (words: string) =>
  words.split(" ").map((word) => (/\.(csv|txt|net|out|json|db)$/.test(word) ? at(word) : word));

async function document(words: string) {
  const { code, stdout, stderr } = await filigree(...placed(words), "--json");
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return { ...JSON.parse(stdout), remarks: stderr };
}

const ofStrings = "train --cell gru --hidden 4 --layers 1 --data strings.csv --epochs 2";

beforeAll(async () => {
  writeFileSync(at("strings.csv"), wordStrings(60));
  writeFileSync(at("classes.csv"), slopes(30));
  writeFileSync(at("series.csv"), waves(80));
  writeFileSync(at("text.txt"), "the cat sat on the mat and the rat ate the hat.\n".repeat(12));
  const ofText = "train --text text.txt --cell gru --hidden 6 --embedding 5 --epochs 1 --batch 2 --window 8";
  for (const words of [`${ofStrings} --layers 2 --out strings.net`, `${ofText} --out text.net`]) {
    expect(await filigree(...placed(words))).toMatchObject({ code: 0 });
  }
  // A network that says the same of everything has a gradient in its read-out's bias alone.
  const strings = read("strings.net");
  const { offset, length } = strings.tensor("readout.weight");
  const { architecture, conventions, masks } = strings;
  const parameters = strings.parameters.slice().fill(0, offset, offset + length);
  writeFileSync(at("silent.net"), saveNetwork(new Network(architecture, parameters, masks, conventions)));
  writeFileSync(at("skips.net"), saveNetwork(initialise(over(9, skips("gru")), new Random(1))));
});

describe("train --sparsify", () => {
  it.each(methodNames)("%s keeps as many weights as asked for and says so", async (method) => {
    const { sparsify, nonzeros, epochs, network } = await document(
      `${ofStrings} --sparsify ${method} --density 0.3 --scope matrix --out ${method}.net`,
    );
    // 12·4 weights of each matrix.
    expect({ sparsify, nonzeros }).toEqual({
      sparsify: method,
      nonzeros: { "cells.0.weight_ih": 14, "cells.0.weight_hh": 14 },
    });
    expect(network).toBe(at(`${method}.net`));
    expect(nonzerosOf(`${method}.net`)).toEqual(nonzeros);
    const last = epochs.at(-1);
    expect(last.density).toBe(28 / 96);
    expect(last).toMatchObject({ born: expect.any(Number), dropped: expect.any(Number) });
    const gates = ["reset", "update", "new"].map((gate) => last[`density 0.weight_hh ${gate}`]);
    expect(gates.reduce((sum, density) => sum + 16 * density, 0)).toBeCloseTo(14, 10);
  });

  it("takes a percentage for a density, and one for each gate", async () => {
    const { nonzeros } = await document(`${ofStrings} --sparsify random --percent 75 --out p.net`);
    expect(nonzeros).toEqual({ "cells.0.weight_ih": 12, "cells.0.weight_hh": 12 });
    const { epochs } = await document(
      `${ofStrings} --sparsify rigl --density reset=0.25,new=0.5 --out p.net`,
    );
    expect(epochs.at(-1)).toMatchObject({
      "density 0.weight_ih reset": 0.25,
      "density 0.weight_ih update": 1,
      "density 0.weight_hh new": 0.5,
    });
  });

  it.each([
    [
      "texts",
      "--text text.txt --hidden 6 --batch 2 --window 8 --sparsify rigl --density-schedule 0,0.75,2",
      0.25,
    ],
    ["classes of numbers", "--data classes.csv --hidden 6 --sparsify set --density-schedule 0,1,1", 0.25],
    [
      "forecasts",
      "--data series.csv --task forecast --hidden 6 --window 8 --sparsify top-kast --density-schedule 0,1,2",
      0.25,
    ],
  ])("does so with %s, and masks change", async (_, words, density) => {
    const { nonzeros, epochs } = await document(
      `train ${words} --density ${density} --epochs 3 --out other.net`,
    );
    const weights = densities(read("other.net")).reduce((sum, matrix) => sum + matrix.weights, 0);
    expect(Math.abs(total(nonzeros) - density * weights)).toBeLessThanOrEqual(1);
    expect(Math.max(...epochs.map(({ born }: { born: number }) => born))).toBeGreaterThan(0);
  });

  it("goes on from a pruned network under its masks", async () => {
    await document("prune strings.net --density 0.25 --scope matrix --out quarter.net");
    const { nonzeros } = await document(
      "train --from quarter.net --data strings.csv --epochs 2 --sparsify rigl --density 0.25 --density-schedule 0,0.8,1 --out moved.net",
    );
    expect(nonzeros).toEqual(nonzerosOf("quarter.net"));
    expect(read("moved.net").masks).not.toEqual(read("quarter.net").masks);
    await document("train --from quarter.net --data strings.csv --epochs 1 --out same.net");
    expect(read("same.net").masks).toEqual(read("quarter.net").masks);
  });

  it("says when blocks do not divide a matrix, and pads them", async () => {
    const words = `${ofStrings} --sparsify random --density 0.5 --out blocks.net`;
    const { remarks } = await document(`${words} --pattern 3x2`);
    expect(remarks).toContain(
      "3x2 does not divide the 4 rows and 4 columns of a gate of cells.0.weight_ih and 1 more: blocks at the edges are smaller, as if the matrix were padded with zeros\n",
    );
    // Of 3·2·2 blocks half are kept, whatever their size.
    const mask = read("blocks.net").masks.get("cells.0.weight_hh")!;
    const corners = [0, 2, 12, 14, 16, 18, 28, 30, 32, 34, 44, 46].map((first) => mask[first]);
    expect(corners.filter((bit) => bit === 1)).toHaveLength(6);
    expect((await document(`${words} --pattern 2x4`)).remarks).not.toContain("does not divide");
    const short = await document(
      `${words} --pattern 1:3 --percent 66.66666666666667`.replace(" --density 0.5", ""),
    );
    expect(short.remarks).toContain("1:3 does not divide the 4 rows and 4 columns");
  });

  it("of whole units writes a smaller network, dense, and evaluates as it said", async () => {
    const words = `${ofStrings} --layers 2 --sparsify gradual --pattern unit --density 0.5 --out units.net`;
    const { nonzeros, parameters } = await document(words);
    const network = read("units.net");
    expect(cellsOf(network.architecture).map(({ size }) => size)).toEqual([2, 2]);
    expect(network.masks.size).toBe(0);
    expect(parameters).toBe(network.size);
    expect(nonzeros).toEqual(nonzerosOf("units.net"));
    expect((await document("evaluate units.net --data strings.csv")).nonzeros).toEqual(nonzeros);
  });

  it("goes on after an interruption to the same bits, with its own method alone", async () => {
    const words = (method: string, out: string) =>
      placed(
        `${ofStrings} --epochs 40 --sparsify ${method} --density 0.25 --density-schedule 0,0.9,7 --out ${out}`,
      );
    expect(await filigree(...words("rigl", "whole.net"))).toMatchObject({ code: 0 });
    const checkpoint = at("parts.net.checkpoint");
    const interrupted = filigree(...words("rigl", "parts.net"));
    while (!existsSync(checkpoint)) await setTimeout(1);
    process.emit("SIGINT");
    expect(await interrupted).toMatchObject({ code: 130 });
    const saved = readFileSync(checkpoint);
    const other = await filigree(...words("set", "parts.net"));
    expect(other).toMatchObject({ code: 2, stdout: "" });
    expect(other.stderr.trimEnd().split("\n").at(-1)).toBe(
      `filigree: ${checkpoint}: is the checkpoint of another run; repeat that run's options and data, name another --out, or delete it`,
    );
    expect(readFileSync(checkpoint)).toEqual(saved);
    expect(await filigree(...words("rigl", "parts.net"))).toMatchObject({ code: 0 });
    expect(readFileSync(at("parts.net"))).toEqual(readFileSync(at("whole.net")));
  });
});

describe("a training in rounds", () => {
  it("goes on in a later round than the first, whose epochs are over", async () => {
    const words = (out: string) =>
      placed(`${ofStrings} --epochs 2 --sparsify iterative --rounds 30 --density 0.25 --out ${out}`);
    expect(await filigree(...words("rounds.net"))).toMatchObject({ code: 0 });
    const checkpoint = at("again.net.checkpoint");
    const interrupted = filigree(...words("again.net"));
    const epoch = () => decodeCheckpoint(readFileSync(checkpoint), checkpoint).run.epoch;
    while (!existsSync(checkpoint) || epoch() < 4) await setTimeout(1);
    process.emit("SIGINT");
    expect(await interrupted).toMatchObject({ code: 130 });
    expect(await filigree(...words("again.net"))).toMatchObject({ code: 0 });
    expect(readFileSync(at("again.net"))).toEqual(readFileSync(at("rounds.net")));
  });
});

describe("prune", () => {
  it.each([
    ["snip", "strings.net --data strings.csv"],
    ["magnitude", "strings.net"],
    ["random", "strings.net"],
    ["snip", "text.net --text text.txt --batch 2 --window 8"],
  ])("by %s keeps blocks, n of m or units of %s", async (criterion, subject) => {
    const words = `prune ${subject} --criterion ${criterion} --out pruned.net`;
    const plain = await document(`${words} --density 0.25`);
    const weights = total(plain.weights);
    // The percentile of magnitudes and of chance is that of a percentage alone.
    expect(total(plain.nonzeros)).toBe(weights - Math.round(0.75 * weights));
    expect(nonzerosOf("pruned.net")).toEqual(plain.nonzeros);

    const blocks = await document(`${words} --pattern 2x1 --density 0.25`);
    expect(total(blocks.nonzeros)).toBe(2 * (weights / 2 - Math.round((0.75 * weights) / 2)));
    expect(Object.values<number>(blocks.nonzeros).every((count) => count % 2 === 0)).toBe(true);

    const some = await document(`${words} --pattern 2:4 --density 0.5`);
    for (const [name, count] of Object.entries(some.nonzeros)) {
      const [rows, columns] = read("pruned.net").tensor(name).shape;
      expect(count, name).toBe(rows * (columns === 4 ? 2 : columns === 5 ? 3 : 4));
    }

    const units = await document(`${words} --pattern unit --density 0.5 --scope layer`);
    const before = cellsOf(read(subject.split(" ")[0]).architecture);
    expect(cellsOf(read("pruned.net").architecture).map(({ size }) => size)).toEqual(
      before.map(({ size }) => size / 2),
    );
    expect(total(units.nonzeros)).toBe(total(units.weights));
    expect(total(units.weights)).toBeLessThan(weights);
  });

  it("by SNIP says what evaluate says of the network, on every executor and for several batches", async () => {
    const words = "prune strings.net --criterion snip --density 0.2 --data strings.csv";
    const { nonzeros, stages } = await document(`${words} --out snip.net`);
    const evaluated = await document("evaluate snip.net --data strings.csv");
    expect(evaluated.nonzeros).toEqual(nonzeros);
    expect(stages.map(({ stage }: { stage: string }) => stage)).toEqual(["as it was", "pruned"]);
    const slow = await document(`${words} --executor reference --out slow.net`);
    expect(slow.nonzeros).toEqual(nonzeros);
    const more = await document(`${words} --gradient-batches 2 --out more.net`);
    expect(total(more.nonzeros)).toBe(total(nonzeros));
    expect(read("more.net").masks).not.toEqual(read("snip.net").masks);
  });

  it("may keep diagonals, and take the read-out along", async () => {
    await document("prune text.net --density 0.2 --keep-diagonal --also readout --out diagonal.net");
    const network = read("diagonal.net");
    const mask = network.masks.get("cells.0.weight_hh")!;
    for (let gate = 0; gate < 3; gate++) {
      for (let unit = 0; unit < 6; unit++) expect(mask[(6 * gate + unit) * 6 + unit]).toBe(1);
    }
    expect(network.masks.has("readout.weight")).toBe(true);
  });

  it("of units retrains the smaller network", async () => {
    const { stages, nonzeros } = await document(
      "prune strings.net --pattern unit --density 0.5 --scope layer --data strings.csv --retrain 1 --out units.net",
    );
    expect(stages.map(({ stage }: { stage: string }) => stage)).toEqual([
      "as it was",
      "pruned",
      "retrained 1",
    ]);
    expect(nonzeros["cells.0.weight_hh"]).toBe(3 * 2 * 2);
    expect(cellsOf(read("units.net").architecture).map(({ size }) => size)).toEqual([2, 2]);
  });
});

describe("the command line refuses", () => {
  const train = (words: string) => `${ofStrings} --out x.out ${words}`;
  const prune = (words: string) => `prune strings.net --out x.out ${words}`;
  const rigl = (words: string) => train(`--sparsify rigl --density 0.1 ${words}`);

  it.each([
    // Densities.
    [
      train("--sparsify rigl --density 0"),
      "density: 0 is not above 0 and up to 1; use the share of weights that are kept",
    ],
    [train("--sparsify rigl --density 1.5"), "density: 1.5 is not above 0 and up to 1"],
    [train("--sparsify rigl --density ten"), '"ten" is no density; use a number above 0 and up to 1'],
    [
      train("--sparsify rigl --density 0.001"),
      "density: 0.001 leaves none of 48 weights; use a larger density or a wider scope",
    ],
    [
      train("--sparsify set --density 0.02 --scope gate"),
      "density of reset in cells.0.weight_ih: 0.02 leaves none of 16 weights",
    ],
    [
      train("--sparsify set --density rest=0.2"),
      "density: there is no gate rest; the gates are reset, update, new",
    ],
    [
      train("--sparsify rigl"),
      "--density: it is missing; say what share of the weights is to be kept, for example 0.1",
    ],
    [train("--sparsify rigl --percent 100"), "density: 0 is not above 0"],
    [
      rigl("--percent 90"),
      "--percent: it says again, or otherwise, what --density says; give one of the two",
    ],
    [train("--density 0.1"), "--sparsify: density is given, but no method; name one of random, snip,"],
    [train("--pattern 4x1"), "--sparsify: pattern is given, but no method"],
    [prune("--density 0"), "density: 0 is not above 0 and up to 1"],
    [prune("--density 2"), "density: 2 is not above 0 and up to 1"],
    [prune("--density 0.001"), "density: 0.001 leaves none of 192 weights"],
    [
      prune("--density 0.02 --pattern 4x4 --scope gate"),
      "density of reset in cells.0.weight_ih: 0.02 leaves none of 1 blocks",
    ],
    [prune(""), "--percent: it is missing"],
    // Patterns.
    [rigl("--pattern 16"), '"16" is no pattern; use weight, blocks such as 16x1'],
    [rigl("--pattern 2:4"), "density: 2:4 keeps 0.5 of the weights, not 0.1; use a density of 0.5"],
    [prune("--pattern 2:4 --density 0.25"), "density: 2:4 keeps 0.5 of the weights, not 0.25"],
    [prune("--pattern unit --density 0.05"), "density: 0.05 leaves none of 4 units"],
    [
      "prune skips.net --pattern unit --density 0.5 --out x.out",
      'node "s": it adds up units of several cells, which cannot go one by one',
    ],
    // Methods and what they have.
    [train("--sparsify riggl --density 0.1"), "riggl"],
    [
      train("--sparsify snip --density 0.1 --share 0.3"),
      "--share: snip has no such setting; leave it out; snip has batches",
    ],
    [
      train("--sparsify random --density 0.1 --density-schedule 0,0.75,100"),
      "--density-schedule: random has no such setting",
    ],
    [train("--sparsify magnitude --density 0.1 --rewind 1"), "--rewind: magnitude has no such setting"],
    [rigl("--backward-density 0.5"), "--backward-density: rigl has no such setting"],
    [rigl("--gradient-batches 2"), "--gradient-batches: rigl has no such setting"],
    [rigl("--rounds 3"), "--rounds: rigl has no such setting"],
    [rigl("--also hidden"), "Use embedding and readout"],
    [
      rigl("--distribution erdos-renyi --scope global"),
      "distribution: weights of several matrices compete in the scope global",
    ],
    // Schedules.
    [
      rigl("--density-schedule 0,1.5"),
      "--density-schedule: a schedule from 0 to 1.5 does not end within the training",
    ],
    [rigl("--density-schedule 0.2,0.6"), "--density-schedule: rigl has no such setting"],
    [
      train("--sparsify gradual --density 0.1 --density-schedule 0.7,0.6"),
      "--density-schedule: a schedule from 0.7 to 0.6 does not end",
    ],
    [rigl("--density-schedule 0,0.5,0"), "--density-schedule: 0 is not a whole number of at least 1"],
    [rigl("--density-schedule soon"), "Use two shares of the training and perhaps a number of updates"],
    [
      train("--sparsify iterative --density 0.1 --rewind 2"),
      "rewind: a round of 2 epochs has ended before epoch 2; rewind to an earlier epoch",
    ],
    // Gradients.
    [
      prune("--criterion snip --density 0.1"),
      "--criterion: snip looks at the gradient of the loss, and there are no data; name a file",
    ],
    [
      "prune silent.net --criterion snip --density 0.1 --data strings.csv --out x.out",
      "snip: every gradient is zero, so that no weight matters more than another; use more batches",
    ],
    [
      "train --from silent.net --data strings.csv --epochs 1 --sparsify snip --density 0.1 --out x.out",
      "snip: every gradient is zero",
    ],
  ])("%s", async (words, line) => {
    writeFileSync(at("x.out"), "what was there");
    const { code, stdout, stderr } = await filigree(...placed(words.trim()));
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
    const [last] = stderr.trimEnd().split("\n").slice(-1);
    expect(last).toContain(line);
    expect(last).toMatch(/^filigree: /);
    expect(readFileSync(at("x.out"), "utf8")).toBe("what was there");
    expect(existsSync(at("x.out.checkpoint"))).toBe(false);
  });
});

describe("a study", () => {
  const study = (fixed: object, grid: object = {}) =>
    writeFileSync(
      at("study.json"),
      JSON.stringify({
        name: "sparse",
        kind: "train",
        fixed: { data: { numbers: at("classes.csv") }, hidden: 4, epochs: 2, ...fixed },
        grid,
      }),
    );

  it("varies methods and densities, and tells what is left", async () => {
    study(
      { sparsify: { every: 1 } },
      { "sparsify.method": ["rigl", "set"], "sparsify.density": [0.5, 0.25] },
    );
    const plan = await filigree(...placed("study plan study.json --store s.db"));
    expect(plan).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("sparse: 4 trials of kind train"),
    });
    expect(await filigree(...placed("study run study.json --store s.db --jobs 1"))).toMatchObject({
      code: 0,
    });
    const { code, stdout } = await filigree(...placed("study export --store s.db --out trials.csv"));
    const exported =
      code === 0 && existsSync(at("trials.csv")) ? readFileSync(at("trials.csv"), "utf8") : stdout;
    const [header, ...rows] = exported
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const column = (name: string) => {
      const place = header.findIndex((title) => title.replaceAll('"', "").endsWith(name));
      expect(place, `${name} in ${header}`).toBeGreaterThanOrEqual(0);
      return rows.map((row) => Number(row[place]));
    };
    // One channel: 12·1 weights from the input, 12·4 from the last output.
    expect(column("weights")).toEqual([60, 60, 60, 60]);
    expect(column("nonzeros").sort((a, b) => a - b)).toEqual([15, 15, 30, 30]);
  });

  it.each([
    [{ method: "riggl", density: 0.1 }, "sparsify.method: invalid option"],
    [{ method: "rigl" }, "takes either density or percent"],
    [{ method: "rigl", density: 0.1, percent: 90 }, "takes either density or percent"],
    [
      { method: "rigl", density: 0.1, end: 1.2 },
      "end: a schedule from 0 to 1.2 does not end within the training",
    ],
    [
      { method: "snip", density: 0.1, every: 5 },
      "every: snip has no such setting; leave it out; snip has batches",
    ],
    [{ method: "rigl", density: 0.1, pattern: "16by1" }, '"16by1" is no pattern'],
    [{ method: "rigl", density: 0.1, patern: "16x1" }, "unknown key sparsify.patern; did you mean pattern"],
    [{ method: "iterative", density: 0.1, rounds: 1 }, "rounds: 1 is not a whole number of at least 2"],
  ])("with %j is refused when it is planned", async (sparsify, line) => {
    study({ sparsify });
    const { code, stdout, stderr } = await filigree(...placed("study plan study.json --store bad.db"));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(line);
    expect(existsSync(at("bad.db"))).toBe(false);
  });

  it("has a schema with what there is of it", async () => {
    const { stdout } = await filigree("study", "schema");
    for (const key of ["sparsify", "keepDiagonal", "rewind", "hard-concrete"])
      expect(stdout).toContain(`"${key}"`);
  });
});
