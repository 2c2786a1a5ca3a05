// A weight file carries what decides its numbers, and every command uses it: where it is read, its symbols, its classes.
// What a file does not say is assumed aloud, and what an option contradicts is said.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseVocabulary } from "../../src/data/vocabulary.js";
import { Random } from "../../src/math/random.js";
import type { CellKind } from "../../src/network/architecture.js";
import type { Conventions } from "../../src/network/conventions.js";
import { initialise, Network, stack } from "../../src/network/network.js";
import { parse, type StoredTensor, serialise } from "../../src/network/safetensors.js";
import { saveNetwork } from "../../src/network/weights.js";
import { readNetwork } from "../../src/paths/networks.js";
import { hasReference, reference, skipNote } from "../reference.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-conventions-"));
const at = (name: string) => join(folder, name);
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(at(name), content);
  return at(name);
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = ["--hidden", "6", "--layers", "1", "--batch", "16"];
const metadataOf = (path: string) => parse(readFileSync(path), path).metadata;
const evaluated = async (...words: string[]) => {
  const { code, stdout, stderr } = await filigree("evaluate", ...words, "--json");
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return { ...JSON.parse(stdout), stderr };
};

/** A network as PyTorch would store it, under the names of a module `rnn`. */
const foreign = (network: Network, metadata: Record<string, string> = {}): Uint8Array => {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of network.tensors.values()) {
    const other = name.replace(/^cells\.(\d+)\.(\w+)$/, "rnn.$2_l$1").replace(/^readout/, "fc");
    tensors.set(other, { dtype: "F32", shape, values: network.values(name) });
  }
  return serialise({ tensors, metadata: new Map(Object.entries(metadata)) });
};
/** The same under the thesis's names. */
const thesis = (network: Network): Uint8Array => {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of network.tensors.values()) {
    const other = name.replace(/^cells\./, "recurrent.recurrent_layers.").replace(/^readout/, "out");
    tensors.set(other, { dtype: "F32", shape, values: network.values(name) });
  }
  return serialise({ tensors, metadata: new Map() });
};
const made = (cell: CellKind = "gru", vocabulary = 128, conventions?: Conventions): Network => {
  const architecture = stack({ cell, hidden: 5, layers: 2, vocabulary });
  const { parameters } = initialise(architecture, new Random("made"));
  return new Network(architecture, parameters, undefined, conventions);
};

// Strings of different lengths in one batch, so that it matters where they are read.
const mixed = "string,valid\nab,1\nabbabab,0\nb,1\nbbbbbbbbbbbb,0\naab,1\n";
beforeAll(async () => {
  file("mixed.csv", mixed);
  await filigree("data", "reber", "--count", "200", "--seed", "3", "--out", at("strings"));
});
const data = ["--data", at("strings/train.csv"), "--test", at("strings/test.csv")];

