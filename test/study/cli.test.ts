import { readFileSync, writeFileSync } from "node:fs";
import { parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { studyCommand } from "../../src/cli/study-command.js";
import { kinds } from "../../src/experiments/kinds.js";
import { readStudy, type StudyInput } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { kindsOf } from "../../src/study/kind.js";
import { noop } from "../../src/study/kinds.js";
import { runStudy } from "../../src/study/runner.js";
import { parseYaml } from "../../src/study/yaml.js";
import { testFolder } from "./folder.js";

const path = testFolder();
const file = path("numbers.yaml");
const store = path("store.db");
writeFileSync(
  file,
  "kind: noop\ngrid:\n  value: {from: 1, to: 4, step: 1}\nreplicates: 2\nobjective: {metric: value, direction: minimize}\n",
);

let out = "";
let err = "";
beforeEach(() => {
  out = "";
  err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

async function study(...args: string[]): Promise<string> {
  out = "";
  const command = studyCommand();
  for (const child of [command, ...command.commands]) child.exitOverride();
  await command.parseAsync(args.includes("schema") ? args : [...args, "--store", store], { from: "user" });
  return out;
}

describe("filigree study", () => {
  it("plans, runs, looks, exports and deletes", async () => {
    expect(await study("plan", file)).toBe(
      "numbers: 8 trials of kind noop\nvaried: value (4), replicates (2)\n" +
        "finished: 0, failed: 0, left: 8\ntime: unknown until a trial of this kind has finished\n",
    );
    expect(await study("run", file, "--jobs", "1")).toBe(
      "numbers: 8 trials finished\nbest value 1: value 1\n",
    );
    const lines = err.trim().split("\n");
    expect(lines[0]).toBe("numbers: 8 trials, 0 finished before");
    expect(lines[1]).toMatch(/^\[1\/8\] [0-9a-f]{12} \(noop, value 1, seed 0\) value 1; 0\.0 s, 0 s left$/);
    expect(lines).toHaveLength(9);
    expect(JSON.parse(await study("run", file, "--json"))).toMatchObject({
      study: "numbers",
      finished: 8,
      failed: 0,
    });
    expect(await study("list")).toMatch(
      /^study +kind +trials +finished.*\n─.*\nnumbers +noop +8 +8 +0 +0 +0\n$/,
    );
    expect(await study("status")).toBe("numbers (noop): 8 of 8 finished, 0 running, 0 waiting, 0 failed\n");
    expect(JSON.parse(await study("status", "numbers", "--json"))).toMatchObject({ counts: { finished: 8 } });
    const best = JSON.parse(await study("best", "--top", "2", "--json"));
    expect(best).toMatchObject([
      { value: 1, replicates: 2, parameters: { value: 1 } },
      { value: 2, replicates: 2 },
    ]);
    const [a, b] = best.map(({ identity }: { identity: string }) => identity.slice(0, 10));
    expect(await study("show", a)).toContain("noop (version 1), seed 0: finished\nnumber 0 of numbers\n");
    expect(JSON.parse(await study("show", a, "--json"))).toMatchObject({ configuration: { value: 1 } });
    expect(JSON.parse(await study("compare", a, b, "--json")).configuration).toEqual([
      { name: "value", a: 1, b: 2 },
    ]);
    expect(await study("compare", "numbers", "numbers")).toContain("value 4");
    const csv = await study("export");
    expect(csv.split("\n").slice(0, 2)).toEqual([
      "number,identity,kind,seed,replicate,state,error,value,metric.value",
      expect.stringMatching(/^0,[0-9a-f]{64},noop,0,0,finished,,1,1$/),
    ]);
    expect(await study("export", "numbers", "--out", path("t.parquet"))).toBe(
      `${path("t.parquet")}: 8 rows\n`,
    );
    const rows = await parquetReadObjects({ file: new Uint8Array(readFileSync(path("t.parquet"))).buffer });
    expect(rows.map((row) => row["metric.value"])).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    expect(await study("delete", "numbers")).toBe("deleted numbers and 8 trials\n");
    expect(await study("list")).toBe("no studies yet\n");
  });

  it("says that no trial has the metric of the objective, once one has any", async () => {
    // Of a kind that does not say what it has, which no verb here knows.
    const { metrics: _, ...silent } = noop;
    const numbers = parseYaml(readFileSync(file, "utf8"), file) as StudyInput;
    const slip = { ...numbers, name: "slip", objective: { metric: "valu" } };
    await runStudy(slip, { store, kinds: kindsOf(silent) });
    const line = "slip: no trial has the metric valu of the objective; did you mean value";
    await expect(study("best", "slip")).rejects.toThrow(line);
    await expect(study("compare", "slip", "slip")).rejects.toThrow(line);
    await study("delete", "slip");
  });

  it("refuses an objective that no trial can have before any is run", async () => {
    for (const verb of ["plan", "run"]) {
      await expect(study(verb, file, "--set", "objective.metric=valu")).rejects.toThrow(
        "numbers: no trial of kind noop has the metric valu of the objective; did you mean value",
      );
    }
    await expect(study("status", "numbers")).rejects.toThrow("no study numbers");
  });

  it("remarks on a percentage that looks like a share, once, and plans it all the same", async () => {
    const shares = path("shares.yaml");
    const fixed = "fixed: { base: { cell: gru, protocol: corrected, data: { count: 40 } } }";
    writeFileSync(shares, `kind: prune\n${fixed}\ngrid: { percent: [0, 0.25, 0.9, 1] }\n`);
    expect(await study("plan", shares)).toContain("shares: 4 trials of kind prune");
    const line = "shares: a percent below 1 removes less than one weight in a hundred";
    expect(err).toBe(`${line}; to remove half of them, write 50\n`);
    err = "";
    await study("plan", shares, "--set", "grid.percent=[0, 1, 50]");
    expect(err).toBe("");
  });

  it("says what is best also where nothing varies", async () => {
    const single = path("single.yaml");
    writeFileSync(single, "kind: noop\nobjective: { metric: value }\n");
    expect(await study("run", single)).toBe("single: 1 trial finished\nbest value 0\n");
    await study("delete", "single");
  });

  it("names the study that is not there, not the one that is", async () => {
    await study("run", file, "--jobs", "1");
    await expect(study("compare", "numbers", "number")).rejects.toThrow(
      "no study number; did you mean numbers",
    );
    await expect(study("compare", "number", "numbers")).rejects.toThrow(
      "no study number; did you mean numbers",
    );
    await study("delete", "numbers");
  });

  it("knows the example of the documentation", () => {
    const text = readFileSync(new URL("../../docs/studies.md", import.meta.url), "utf8");
    const example = path("percent.yaml");
    writeFileSync(example, /```yaml\n([\s\S]*?)```/.exec(text)?.[1] as string);
    const { members, trials } = defineStudy(readStudy(example), kinds);
    expect([members.length, trials.size]).toEqual([24, 27]);
  });

  it("prints a schema that knows the kinds", async () => {
    expect(JSON.parse(await study("schema")).allOf.length).toBeGreaterThan(1);
  });

  it.each([
    [["run", "missing.yaml"], "missing.yaml: no such file"],
    [["run", file, "--set", "replicas=2"], "did you mean replicates"],
    [
      ["run", file, "--set", "fixed.valu=2"],
      "numbers: configuration of noop: unknown key valu; did you mean value",
    ],
    [["status", "none"], "no study none; it holds no study yet"],
    [["status"], "it holds no study yet"],
    [["show", "12"], "give at least 4 digits"],
    [["delete", "none"], "no study none"],
    [["export", "--json"], "--json: needs --out FILE"],
    [["run", file, "--redis", "redis://127.0.0.1:1"], "no Redis answers"],
  ])("%j is answered with one line", async (args, line) => {
    await expect(study(...args)).rejects.toThrow(line);
  });
});
