// One sitting of an investigation: what is left of its studies runs until all is done, the time is over or the user has enough,
// and what there is then is read from the store. The next sitting goes on where this one ended.
import { join } from "node:path";
import { kinds } from "../experiments/kinds.js";
import { type Surroundings, surroundings } from "../experiments/surroundings.js";
import { makeFolder } from "../files.js";
import type { MaskPicture } from "../report/charts/masks.js";
import { count } from "../report/words.js";
import { Clock } from "../study/clock.js";
import { whenFree } from "../study/database.js";
import { parseStudy, type StudyInput } from "../study/document.js";
import type { StudyEvent } from "../study/events.js";
import { defineStudy, type Study } from "../study/expand.js";
import { StoreReader } from "../study/reading.js";
import { runStudy } from "../study/runner.js";
import { Store } from "../study/store.js";
import { type Earlier, knowing, together } from "./earlier.js";
import { type Part, studiesOf } from "./plan.js";
import { coursesOf, masksOf, rowsOf } from "./reading.js";
import type { Course, Row } from "./row.js";

export type Scale = "quick" | "full";

export interface SittingOptions {
  readonly scale: Scale;
  /** The folder of the store, the rows and the report; created when missing. */
  readonly out: string;
  /** Trials at once; as many as there are cores when left out. */
  readonly jobs?: number;
  /** After so many minutes no more is trained in this sitting. */
  readonly minutes: number;
  /** The command as the user gave it, for the report. */
  readonly command: string;
  readonly signal?: AbortSignal;
  /** Told of every study before it runs; what it returns hears the study's events. */
  watch?(study: Study): (event: StudyEvent) => void;
  /** Hears what a person should know before a study runs. */
  onNotice?(text: string): void;
}

/** How and where an investigation was made. */
export interface Facts extends Surroundings {
  readonly command: string;
  readonly scale: Scale;
  readonly seeds: readonly number[];
  /** Wall time of all sittings. */
  readonly seconds: number;
  /** Trainings, and those of them that have ended, and failed. */
  readonly total: number;
  readonly finished: number;
  readonly failed: number;
}

/** What there is after a sitting. */
export interface Gathered {
  /** Of this run; what it took over counts as finished. */
  readonly facts: Facts;
  /** Of the runs whose rows it took over, the first one first. */
  readonly earlier: readonly Facts[];
  readonly rows: readonly Row[];
  readonly courses: readonly Course[];
  readonly masks: readonly MaskPicture[];
}

/**
 * Runs what is left of some parts, one after the other, and reads what has ended.
 * @param shown of which condition and sparsity densities and masks are shown, of the first seed.
 * @param earlier what is known already and not trained again.
 * @throws InputError, FileError and StoreError when the folder or its store cannot be used.
 */
export function sit(
  parts: readonly Part[],
  shown: { readonly condition: string; readonly sparsity: number },
  earlier: Earlier,
  options: SittingOptions,
): Promise<Gathered> {
  const seeds = [...new Set(parts.flatMap((part) => part.seeds))].sort((a, b) => a - b);
  const which = { ...shown, seed: seeds[0] };
  const isKnown = knowing(earlier);
  const left = parts.flatMap((part) => studiesOf(part, isKnown));
  const total = identitiesOf(parts.flatMap((part) => studiesOf(part)).map(define)).size;
  return sitThrough(left, seeds, options, (reader, facts) => ({
    facts: { ...facts, total, finished: facts.finished + total - facts.total },
    earlier: earlier.runs,
    rows: together(earlier, rowsOf(reader, parts)),
    courses: coursesOf(reader, parts, which),
    masks: masksOf(reader, parts, which),
  }));
}

/**
 * Runs what is left of some studies, one after the other, and reads what has ended.
 * @throws as `sit`.
 */
export async function sitThrough<Read>(
  inputs: readonly StudyInput[],
  seeds: readonly number[],
  options: SittingOptions,
  read: (reader: StoreReader, facts: Facts) => Read,
): Promise<Read> {
  const { out, jobs, signal, minutes, scale, command } = options;
  const studies = inputs.map(define);
  makeFolder(out);
  const clock = new Clock(join(out, "run.json"));
  const over = AbortSignal.timeout(Math.round(60_000 * minutes));
  const either = AbortSignal.any([over, ...(signal ? [signal] : [])]);
  const open = () => Store.open(join(out, "store.db"));
  const store = await whenFree(open, signal, (text) => options.onNotice?.(text));
  try {
    const reader = new StoreReader(store.database);
    const identities = identitiesOf(studies);
    options.onNotice?.(
      `${count(identities.size, "training")} in ${count(studies.length, "study", "studies")}; this sitting takes ${count(minutes, "minute")} at most`,
    );
    for (const study of studies) {
      if (either.aborted) break;
      await runStudy(study, { store, kinds, jobs, signal: either, onEvent: options.watch?.(study) });
    }
    const states = new Map<string, string>();
    for (const { document } of studies) {
      if (!reader.names().includes(document.name)) continue;
      for (const { identity, state } of reader.rows(document.name)) states.set(identity, state);
    }
    const ended = (wanted: string) => [...states.values()].filter((state) => state === wanted).length;
    return read(reader, {
      command,
      scale,
      ...surroundings(),
      seeds,
      seconds: clock.seconds(),
      total: identities.size,
      finished: ended("finished"),
      failed: ended("failed"),
    });
  } finally {
    store.close();
  }
}

function define(input: StudyInput): Study {
  return defineStudy(parseStudy(input), kinds);
}

function identitiesOf(studies: readonly Study[]): Set<string> {
  return new Set(studies.flatMap(({ members }) => members.map(({ identity }) => identity)));
}
