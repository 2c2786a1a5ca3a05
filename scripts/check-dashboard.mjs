// What the dashboard costs, measured on this machine as built: how soon a store of 100,000 trials is seen, how long a filter takes,
// how much memory the page has, and how much of a core the server takes while five clients read what five pages read of a running
// study. Makes its stores in a folder of its own; needs Chromium for the first part and Linux for what processes cost.
//
//   node scripts/check-dashboard.mjs [--trials 100000] [--seconds 30]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { Store } from "../dist/study/store.js";

const { values } = parseArgs({
  options: { trials: { type: "string", default: "100000" }, seconds: { type: "string", default: "30" } },
});
const [trials, seconds] = [Number(values.trials), Number(values.seconds)];
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "filigree-dashboard-"));
/** Clock ticks a second of /proc, as on every Linux. */
const TICKS = 100;
/** Columns of the large store. */
const metrics = [
  "trainLoss",
  "trainAccuracy",
  "testLoss",
  "testAccuracy",
  "density",
  "nonzeros",
  "weights",
  "bestEpoch",
];
const EPOCHS = 10;

/** A store as a study of that many trials would have left it: five values varied, eight results, four curves. */
function makeStore(path) {
  const store = Store.open(path);
  const { database } = store;
  const objective = { metric: "testAccuracy", direction: "maximize" };
  const document = { name: "large", kind: "train", fixed: {}, grid: {}, replicates: 5, seed: 0, objective };
  database.transaction(() => {
    for (const name of metrics) database.run("INSERT INTO metric (name) VALUES (?)", name);
    database.run(
      "INSERT INTO study (name, document, created_at) VALUES ('large', ?, 0)",
      JSON.stringify(document),
    );
  });
  // A multiplicative generator: the store is the same everywhere.
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  let learningRate = 0;
  for (let from = 0; from < trials; from += 5_000) {
    database.transaction(() => {
      for (let i = from; i < Math.min(trials, from + 5_000); i++) {
        const combination = Math.floor(i / 5);
        if (i % 5 === 0) learningRate = 10 ** (-4 + 3 * random());
        const density = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1][combination % 7];
        const cell = ["lstm", "gru", "rnn-tanh", "rnn-relu"][Math.floor(combination / 7) % 4];
        const method = ["magnitude", "random", "rigl", "set", "snip"][Math.floor(combination / 28) % 5];
        const hidden = [16, 32, 64, 128][Math.floor(combination / 140) % 4];
        const configuration = JSON.stringify({
          cell,
          hidden,
          learningRate,
          epochs: EPOCHS,
          sparsify: { method, density },
        });
        const parameters = JSON.stringify({
          cell,
          hidden,
          learningRate,
          "sparsify.density": density,
          "sparsify.method": method,
        });
        const identity = createHash("sha256").update(`${configuration} ${i}`).digest("hex");
        const failed = i % 211 === 0;
        const error = failed ? `the loss is not finite after update ${(i % 7) * 100}` : null;
        database.run(
          "INSERT INTO trial (id, identity, kind, version, seed, configuration, state, error) VALUES (?, ?, 'train', 1, ?, ?, ?, ?)",
          ...[i + 1, identity, i % 5, configuration, failed ? "failed" : "finished", error],
        );
        database.run("INSERT INTO member VALUES (1, ?, ?, ?, ?)", i, i + 1, parameters, i % 5);
        database.run(
          `INSERT INTO attempt (trial, machine, pid, started_at, ended_at, seconds, outcome, error)
           VALUES (?, 'machine', 1, ?, ?, 1.5, ?, ?)`,
          ...[i + 1, i * 800, i * 800 + 1_500, failed ? "failed" : "finished", error],
        );
        const reached = 0.5 + 0.45 * (1 - Math.exp((-density * hidden) / 2)) + 0.02 * random();
        if (!failed) {
          const results = [
            1 - reached,
            reached,
            1.05 - reached,
            reached - 0.01,
            density,
            4 * density * hidden ** 2,
            4 * hidden ** 2,
            EPOCHS,
          ];
          for (const [metric, value] of results.entries())
            database.run("INSERT INTO summary VALUES (?, ?, ?)", i + 1, metric + 1, value);
        }
        for (let metric = 1; metric <= 4; metric++) {
          for (let epoch = 1; epoch <= EPOCHS; epoch++) {
            const value = reached * (1 - Math.exp(-epoch / 3)) + 0.01 * random();
            database.run(
              "INSERT INTO series VALUES (?, ?, ?, ?)",
              i + 1,
              metric,
              epoch,
              metric % 2 ? 1 - value : value,
            );
          }
        }
      }
    });
  }
  store.close();
}

