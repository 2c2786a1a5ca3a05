// Folders of recordings: which files are taken, what each is labelled, and the frames of all of them.
import { readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { parseDelimited } from "../data/delimited.js";
import { type Frames, type LogMelOptions, logMel } from "../data/numbers/logmel.js";
import { parseWav } from "../data/numbers/wav.js";
import { FileError, InputError, type Remark } from "../errors.js";
import { readLargeBytes, readText } from "../files.js";
import { suggest } from "../suggest.js";

export interface RecordingOptions extends LogMelOptions {
  /** A CSV file with the columns file and label; else a label is the file's name before the first underscore. */
  readonly labels?: string;
  /** Of the names within the folder: those that are taken, and those that are not. */
  readonly only?: RegExp;
  readonly except?: RegExp;
}

export interface Recordings {
  /** Names within the folder, sorted; folders are divided by slashes. */
  readonly names: readonly string[];
  readonly labels: readonly string[];
  readonly frames: readonly Frames[];
  /** Samples a second, of all of them. */
  readonly rate: number;
}

/**
 * Reads every WAV file in a folder and in the folders within.
 * @param progress is told the share that is done.
 * @param remark is told of channels that were averaged and of files that are no WAVs by their names.
 * @throws FileError when something cannot be read. @throws InputError when there is no recording, one is refused by
 *   `parseWav` or has no label, or their rates differ.
 */
export function readRecordings(
  folder: string,
  options: RecordingOptions,
  progress: (share: number) => void,
  remark: Remark,
): Recordings {
  const names = namesOf(folder, options, remark);
  const labels = labelsOf(names, folder, options.labels);
  let first: { rate: number; frames: ReturnType<typeof logMel> } | undefined;
  let averaged = 0;
  const frames = names.map((name, i) => {
    const where = join(folder, name);
    const { rate, channels, samples } = parseWav(readLargeBytes(where), where);
    first ??= { rate, frames: logMel(rate, options) };
    if (rate !== first.rate) {
      throw new InputError({
        where,
        what: `has ${rate} samples a second, and ${names[0]} has ${first.rate}`,
        hint: "bring all to one rate, for example with ffmpeg or sox",
      });
    }
    if (channels > 1) averaged++;
    progress((i + 1) / names.length);
    return first.frames(samples, where);
  });
  if (averaged > 0)
    remark(`${folder}: ${averaged} of ${names.length} recordings have several channels, which are averaged`);
  return { names, labels, frames, rate: first!.rate };
}

function namesOf(folder: string, { only, except }: RecordingOptions, remark: Remark): readonly string[] {
  const files = list(folder).filter(
    (name) => !/(^|\/)\./.test(name) && (only?.test(name) ?? true) && !except?.test(name),
  );
  const [names, others] = [true, false].map((isWav) =>
    files.filter((name) => /\.wav$/i.test(name) === isWav).sort(),
  );
  if (names.length === 0) {
    const chosen = only || except ? " that the patterns choose" : "";
    throw new InputError({
      where: folder,
      what: `has no .wav file${chosen}`,
      hint: chosen
        ? "a pattern is a regular expression on names within the folder"
        : "name the folder with the recordings",
    });
  }
  if (others.length > 0) {
    const more = others.length > 1 ? ` and ${others.length - 1} more` : "";
    remark(`${folder}: what is not called .wav is left out, ${others[0]}${more}`);
  }
  return names;
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll("\\", "/"));
  } catch (error) {
    throw new FileError(folder, error, "read");
  }
}

function labelsOf(names: readonly string[], folder: string, path: string | undefined): readonly string[] {
  const known = path === undefined ? undefined : readLabels(path);
  return names.map((name) => {
    const label = known
      ? (known.get(name) ?? known.get(basename(name)))
      : /^(.+?)_/.exec(basename(name))?.[1];
    if (label !== undefined) return label;
    throw new InputError(
      known
        ? { where: path, what: `has no row for ${name}`, hint: suggest(name, [...known.keys()]) }
        : {
            where: join(folder, name),
            what: "has no label before an underscore in its name",
            hint: "call it LABEL_….wav, or give a CSV file with the columns file and label as --labels",
          },
    );
  });
}

/** Labels by the names of files, from CSV. */
function readLabels(path: string): ReadonlyMap<string, string> {
  const [header, ...rows] = parseDelimited(readText(path), path, { trim: true }).rows;
  const [file, label] = ["file", "label"].map((name) =>
    (header?.cells ?? []).findIndex((cell) => cell.toLowerCase() === name),
  );
  if (file < 0 || label < 0) {
    throw new InputError({
      where: path,
      what: `no column "${file < 0 ? "file" : "label"}" in the header`,
      hint: 'begin the file with the line "file,label"',
    });
  }
  const labels = new Map<string, string>();
  for (const { cells, line } of rows) {
    const [name, own] = [cells[file] ?? "", cells[label] ?? ""];
    const before = labels.get(name);
    if (name !== "" && own !== "" && (before ?? own) === own) labels.set(name, own);
    else {
      throw new InputError({
        where: `${path}:${line}`,
        what:
          before === undefined ? "the row lacks a file or a label" : `${name} is there before, as ${before}`,
        hint: "give every file one label",
      });
    }
  }
  return labels;
}
