// A training that is played, paused, stepped, changed by hand and rewound. It is the one loop of src/train, which it watches
// between calls to the executor: so the same experiment makes the same bits here and on the command line. It lives in the
// page's Worker and knows neither; whoever makes it hears its reports.

import { decodeSymbols } from "../../data/symbols.js";
import { FiligreeError } from "../../errors.js";
import { Random } from "../../math/random.js";
import { maskVector } from "../../network/masks.js";
import type { Network } from "../../network/network.js";
import { saveNetwork } from "../../network/weights.js";
import { confusionOf } from "../../train/confusion.js";
import { writeText } from "../../train/sample.js";
import { type Glance, type Run, train } from "../../train/train.js";
import { Checkpoints } from "./checkpoints.js";
import { type Change, type Edit, withEdit } from "./edits.js";
import { changed } from "./masks.js";
import type { Description, Mode, Report } from "./protocol.js";
import { read, type Sequence } from "./reading.js";
import type { Subject } from "./subject.js";

/** Milliseconds of training between two looks, and from one view, reading, sample or measurement to the next. */
const CALL = 16;
const BETWEEN_VIEWS = 18;
const BETWEEN_READINGS = 250;
const BETWEEN_SAMPLES = 2000;
const BETWEEN_MEASUREMENTS = 3000;
/** Symbols that a sample has. */
const WRITTEN = 240;
const MOST_CLASSES = 40;

/** Lets messages in. Unlike `setTimeout` it does not wait. */
function giveTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

export class Session {
  private readonly subject: Subject;
  private readonly report: (report: Report) => void;
  private readonly checkpoints: Checkpoints;
  private edits: readonly Edit[];
  private mode: Mode = "paused";
  /** Updates that a paused training may make: 0 or 1. */
  private allowed = 0;
  /** Whether updates were made in a row since the last pause. */
  private played = false;
  private glance: Glance | undefined;
  private trained: Network | undefined;
  private wake: () => void = () => {};
  private stop = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** What to do at the next look. */
  private readonly orders: (() => void | Promise<void>)[] = [];
  private shown: number | undefined;
  private sequence: Sequence | undefined;
  /** Updates that have been made, and the losses of the last ones. */
  private made = 0;
  private losses: number[] = [];
  private seen = true;
  private lastView = 0;
  private lastReading = 0;
  private lastSample = 0;
  private lastMeasurement = 0;
  /** Milliseconds that an update takes, and when the last call began, after how many. */
  private cost = CALL;
  private called = { at: 0, step: -1 };

  constructor(
    subject: Subject,
    description: Pick<Description, "parts">,
    edits: readonly Edit[],
    report: (report: Report) => void,
  ) {
    this.subject = subject;
    this.report = report;
    this.edits = edits;
    this.checkpoints = new Checkpoints(description.parts);
  }

  /** Starts, paused before the first update. */
  begin(): void {
    this.report({ type: "edits", edits: this.edits });
    this.run();
  }

  /** Ends, and resolves when nothing of it runs any more. */
  async end(): Promise<void> {
    this.stop.abort();
    this.wake();
    await this.running;
  }

  play(): void {
    if (this.mode === "done") return;
    this.shown = undefined;
    this.mode = "playing";
    this.allowed = 0;
    this.wake();
  }

  pause(): void {
    if (this.mode === "playing") this.mode = "paused";
  }

  /** One update more. */
  step(): void {
    if (this.mode === "playing") this.mode = "paused";
    this.order(() => {
      this.shown = undefined;
      if (this.mode !== "done") this.allowed = 1;
    });
  }

  /** The page has drawn the last view. */
  drawn(): void {
    this.seen = true;
  }

  /** Goes back to a checkpoint. What the reader did there and later is forgotten. */
  async rewind(step: number): Promise<void> {
    const checkpoint = this.checkpoints.at(step);
    if (!checkpoint) return;
    await this.end();
    this.checkpoints.forgetAfter(step);
    this.edits = this.edits.filter((edit) => edit.step < step);
    this.losses = [];
    this.made = step;
    this.shown = undefined;
    this.report({ type: "rewound", step });
    this.report({ type: "edits", edits: this.edits });
    this.report({ type: "marks", marks: this.checkpoints.marks() });
    this.run(checkpoint.run);
  }