/** Starts `filigree dashboard` and waits for its address. */
async function serve(store) {
  const child = spawn(process.execPath, [main, "dashboard", store, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const text of child.stdout) {
    const address = /http:\S+/.exec(String(text))?.[0];
    if (address) return { child, address };
  }
  throw new Error("the dashboard ended");
}

/** Seconds of processor that a process has had. */
function used(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function residentMegabytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}

/** The process that draws a page, of a browser that has one page. */
async function rendererOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  return renderers.reduce((most, id) => (residentMegabytes(id) > residentMegabytes(most) ? id : most));
}

async function large() {
  const store = join(folder, "large.db");
  makeStore(store);
  const { child, address } = await serve(store);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(300_000);
    const [begun, server] = [performance.now(), used(child.pid)];
    await page.goto(`${address}#/study/large`);
    await page.locator(".grid tbody tr").first().waitFor();
    const elapsed = (performance.now() - begun) / 1000;
    const renderer = await rendererOf(browser);
    // What was computed says more than what was waited for, where others compute too.
    console.log(
      `first view of ${trials} trials: ${elapsed.toFixed(2)} s, of which the server computed ${(used(child.pid) - server).toFixed(2)} s and the page ${used(renderer).toFixed(2)} s`,
    );
    // In the page, from the key to the frame that shows what is left; the pause that waits for another key is in it.
    const filter = (line) =>
      page.evaluate(async (text) => {
        const input = document.querySelector("input[type=search]");
        const before = document.querySelector(".filter [role=status]").textContent;
        const begun = performance.now();
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        while (document.querySelector(".filter [role=status]").textContent === before) {
          await new Promise(requestAnimationFrame);
        }
        await new Promise(requestAnimationFrame);
        return performance.now() - begun;
      }, line);
    for (const view of ["table", "course", "effects", "parallel"]) {
      await page.goto(`${address}#/study/large/${view}`);
      await page.waitForTimeout(1_500);
      const times = [];
      const before = used(renderer);
      for (const line of [
        "cell=lstm",
        "cell=gru sparsify.density=0.05..0.5 testAccuracy>0.6",
        "top=5%",
        "snip",
        "hidden=64 learningRate<0.01",
      ]) {
        times.push(await filter(line));
      }
      const computed = (1000 * (used(renderer) - before)) / times.length;
      console.log(
        `filtering in the view ${view}: ${times.map((time) => time.toFixed(0)).join(", ")} ms, of which the page computed ${computed.toFixed(0)} ms on average`,
      );
    }
    console.log(
      `memory: the page ${residentMegabytes(renderer).toFixed(0)} MB resident, the server ${residentMegabytes(child.pid).toFixed(0)} MB`,
    );
  } finally {
    await browser.close();
    child.kill();
  }
}

/** A client that reads what a page reads: the page, notes, the table of a study, and events; and of one trial all of it at every change. */
async function client(address, signal) {
  const ask = async (path) => (await fetch(new URL(path, address), { signal })).arrayBuffer();
  const events = await fetch(new URL("/api/events?study=1", address), { signal });
  await Promise.all(["/", "/api/notes", "/api/table?study=1"].map(ask));
  let text = "";
  for await (const part of events.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    const running = /"trials":\[\{"identity":"(\w+)"/.exec(text)?.[1];
    if (text.includes("event: overview") && running) await ask(`/api/trial?identity=${running}`);
    text = "";
  }
}

async function live() {
  const file = join(folder, "study.yaml");
  writeFileSync(
    file,
    "kind: train\nfixed: {data: {count: 2000}, protocol: corrected, epochs: 10, hidden: 24, sparsify: {method: rigl}}\n" +
      "grid: {cell: [gru, lstm], sparsify.density: {from: 0.01, to: 1, count: 50}}\nreplicates: 20\nobjective: {metric: testAccuracy}\n",
  );
  const store = join(folder, "live.db");
  const run = spawn(process.execPath, [main, "study", "run", file, "--store", store, "--jobs", "1"], {
    stdio: "ignore",
  });
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const { child, address } = await serve(store);
  const measure = async (clients) => {
    const stop = new AbortController();
    const reading = Array.from({ length: clients }, () => client(address, stop.signal).catch(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const [begun, server, study] = [performance.now(), used(child.pid), used(run.pid)];
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    const elapsed = (performance.now() - begun) / 1000;
    const share = (now, before) => `${((100 * (now - before)) / elapsed).toFixed(1)} %`;
    console.log(
      `${clients} ${clients === 1 ? "client" : "clients"} over a running study: the server takes ${share(used(child.pid), server)} of a core, the study ${share(used(run.pid), study)}`,
    );
    stop.abort();
    await Promise.all(reading);
  };
  try {
    for (const clients of [0, 1, 5]) await measure(clients);
  } finally {
    child.kill();
    run.kill();
    await new Promise((resolve) => run.once("close", resolve));
  }
}

try {
  await large();
  await live();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