describe("where a network is read", () => {
  it.each([
    [[], "last-symbol", "corrected", "thesis"],
    [["--protocol", "thesis"], "last-step", "thesis", "corrected"],
  ])("travels in its file: trained with %j", async (words, readAt, same, other) => {
    const out = at(`${readAt}.safetensors`);
    const training = ["train", "--cell", "gru", ...small, ...data, "--epochs", "2", "--out", out];
    const trained = JSON.parse((await filigree(...training, ...words, "--json")).stdout);
    expect(metadataOf(out).get("readAt")).toBe(readAt);
    expect(metadataOf(out).get("filigree")).toBe("1");
    expect(metadataOf(out).get("vocabulary")).toHaveLength(128);
    expect(metadataOf(out).get("labels")).toBe('["0","1"]');

    const test = ["--data", data[3], "--batch", "16"];
    const plain = await evaluated(out, ...test);
    expect(plain.stderr).toBe("");
    expect(plain.accuracy).toBe(trained.epochs[1].testAccuracy);
    expect(await evaluated(out, ...test, "--protocol", same)).toEqual(plain);
    const contradicted = await evaluated(out, ...test, "--protocol", other);
    expect(contradicted.logits).not.toEqual(plain.logits);
    expect(contradicted.stderr).toMatch(
      /^.*safetensors: read at .*, although it was trained to be read at .*\n$/,
    );

    // Pruning and retraining go on as it was trained, and their file says so again.
    const pruned = at("pruned.safetensors");
    const pruning = ["prune", out, "--percent", "50", ...data, "--batch", "16", "--out", pruned, "--json"];
    const { stdout, stderr } = await filigree(...pruning, "--retrain", "1");
    expect(stderr).toMatch(/^epoch 1: .*\n$/);
    const { stages } = JSON.parse(stdout);
    expect(stages[0].accuracy).toBe(plain.accuracy);
    expect(metadataOf(pruned).get("readAt")).toBe(readAt);
    expect((await evaluated(pruned, ...test)).accuracy).toBe(stages[2].accuracy);
    const retrained = await filigree(...pruning, "--retrain", "1", "--protocol", other);
    expect(retrained.stderr).toMatch(/although it was trained/);
    expect(metadataOf(pruned).get("readAt")).not.toBe(readAt);
  });

  it("is its own last step for built-in strings and graphs too", async () => {
    const graph = file("g.edges", "0 1\n0 2\n1 3\n2 3\n");
    const out = at("structure.safetensors");
    await filigree("structure", "train", graph, "--cell", "gru", ...data, "--epochs", "1", "--out", out);
    expect(metadataOf(out).get("readAt")).toBe("last-symbol");
  });

  it("is the last padded step for the thesis's names and the own last step otherwise, and the rule is said", async () => {
    const network = made();
    const [one, other] = [file("t.safetensors", thesis(network)), file("p.safetensors", foreign(network))];
    const words = ["--data", at("mixed.csv"), "--batch", "8"];
    const own = (readAt: "last-step" | "last-symbol") =>
      evaluated(
        file("own.safetensors", saveNetwork(made("gru", 128, { ...network.conventions, readAt }))),
        ...words,
      );
    const asThesis = await evaluated(one, ...words);
    expect(asThesis.logits).toEqual((await own("last-step")).logits);
    expect(asThesis.stderr).toBe(
      `${one}: read at the last padded step of its batch, as the thesis's networks are; --protocol chooses\n`,
    );
    const asTorch = await evaluated(other, ...words);
    expect(asTorch.logits).toEqual((await own("last-symbol")).logits);
    expect(asTorch.stderr.split("\n")[0]).toBe(
      `${other}: read at its own last step, because the file does not say where; --protocol chooses`,
    );
    expect((await evaluated(other, ...words, "--protocol", "thesis")).logits).toEqual(asThesis.logits);
    const said = file("said.safetensors", foreign(network, { readAt: "last-step" }));
    const asSaid = await evaluated(said, ...words);
    expect(asSaid.logits).toEqual(asThesis.logits);
    expect(asSaid.stderr).toContain("last padded step of its batch, as the file says");
  });

  it("is the own last step for a file of Filigree's that does not say, which is told", async () => {
    const { tensors, metadata } = parse(saveNetwork(made()), "own");
    const old = new Map([...metadata].filter(([key]) => key === "filigree" || key === "architecture"));
    const path = file("old.safetensors", serialise({ tensors, metadata: old }));
    const { stderr } = await evaluated(path, "--data", at("mixed.csv"));
    expect(stderr).toBe(
      `${path}: read at its own last step, because the file does not say where; --protocol chooses\n`,
    );
    expect((await evaluated(path, "--data", at("mixed.csv"), "--protocol", "thesis")).stderr).toBe("");
  });

  it("is told by a stream, which has no padded steps", async () => {
    const path = file(
      "stream.safetensors",
      saveNetwork(made("gru", 128, { ...made().conventions, readAt: "last-step" })),
    );
    const { stderr } = await filigree("stream", path, file("lines.txt", "ab\nb\n"));
    expect(stderr).toBe(
      `${path}: read at its own last step, although it was trained to be read at the last padded step of its batch\n`,
    );
  });

  it.skipIf(!hasReference)(
    `is where the author reads his networks, without being told${skipNote}`,
    async () => {
      const words = ["--data", reference("dataset/test.csv"), "--prune", "70", "--target", "i2h"];
      const { correct } = await evaluated(reference("pruning/gru.safetensors"), ...words);
      expect(correct).toBe(6248);
    },
  );
});

