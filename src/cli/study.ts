// What `filigree study` does: runs many trials from one file, here or on many machines, and looks at what came out.
// study-command.ts has its options.
import { extname, join } from "node:path";
import { FiligreeError, InputError } from "../errors.js";
import { kinds } from "../experiments/kinds.js";
import { studyRemarks } from "../experiments/remarks.js";
import { makeFolder, makeFolderOf, prepareOutput, writeWhole } from "../files.js";
import { compareStudies, compareTrials } from "../study/compare.js";
import { storeFiles, whenFree } from "../study/database.js";
import { readStudy, studySchema } from "../study/document.js";
import type { Executor } from "../study/executor.js";
import { defineStudy, type Study } from "../study/expand.js";
import { encodeNumbers } from "../study/json.js";
import { planStudy } from "../study/plan.js";
import { type Counts, StoreReader, type TrialDetail } from "../study/reading.js";
import type { RedisExecutorOptions } from "../study/redis/coordinator.js";
import { deleteStudy } from "../study/removal.js";
import { runStudy } from "../study/runner.js";
import { Store } from "../study/store.js";
import { encodeTable, type Format, formats, resultsTable, seriesTable } from "../study/table.js";
import "../thesis/format.js";
import { interruptible, Output, table } from "./command.js";
import { Stopped } from "./stopped.js";
import { count, duration, settings, short, studyProgress } from "./study-progress.js";

interface StoreOption {
  store: string;
  json?: boolean;
}

interface FileOptions extends StoreOption {
  set: string[];
  jobs: number;
}

interface RunOptions extends FileOptions {
  retryFailed?: boolean;
  redis?: string;
  watch?: boolean;
}

export async function run(path: string, options: RunOptions): Promise<void> {
  const output = new Output(options);
  const study = readStudyFile(path, options, output);
  const { name } = study.document;
  if (options.redis === undefined) output.remarkSlowness();
  const progress = studyProgress(study);
  const { outcome, best } = await interruptible(
    async (signal) => {
      makeFolderOf(options.store);
      const { jobs, retryFailed, redis } = options;
      const { onEvent } = progress;
      const notify = (text: string) => onEvent({ type: "notice", text });
      const store = await whenFree(() => Store.open(options.store), signal, notify);
      const unwatch = options.watch ? (await import("./dashboard.js")).watchRun(options.store) : () => {};
      try {
        const executor = redis
          ? await overRedis(redis, { store: store.id, study: name, kinds, notify })
          : undefined;
        const outcome = await runStudy(study, { store, kinds, jobs, signal, onEvent, retryFailed, executor });
        // Read where it was written: by now there may be something else under that name.
        const best = study.document.objective && new StoreReader(store.database).best(name, 1)[0];
        return { outcome, best };
      } finally {
        unwatch();
        store.close();
      }
    },
    () => true,
  ).finally(progress.stop);
  if (outcome.stopped) throw new Stopped(true);
  const lines = [`${name}: ${count(outcome.finished, "trial")} finished`];
  if (best) {
    const found = `best ${study.document.objective?.metric} ${short(best.value)}`;
    lines.push([found, settings(best.parameters).join(", ")].filter((part) => part !== "").join(": "));
  }
  output.result({ study: name, ...outcome, best }, lines.join("\n"));
  if (outcome.failed > 0) {
    throw new FiligreeError({
      where: name,
      what: `${count(outcome.failed, "trial")} failed`,
      hint: "see `filigree study status`; --retry-failed runs them again",
    });
  }
}

// What a study file describes, and what is to be said of it.
// Loaded when needed: the queue takes longer to load than most verbs take.
async function overRedis(url: string, options: RedisExecutorOptions): Promise<Executor> {
  const { redisExecutor } = await import("../study/redis/coordinator.js");
  return redisExecutor(url, options);
}

export function plan(path: string, options: FileOptions): void {
  const output = new Output(options);
  const study = readStudyFile(path, options, output);
  const planned = planStudy(study, options.store, options.jobs);
  const { states, needed, seconds } = planned;
  const varied = Object.entries(planned.parameters).map(([name, values]) => `${name} (${values})`);
  const { replicates } = study.document;
  if (replicates > 1) varied.push(`replicates (${replicates})`);
  const lines = [
    `${planned.study}: ${count(planned.trials, "trial")} of kind ${planned.kind}` +
      (needed > 0 ? `, and ${count(needed, "trial")} that they start from` : ""),
    `varied: ${varied.join(", ") || "nothing"}`,
    `finished: ${states.finished}, failed: ${states.failed}, left: ${states.waiting + states.running}`,
    seconds === undefined
      ? "time: unknown until a trial of this kind has finished"
      : `time: about ${duration(seconds)} with --jobs ${options.jobs}`,
  ];
  output.result(planned, lines.join("\n"));
}

