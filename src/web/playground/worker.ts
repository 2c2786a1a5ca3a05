// The playground's Worker: it does what the page orders, one experiment at a time, so that the page stays free.
import { loadWasm } from "../../engine/wasm-modules.js";
import { FiligreeError } from "../../errors.js";
import { describe, rulesFor } from "./describe.js";
import type { Order, Report } from "./protocol.js";
import { Session } from "./session.js";
import { subjectOf } from "./subject.js";

/** Serves the page that made this Worker. */
export function serve(): void {
  const desk = new Desk((report) => postMessage(report, { transfer: belongings(report) }));
  addEventListener("message", ({ data }: MessageEvent<Order>) => void desk.take(data));
}

/** What goes over with a report and need not be copied. */
function belongings(report: Report): Transferable[] {
  if (report.type === "view")
    return [report.view.parameters.buffer, report.view.mask.buffer] as ArrayBuffer[];
  return report.type === "saved" ? [report.bytes.buffer] : [];
}

/** Takes orders, in turn, and reports. */
export class Desk {
  private readonly report: (report: Report) => void;
  private session: Session | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(report: (report: Report) => void) {
    this.report = report;
  }

  /** Resolves when it is done, whatever came of it. */
  take(order: Order): Promise<void> {
    this.last = this.last.then(() => this.obey(order)).catch((error) => this.refuse(error));
    return this.last;
  }

  private refuse(error: unknown): void {
    const message = error instanceof FiligreeError ? error.message : String(error);
    this.report({ type: "refused", message });
  }

  private async obey(order: Order): Promise<void> {
    const { session } = this;
    switch (order.type) {
      case "load":
        return this.report({ type: "loaded", module: await loadWasm(order.modules) });
      case "begin":
        return this.begin(order);
      case "play":
        return session?.play();
      case "pause":
        return session?.pause();
      case "step":
        return session?.step();
      case "seen":
        return session?.drawn();
      case "save":
        return session?.save(order.name, order.begun);
      case "rewind":
        return session?.rewind(order.step);
      case "show":
        return session?.show(order.step);
      case "change":
        return session?.change(order.change);
      case "read":
        return session?.readOn(order.sequence);
      case "history":
        return session?.history(order.weight);
    }
  }

  private async begin({ experiment, files }: Extract<Order, { type: "begin" }>): Promise<void> {
    await this.session?.end();
    this.session = undefined;
    const subject = subjectOf(experiment, files);
    const description = describe(subject);
    this.report({ type: "begun", description });
    const session = new Session(subject, description, experiment.edits, this.report);
    this.session = session;
    session.begin();
    // After the first view.
    setTimeout(() => {
      if (this.session !== session) return;
      try {
        this.report({ type: "rules", rules: rulesFor(subject) });
      } catch (error) {
        this.refuse(error);
      }
    });
  }
}
