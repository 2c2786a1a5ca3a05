// What the page knows and does: the experiment that its address says, the Worker that trains it, and what the Worker has
// reported so far. Components read the signals and call the functions; only this module talks to the Worker.
import { batch, computed, effect, signal } from "@preact/signals";
import type { WasmName } from "../../engine/wasm-modules.js";
import { embedded, embeddedModule, ownWorker } from "../page/embedded.js";
import { Course } from "./course.js";
import type { Change, Edit } from "./edits.js";
import {
  dataFiles,
  type Experiment,
  fromAddress,
  GRAPH_FILE,
  needsGraph,
  type Settings,
  toAddress,
} from "./experiment.js";
import type { Description, Mark, Measurement, Order, Report, Rule, View } from "./protocol.js";
import type { Reading, Sequence } from "./reading.js";
import type { Files } from "./subject.js";
import { SAMPLE_TEXT } from "./tasks.js";

/** Of the address, and what it names that is no part of it. */
export const experiment = signal<Experiment>(fromAddress(location.hash));
const files = signal<Files>({});
export const module = signal<WasmName | undefined>(undefined);
export const description = signal<Description | undefined>(undefined);
export const view = signal<View | undefined>(undefined);
export const mode = computed(() => view.value?.mode ?? "paused");
export const marks = signal<readonly Mark[]>([]);
export const rules = signal<readonly Rule[]>([]);
export const reading = signal<Reading | undefined>(undefined);
export const sample = signal<string | undefined>(undefined);
export const hash = signal<{ readonly step: number; readonly hash: string } | undefined>(undefined);
/** What was done by hand so far, a link's edits included that are still to come. */
export const edits = signal<readonly Edit[]>([]);
export const refusal = signal<string | undefined>(undefined);
export const history = signal<Extract<Report, { type: "history" }> | undefined>(undefined);
export const measurements = signal<readonly Measurement[]>([]);
/** Mean losses of updates; the number changes when they do. */
export const course = new Course();
export const courseLength = signal(0);
/** Training accuracies of epochs, by the update after which they were known. */
export const accuracies = signal<readonly { readonly step: number; readonly accuracy: number }[]>([]);
/** What is read, and the step of it that the reader looks at. */
export const sequence = signal<Sequence | undefined>(undefined);
export const moment = signal(0);

/** Milliseconds from one drawing of the curves to the next: they change little, and are more work than all else. */
const BETWEEN_CURVES = 150;

let lastCourse = 0;
let worker: Worker | undefined;
let began = false;

function send(order: Order): void {
  worker?.postMessage(order);
}

