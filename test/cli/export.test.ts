// `filigree export`: what it writes and says, and the one line for each input that it cannot take.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Random } from "../../src/math/random.js";
import type { Network } from "../../src/network/network.js";
import { parseNetwork, saveNetwork } from "../../src/network/weights.js";
import { layers, networkWith, overValues, skips, twoWay } from "../engine/setups.js";
import { folder } from "../export/compiler.js";
import { filigree } from "./command-line.js";

const home = folder();
const at = (name: string) => join(home, name);

function save(name: string, network: Network): string {
  writeFileSync(at(name), saveNetwork(network));
  return at(name);
}

const random = new Random("export");
const sparse = save("my model-1.safetensors", networkWith(layers("gru", 8, 20), 0.1, random));
const structure = save("skips.safetensors", networkWith(skips("lstm"), 1, random));
const numbers = save("numbers.safetensors", networkWith(overValues(2, layers("gru", 2, 3)), 1, random));
const bothWays = save("ways.safetensors", networkWith(overValues(2, twoWay("gru", 2, 3)), 1, random));

it("writes C, named as the model, and says what it takes", async () => {
  const { code, stdout, stderr } = await filigree("export", sparse, "--to", "c", "--out", at("c"));
  expect([code, stderr]).toEqual([0, ""]);
  expect(readdirSync(at("c")).sort()).toEqual(["my_model_1.c", "my_model_1.h", "my_model_1_test.c"]);
  expect(stdout).toMatch(/^flash {7}\d+ bytes of tables: weights \d+, indices \d+, biases and scales \d+$/m);
  expect(stdout).toMatch(/^RAM {9}400 bytes of state$/m);
  expect(stdout).toContain("cc -std=c99 -O2");
  const json = await filigree(
    "export",
    sparse,
    "--to",
    "c",
    "--out",
    at("j"),
    "--name",
    "net",
    "--math",
    "own",
    "--json",
  );
  const { flash, ram, operations, matrices, files, math } = JSON.parse(json.stdout);
  expect([ram, math]).toEqual([400, "own"]);
  expect(Object.keys(files)).toEqual(["net.h", "net.c", "net_test.c"]);
  const held = (name: string) => matrices.find((one: { name: string }) => one.name === name).form;
  expect(held("cell_0_hidden")).toBe("single weights");
  const source = readFileSync(at("j/net.c"), "utf8");
  expect(source).not.toContain("math.h");
  // What is said of the tables is what they hold.
  const sizes = { float: 4, double: 8, uint16_t: 2, uint8_t: 1 };
  const tables = [...source.matchAll(/^static const (float|double|uint16_t|uint8_t) \w+\[(\d+)\]/gm)];
  const bytes = tables.reduce(
    (sum, [, type, count]) => sum + sizes[type as keyof typeof sizes] * Number(count),
    0,
  );
  expect(flash.weights + flash.indices + flash.others).toBe(bytes);
  expect(operations).toBeGreaterThan(0);
});

it("writes a module of WebAssembly and its check, and three lines for a page", async () => {
  const { code, stdout } = await filigree(
    "export",
    sparse,
    "--to",
    "wasm",
    "--out",
    at("wasm"),
    "--name",
    "net",
  );
  expect(code).toBe(0);
  expect(readdirSync(at("wasm")).sort()).toEqual(["net.wasm", "net_test.mjs"]);
  expect(stdout).toMatch(/net\.wasm \(\d+\.\d kB\)/);
  expect(stdout).toContain('await WebAssembly.instantiateStreaming(fetch("net.wasm"));');
  expect(stdout).toContain(
    "net.step(symbol); // once for each step of a sequence; net.reset() before another one",
  );
  expect(stdout).toContain("console.log(new Float32Array(net.memory.buffer, net.output(), 3));");
});

it("writes ONNX twice, and once of a network that reads both ways", async () => {
  const { code, stdout } = await filigree("export", structure, "--to", "onnx", "--out", at("onnx"));
  expect(code).toBe(0);
  expect(readdirSync(at("onnx")).sort()).toEqual(["skips.onnx", "skips_stream.onnx"]);
  expect(stdout).toContain(
    "skips.onnx: symbols [batch, time] int64 and lengths [batch] int32 become output [batch, 3]",
  );
  const both = await filigree("export", bothWays, "--to", "onnx", "--out", at("both"));
  expect(readdirSync(at("both"))).toEqual(["ways.onnx"]);
  expect(both.stdout).toContain("no stream: the network is bidirectional");
});