function readStudyFile(path: string, { set }: FileOptions, output: Output): Study {
  const document = readStudy(path, set);
  const study = defineStudy(document, kinds);
  for (const remark of [...studyRemarks(document), ...study.remarks]) {
    output.remark(`${document.name}: ${remark}`);
  }
  return study;
}

// Runs work on a store opened for reading.
function reading<T>(path: string, work: (reader: StoreReader) => T): T {
  const reader = StoreReader.open(path);
  try {
    return work(reader);
  } finally {
    reader.close();
  }
}

export function list(options: StoreOption): void {
  const studies = reading(options.store, (reader) => reader.list());
  const header = ["study", "kind", "trials", "finished", "running", "waiting", "failed"];
  const rows = studies.map(({ name, kind, total, counts }) => {
    return [name, kind, total, counts.finished, counts.running, counts.waiting, counts.failed];
  });
  new Output(options).result(studies, rows.length > 0 ? table(header, rows) : "no studies yet");
}

export function status(name: string | undefined, options: StoreOption): void {
  reading(options.store, (reader) => {
    const study = reader.status(name ?? reader.onlyStudy());
    const failures = reader.failures(study.name);
    const lines = [`${study.name} (${study.kind}): ${say(study.counts)}`];
    if (Object.values(study.needed).some((n) => n > 0))
      lines.push(`trials they start from: ${say(study.needed)}`);
    for (const { error, trials, identity } of failures) {
      lines.push(
        `failed, ${count(trials, "trial")} (${identity.slice(0, 12)}${trials > 1 ? ", …" : ""}): ${error}`,
      );
    }
    new Output(options).result({ ...study, failures }, lines.join("\n"));
  });
}

function say(counts: Counts): string {
  const { finished, running, waiting, failed } = counts;
  const total = finished + running + waiting + failed;
  return `${finished} of ${total} finished, ${running} running, ${waiting} waiting, ${failed} failed`;
}

export function show(prefix: string, options: StoreOption & { artifacts?: string }): void {
  reading(options.store, (reader) => {
    const trial = reader.trial(prefix);
    const folder = options.artifacts;
    if (folder !== undefined) {
      makeFolder(folder);
      for (const { name } of trial.artifacts) {
        // Names come from kinds, and in a store from elsewhere from anyone.
        if (/[/\\]|^\.+$/.test(name)) throw new InputError({ where: name, what: "is not a file name" });
        prepareOutput(join(folder, name), ...storeFiles(options.store));
        writeWhole(join(folder, name), reader.artifact(trial.identity, name));
      }
    }
    const series = trial.series.map(({ epoch, metrics }) => ({ epoch, metrics: encodeNumbers(metrics) }));
    const document = { ...trial, summary: encodeNumbers(trial.summary), series };
    new Output(options).result(document, describe(trial));
  });
}

function describe(trial: TrialDetail): string {
  const lines = [
    `trial ${trial.identity}`,
    `${trial.kind} (version ${trial.version}), seed ${trial.seed}: ${trial.state}`,
    ...trial.studies.map(({ name, number }) => `number ${number} of ${name}`),
    ...trial.needs.map((need) => `starts from ${need.slice(0, 12)}`),
    "",
    ...settings(trial.configuration),
  ];
  if (trial.error !== null) lines.push("", `failed: ${trial.error}`);
  const summary = Object.entries(trial.summary).map(([name, value]) => [name, short(value)]);
  if (summary.length > 0) lines.push("", table(["summary", "value"], summary));
  const metrics = [...new Set(trial.series.flatMap((row) => Object.keys(row.metrics)))];
  if (metrics.length > 0) {
    const rows = trial.series.map((row) => [
      row.epoch,
      ...metrics.map((name) => (name in row.metrics ? short(row.metrics[name]) : "")),
    ]);
    lines.push("", table(["epoch", ...metrics], rows));
  }
  if (trial.artifacts.length > 0) {
    const rows = trial.artifacts.map(({ name, size, sha256 }) => [name, size, sha256.slice(0, 12)]);
    lines.push("", table(["artifact", "bytes", "sha256"], rows));
  }
  const attempts = trial.attempts.map(({ startedAt, machine, pid, resumedEpoch, outcome, seconds }) => [
    new Date(startedAt).toISOString().slice(0, 19).replace("T", " "),
    `${machine.split("/")[0]} ${pid}`,
    resumedEpoch === null ? "" : `after epoch ${resumedEpoch}`,
    outcome ?? "running",
    seconds === null ? "" : duration(seconds),
  ]);
  if (attempts.length > 0)
    lines.push("", table(["attempt", "process", "resumed", "outcome", "time"], attempts));
  return lines.join("\n");
}

