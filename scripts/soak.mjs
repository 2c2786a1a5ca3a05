// The soak: a study of 200 small trials while everything that runs it is killed at random instants, on one machine and
// over Redis. In the end every trial must have been finished exactly once, the store must be sound, and the tables
// must be the same, byte for byte, as those of a run that nobody disturbed. Takes a few minutes: `npm run soak [seed]`.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Random } from "../dist/math/random.js";
import { kindsOf } from "../dist/study/kind.js";
import { StoreReader } from "../dist/study/reading.js";
import { redisExecutor } from "../dist/study/redis/coordinator.js";
import { runWorker } from "../dist/study/redis/worker.js";
import { runStudy } from "../dist/study/runner.js";
import { Store } from "../dist/study/store.js";
import { encodeTable, resultsTable, seriesTable } from "../dist/study/table.js";

const study = {
  name: "soak",
  kind: "sequel",
  fixed: { base: { epochs: 6 }, epochs: 4 },
  grid: { "base.rate": { from: 3.6, to: 3.98, count: 5 }, factor: [0.5, 1, 2, 3] },
  replicates: 8,
  objective: { metric: "sum" },
};
const trials = 200;
const epochs = 40 * 6 + 160 * 4;
const pause = 200;

/** Epochs of the logistic map, each a little work and some waiting; a wrong resume shows in every later number. */
async function walk(state, { rate, epochs: count }, context) {
  if (context.resume) new Uint8Array(state.buffer).set(context.resume.state);
  for (let epoch = (context.resume?.epoch ?? 0) + 1; epoch <= count; epoch++) {
    if (process.env.SOAK_LOG) appendFileSync(process.env.SOAK_LOG, ".");
    for (let step = 0; step < 200_000; step++) {
      state[0] = rate * state[0] * (1 - state[0]);
      state[1] += state[0];
    }
    await setTimeout(pause);
    const metrics = { position: state[0], sum: state[1] };
    await context.saveEpoch(epoch, metrics, new Uint8Array(state.buffer.slice(0)));
  }
  return { position: state[0], sum: state[1] };
}

const base = z.strictObject({ rate: z.number().default(3.9), epochs: z.int() });
const kinds = kindsOf(
  {
    name: "walk",
    version: 1,
    schema: base,
    async run(configuration, context) {
      const state = Float64Array.of(0.1 + context.seed / 100, 0);
      const summary = await walk(state, configuration, context);
      // More than one piece on its way through Redis.
      const weights = new Float64Array(160_000).map((_, index) => state[0] * index);
      return { summary, artifacts: { weights: new Uint8Array(weights.buffer) } };
    },
  },
  {
    name: "sequel",
    version: 1,
    schema: z.strictObject({ base, factor: z.number(), epochs: z.int() }),
    needs: (configuration, seed) => [{ kind: "walk", configuration: configuration.base, seed }],
    async run(configuration, context) {
      const weights = new Float64Array(context.needs[0].artifacts.weights.slice().buffer);
      const state = Float64Array.of((weights[1] * configuration.factor) % 1, 0);
      const summary = await walk(state, { rate: 3.9, epochs: configuration.epochs }, context);
      return { summary, artifacts: { state: new Uint8Array(state.buffer) } };
    },
  },
);

// What the processes that get killed do.
async function run(file, jobs, url) {
  const store = Store.open(file);
  const options = { store: store.id, study: study.name, kinds };
  const executor = url ? await redisExecutor(url, options) : undefined;
  const onEvent = ({ type }) => type === "begun" && process.stdout.write("begun");
  await runStudy(study, { store, kinds, jobs: Number(jobs), executor, onEvent });
  store.close();
}

async function work(url) {
  await runWorker(url, { kinds, jobs: 1, signal: new AbortController().signal });
}

// What the soak does with them.
const [role, ...rest] = process.argv.slice(2);
const seed = role ?? "1";
const folder = role === "run" || role === "work" ? "" : mkdtempSync(join(tmpdir(), "filigree-soak-"));
const random = new Random(`soak ${seed}`);
const children = new Set();

function start(log, ...args) {
  const env = { ...process.env, SOAK_LOG: log };
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  child.begun = new Promise((resolve) => child.stdout.once("data", resolve));
  child.gone = new Promise((resolve) => {
    child.once("close", (code, signal) => {
      children.delete(child);
      child.code = code ?? signal;
      if (code !== 0 && signal !== "SIGKILL")
        console.log(`  (${args[0]} ended with ${child.code}: ${errors.trim()})`);
      resolve();
    });
  });
  children.add(child);
  return child;
}

const between = (low, high) => low + (high - low) * random.uniform();

async function kill(child) {
  child.kill("SIGKILL");
  await child.gone;
}

