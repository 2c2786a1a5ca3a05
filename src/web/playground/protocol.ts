// What the page and its Worker say to each other. Everything is copied or handed over; nothing is shared.
import type { WasmName } from "../../engine/wasm-modules.js";
import type { Architecture } from "../../network/architecture.js";
import type { TaskName } from "../../network/tasks.js";
import type { Part } from "../../sparsify/parts.js";
import type { EpochMetrics } from "../../train/task.js";
import type { Change, Edit } from "./edits.js";
import type { Experiment } from "./experiment.js";
import type { Reading, Sequence } from "./reading.js";
import type { Files } from "./subject.js";
import type { Units } from "./units.js";

/** From the page. */
export type Order =
  | { readonly type: "load"; readonly modules: Readonly<Record<WasmName, ArrayBuffer>> }
  | { readonly type: "begin"; readonly experiment: Experiment; readonly files: Files }
  | { readonly type: "play" | "pause" | "step" | "seen" }
  /** The network as it is shown, or as it was before the first update. */
  | { readonly type: "save"; readonly name: string; readonly begun?: boolean }
  /** Goes on from a checkpoint; edits after it are forgotten. */
  | { readonly type: "rewind"; readonly step: number }
  /** Shows a checkpoint, or the present again. */
  | { readonly type: "show"; readonly step: number | undefined }
  | { readonly type: "change"; readonly change: Change }
  /** What to read again and again; nothing. */
  | { readonly type: "read"; readonly sequence: Sequence | undefined }
  | { readonly type: "history"; readonly weight: number };

export type Mode = "paused" | "playing" | "done";

/** What a row of the page's data is. */
export interface Example {
  readonly sequence: Sequence;
  /** The name of its class. */
  readonly label?: string;
  /** The class of each step, -1 where it has none. */
  readonly classes?: Int32Array;
  /** [step][target]: the numbers that are to be forecast, when they came; NaN where there is none. */
  readonly numbers?: Float32Array;
}

/** A rule without a network, and what it reaches: an accuracy, the nats of an n-gram, or a forecast's mean squared error. */
export interface Rule {
  readonly name: string;
  readonly rule: string;
  readonly accuracy?: number;
  readonly nats?: number;
  readonly squaredError?: number;
}

/** What was made of an experiment. */
export interface Description {
  readonly architecture: Architecture;
  readonly task: TaskName;
  /** Every matrix, gate by gate; the embedding and the read-out at the end. */
  readonly parts: readonly Part[];
  /** Where cells are wired as a graph. */
  readonly units?: Units;
  readonly parameters: number;
  readonly classes: readonly string[];
  readonly symbols: readonly string[];
  readonly channels: number;
  /** Of a forecast: what it is of, and how many steps it looks ahead. */
  readonly targets: readonly string[];
  readonly horizon: number;
  /** Sequences, or symbols of a text. */
  readonly trained: number;
  readonly tested: number;
  readonly examples: readonly Example[];
  readonly epoch: number;
  readonly updates: number;
  readonly openEnded: boolean;
}

/** The weights at some update. */
export interface View {
  readonly step: number;
  readonly epoch: number;
  readonly mode: Mode;
  /** Whether it is a checkpoint's and not the present. */
  readonly past: boolean;
  readonly parameters: Float32Array;
  readonly mask: Uint8Array;
  /** Of updates since the last view: mean losses before them. */
  readonly first: number;
  readonly losses: Float32Array;
  /** Updates a second. */
  readonly speed: number;
}

/** What a checkpoint is shown by. */
export interface Mark {
  readonly step: number;
  /** Of each part of the description. */
  readonly densities: Float32Array;
  /** Since the mark before. */
  readonly born: number;
  readonly dropped: number;
}

/** What is measured of data that do not train. */
export interface Measurement {
  readonly step: number;
  /** Nats, or a forecast's mean squared error. */
  readonly loss: number;
  /** None of forecasts. */
  readonly accuracy?: number;
  /** [true class][class that was said]. */
  readonly confusion?: readonly (readonly number[])[];
}

/** From the Worker. */
export type Report =
  | { readonly type: "loaded"; readonly module: WasmName }
  | { readonly type: "begun"; readonly description: Description }
  | { readonly type: "view"; readonly view: View }
  | { readonly type: "epoch"; readonly step: number; readonly metrics: EpochMetrics }
  | { readonly type: "measured"; readonly measurement: Measurement }
  | { readonly type: "marks"; readonly marks: readonly Mark[] }
  | { readonly type: "rules"; readonly rules: readonly Rule[] }
  | { readonly type: "reading"; readonly reading: Reading }
  | { readonly type: "sample"; readonly step: number; readonly text: string }
  | { readonly type: "edits"; readonly edits: readonly Edit[] }
  /** A rewinding forgets what came later. */
  | { readonly type: "rewound"; readonly step: number }
  | {
      readonly type: "history";
      readonly weight: number;
      readonly values: readonly (readonly [number, number | null])[];
    }
  /** The file that the command line would write of this network, and its SHA-256. */
  | { readonly type: "hash"; readonly step: number; readonly hash: string }
  | { readonly type: "saved"; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "refused"; readonly message: string };