/** Starts the Worker and the experiment of the address. */
export async function start(): Promise<void> {
  worker = ownWorker();
  worker.onmessage = ({ data }: MessageEvent<Report>) => batch(() => take(data));
  worker.onerror = ({ message }) => {
    refusal.value = message;
  };
  const [relaxed, simd128] = await Promise.all([embeddedModule("relaxed"), embeddedModule("simd128")]);
  send({ type: "load", modules: { relaxed, simd128 } });
  begin();
  addEventListener("hashchange", () => {
    if (location.hash.replace(/^#/, "") === toAddress(current())) return;
    experiment.value = fromAddress(location.hash);
    begin();
  });
  effect(() => {
    const address = toAddress(current());
    if (location.hash.replace(/^#/, "") !== address) window.history.replaceState(null, "", `#${address}`);
  });
}

/** The experiment with what was done by hand. */
export function current(): Experiment {
  return { ...experiment.value, edits: edits.value };
}

async function begin(): Promise<void> {
  const { task } = experiment.value;
  const digits = task === "digits" ? { name: dataFiles.digits, bytes: await embedded("digits") } : undefined;
  const { data, from } = files.value;
  batch(() => {
    course.cut(0);
    courseLength.value++;
    edits.value = experiment.value.edits;
    measurements.value = [];
    accuracies.value = [];
    rules.value = [];
    marks.value = [];
    hash.value = undefined;
    history.value = undefined;
    sample.value = undefined;
    reading.value = undefined;
    refusal.value = undefined;
  });
  began = false;
  send({ type: "begin", experiment: experiment.value, files: { data: digits ?? data, from } });
}

function take(report: Report): void {
  switch (report.type) {
    case "loaded":
      module.value = report.module;
      return;
    case "begun":
      description.value = report.description;
      choose(report.description.examples[0]?.sequence);
      return;
    case "view":
      look(report.view);
      return;
    case "epoch": {
      const { trainAccuracy, testLoss, testAccuracy, validationLoss, validationAccuracy } = report.metrics;
      const { step } = report;
      if (trainAccuracy !== undefined)
        accuracies.value = [...accuracies.value, { step, accuracy: trainAccuracy }];
      const [loss, accuracy] = [testLoss ?? validationLoss, testAccuracy ?? validationAccuracy];
      if (loss !== undefined) measured({ step, loss, accuracy });
      return;
    }
    case "measured":
      measured(report.measurement);
      return;
    case "marks":
      marks.value = report.marks;
      return;
    case "rules":
      rules.value = report.rules;
      return;
    case "reading":
      reading.value = report.reading;
      moment.value = Math.max(0, Math.min(moment.value, report.reading.steps.length - 1));
      return;
    case "sample":
      sample.value = report.text;
      return;
    case "edits":
      edits.value = report.edits;
      return;
    case "rewound":
      course.cut(report.step);
      courseLength.value++;
      measurements.value = measurements.value.filter(({ step }) => step < report.step);
      accuracies.value = accuracies.value.filter(({ step }) => step <= report.step);
      return;
    case "history":
      history.value = report;
      return;
    case "hash":
      hash.value = report;
      return;
    case "saved":
      download(report.name, report.bytes);
      return;
    case "refused":
      refusal.value = report.message;
      return;
  }
}

/** The last of several measurements after the same update holds: it may have been changed by hand between them. */
function measured(measurement: Measurement): void {
  const before = measurements.value.filter(({ step }) => step !== measurement.step);
  const { confusion = measurements.value.at(-1)?.confusion } = measurement;
  measurements.value = [...before, { ...measurement, confusion }];
}

function look(next: View): void {
  view.value = next;
  if (next.losses.length > 0) {
    course.push(next.first, next.losses);
    const now = performance.now();
    if (next.mode !== "playing" || now - lastCourse > BETWEEN_CURVES) {
      courseLength.value++;
      lastCourse = now;
    }
  }
  if (next.mode === "playing") hash.value = undefined;
  began = true;
  requestAnimationFrame(() => send({ type: "seen" }));
}

/** Another experiment: what was done by hand is forgotten, and a file that no task has. */
export function set(settings: Partial<Settings> & Pick<Experiment, "text" | "file" | "from">): void {
  experiment.value = { ...experiment.value, ...settings, edits: [] };
  begin();
}

/** The same experiment from the beginning, without what was done by hand. */
export function reset(): void {
  set({});
}

export function play(): void {
  send({ type: mode.value === "playing" ? "pause" : "play" });
  if (mode.value === "playing" && view.value) view.value = { ...view.value, mode: "paused" };
}

export function step(): void {
  send({ type: "step" });
}

export function change(made: Change): void {
  refusal.value = undefined;
  send({ type: "change", change: made });
}

export function show(at: number | undefined): void {
  send({ type: "show", step: at });
}

export function rewind(at: number): void {
  send({ type: "rewind", step: at });
}

export function askHistory(weight: number): void {
  if (began) send({ type: "history", weight });
}

export function save(): void {
  send({ type: "save", name: "network.safetensors" });
}

/** What the network is to read; its last step is looked at, as soon as it is known which one that is. */
export function choose(next: Sequence | undefined): void {
  sequence.value = next;
  moment.value = Number.POSITIVE_INFINITY;
  send({ type: "read", sequence: next });
}

/** Takes a file that was dropped or chosen: a network, a text, or data. What a link waits for begins as the link says. */
export async function open(file: File): Promise<void> {
  const { name } = file;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { value } = experiment;
  if (/\.safetensors$/i.test(name)) {
    const isAwaited = value.from === name && !files.value.from;
    files.value = { ...files.value, from: { name, bytes } };
    if (isAwaited) void begin();
    else set({ from: name });
  } else if (/\.(txt|md)$/i.test(name)) {
    const text = new TextDecoder().decode(bytes);
    const isAwaited = value.task === "text" && value.text === undefined && value.file !== undefined;
    const edits = isAwaited ? value.edits : [];
    experiment.value = { ...value, task: "text", text, file: undefined, edits };
    void begin();
  } else {
    const isAwaited = value.task === "file" && value.file === name && !files.value.data;
    files.value = { ...files.value, data: { name, bytes } };
    if (isAwaited) void begin();
    else set({ task: "file", file: name });
  }
}

/** A new network instead of an opened one. */
export function forget(): void {
  files.value = { ...files.value, from: undefined };
  set({ from: undefined });
}

/** Gives the reader a file. */
export function download(name: string, content: BlobPart): void {
  const address = URL.createObjectURL(new Blob([content]));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** What the command line needs of an experiment and does not make itself. */
export async function downloadData(): Promise<void> {
  const { task, text } = experiment.value;
  if (needsGraph(experiment.value)) send({ type: "save", name: GRAPH_FILE, begun: true });
  if (task === "digits") download(dataFiles.digits, await embedded("digits"));
  if (task === "text") download(dataFiles.text, text ?? SAMPLE_TEXT);
}