  show(step: number | undefined): void {
    this.shown = step;
    this.order(() => this.view());
  }

  /** Changes the mask before the next update. */
  change(change: Change): void {
    this.order(async () => {
      if (!this.glance) return;
      this.shown = undefined;
      const edit = { ...change, step: this.made };
      this.apply(this.glance, edit);
      this.edits = withEdit(this.edits, edit);
      this.report({ type: "edits", edits: this.edits });
      if (this.mode !== "playing") await this.measure();
    });
  }

  readOn(sequence: Sequence | undefined): void {
    this.sequence = sequence;
    this.order(() => this.read());
  }

  history(weight: number): void {
    this.report({ type: "history", weight, values: this.checkpoints.history(weight) });
  }

  /** The file of the network as it is, or as it was before the first update. */
  save(name: string, begun = false): void {
    this.order(() => {
      const network = begun ? this.subject.network : this.now();
      if (network)
        this.report({ type: "saved", name, bytes: saveNetwork(network) as Uint8Array<ArrayBuffer> });
    });
  }

  private order(work: () => void | Promise<void>): void {
    this.orders.push(work);
    if (this.mode === "done") void this.obey();
    else this.wake();
  }

  /** Does what was ordered, in turn, up to an update that was. */
  private async obey(): Promise<void> {
    while (this.allowed === 0) {
      const work = this.orders.shift();
      if (!work) return;
      try {
        await work();
      } catch (error) {
        this.refuse(error);
      }
      if (this.mode !== "playing" && this.allowed === 0) await this.showAll();
    }
  }

  private refuse(error: unknown): void {
    const message = error instanceof FiligreeError ? error.message : String(error);
    this.report({ type: "refused", message });
  }

  private run(resume?: Run): void {
    const { network, task, options } = this.subject;
    this.mode = "paused";
    this.allowed = 0;
    this.trained = undefined;
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.running = train(network, task, {
      ...options,
      resume,
      signal,
      look: (glance) => this.look(glance, signal),
      onUpdate: ({ loss }) => {
        this.made++;
        this.losses.push(loss);
      },
      onEpoch: (_, metrics, { step }) => this.report({ type: "epoch", step, metrics }),
    }).then(
      async (trained) => {
        this.trained = trained;
        this.mode = "done";
        await this.conclude();
      },
      async (error) => {
        if (signal.aborted) return;
        this.mode = "done";
        this.refuse(error);
        this.view();
      },
    );
  }

  /** Between two calls to the executor. */
  private async look(glance: Glance, signal: AbortSignal): Promise<number> {
    this.glance = glance;
    const { step } = glance;
    this.time(step);
    for (const edit of this.edits) if (edit.step === step) this.apply(glance, edit);
    if (this.checkpoints.isDue(step)) this.keep(glance);
    if (step === this.subject.updates && this.subject.openEnded) this.mode = "paused";
    if (this.mode === "playing") {
      this.played = true;
      await giveTurn();
      await this.obey();
      await this.showSome();
    }
    if (this.mode === "paused" && this.allowed === 0) await this.wait(signal);
    this.allowed = 0;
    this.called = { at: performance.now(), step };
    const next = this.edits.find((edit) => edit.step > step)?.step ?? Number.POSITIVE_INFINITY;
    const over = step < this.subject.updates ? this.subject.updates : Number.POSITIVE_INFINITY;
    const free = Math.min(next, this.checkpoints.next(step), over) - step;
    const most = this.mode === "playing" ? Math.max(1, Math.round(CALL / this.cost)) : 1;
    return Math.min(most, free);
  }

  /** Until it is played, stepped or ended. */
  private async wait(signal: AbortSignal): Promise<void> {
    if (this.played) await this.measure();
    this.played = false;
    await this.showAll();
    while (!signal.aborted && this.mode === "paused" && this.allowed === 0) {
      if (this.orders.length === 0) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      await this.obey();
    }
  }

  /** After the last update: what there is to say, and edits of a link that come then. */
  private async conclude(): Promise<void> {
    const glance = this.glance!;
    this.keep(glance);
    for (const edit of this.edits) if (edit.step >= this.made) this.apply(glance, edit);
    await this.measure();
    await this.showAll();
    await this.obey();
  }

