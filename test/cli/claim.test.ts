// Who may write an output, when several want to.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Claim } from "../../src/cli/claim.js";
import { thisProcess } from "../../src/study/process.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-claims-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const fresh = () => at(`${count++}.safetensors`);
const owner = (other: object = {}) => JSON.stringify({ ...thisProcess(), token: "another", ...other });

describe("a claim", () => {
  it("keeps others away until it is released, by whatever path they come", () => {
    mkdirSync(at("real"));
    symlinkSync(at("real"), at("link"));
    const claim = new Claim(at("real/a"));
    expect(() => new Claim(at("link/a"))).toThrow(
      `${at("link/a")}: another training writes it (process ${process.pid} on `,
    );
    new Claim(at("real/b")).release();
    claim.check();
    claim.release();
    new Claim(at("link/a")).release();
    expect(existsSync(at("real/a.lock"))).toBe(false);
  });

  const minutes = (age: number) => Date.now() / 1000 - 60 * age;
  it.each<[string, string, number, boolean]>([
    ["of a process that has ended", owner({ pid: spawnSync("true").pid }), 0, true],
    ["of an earlier process of the same number", owner({ process: "earlier" }), 0, true],
    ["of a process that lives, however long it was silent", owner(), 90, false],
    ["of another machine that was heard of", owner({ machine: "far away" }), 0.5, false],
    ["of another machine that is silent", owner({ machine: "far away" }), 2, true],
    ["that is just being written", "", 0, false],
    ["that was never written", '{"pid"', 2, true],
  ])("%s", (_, content, age, stale) => {
    const out = fresh();
    writeFileSync(`${out}.lock`, content);
    utimesSync(`${out}.lock`, minutes(age), minutes(age));
    if (stale) new Claim(out).release();
    else expect(() => new Claim(out)).toThrow("another training writes it");
    expect(existsSync(`${out}.lock`)).toBe(!stale);
  });

  it("is taken again when it was tidied away, and lost when another has taken it", () => {
    const out = fresh();
    const claim = new Claim(out);
    rmSync(`${out}.lock`);
    claim.check();
    expect(existsSync(`${out}.lock`)).toBe(true);
    writeFileSync(`${out}.lock`, owner());
    expect(() => claim.check()).toThrow("another training writes it");
    claim.release();
    expect(readFileSync(`${out}.lock`, "utf8")).toBe(owner());
  });
});

describe("two trainings with one --out", () => {
  const train = (out: string, ...more: string[]) => {
    const data = ["--data", at("train.csv"), "--test", at("test.csv"), "--out", out];
    return filigree("train", "--cell", "gru", "--hidden", "2", "--layers", "1", ...data, ...more);
  };
  beforeAll(async () => {
    const made = await filigree("data", "reber", "--count", "60", "--max-length", "15", "--out", folder);
    expect(made.code).toBe(0);
  });

  it("the second is refused at once", async () => {
    const out = fresh();
    const claim = new Claim(out);
    const { code, stderr } = await train(out, "--epochs", "1");
    claim.release();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^filigree: .*another training writes it .*; name another --out.*\n$/);
    expect(existsSync(out)).toBe(false);
    expect((await train(out, "--epochs", "1")).code).toBe(0);
    expect(existsSync(`${out}.lock`)).toBe(false);
  });

  it("what someone else writes meanwhile is not replaced, and the training goes on later", async () => {
    const out = fresh();
    writeFileSync(out, "an old network");
    const training = train(out, "--epochs", "100000");
    while (!existsSync(`${out}.checkpoint`)) await setTimeout(5);
    writeFileSync(out, "a new network");
    const { code, stderr } = await training;
    expect({ code, last: stderr.trim().split("\n").at(-1) }).toEqual({
      code: 2,
      last: `filigree: ${out}: another program has written it meanwhile; move it away, and run the same command again to go on from the last epoch`,
    });
    expect(readFileSync(out, "utf8")).toBe("a new network");
    const done = [...stderr.matchAll(/^epoch \d+:/gm)].length;
    const again = await train(out, "--epochs", String(done + 1));
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining("going on after epoch") });
  });

  it("one whose claim another has taken writes nothing more", async () => {
    const out = fresh();
    const training = train(out, "--epochs", "100000");
    while (!existsSync(`${out}.checkpoint`)) await setTimeout(5);
    writeFileSync(`${out}.lock`, owner());
    expect((await training).code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});