it("writes what PyTorch loads, prints it, and reads it back", async () => {
  const { code, stdout } = await filigree("export", sparse, "--to", "torch", "--out", at("torch"), "--masks");
  expect(code).toBe(0);
  expect(stdout).toContain(readFileSync(at("torch/my_model_1.py"), "utf8"));
  const back = parseNetwork(readFileSync(at("torch/my_model_1.safetensors")), "back");
  const own = parseNetwork(readFileSync(sparse), "own");
  expect(back.parameters).toEqual(own.parameters);
  expect(back.masks).toEqual(own.masks);
});

it("calibrates a network for int8, says what that costs, and exports it", async () => {
  const out = at("calibrated.safetensors");
  const data = at("digits.csv");
  const letters = ["!%", "%!", "!!%", "%%!", "!%!%", "%!%!"];
  writeFileSync(data, `string,label\n${letters.map((string, i) => `${string},${i % 2}`).join("\n")}\n`);
  const { code, stdout } = await filigree(
    "quantize",
    sparse,
    "--data",
    data,
    "--percentile",
    "100",
    "--out",
    out,
    "--json",
  );
  const { activations, float32, int8 } = JSON.parse(stdout);
  expect(code).toBe(0);
  expect(Object.keys(activations).sort()).toEqual(["0", "embedding"]);
  expect(int8.loss).toBeCloseTo(float32.loss, 2);
  const said = await filigree("evaluate", out, "--data", data, "--as", "stream-int8", "--json");
  expect(JSON.parse(said.stdout).loss).toBe(int8.loss);
  // The reference and whatever runs where nothing is asked for say the same; float32 says something else.
  const streamed = async (...words: string[]) =>
    JSON.parse((await filigree("stream", out, at("lines.txt"), ...words, "--json")).stdout).strings;
  writeFileSync(at("lines.txt"), "!%%!\n%%%\n");
  const whole = await streamed("--int8");
  expect(whole).toHaveLength(2);
  expect(await streamed("--int8", "--executor", "reference")).toEqual(whole);
  expect(await streamed()).not.toEqual(whole);
  const c = await filigree(
    "export",
    out,
    "--to",
    "c",
    "--int8",
    "--out",
    at("int8"),
    "--name",
    "net",
    "--json",
  );
  expect(JSON.parse(c.stdout)).toMatchObject({ math: "own", int8: true });
  expect(readFileSync(at("int8/net_test.c"), "utf8")).toContain("to the last bit");
  // Trained further, it is calibrated no more.
  const trained = at("trained.safetensors");
  await filigree(
    "prune",
    out,
    "--percent",
    "95",
    "--data",
    data,
    "--test",
    data,
    "--retrain",
    "1",
    "--out",
    trained,
  );
  expect(parseNetwork(readFileSync(trained), "trained").conventions.activations).toBeUndefined();
});

it("trains further with rounded weights, and says what that has brought", async () => {
  const out = at("retrained.safetensors");
  const words = ["quantize", sparse, "--data", at("digits.csv"), "--out", out];
  const { code, stdout } = await filigree(...words, "--retrain", "2", "--batch", "2", "--json");
  expect(code).toBe(0);
  const { int8, retrained } = JSON.parse(stdout);
  expect(retrained.loss).not.toBe(int8.loss);
  const network = parseNetwork(readFileSync(out), "retrained");
  expect(network.masks).toEqual(parseNetwork(readFileSync(sparse), "own").masks);
  const said = await filigree("evaluate", out, "--data", at("digits.csv"), "--as", "stream-int8", "--json");
  expect(JSON.parse(said.stdout).loss).toBe(retrained.loss);
  const refused = await filigree(...words, "--batch", "2");
  expect([refused.code, refused.stderr.trim()]).toEqual([
    2,
    "filigree: --batch: it goes with --retrain; leave it out",
  ]);
});