  /** Learns what an update costs. */
  private time(step: number): void {
    const { at, step: from } = this.called;
    if (from < 0 || step <= from) return;
    const cost = (performance.now() - at) / (step - from);
    this.cost = this.cost === CALL ? cost : 0.8 * this.cost + 0.2 * cost;
  }

  private keep(glance: Glance): void {
    this.checkpoints.keep(glance);
    this.report({ type: "marks", marks: this.checkpoints.marks() });
  }

  /** Does to the network what an edit says. The moment before is kept. */
  private apply(glance: Glance, edit: Edit): void {
    this.keep(glance);
    glance.rewire(changed(glance.present(), edit));
    this.trained = undefined;
  }

  /** The network that is there now, or that was kept in the end. */
  private now(): Network | undefined {
    return this.trained ?? this.glance?.present();
  }

  /** What a training shows of itself while it is played, as often as it is looked at. */
  private async showSome(): Promise<void> {
    const now = performance.now();
    if (this.seen && now - this.lastView >= BETWEEN_VIEWS) this.view();
    if (this.sequence && now - this.lastReading >= BETWEEN_READINGS) this.read();
    if (now - this.lastSample >= BETWEEN_SAMPLES) this.write();
    if (now - this.lastMeasurement >= BETWEEN_MEASUREMENTS) await this.measure();
  }

  private async showAll(): Promise<void> {
    this.view();
    this.read();
    this.write();
    await this.hash();
  }

  private view(): void {
    const { shown, mode, losses } = this;
    const past = shown === undefined ? undefined : this.checkpoints.at(shown);
    const network = past?.network ?? this.now();
    if (!network || !this.glance) return;
    const { step, epoch } = past?.run ?? { step: this.made, epoch: this.glance.epoch };
    this.report({
      type: "view",
      view: {
        step,
        epoch,
        mode,
        past: past !== undefined,
        parameters: network.parameters.slice(),
        mask: maskVector(network),
        first: this.made - losses.length,
        losses: Float32Array.from(losses),
        speed: mode === "playing" ? 1000 / this.cost : 0,
      },
    });
    this.losses = [];
    this.seen = false;
    this.lastView = performance.now();
  }

  private read(): void {
    const network = (this.shown !== undefined && this.checkpoints.at(this.shown)?.network) || this.now();
    if (!network || !this.sequence) return;
    this.lastReading = performance.now();
    try {
      this.report({ type: "reading", reading: read(network, this.sequence) });
    } catch (error) {
      // Symbols that the network does not know; they are not tried again.
      this.sequence = undefined;
      this.refuse(error);
    }
  }

  /** Some text of the network's own, always by the same chance. */
  private write(): void {
    const { data } = this.subject;
    const network = this.now();
    if (data.kind !== "text" || !network || !this.glance) return;
    const { vocabulary, validation } = data.text;
    const prompt = validation.texts[0].subarray(0, 1);
    const written = writeText(network, { prompt, temperature: 0.7 }, new Random("sample"));
    const symbols = Array.from({ length: WRITTEN }, () => written.next().value);
    this.report({ type: "sample", step: this.made, text: decodeSymbols(vocabulary, symbols) });
    this.lastSample = performance.now();
  }

  /** How the network does on what does not train. */
  private async measure(): Promise<void> {
    const network = this.now();
    if (!network) return;
    const step = this.made;
    const { loss, accuracy, expected, predicted } = await this.subject.measure(network);
    const classes = network.architecture.readout.outputs;
    const confusion =
      expected && predicted && classes <= MOST_CLASSES
        ? confusionOf(classes, expected, predicted)
        : undefined;
    this.report({ type: "measured", measurement: { step, loss, accuracy, confusion } });
    this.lastMeasurement = performance.now();
  }

  private async hash(): Promise<void> {
    const network = this.now();
    if (!network || !globalThis.crypto?.subtle) return;
    const digest = new Uint8Array(
      await crypto.subtle.digest("SHA-256", saveNetwork(network) as Uint8Array<ArrayBuffer>),
    );
    const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.report({ type: "hash", step: this.made, hash });
  }
}