describe("symbols", () => {
  // Rows are digits, then letters, as in Python's string.printable.
  const printable =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\v\f";
  const network = made("lstm", 100);
  // The same network for ASCII strings whose codes are these rows.
  const rows = ["ab", "b a", "Zz9", "~"].map((string) =>
    [...string].map((letter) => printable.indexOf(letter)),
  );
  const bare = () => file("printable.safetensors", foreign(network));
  const csv = () => file("letters.csv", "string,valid\nab,1\nb a,0\nZz9,1\n~,0\n");
  const expected = async () => {
    const codes = rows.map((row) => row.map((code) => String.fromCharCode(code)).join(""));
    const quoted = codes.map((string) => `"${string.replaceAll('"', '""')}",1`);
    const path = file("codes.safetensors", saveNetwork(network));
    return (await evaluated(path, "--data", file("codes.csv", `string,valid\n${quoted.join("\n")}\n`)))
      .logits;
  };

  it("are the code points of --vocabulary, as text or as a file, nothing trimmed", async () => {
    for (const vocabulary of [printable, file("vocabulary.txt", printable)]) {
      const { logits, stderr } = await evaluated(bare(), "--data", csv(), "--vocabulary", vocabulary);
      expect(stderr).toMatch(/^.*: read at its own last step.*\n$/);
      expect(logits).toEqual(await expected());
    }
  });

  it("are in the metadata, and in what Filigree makes of the file", async () => {
    const path = file("named.safetensors", foreign(network, { vocabulary: printable }));
    expect((await evaluated(path, "--data", csv())).logits).toEqual(await expected());
    const out = at("named-pruned.safetensors");
    await filigree("prune", path, "--percent", "0", "--out", out);
    const own = await evaluated(out, "--data", csv());
    expect(own.logits).toEqual(await expected());
    expect(own.stderr).toBe("");
    expect(metadataOf(out).get("vocabulary")).toBe(printable);
  });

  it("are ASCII codes where a foreign file names none, which is said in one line", async () => {
    const path = file("ascii.safetensors", foreign(made()));
    const { stderr } = await evaluated(path, "--data", csv());
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe(
      `${path}: its symbols are taken for ASCII codes, because the file names none; --vocabulary names others`,
    );
  });

  it("may be letters of any script, and a stream reads them too", async () => {
    const path = file("script.safetensors", foreign(made("gru", 4)));
    const { code, stdout } = await filigree(
      "stream",
      path,
      file("script.txt", "й🦉ß\n"),
      "--vocabulary",
      "ßй🦉 ",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^й🦉ß {2}[01] /);
    const data = file("script.csv", "string,valid\nй🦉ß,1\nß ß,0\n");
    expect((await evaluated(path, "--data", data, "--vocabulary", "ßй🦉 ")).total).toBe(2);
  });

  it("may be words, in the metadata or in a file", async () => {
    const words = '["<pad>","the","cat","sat","dog"]';
    const data = file("words.csv", "string,valid\nthe cat sat,1\nsat the  dog,0\n");
    const named = file("words.safetensors", foreign(made("gru", 5), { vocabulary: words }));
    const plain = await evaluated(named, "--data", data);
    const bare = file("nameless.safetensors", foreign(made("gru", 5)));
    expect((await evaluated(bare, "--data", data, "--vocabulary", file("w.json", words))).logits).toEqual(
      plain.logits,
    );
    const stray = file("stray.csv", "string,valid\nthe cat sat,1\nthe cow sat,0\n");
    expect(await filigree("evaluate", named, "--data", stray)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('stray.csv:3: word 2 ("cow") is beyond the vocabulary'),
    });
  });

  it("are retrained by the file's vocabulary", async () => {
    const path = file("r.safetensors", foreign(made("gru", 3), { vocabulary: "éab" }));
    const data = file(
      "r.csv",
      `string,valid\n${Array.from({ length: 12 }, (_, i) => `${"éab".slice(i % 3)}é,${i % 2}`).join("\n")}\n`,
    );
    const out = at("r-out.safetensors");
    const words = ["--percent", "10", "--data", data, "--retrain", "2", "--out", out, "--json"];
    const { code, stdout } = await filigree("prune", path, ...words);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).stages).toHaveLength(4);
    expect(readNetwork(out).conventions).toMatchObject({
      readAt: "last-symbol",
      vocabulary: parseVocabulary("éab", ""),
    });
  });

  it("are said to differ from the file's, or to leave rows without one", async () => {
    const path = file(
      "abc.safetensors",
      foreign(made("gru", 3), { vocabulary: "abc", readAt: "last-symbol" }),
    );
    const other = await evaluated(
      path,
      "--data",
      file("a.csv", "string,valid\nab,1\n"),
      "--vocabulary",
      "ba",
    );
    expect(other.stderr).toContain("the vocabulary is the one asked for, although the file names another");
    expect(other.stderr).toContain(
      "the vocabulary has 2 symbols and the embedding 3 rows, so its last row stands for nothing",
    );
  });

  it.each([
    ["abcd", "the vocabulary has 4 symbols, and the embedding 3 rows; give one symbol for each row"],
    ["abc\n", "its last symbol is a blank or a line break; leave it out"],
    ["aba", '--vocabulary: row 2 ("a", U+0061) is the same as row 0'],
    ["missing.txt", "missing.txt: no such file"],
  ])("are refused as %j", async (vocabulary, message) => {
    const path = file("three.safetensors", foreign(made("gru", 3)));
    const words = ["--data", file("a.csv", "string,valid\na,1\n"), "--vocabulary", vocabulary];
    const { code, stderr } = await filigree("evaluate", path, ...words);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(message);
  });

  it("of a file that is not UTF-8 are refused", async () => {
    const path = file("three.safetensors", foreign(made("gru", 3)));
    const words = ["--data", at("a.csv"), "--vocabulary", file("latin1", Uint8Array.of(0xe9, 0x61, 0x62))];
    expect((await filigree("evaluate", path, ...words)).stderr).toContain(
      "latin1: the vocabulary is not UTF-8",
    );
  });
});

