// `filigree data audio`: a folder of recordings as one file of sequences, which every verb and NumPy read.
import { Command, InvalidArgumentError } from "commander";
import { paddedArray } from "../data/numbers/labelled.js";
import { LOG_MEL } from "../data/numbers/logmel.js";
import { formatNpz } from "../data/numbers/npz.js";
import { remarking } from "../errors.js";
import { prepareOutput, writeWhole } from "../files.js";
import { type Recordings, readRecordings } from "../paths/recordings.js";
import { between, Output, ProgressBar, required, table, whole, withJson } from "./command.js";

interface Options {
  out?: string;
  labels?: string;
  only?: RegExp;
  except?: RegExp;
  bands: number;
  windowMs: number;
  hopMs: number;
  json?: boolean;
}

export function dataAudioCommand(): Command {
  const command = new Command("audio")
    .description("log-mel frames of a folder of WAV files, as sequences in one .npz file")
    .argument("<folder>", "recordings, also in folders within; of one sampling rate")
    .option("--out <file>", "the .npz file to write: x, padded with NaN; y, the labels; names; rate")
    .option(
      "--labels <file>",
      "CSV with the columns file and label; else a label is the name before the first underscore",
    )
    .option("--only <pattern>", "take the files whose names match a regular expression", pattern)
    .option(
      "--except <pattern>",
      "leave out the files whose names match; a test set is --only of the same",
      pattern,
    )
    .option("--bands <n>", "bands of a frame", whole(1, 1024), LOG_MEL.bands)
    .option("--window-ms <ms>", "milliseconds that a frame hears", between(1, 10_000), LOG_MEL.windowMs)
    .option("--hop-ms <ms>", "milliseconds from a frame to the next", between(0.1, 10_000), LOG_MEL.hopMs);
  return withJson(command).action((folder: string, options: Options) => {
    const out = required(options.out, "--out");
    prepareOutput(out, options.labels);
    const output = new Output(options);
    const recordings = remarking(
      (line) => output.remark(line),
      (remark) => withProgress((progress) => readRecordings(folder, options, progress, remark)),
    );
    const { names, labels, frames, rate } = recordings;
    const { bands, windowMs, hopMs } = options;
    const arrays = {
      x: paddedArray(frames, bands, folder),
      y: { shape: [labels.length], values: labels },
      names: { shape: [names.length], values: names },
      rate: { shape: [], values: Int32Array.of(rate) },
    };
    writeWhole(out, formatNpz(arrays));
    const summary = summarise(recordings, bands);
    output.result(
      { folder, out, rate, bands, windowMs, hopMs, ...summary },
      describe(out, options, rate, summary),
    );
  });
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

function withProgress<Result>(work: (progress: (share: number) => void) => Result): Result {
  const bar = new ProgressBar("reading");
  try {
    return work((share) => bar.update(share));
  } finally {
    bar.stop();
  }
}

function summarise({ labels, frames }: Recordings, bands: number) {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const lengths = frames.map(({ length }) => length / bands);
  return {
    recordings: labels.length,
    frames: {
      total: lengths.reduce((sum, length) => sum + length, 0),
      least: lengths.reduce((least, length) => Math.min(least, length)),
      most: lengths.reduce((most, length) => Math.max(most, length)),
    },
    classes: [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([label, count]) => ({ label, count })),
  };
}

function describe(
  out: string,
  { bands, windowMs, hopMs }: Options,
  rate: number,
  { recordings, frames, classes }: ReturnType<typeof summarise>,
): string {
  const { total, least, most } = frames;
  return [
    `${out}: ${recordings} recordings at ${rate} samples a second`,
    `${total} frames of ${bands} bands, ${windowMs} ms every ${hopMs} ms; ${least} to ${most} a recording`,
    "",
    table(
      ["label", "recordings"],
      classes.map(({ label, count }) => [label, count]),
    ),
  ].join("\n");
}
