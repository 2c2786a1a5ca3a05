// What studies cost, measured: trials that do nothing, looking at a large store, readers that poll while a study runs,
// and two jobs against one. Prints numbers and judges nothing, because a busy machine can spoil all of them:
// `node scripts/study-load.mjs` after a build, on a machine with nothing else to do.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { kinds as allKinds } from "../dist/experiments/kinds.js";
import { kindsOf } from "../dist/study/kind.js";
import { StoreReader } from "../dist/study/reading.js";
import { runStudy } from "../dist/study/runner.js";

const [role, store] = process.argv.slice(2);
const folder = store ? "" : mkdtempSync(join(tmpdir(), "filigree-load-"));
const seconds = (begun) => (performance.now() - begun) / 1000;
const range = (to) => ({ from: 1, to, step: 1 });
let files = 0;

async function timed(study, options = {}) {
  const store = options.store ?? join(folder, `${files++}.db`);
  const begun = performance.now();
  const { finished } = await runStudy(study, { store, kinds: allKinds, jobs: 2, ...options });
  if (finished === 0) throw new Error("nothing finished");
  return seconds(begun);
}

async function overhead() {
  const noop = (count) => ({
    name: "noop",
    kind: "noop",
    grid: { value: range(count) },
    objective: { metric: "value" },
  });
  console.log(`10,000 trials that do nothing: ${(await timed(noop(10_000))).toFixed(1)} s`);
  const store = join(folder, "large.db");
  console.log(`100,000 trials that do nothing: ${(await timed(noop(100_000), { store })).toFixed(1)} s`);
  for (const verb of ["status", "best", "list"]) {
    const begun = performance.now();
    const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
    const child = spawn(process.execPath, [cli, "study", verb, "--store", store], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    await new Promise((resolve) => child.once("close", resolve));
    console.log(
      `100,000 trials in the store: study ${verb} ${seconds(begun).toFixed(2)} s, exit code ${child.exitCode}`,
    );
  }
}

// Trials that save a state of 100 kB every few milliseconds and otherwise wait: all that could be slowed down is the
// store.
const waiting = {
  name: "waiting",
  version: 1,
  schema: z.strictObject({ number: z.number() }),
  async run(_, { saveEpoch }) {
    for (let epoch = 1; epoch <= 20; epoch++) {
      await setTimeout(8);
      await saveEpoch(epoch, { a: epoch, b: 1 / epoch }, new Uint8Array(100_000).fill(epoch));
    }
    return { summary: { a: 1 }, artifacts: { bytes: new Uint8Array(100_000) } };
  },
};

async function readers() {
  const study = { name: "waiting", kind: "waiting", grid: { number: range(80) }, objective: { metric: "a" } };
  const times = { alone: [], spinning: [], reading: [] };
  for (let round = 0; round < 4; round++) {
    for (const company of Object.keys(times)) {
      const store = join(folder, `${company}${round}.db`);
      await runStudy({ ...study, grid: { number: [0] } }, { store, kinds: kindsOf(waiting) });
      // Ten processes that only spin show what ten readers cost by using the processor, on lowest priority.
      const others = Array.from({ length: company === "alone" ? 0 : 10 }, () => {
        const role = company === "reading" ? "read" : "spin";
        const args = ["-n", "19", process.execPath, fileURLToPath(import.meta.url), role, store];
        return spawn("nice", args, { stdio: ["ignore", "pipe", "inherit"] });
      });
      await setTimeout(1_500);
      times[company].push(await timed(study, { store, kinds: kindsOf(waiting) }));
      for (const child of others) child.kill("SIGTERM");
      const polls = await Promise.all(others.map(collect));
      if (company === "reading") {
        const failed = polls.filter(({ errors }) => errors > 0).length;
        const total = polls.reduce((sum, { count }) => sum + count, 0);
        console.log(`ten readers polled ${total} times, ${failed} of them met an error`);
      }
    }
  }
  for (const [company, values] of Object.entries(times)) {
    console.log(`study with others ${company}: ${values.map((value) => value.toFixed(2)).join(", ")} s`);
  }
}

function collect(child) {
  return new Promise((resolve) => {
    let text = "";
    child.stdout.on("data", (more) => {
      text += more;
    });
    child.once("close", () => resolve(text === "" ? { count: 0, errors: 1 } : JSON.parse(text)));
  });
}

async function poll(store, work) {
  let count = 0;
  let errors = 0;
  process.on("SIGTERM", () => {
    process.stdout.write(JSON.stringify({ count, errors }), () => process.exit());
  });
  for (;;) {
    try {
      if (work === "read") {
        const reader = StoreReader.open(store);
        reader.status("waiting");
        reader.best("waiting", 10);
        for (const row of reader.rows("waiting")) if (row.number % 20 === 0) reader.series(row.identity);
        reader.close();
      } else for (const end = performance.now() + 5; performance.now() < end; );
      count++;
    } catch (error) {
      console.error(error);
      errors++;
    }
    await setTimeout(0);
  }
}

async function twoJobs() {
  const base = { cell: "gru", hidden: 50, layers: 3, epochs: 4, data: { count: 2000 } };
  const study = { name: "equal", kind: "train", fixed: base, replicates: 40 };
  for (let round = 0; round < 3; round++) {
    const [one, two] = [await timed(study, { jobs: 1 }), await timed(study, { jobs: 2 })];
    console.log(
      `40 trainings: ${one.toFixed(1)} s with one job, ${two.toFixed(1)} s with two: ${(two / one).toFixed(3)}`,
    );
  }
}

if (role === "read" || role === "spin") await poll(store, role);
else {
  try {
    for (const part of [overhead, readers, twoJobs]) if (!role || role === part.name) await part();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