/** The tables of a store that is as it should be. */
function verify(file, label) {
  const store = Store.open(file);
  const { database } = store;
  const count = (sql) => Object.values(database.get(sql))[0];
  const expected = [
    ["integrity check", "PRAGMA integrity_check", "ok"],
    ["finished trials", "SELECT count(*) FROM trial WHERE state = 'finished'", trials],
    ["attempts that finished", "SELECT count(*) FROM attempt WHERE outcome = 'finished'", trials],
    ["trials among them", "SELECT count(DISTINCT trial) FROM attempt WHERE outcome = 'finished'", trials],
    ["rows of series", "SELECT count(*) FROM series", 2 * epochs],
    ["checkpoints left", "SELECT count(*) FROM checkpoint", 0],
    ["runners left", "SELECT count(*) FROM runner", 0],
  ];
  for (const [what, sql, value] of expected) {
    if (count(sql) !== value) fail(`${label}: ${what}: ${count(sql)} instead of ${value}`);
  }
  const reader = new StoreReader(database);
  const tables = [resultsTable, seriesTable].map((table) => encodeTable(table(reader, study.name), "csv"));
  const outcomes = database.all(
    "SELECT outcome, count(*) AS n FROM attempt GROUP BY outcome ORDER BY outcome",
  );
  console.log(`${label}: attempts ${outcomes.map(({ outcome, n }) => `${outcome} ${n}`).join(", ")}`);
  store.close();
  return Buffer.concat(tables);
}

function fail(text) {
  console.error(`soak failed (seed ${seed}): ${text}`);
  for (const child of children) child.kill("SIGKILL");
  process.exit(1);
}

function compare(tables, reference, label) {
  if (!tables.equals(reference)) fail(`${label}: the tables differ from those of an undisturbed run`);
  console.log(
    `${label}: every trial finished once, store sound, tables byte-identical (${tables.length} bytes)`,
  );
}

async function undisturbed() {
  const file = join(folder, "undisturbed.db");
  await start("", "run", file, "8").gone;
  return verify(file, "undisturbed");
}

async function onOneMachine(reference) {
  const file = join(folder, "local.db");
  const log = join(folder, "local.log");
  const label = "one machine";
  const kills = 50;
  for (let killed = 0; killed < kills; killed++) {
    const runner = start(log, "run", file, "2");
    // One in five while it starts, the others while it runs.
    if (random.uniform() < 0.8) await Promise.race([runner.begun, runner.gone]);
    await Promise.race([setTimeout(between(0, 2_000)), runner.gone]);
    if (runner.code !== undefined) fail(`${label}: ended after ${killed} kills; nothing left to disturb`);
    await kill(runner);
  }
  await start(log, "run", file, "2").gone;
  const again = readFileSync(log).length - epochs;
  console.log(`${label}: ${kills} kills, ${again} epochs begun again`);
  if (again > 2 * kills) fail(`${label}: more than the epochs in flight were lost`);
  compare(verify(file, label), reference, label);
}

async function overRedis(reference) {
  const label = "over Redis";
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    console.log(`${label}: skipped, no redis-server on this machine`);
    return;
  }
  const file = join(folder, "redis.db");
  const log = join(folder, "redis.log");
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const startRedis = () => {
    const args = [
      "--port",
      port,
      "--bind",
      "127.0.0.1",
      "--dir",
      folder,
      "--appendonly",
      "yes",
      "--save",
      "",
    ];
    return spawn("redis-server", args, { stdio: "ignore" });
  };
  let redis = startRedis();
  await setTimeout(500);
  const workers = [1, 2, 3].map(() => start(log, "work", url));
  let coordinator = start(log, "run", file, "1", url);
  // Whoever starts while there is no Redis ends with a clear line, and is started again, as any supervisor would.
  const revive = () => {
    for (const [index, worker] of workers.entries()) {
      if (worker.code !== undefined) workers[index] = start(log, "work", url);
    }
    if (coordinator.code !== undefined && coordinator.code !== 0)
      coordinator = start(log, "run", file, "1", url);
  };
  const blows = random.shuffle([
    ...Array(30).fill("worker"),
    ...Array(5).fill("coordinator"),
    ...Array(2).fill("redis"),
  ]);
  for (const [index, blow] of blows.entries()) {
    await Promise.race([setTimeout(between(100, 2_500)), coordinator.gone]);
    if (coordinator.code === 0) fail(`${label}: ended after ${index} blows; nothing left to disturb`);
    revive();
    if (blow === "worker") {
      const victim = random.below(3);
      await kill(workers[victim]);
      workers[victim] = start(log, "work", url);
    } else if (blow === "coordinator") {
      await kill(coordinator);
      await setTimeout(between(0, 1_500));
      coordinator = start(log, "run", file, "1", url);
    } else {
      const gone = new Promise((resolve) => redis.once("exit", resolve));
      redis.kill("SIGKILL");
      await gone;
      await setTimeout(between(0, 2_000));
      redis = startRedis();
    }
  }
  while (coordinator.code !== 0) {
    await Promise.race([setTimeout(1_000), coordinator.gone]);
    revive();
  }
  for (const worker of workers) await kill(worker);
  redis.kill();
  const again = readFileSync(log).length - epochs;
  console.log(`${label}: 30 workers, 5 coordinators and 2 servers killed, ${again} epochs begun again`);
  compare(verify(file, label), reference, label);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}

async function soak() {
  const begun = performance.now();
  try {
    const reference = await undisturbed();
    await onOneMachine(reference);
    await overRedis(reference);
    console.log(`soak passed in ${Math.round((performance.now() - begun) / 1000)} s`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function complain(error) {
  console.error(error.message);
  process.exit(2);
}

if (role === "run") await run(...rest).catch(complain);
else if (role === "work") await work(...rest).catch(complain);
else await soak();