export function best(name: string | undefined, options: StoreOption & { top: number }): void {
  reading(options.store, (reader) => {
    const study = name ?? reader.onlyStudy();
    const { metric } = reader.objective(study);
    const ranked = reader.best(study, options.top);
    if (ranked.length === 0) reader.checkMetric(study, metric);
    const rows = ranked.map(({ number, identity, value, replicates, parameters }) => {
      return [short(value), replicates, number, identity.slice(0, 12), settings(parameters).join(", ")];
    });
    const header = [metric, "replicates", "number", "trial", "parameters"];
    new Output(options).result(ranked, rows.length > 0 ? table(header, rows) : "no finished trials yet");
  });
}

export function compare(a: string, b: string, options: StoreOption): void {
  reading(options.store, (reader) => {
    const output = new Output(options);
    const names = new Set(reader.names());
    // Where one is a study, the other was meant to be one too.
    if (names.has(a) || names.has(b)) {
      const studies = compareStudies(reader, a, b);
      if (studies.rows.length === 0) for (const study of [a, b]) reader.checkMetric(study, studies.metric);
      const rows = studies.rows.map((row) => {
        return [settings(row.parameters).join(", "), short(row.a), short(row.b), short(row.b - row.a)];
      });
      const header = [studies.metric, a, b, "difference"];
      output.result(studies, rows.length > 0 ? table(header, rows) : "nothing in common yet");
      return;
    }
    const trials = compareTrials(reader, a, b);
    const header = [trials.a.slice(0, 12), trials.b.slice(0, 12)];
    const text = (value: unknown) =>
      value === undefined ? "" : typeof value === "number" ? short(value) : String(value);
    const inputs = trials.configuration.map((row) => [row.name, text(row.a), text(row.b)]);
    const outputs = trials.summary.map((row) => {
      const difference = row.a === undefined || row.b === undefined ? "" : short(row.b - row.a);
      return [row.name, text(row.a), text(row.b), difference];
    });
    const tables = [
      table(["configuration", ...header], inputs),
      table(["summary", ...header, "difference"], outputs),
    ];
    output.result(trials, tables.join("\n\n"));
  });
}

interface ExportOptions extends StoreOption {
  format?: Format;
  out?: string;
  series?: boolean;
}

export function exportTable(name: string | undefined, options: ExportOptions): void {
  const { out, series, json } = options;
  const extension = out === undefined ? "" : extname(out).slice(1).toLowerCase();
  const format = options.format ?? formats.find((known) => known === extension) ?? "csv";
  if (out === undefined && json)
    throw new InputError({ where: "--json", what: "needs --out FILE for the table" });
  reading(options.store, (reader) => {
    if (out !== undefined) prepareOutput(out, ...storeFiles(options.store));
    const study = name ?? reader.onlyStudy();
    const rows = series ? seriesTable(reader, study) : resultsTable(reader, study);
    const bytes = encodeTable(rows, format);
    if (out === undefined) {
      process.stdout.write(bytes);
      return;
    }
    writeWhole(out, bytes);
    const length = [...rows.values()][0].length;
    new Output(options).result({ study, out, format, rows: length }, `${out}: ${count(length, "row")}`);
  });
}

export async function remove(name: string, options: StoreOption): Promise<void> {
  const output = new Output(options);
  // Reading first: a wrong path must not create a store.
  reading(options.store, (reader) => reader.study(name));
  const trials = await interruptible(async (signal) => {
    const free = <T>(work: () => T) => whenFree(work, signal, (text) => output.remark(text));
    const store = await free(() => Store.open(options.store));
    try {
      return await free(() => deleteStudy(store, name));
    } finally {
      store.close();
    }
  });
  output.result({ study: name, trials }, `deleted ${name} and ${count(trials, "trial")}`);
}

export function schema(): void {
  process.stdout.write(`${JSON.stringify(studySchema(kinds), null, 2)}\n`);
}
