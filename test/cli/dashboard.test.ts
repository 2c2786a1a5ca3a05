// `filigree dashboard` and `study run --watch` as processes, as built: what they print, answer and end with.
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { runStudy } from "../../src/study/runner.js";
import { testFolder } from "../study/folder.js";
import { testKinds } from "../study/kinds.js";
import { filigree } from "./command-line.js";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const path = testFolder();

function start(...words: string[]): {
  child: ChildProcess;
  ended: Promise<number | null>;
  said: () => string;
} {
  // No program that opens a browser is on the path.
  const child = spawn(process.execPath, [main, ...words], { env: { ...process.env, PATH: path("") } });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream!.on("data", (part) => {
      said += part;
    });
  return { child, ended: new Promise((resolve) => child.once("close", resolve)), said: () => said };
}

async function addressOf(said: () => string): Promise<string> {
  return expect
    .poll(() => /http:\S+/.exec(said())?.[0], { timeout: 60_000 })
    .toBeDefined()
    .then(() => /http:\S+/.exec(said())![0]);
}

// Processes on a machine that does much else take their time.
vi.setConfig({ testTimeout: 180_000 });

it("filigree dashboard prints its address, answers there, and ends with Ctrl-C", async () => {
  const store = path("store.db");
  await runStudy({ name: "values", kind: "noop", grid: { value: [1, 2] } }, { store, kinds: testKinds });
  const { child, ended, said } = start("dashboard", store, "--port", "0", "--open");
  const address = await addressOf(said);
  expect(said()).toBe(`${store}: ${address}\n`);
  expect(new URL(address).hostname).toBe("127.0.0.1");
  expect(await (await fetch(address)).text()).toMatch(/^<!doctype html>/);
  child.kill("SIGINT");
  expect(await ended).toBe(0);
});

it("filigree dashboard --host prints a token, without which it answers nothing", async () => {
  const { child, ended, said } = start("dashboard", path("store.db"), "--port", "0", "--host", "127.0.0.1");
  const address = new URL(await addressOf(said));
  expect(address.searchParams.get("token")).toMatch(/^[\w-]{32}$/);
  expect((await fetch(address.origin)).status).toBe(401);
  expect((await fetch(address, { redirect: "manual" })).status).toBe(303);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

it("filigree dashboard says in one line what is in the way", async () => {
  const none = path("none.db");
  const { ended, said } = start("dashboard", none);
  expect(await ended).toBe(2);
  expect(said()).toBe(`filigree: ${none}: no such file; check the path\n`);
  expect(await filigree("dashboard", path("store.db"), "--port", "70000")).toMatchObject({
    code: 2,
    stdout: "",
  });
});

it("study run --watch has a dashboard beside it that ends with the run", async () => {
  const [file, store] = [path("study.yaml"), path("watched.db")];
  writeFileSync(
    file,
    "kind: train\nfixed: {cell: gru, data: {count: 5000}, epochs: 10000, protocol: corrected}\n",
  );
  const { child, ended, said } = start("study", "run", file, "--store", store, "--jobs", "1", "--watch");
  const address = await addressOf(said);
  expect((await fetch(address)).status).toBe(200);
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  await expect
    .poll(
      () =>
        fetch(address).then(
          () => "answers",
          () => "gone",
        ),
      { timeout: 20_000 },
    )
    .toBe("gone");
});
