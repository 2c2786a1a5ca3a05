// The verbs from outside: what a user types, what comes back, and that every mistake is one line and exit code 2.
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodeCheckpoint } from "../../src/train/checkpoint.js";
import { hasReference, reference, skipNote } from "../reference.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-cli-"));
const at = (name: string) => join(folder, name);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a user's ten minutes", () => {
  beforeAll(async () => {
    const made = await filigree("data", "reber", "--count", "600", "--seed", "3", "--out", at("strings"));
    expect(made).toMatchObject({ code: 0, stderr: "" });
  });

  const small = ["--hidden", "8", "--layers", "2", "--batch", "16"];
  const data = ["--data", at("strings/train.csv"), "--test", at("strings/test.csv")];

  it("describes the data", async () => {
    const { code, stdout } = await filigree("data", "stats", data[1], "--test", data[3], "--json");
    expect(code).toBe(0);
    const statistics = JSON.parse(stdout);
    expect(statistics).toMatchObject({ strings: 450, duplicates: 0, overlap: 0 });
    expect(statistics.baselines.map(({ name }: { name: string }) => name)).toEqual([
      "majority",
      "foreign letter",
      "letter pairs",
    ]);
    const text = await filigree("data", "stats", data[1], "--test", data[3]);
    expect(text.stdout).toContain("rule without memory");
  });

  it("says before training what is odd about the data", async () => {
    writeFileSync(at("one.csv"), "string,valid\nBTE,1\nBPE,1\nBTX,1\nBPX,1\n");
    writeFileSync(at("far.csv"), "string;valid\r\nBTE;1\r\nQTE;0\r\n");
    const files = ["--data", at("one.csv"), "--test", at("far.csv")];
    const out = ["--out", at("odd.safetensors")];
    const said = [
      "all 4 training strings have the label 1: there is nothing to tell apart, and any accuracy means little",
      '1 of 2 test strings have letters that no training string has: "Q"',
    ];
    const trained = await filigree("train", "--cell", "gru", ...small, ...files, "--epochs", "1", ...out);
    expect(trained.code).toBe(0);
    expect(trained.stderr.split("\n").slice(0, 2)).toEqual(said);
    expect(trained.stderr.indexOf("epoch 1")).toBeGreaterThan(trained.stderr.indexOf(said[1]));
    const pruned = await filigree("prune", out[1], "--percent", "50", ...files);
    expect(pruned.stderr).toContain(said.join("\n"));
    const described = await filigree("data", "stats", files[1], "--test", files[3]);
    expect(described).toMatchObject({ code: 0, stderr: `${said.join("\n")}\n` });
    expect(described.stdout).not.toContain("NaN");
  });

  it("trains, prunes and evaluates", async () => {
    const model = at("small.safetensors");
    const trained = await filigree(
      "train",
      "--cell",
      "gru",
      ...small,
      ...data,
      "--epochs",
      "2",
      "--out",
      model,
      "--json",
    );
    expect(trained.code).toBe(0);
    expect(JSON.parse(trained.stdout).epochs).toHaveLength(2);
    expect(
      readdirSync(folder).filter((name) => name.endsWith(".checkpoint") || name.endsWith(".part")),
    ).toEqual([]);

    const pruned = at("pruned.safetensors");
    const words = ["--percent", "70", ...data, "--batch", "16", "--retrain", "1", "--out", pruned, "--json"];
    const retrained = await filigree("prune", model, ...words);
    expect(retrained.stderr).toMatch(/^epoch 1: training loss .+\n$/);
    const result = JSON.parse(retrained.stdout);
    expect(result.stages.map(({ stage }: { stage: string }) => stage)).toEqual([
      "as it was",
      "pruned",
      "retrained 1",
    ]);
    const sum = (numbers: Record<string, number>) =>
      Object.values(numbers).reduce((total, n) => total + n, 0);
    const weights = sum(result.weights);
    expect(sum(result.nonzeros)).toBe(weights - Math.ceil((weights - 1) * 0.7));

    const evaluated = JSON.parse(
      (await filigree("evaluate", pruned, "--data", data[3], "--batch", "16", "--json")).stdout,
    );
    expect(evaluated).toMatchObject({ cell: "gru", total: 150 });
    expect(evaluated.accuracy).toBeCloseTo(result.stages[2].accuracy, 12);
    expect(evaluated.logits).toHaveLength(8);
    expect(evaluated.nonzeros).toEqual(result.nonzeros);
  });

  describe("streams", () => {
    const strings = ["BTXSE", "BPVVE", "BTSXXTTVVE"];
    const model = at("small.safetensors");
    beforeAll(() => {
      writeFileSync(at("strings.txt"), `${strings.join("\n")}\n`);
      const rows = strings.map((string) => `${string},1`);
      writeFileSync(at("strings.csv"), ["string,valid", ...rows].join("\n"));
    });

    it("says of each line what evaluate says of it", async () => {
      const { code, stdout } = await filigree("stream", model, at("strings.txt"), "--json");
      expect(code).toBe(0);
      const streamed = JSON.parse(stdout).strings;
      const words = ["--data", at("strings.csv"), "--protocol", "corrected", "--json"];
      const { logits } = JSON.parse((await filigree("evaluate", model, ...words)).stdout);
      for (const [i, { string, class: likeliest, probabilities }] of streamed.entries()) {
        const [no, yes] = logits[i];
        expect(string).toBe(strings[i]);
        expect(likeliest).toBe(Number(yes > no));
        expect(probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(no - yes)), 6);
        expect(probabilities[0] + probabilities[1]).toBeCloseTo(1, 12);
      }
      expect(streamed).toHaveLength(strings.length);
    });

    it("reads standard input and answers line by line", async () => {
      const stdin = vi.spyOn(process, "stdin", "get");
      stdin.mockReturnValue(Readable.from([strings.join("\n")]) as typeof process.stdin);
      const { code, stdout, stderr } = await filigree("stream", model);
      stdin.mockRestore();
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const lines = stdout.trim().split("\n");
      for (const [i, line] of lines.entries()) {
        expect(line).toMatch(new RegExp(`^${strings[i]}  [01]  [01]\\.\\d{4} [01]\\.\\d{4}$`));
      }
      expect(lines).toHaveLength(strings.length);
    });

    it("names the line that it cannot read", async () => {
      writeFileSync(at("far.txt"), "BTXSE\nB\u00c4E\n");
      const { code, stderr } = await filigree("stream", model, at("far.txt"), "--json");
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/far\.txt:2: .*\n$/) });
    });
  });

  it("goes on after an interruption with the same bits", async () => {
    const train = (out: string, ...more: string[]) =>
      filigree("train", "--cell", "lstm", ...small, ...data, "--epochs", "12", "--out", out, ...more);
    await train(at("whole.safetensors"));
    const interrupted = train(at("parts.safetensors"));
    while (!existsSync(at("parts.safetensors.checkpoint"))) await setTimeout(1);
    process.emit("SIGINT");
    const goesOn = "filigree: stopped; the same command goes on where it was\n";
    expect(await interrupted).toMatchObject({ code: 130, stderr: expect.stringContaining(goesOn) });
    expect(existsSync(at("parts.safetensors"))).toBe(false);
    const other = await train(at("parts.safetensors"), "--seed", "7");
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("of another run; repeat that") });
    const resumed = await train(at("parts.safetensors"));
    expect(resumed.stderr).toContain("going on after epoch");
    expect(readFileSync(at("parts.safetensors"))).toEqual(readFileSync(at("whole.safetensors")));
  });

  it("refuses fewer epochs than an interrupted training has done, and loses nothing", async () => {
    const out = at("fewer.safetensors");
    const checkpoint = `${out}.checkpoint`;
    const train = (epochs: string) =>
      filigree("train", "--cell", "gru", ...small, ...data, "--epochs", epochs, "--out", out);
    const epochsDone = () =>
      existsSync(checkpoint) ? decodeCheckpoint(readFileSync(checkpoint), "").run.epoch : 0;
    const interrupted = train("1000");
    while (epochsDone() < 2) await setTimeout(1);
    process.emit("SIGINT");
    expect(await interrupted).toMatchObject({ code: 130 });
    const before = readFileSync(checkpoint);
    const { code, stderr } = await train("1");
    expect(code).toBe(2);
    expect(stderr).toBe(
      `filigree: ${checkpoint}: this training has come to epoch ${epochsDone()} already, and 1 are asked for; ` +
        `ask for at least ${epochsDone()}, or delete the checkpoint to start anew\n`,
    );
    expect(existsSync(out)).toBe(false);
    expect(readFileSync(checkpoint)).toEqual(before);
  });

  it("does not promise to go on when it has saved nothing", async () => {
    const pruning = ["prune", at("whole.safetensors"), "--percent", "50", "--retrain", "1000", ...data];
    for (const words of [pruning, ["stream", at("whole.safetensors")]]) {
      const stdin = vi.spyOn(process, "stdin", "get");
      stdin.mockReturnValue(new Readable({ read() {} }) as typeof process.stdin);
      const interrupted = filigree(...words);
      while (process.listenerCount("SIGINT") === 0) await setTimeout(1);
      process.emit("SIGINT");
      expect(await interrupted).toMatchObject({
        code: 130,
        stderr: expect.stringMatching(/(^|\n)filigree: stopped; no file was written\n$/),
      });
      stdin.mockRestore();
    }
  });

  it("goes on retraining after an interruption, to the same bits", async () => {
    const retrain = (out: string, epochs: string) => {
      const words = [
        "--percent",
        "50",
        "--retrain",
        epochs,
        ...data,
        "--batch",
        "16",
        "--out",
        out,
        "--json",
      ];
      return filigree("prune", at("whole.safetensors"), ...words);
    };
    const [whole, parts] = [at("retrained"), at("retrained-in-parts")];
    const interrupted = retrain(parts, "1000");
    while (!existsSync(`${parts}.checkpoint`)) await setTimeout(1);
    process.emit("SIGINT");
    expect(await interrupted).toMatchObject({
      code: 130,
      stderr: expect.stringContaining("the same command goes on where it was"),
    });
    expect(existsSync(parts)).toBe(false);
    const { run } = decodeCheckpoint(readFileSync(`${parts}.checkpoint`), "");
    const epochs = String(run.epoch + 1);
    const [resumed, straight] = [await retrain(parts, epochs), await retrain(whole, epochs)];
    expect(resumed.stderr).toContain("going on after epoch");
    expect(JSON.parse(resumed.stdout).stages).toEqual(JSON.parse(straight.stdout).stages);
    expect(readFileSync(parts)).toEqual(readFileSync(whole));
    expect(existsSync(`${parts}.checkpoint`)).toBe(false);
  });

  it("says which executor runs", async () => {
    const { code, stdout } = await filigree("--version");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^filigree \d+\.\d+\.\d+ \((native|wasm|reference) executor, .+; Node .+\)\n$/);
  });
});