it("is refused in one line, and leaves nothing behind", async () => {
  mkdirSync(at("full"));
  writeFileSync(at("full/thing"), "");
  mkdirSync(at("empty"));
  const broken = networkWith(layers("gru", 4, 4), 1, random);
  const damaged = Buffer.from(saveNetwork(broken));
  damaged.writeFloatLE(Number.NaN, damaged.length - 4 * 16);
  writeFileSync(at("nan.safetensors"), damaged);
  const newer = Buffer.from(saveNetwork(broken))
    .toString("latin1")
    .replace('"filigree":"1"', '"filigree":"9"');
  writeFileSync(at("newer.safetensors"), newer, "latin1");
  const steps = (channels: string[]) =>
    [
      ["sequence", "time", "label", ...channels],
      ...["0", "1", "2", "3"].flatMap((row) =>
        ["1", "2"].map((t) => [row, t, `${Number(row) % 2}`, ...channels.map(() => t)]),
      ),
    ]
      .map((cells) => cells.join(","))
      .join("\n");
  writeFileSync(at("wide.csv"), `${steps(["a", "b", "c"])}\n`);
  writeFileSync(at("narrow.csv"), `${steps(["a", "b"])}\n`);
  const before = readdirSync(home).sort();
  const c = ["--to", "c", "--out", at("out")];
  const cases: [words: string[], line: RegExp][] = [
    [[sparse, "--out", at("out")], /^filigree: --to: it is missing; see --help/],
    [[sparse, "--to", "c"], /^filigree: --out: it is missing; see --help/],
    [
      [sparse, "--to", "cobol", "--out", at("out")],
      /^filigree: .*Allowed choices are c, wasm, onnx, torch\./,
    ],
    [
      [sparse, "--to", "c", "--out", at("full")],
      /full: the folder exists and is not empty; name a new folder$/,
    ],
    [[sparse, "--to", "c", "--out", sparse], /safetensors: is a file, not a folder; name a new folder$/],
    [[sparse, "--to", "c", "--out", join(sparse, "x")], /part of the path is a file|is a file, not a folder/],
    [[sparse, ...c, "--name", "my net"], /^filigree: --name: "my net" is no name in C; use up to 60 letters/],
    [[sparse, ...c, "--name", "1st"], /is no name in C/],
    [[sparse, ...c, "--name", "int\n*/"], /is no name in C/],
    [[sparse, ...c, "--name", "stdint"], /^filigree: --name: stdint is the name of a header or module that/],
    [[sparse, ...c, "--masks"], /^filigree: --masks: it goes with --to torch; leave it out$/],
    [
      [sparse, "--to", "onnx", "--out", at("out"), "--math", "own"],
      /^filigree: --math: it goes with --to c; leave it out$/,
    ],
    [
      [structure, "--to", "torch", "--out", at("out"), "--masks"],
      /^filigree: --masks: the network has no masks/,
    ],
    [
      [bothWays, ...c],
      /^filigree: the network is bidirectional: what it says of a step depends on those after it/,
    ],
    [[at("nan.safetensors"), ...c], /has values that are not finite: 1 of \d+/],
    [[at("newer.safetensors"), ...c], /its format is version "9", and this Filigree reads version 1/],
    [[at("none.safetensors"), ...c], /no such file/],
    [
      [sparse, ...c, "--int8"],
      /^filigree: the network has not been calibrated for int8; filigree quantize does so, on data$/,
    ],
    [
      [at("calibrated.safetensors"), ...c, "--int8", "--math", "libm"],
      /^filigree: --math libm: an int8 network says the same bits/,
    ],
    [
      [sparse, "--to", "torch", "--out", at("out"), "--int8"],
      /^filigree: --int8: it goes with --to c or wasm; leave it out$/,
    ],
  ];
  for (const [words, line] of cases) {
    const { code, stdout, stderr } = await filigree("export", ...words);
    expect(stderr.trim(), words.join(" ")).toMatch(line);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect([code, stdout]).toEqual([2, ""]);
  }
  const others: [words: string[], line: RegExp][] = [
    [["quantize", sparse, "--data", at("digits.csv")], /^filigree: --out: it is missing/],
    [["quantize", sparse, "--out", at("out")], /^filigree: --data: it is missing/],
    [
      ["quantize", numbers, "--data", at("wide.csv"), "--out", at("out")],
      /the network reads 2 numbers at each step, and the data have 3/,
    ],
    [
      ["quantize", bothWays, "--data", at("narrow.csv"), "--out", at("out")],
      /^filigree: the network is bidirectional/,
    ],
    [
      ["evaluate", sparse, "--data", at("digits.csv"), "--as", "stream-int8"],
      /^filigree: the network has not been calibrated/,
    ],
  ];
  for (const [words, line] of others) {
    const { code, stderr } = await filigree(...words);
    expect(stderr.trim(), words.join(" ")).toMatch(line);
    expect(code).toBe(2);
  }
  expect(readdirSync(home).sort()).toEqual(before);
  expect(existsSync(at("out"))).toBe(false);
  // An empty folder is as good as none.
  expect((await filigree("export", sparse, "--to", "c", "--out", at("empty"))).code).toBe(0);
});
