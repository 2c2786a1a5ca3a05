// A playground without a page: orders go in, reports are waited for.
import type { Order, Report } from "../../src/web/playground/protocol.js";
import { Desk } from "../../src/web/playground/worker.js";

type Kind = Report["type"];
type Of<K extends Kind> = Extract<Report, { type: K }>;

export class Playground {
  readonly reports: Report[] = [];
  private readonly desk = new Desk((report) => {
    this.reports.push(report);
    this.heard();
  });
  private heard: () => void = () => {};
  private read = 0;

  order(order: Order): Promise<void> {
    return this.desk.take(order);
  }

  /** The next report of a kind, after those that were waited for, that is as wanted. Views are answered as a page does. */
  async next<K extends Kind>(type: K, wanted: (report: Of<K>) => boolean = () => true): Promise<Of<K>> {
    for (;;) {
      for (; this.read < this.reports.length; ) {
        const report = this.reports[this.read++];
        if (report.type === "view") void this.order({ type: "seen" });
        if (report.type === "refused" && type !== "refused") throw new Error(report.message);
        if (report.type === type && wanted(report as Of<K>)) return report as Of<K>;
      }
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
    }
  }
}