// The program itself, as `npm test` has built it: no other process than its own may lose its standard output.
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
it.skipIf(!existsSync("/dev/full"))("a standard output that is full is told", () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [program, "--version"], {
    stdio: ["ignore", full, "pipe"],
  });
  closeSync(full);
  expect({ status, stderr: String(stderr) }).toEqual({
    status: 2,
    stderr: "filigree: standard output: the disk is full; free some space and run the same command again\n",
  });
});

describe("mistakes", () => {
  const files: Record<string, string | Buffer> = {
    "empty.csv": "",
    "label.csv": "string,valid\nBTXSE,1\nBTE,NaN\n",
    "nolabel.csv": "string,valid\nBTXSE\n",
    "far.csv": "string,valid\nB\u00c4E,1\n",
    "good.csv": "string,valid\nBTXSE,1\nBTE,0\n",
    "tiny.safetensors": Buffer.from([1, 2, 3]),
    "huge.safetensors": Buffer.from([255, 255, 255, 255, 255, 255, 255, 127, 123, 125]),
  };
  beforeAll(() => {
    for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
  });

  const model = "missing.safetensors";
  const mistakes: [words: string[], line: RegExp][] = [
    [
      ["evaluate", at(model), "--data", at("good.csv")],
      /missing\.safetensors: no such file; check the path$/,
    ],
    [["evaluate", at(model), "--dta", at("good.csv")], /unknown option '--dta' \(Did you mean --data\?\)$/],
    [["evaluate", at("tiny.safetensors"), "--data", at("good.csv")], /tiny\.safetensors: .+$/],
    [["evaluate", at("huge.safetensors"), "--data", at("good.csv")], /huge\.safetensors: .+$/],
    [["evaluate", folder, "--data", at("good.csv")], /is a directory, not a file/],
    [["evaluate", at(model)], /--data: it is missing|no such file/],
    [["stream", at(model)], /missing\.safetensors: no such file; check the path$/],
    [["bench", "stream"], /--cell: it is missing/],
    [["data", "stats", at("empty.csv")], /empty\.csv: the file is empty/],
    [["data", "stats", at("label.csv")], /label\.csv:3: the row has no label/],
    [["data", "stats", at("nolabel.csv")], /nolabel\.csv:2: /],
    [["data", "stats", at("far.csv"), "--vocabulary", "BTXSE"], /far\.csv:2: /],
    [["data", "stats", folder], /is a directory, not a file/],
    [["data", "generate", "tomita-1"], /ask for fewer strings or allow other lengths$/],
    [["data", "reber", "--count", "3"], /'3' is invalid\. Use a whole number from 4 to 10000000\.$/],
    [["data", "generate", "rebre"], /did you mean reber\?$/],
    [["data", "reber", "--count", "600", "--out", "/proc/none/data"], /^filigree: \/proc\/none/],
    [["train", "--cell", "gruu"], /'gruu' is invalid\. Allowed choices are rnn-tanh, rnn-relu, lstm, gru\.$/],
    [["train"], /--cell: it is missing/],
    [["train", "--cell", "gru", "--data", at("good.csv")], /too few/],
    [["train", "--cell", "gru", "--test", at("good.csv")], /--test: there is no training data/],
    [
      ["prune", at(model), "--percent", "120", "--out", at("x")],
      /'120' is invalid\. Use a number from 0 to 100\.$/,
    ],
    [["prune", at(model), "--percent", "NaN", "--out", at("x")], /'NaN' is invalid/],
    [["prune", at(model), "--percent", "10"], /neither --out nor --data nor --text is given/],
    [["reproduce", "--quick", "--full"], /cannot be used with option '--full'$/],
    [["trian"], /unknown command 'trian' \(Did you mean train\?\)$/],
    [["bench", "step", "--cell", "gru", "--density", "7"], /'7' is invalid/],
    [["bench", "density", "--hidden", "0"], /'0' is invalid\. Use a whole number from 1 to 4096\.$/],
    [["bench", "kernels", "--cell", "gruu"], /'gruu' is invalid/],
  ];
  it.each(mistakes)("%j", async (words, line) => {
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await filigree(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd()).toMatch(line);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe.skipIf(!hasReference)(`the author's networks${skipNote}`, () => {
  it("are evaluated and pruned as he does", async () => {
    const words = [
      "--data",
      reference("dataset/test.csv"),
      "--protocol",
      "thesis",
      "--batch",
      "32",
      "--json",
    ];
    const gru = reference("pruning/gru.safetensors");
    const { stdout } = await filigree("evaluate", gru, ...words, "--prune", "70", "--target", "i2h");
    expect(JSON.parse(stdout)).toMatchObject({ cell: "gru", total: 6250, correct: 6248 });
  });
});
