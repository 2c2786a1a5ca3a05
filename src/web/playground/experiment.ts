// An experiment: all that decides what the playground's network becomes. It is the address of the page, so that a link is an
// experiment, and it is a command, so that the command line makes the same bits.
import { z } from "zod";
import { type CellKind, cellKinds } from "../../network/architecture.js";
import { type MethodName, methodNames } from "../../sparsify/methods.js";
import { schedules } from "../../train/schedule.js";
import { type Edit, formatEdits, parseEdits } from "./edits.js";
import { grammarTask, taskNames } from "./tasks.js";
import { isGraph, wiringChoices } from "./wiring.js";

/** Where the command finds data that are not generated. */
export const dataFiles = { digits: "digits.npz", text: "playground.txt" } as const;
/** Where it finds a network of a graph as it is before the first update. */
export const GRAPH_FILE = "graph.safetensors";

/** "dense": no method, every weight exists. */
export const methodChoices = ["dense", ...methodNames] as const;
export const patternChoices = ["weight", "4x1", "16x1", "2:4", "edge", "unit"] as const;

/** What of a file of numbers is learnt; "auto": what its labels say. */
export const learnChoices = ["auto", "classify", "label", "forecast"] as const;

const settings = z.object({
  task: z.enum(taskNames as [string, ...string[]]).default("reber"),
  learn: z.enum(learnChoices).default("auto"),
  cell: z.enum(cellKinds).default("gru"),
  hidden: z.coerce.number().int().min(1).max(512).default(24),
  layers: z.coerce.number().int().min(1).max(8).default(2),
  wiring: z.enum(wiringChoices).default("stack"),
  units: z.coerce.number().int().min(3).max(64).default(24),
  edges: z.coerce.number().int().min(2).max(2016).default(48),
  method: z.enum(methodChoices).default("dense"),
  density: z.coerce.number().gt(0).max(1).default(0.2),
  pattern: z.enum(patternChoices).default("weight"),
  rate: z.coerce.number().min(1e-6).max(10).default(0.003),
  schedule: z.enum(schedules).default("constant"),
  epochs: z.coerce.number().int().min(1).max(10_000).default(20),
  batch: z.coerce.number().int().min(1).max(1024).default(32),
  seed: z.coerce.number().int().min(0).max(0xffff_ffff).default(1),
});

export type Settings = z.output<typeof settings>;

export interface Experiment extends Settings {
  /** What the reader did by hand, in the order of steps. */
  readonly edits: readonly Edit[];
  /** The text of the task `text`; that of tasks.ts when left out, unless a file is named. */
  readonly text?: string;
  /** The names of the file of data or text, and of the network that is trained further. */
  readonly file?: string;
  readonly from?: string;
}

export const standard: Experiment = { ...settings.parse({}), edits: [] };

/** The form's fields by name; a value that is none of a field's is that of `standard`, so that old links still open. */
export function settingsFrom(given: Readonly<Record<string, string | number | undefined>>): Settings {
  const entries = Object.entries(settings.shape).map(([name, field]) => {
    const parsed = field.safeParse(given[name]);
    return [name, parsed.success ? parsed.data : standard[name as keyof Settings]];
  });
  return Object.fromEntries(entries) as Settings;
}

/** Whether a value may be that of a setting. */
export function isSetting(name: keyof Settings, value: string | number): boolean {
  return settings.shape[name].safeParse(value).success;
}

/** The longest text that a link carries, in characters of the link. */
const LONGEST_TEXT = 6000;

/**
 * The part of the page's address after #: what differs from `standard`. A text that is too long for a link is named as a file,
 * and of files there are only names.
 */