describe("classes", () => {
  const architecture = stack({ cell: "gru", hidden: 3, layers: 1, outputs: 3 });
  const network = () => initialise(architecture, new Random(1));

  it("have names in a file, which the data may use and a stream tells", async () => {
    const path = file("named.safetensors", foreign(network(), { labels: '["no","maybe","yes"]' }));
    const data = file("named.csv", "string,label\nab,yes\nb,no\nbb,maybe\na,2\n");
    const { total, correct, logits } = await evaluated(path, "--data", data);
    const right = [2, 0, 1, 2].filter((label, i) => logits[i].indexOf(Math.max(...logits[i])) === label);
    expect({ total, correct }).toEqual({ total: 4, correct: right.length });
    const { stdout } = await filigree("stream", path, file("s.txt", "ab\n"), "--json");
    const [{ class: likeliest, label }] = JSON.parse(stdout).strings;
    expect(label).toBe(["no", "maybe", "yes"][likeliest]);
    const bad = file("bad.csv", "string,label\nab,yess\n");
    expect((await filigree("evaluate", path, "--data", bad)).stderr).toContain(
      'bad.csv:2: the label "yess" is no class of the network; did you mean yes?',
    );
  });

  it("without names are numbers", async () => {
    const path = file("three-classes.safetensors", foreign(network()));
    const data = file("numbers.csv", "string,label\nab,2\nb,0\n");
    expect((await evaluated(path, "--data", data)).total).toBe(2);
    expect((await filigree("evaluate", path, "--data", file("four.csv", "string,label\nab,3\n"))).code).toBe(
      2,
    );
  });

  it.each([
    ['["a","b"]', "does not name its 3 classes"],
    ['["a","b","a"]', "does not name its 3 classes"],
    ["a,b,c", "its metadata labels is not JSON"],
  ])("are refused as %s", async (labels, message) => {
    const path = file("bad.safetensors", foreign(network(), { labels }));
    expect((await filigree("evaluate", path, "--data", at("mixed.csv"))).stderr).toContain(message);
  });
});

