// Feeds thousands of damaged files of every kind to the functions that the command line reads them with. Each must be
// refused with one of Filigree's own errors, in one line, or be read as something sound; a crash, any other error, more
// than two seconds or more than a gigabyte is a failure, and is printed with what repeats it.
//   node scripts/fuzz-files.mjs [--cases N] [--seed S] [--only CASE] [--kinds KIND,…]
import { fork } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    /** Names of readers, divided by commas; a case is another one then. */
    kinds: { type: "string" },
    /** Of the processes that this one starts: the case to begin with, and the distance to the next. */
    worker: { type: "string" },
    stride: { type: "string" },
  },
});
const cases = Number(values.cases);
const folder = fileURLToPath(new URL("../build/fuzz/", import.meta.url));
// Seconds of the processor's time, and of real time, after which a case is taken to run forever.
const MOST_SECONDS = 2;
const FOREVER = 30;
const LONGEST_MESSAGE = 1000;
const MOST_KILOBYTES = 2 ** 20;

if (values.worker === undefined) await supervise();
else await work(Number(values.worker), Number(values.stride));

/** Runs the cases `first`, `first` + `stride`, …, and says of each that it begins and how it ends. */
async function work(first, stride) {
  const own = `${folder}${first % stride}`;
  mkdirSync(own, { recursive: true });
  const { readers } = await import("./fuzz/readers.mjs");
  const { FiligreeError } = await import("../dist/errors.js");
  const { Random } = await import("../dist/math/random.js");
  const asked = values.kinds?.split(",");
  const kinds = Object.entries(readers(own)).filter(([kind]) => asked?.includes(kind) ?? true);
  for (let number = first; number < cases; number += stride) {
    const random = new Random(`${values.seed}/${number}`);
    const [kind, { extension, samples, damage, read }] = kinds[number % kinds.length];
    let bytes = random.pick(samples);
    for (let times = random.pick([1, 1, 1, 2, 3]); times > 0; times--) bytes = damage(bytes, random);
    const file = `${own}/case-${number}.${extension}`;
    writeFileSync(file, bytes);
    // Sent before anything can go wrong, not merely queued.
    await new Promise((resolve) => process.send({ number, kind, file }, resolve));
    const before = process.cpuUsage();
    let refused = false;
    let fault;
    try {
      await read(file);
    } catch (error) {
      refused = error instanceof FiligreeError;
      if (!refused) fault = error.stack ?? String(error);
      // Text from the file must not act on a terminal or fill it.
      else if (/\p{Cc}/u.test(error.message))
        fault = `a control character in ${JSON.stringify(error.message)}`;
      else if (error.message.length > LONGEST_MESSAGE)
        fault = `a message of ${error.message.length} characters`;
    }
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    if (seconds > MOST_SECONDS) fault ??= `took ${seconds.toFixed(1)} s`;
    const { maxRSS } = process.resourceUsage();
    if (maxRSS > MOST_KILOBYTES) fault ??= `took ${Math.round(maxRSS / 1024)} MiB`;
    if (fault === undefined) rmSync(file);
    process.send({ number, kind, file, refused, fault });
    // Memory is only ever counted up.
    if (fault !== undefined) return process.disconnect();
  }
  process.disconnect();
}

/** Shares the cases among processes, begins anew after the one at which one ended, and counts. */
async function supervise() {
  rmSync(folder, { recursive: true, force: true });
  const only = values.only === undefined ? undefined : Number(values.only);
  const stride = only === undefined ? availableParallelism() : cases;
  const firsts = only === undefined ? Array.from({ length: stride }, (_, i) => i) : [only];
  const counts = new Map();
  let faults = 0;
  const share = async (first) => {
    for (let next = first; next < cases; ) {
      const { last, ended } = await attempt(next, stride);
      if (last?.fault === undefined && !ended) return;
      faults++;
      console.log(
        `case ${last?.number} of seed ${values.seed}, ${last?.kind} in ${last?.file}:\n${last?.fault ?? ended}\n`,
      );
      // It could not even begin.
      if (last === undefined) return;
      next = last.number + stride;
    }
  };
  const attempt = (first, stride) =>
    new Promise((resolve) => {
      const words = ["--worker", first, "--stride", stride, "--cases", cases, "--seed", values.seed];
      if (values.kinds !== undefined) words.push("--kinds", values.kinds);
      const child = fork(fileURLToPath(import.meta.url), words.map(String), {
        execArgv: ["--max-old-space-size=1024"],
      });
      let last;
      let stuck = false;
      let waited = 0;
      child.on("message", (message) => {
        last = message;
        waited = 0;
        if (message.refused !== undefined && message.fault === undefined) {
          const [read, refused] = counts.get(message.kind) ?? [0, 0];
          counts.set(message.kind, [read + Number(!message.refused), refused + Number(message.refused)]);
        }
      });
      // Seconds are counted one by one, because a machine that was suspended has seen many pass at once.
      const clock = setInterval(() => {
        stuck = ++waited > FOREVER;
        if (stuck) child.kill("SIGKILL");
      }, 1000);
      child.on("close", (code, signal) => {
        clearInterval(clock);
        const how = stuck ? `did not end within ${FOREVER} s` : `the process ended with ${signal ?? code}`;
        resolve({ last, ended: code === 0 ? undefined : how });
      });
    });
  await Promise.all(firsts.map(share));
  for (const [kind, [read, refused]] of counts) console.log(`${kind}: ${read} read, ${refused} refused`);
  console.log(faults === 0 ? "no complaints" : `${faults} failures`);
  process.exitCode = faults === 0 ? 0 : 1;
}