export function toAddress(experiment: Experiment): string {
  const parameters = new URLSearchParams();
  for (const name of Object.keys(settings.shape) as (keyof Settings)[]) {
    if (experiment[name] !== standard[name]) parameters.set(name, String(experiment[name]));
  }
  const { task, edits, text, file, from } = experiment;
  if (edits.length > 0) parameters.set("edits", formatEdits(edits));
  const isLong = text !== undefined && encodeURIComponent(text).length > LONGEST_TEXT;
  if (task === "text" && text !== undefined && !isLong) parameters.set("text", text);
  else if (task === "text" && isLong) parameters.set("file", dataFiles.text);
  else if ((task === "text" || task === "file") && file !== undefined) parameters.set("file", file);
  if (from !== undefined) parameters.set("from", from);
  return parameters.toString();
}

/** The reverse; what cannot be read is as in `standard`. */
export function fromAddress(address: string): Experiment {
  const given = Object.fromEntries(new URLSearchParams(address.replace(/^#/, "")));
  const { edits, text, file, from } = given;
  return {
    ...settingsFrom(given),
    edits: edits === undefined ? [] : parseEdits(edits),
    ...(text && { text }),
    ...(file && { file }),
    ...(from && { from }),
  };
}

/** Methods by which masks change with the length of the training in view. */
const unaware: readonly string[] = ["dense", "random", "snip"];

/**
 * Whether updates depend on how many there will be. Where they do not, a training may go on beyond its epochs, and the command
 * line makes the same network of any number of updates.
 */
export function isOpenEnded({ method, schedule, task }: Settings): boolean {
  return unaware.includes(method) && schedule === "constant" && task !== "text";
}

/** Whether the command begins with a file of the network, because its wiring is no stack of layers. */
export function needsGraph(experiment: Experiment): boolean {
  return experiment.from === undefined && isGraph(experiment);
}

/** A word of a shell. */
function quoted(word: string): string {
  return /^[\w./:=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The commands that make the same network, or nothing where it was changed by hand.
 * @param updates after which it is wanted; at the end of all epochs when left out.
 * @param baseline whether it is to be made with the arithmetic that has no fused multiply-add.
 */
export function commandsOf(
  experiment: Experiment,
  { updates, baseline }: { readonly updates?: number; readonly baseline: boolean },
): string[] | undefined {
  const { task, learn, cell, hidden, layers, method, density, pattern, rate, schedule, epochs, batch, seed } =
    experiment;
  if (experiment.edits.length > 0) return undefined;
  const grammar = grammarTask(task);
  const data = grammar
    ? ["--data", "data/train.csv", "--test", "data/test.csv"]
    : task === "text"
      ? ["--text", dataFiles.text]
      : ["--data", task === "digits" ? dataFiles.digits : (experiment.file ?? "")];
  const sizes = ["--cell", cell, "--hidden", String(hidden), "--layers", String(layers)];
  const from = needsGraph(experiment) ? GRAPH_FILE : experiment.from;
  const sparse = [
    "--sparsify",
    method,
    "--density",
    String(density),
    ...(pattern === "weight" ? [] : ["--pattern", pattern]),
  ];
  const words = [
    "npx",
    "filigree",
    "train",
    ...data,
    ...(task === "file" && learn !== "auto" ? ["--task", learn] : []),
    ...(from === undefined ? sizes : ["--from", from]),
    ...(method === "dense" ? [] : sparse),
    ...["--learning-rate", String(rate), "--learning-rate-schedule", schedule],
    ...(updates === undefined ? ["--epochs", String(epochs)] : ["--updates", String(updates)]),
    ...["--batch", String(batch), "--seed", String(seed), "--out", "network.safetensors"],
  ];
  const train = `${baseline ? "FILIGREE_ISA=baseline " : ""}${words.map(quoted).join(" ")}`;
  if (!grammar) return [train];
  const { count, minLength, maxLength } = grammar;
  const generate = `npx filigree data generate ${task} --count ${count} --negatives hard --min-length ${minLength} --max-length ${maxLength} --seed ${seed} --out data`;
  return [generate, train];
}

export type { CellKind, MethodName };