describe("a file's metadata", () => {
  it.each([
    [{ readAt: "the end" }, 'its metadata readAt is "the end"; use last-step or last-symbol'],
    [{ vocabulary: "aa" }, "is the same as row 0"],
    [{ vocabulary: "" }, "the vocabulary is empty"],
  ])("that is wrong is refused, %j", async (metadata, message) => {
    const path = file("wrong.safetensors", foreign(made(), metadata as Record<string, string>));
    const { code, stderr } = await filigree("evaluate", path, "--data", at("mixed.csv"));
    expect({ code, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
    expect(stderr).toContain(message);
  });
});

describe("simple cells of PyTorch", () => {
  const lines = async (name: string, metadata: Record<string, string>, ...words: string[]) => {
    const path = file(name, foreign(made("rnn-tanh"), metadata));
    return (await evaluated(path, "--data", at("mixed.csv"), ...words)).stderr
      .split("\n")
      .filter((line: string) => /tanh/.test(line));
  };

  it("are said to be taken for tanh, unless something says what they are", async () => {
    const [line, ...others] = await lines("simple.safetensors", {});
    expect(others).toEqual([]);
    expect(line).toMatch(/its simple cells are taken for tanh, .* read relu with --cell rnn-relu$/);
    expect(await lines("simple.safetensors", {}, "--cell", "rnn-tanh")).toEqual([]);
    expect(await lines("simple.safetensors", {}, "--cell", "rnn-relu")).toEqual([]);
    expect(await lines("simple.safetensors", { nonlinearity: "tanh" })).toEqual([]);
    expect(await lines("my-relu.safetensors", {})).toEqual([]);
  });
});

describe("zeros", () => {
  it("of a foreign file are a mask unless the option says no", async () => {
    const network = made();
    network.values("cells.0.weight_hh").fill(0, 0, 10);
    const path = file("zeros.safetensors", foreign(network));
    const masked = await evaluated(path, "--data", at("mixed.csv"));
    expect(masked.nonzeros["cells.0.weight_hh"]).toBe(65);
    expect(masked.stderr).toContain("10 exact zeros in its recurrent matrices are taken for a mask");
    const dense = await evaluated(path, "--data", at("mixed.csv"), "--no-zeros-as-mask");
    expect(dense.nonzeros["cells.0.weight_hh"]).toBe(75);
    expect(dense.stderr).not.toContain("exact zeros");
    for (const [i, row] of dense.logits.entries())
      for (const [j, value] of row.entries()) expect(masked.logits[i][j]).toBeCloseTo(value, 6);
  });
});

describe("a study file", () => {
  const study = (name: string, text: string) => file(`${name}.yaml`, text);
  const plan = async (path: string) =>
    (await filigree("study", "plan", path, "--store", at("none.db"))).stderr;
  const base = "{ cell: gru, hidden: 4, layers: 1, epochs: 1, data: { count: 100 } }";

  it.each([
    ["kind: train\nfixed: { cell: gru }\n", "no protocol, so it is corrected"],
    [`kind: prune\nfixed: { base: ${base}, percent: 50 }\n`, "no base.protocol, so it is corrected"],
    [
      "kind: structure\nfixed: { cell: gru, graph: { family: barabasi_albert, number: 1 } }\n",
      "at their own last step and wires graphs as they are; up to 0.1 it was thesis",
    ],
    [
      "kind: train\nlist: [{ cell: gru, protocol: thesis }, { cell: lstm }]\n",
      "no protocol, so it is corrected",
    ],
  ])("without a protocol is told what has changed, in one line: %j", async (text, message) => {
    const stderr = await plan(study("silent", text));
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each([
    ["kind: train\nfixed: { cell: gru, protocol: thesis }\n"],
    ["kind: train\nfixed: { cell: gru }\ngrid: { protocol: [thesis, corrected] }\n"],
    ["kind: train\nlist: [{ cell: gru, protocol: thesis }, { cell: lstm, protocol: corrected }]\n"],
    [`kind: prune\nfixed: { percent: 50 }\ngrid: { base: [{ cell: gru, protocol: thesis }] }\n`],
    ["kind: noop\n"],
  ])("with one is not: %j", async (text) => {
    expect(await plan(study("told", text))).toBe("");
  });

  it("with a share for a percentage gets a remark", async () => {
    const percent = (values: string) =>
      `kind: prune\nfixed: { base: { cell: gru, protocol: corrected } }\ngrid: { percent: ${values} }\n`;
    const remark =
      "a percent below 1 removes less than one weight in a hundred; to remove half of them, write 50\n";
    expect(await plan(study("share", percent("[50, 0.9]")))).toBe(`share: ${remark}`);
    expect(await plan(study("range", percent("{ from: 0.25, to: 0.75, count: 3 }")))).toBe(
      `range: ${remark}`,
    );
    expect(await plan(study("whole", percent("[0, 1, 90]")))).toBe("");
  });
});

describe("options by other tools' names", () => {
  it.each([
    [["train", "--lr", "0.1"], "--lr", "--learning-rate"],
    [["train", "--hidden-size", "5"], "--hidden-size", "--hidden"],
    [["train", "--hidden_size=5"], "--hidden_size", "--hidden"],
    [["train", "--num-layers", "5"], "--num-layers", "--layers"],
    [["train", "--batch_size", "5"], "--batch_size", "--batch"],
    [["train", "--embedding-dim", "5"], "--embedding-dim", "--embedding"],
    [["structure", "train", "g", "--lr", "1"], "--lr", "--learning-rate"],
    [["prune", "x", "--sparsity", "0.9"], "--sparsity", "--percent"],
    [["prune", "x", "--amount", "0.9"], "--amount", "--percent"],
    [["prune", "x", "--vocab", "abc"], "--vocab", "--vocabulary"],
    [["evaluate", "x", "--amount", "0.9"], "--amount", "--prune"],
    [["study", "run", "x", "--n_jobs", "2"], "--n_jobs", "--jobs"],
  ])("%j", async (words, asked, meant) => {
    const { code, stderr } = await filigree(...words);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `filigree: unknown option '${asked}' (Did you mean ${meant}?)\n`,
    });
  });

  it("are told in a study file too", async () => {
    const path = file("lr.yaml", "kind: prune\nfixed: { base: { cell: gru, lr: 0.1 }, sparsity: 90 }\n");
    const { code, stderr } = await filigree("study", "plan", path);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /unknown key (base\.lr; did you mean learningRate|sparsity; did you mean percent)\?\n$/,
      ),
    });
  });

  it("leave slips of the keyboard to the likeness of letters", async () => {
    expect((await filigree("train", "--epoch", "3")).stderr).toContain("(Did you mean --epochs?)");
    expect((await filigree("train", "--sparsity", "3")).stderr).toContain("(Did you mean --percent?)");
    expect((await filigree("size", "--sparsity", "3")).stderr).toBe(
      "filigree: unknown option '--sparsity'\n",
    );
  });
});

describe("a percentage below one", () => {
  it("gets a remark, and is used", async () => {
    const path = file("share.safetensors", saveNetwork(made()));
    const pruned = await filigree("prune", path, "--percent", "0.9", "--out", at("share-out.safetensors"));
    expect(pruned).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^--percent 0.9: a percent below 1 .+\n$/),
    });
    const { stderr } = await evaluated(path, "--data", at("mixed.csv"), "--prune", "0.35");
    expect(stderr).toMatch(/^--prune 0.35: a percent below 1 .+\n$/);
    const whole = await filigree("prune", path, "--percent", "1", "--out", at("share-out.safetensors"));
    expect(whole.stderr).toBe("");
  });
});

it("a stream from standard input is read with the file's vocabulary", async () => {
  const path = file("stdin.safetensors", foreign(made("gru", 2), { vocabulary: "яю" }));
  const stdin = vi.spyOn(process, "stdin", "get");
  stdin.mockReturnValue(Readable.from(["яю\n", "ю\n"]) as typeof process.stdin);
  const { code, stdout } = await filigree("stream", path);
  stdin.mockRestore();
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(2);
});
