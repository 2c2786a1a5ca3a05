// Shows how far a study is: a bar with the time left on a terminal, a line for each finished trial elsewhere.
import { SingleBar } from "cli-progress";
import type { Progress, StudyEvent } from "../study/events.js";
import { percent } from "./command.js";

export class StudyProgress {
  private bar: SingleBar | undefined;

  /** What a runner's `onEvent` calls. */
  listener(): (event: StudyEvent) => void {
    return process.stderr.isTTY ? (event) => this.draw(event) : (event) => this.tell(event);
  }

  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }

  private draw(event: StudyEvent): void {
    if (event.type === "notice") {
      process.stderr.write(`${event.text}\n`);
      return;
    }
    if (!("progress" in event)) return;
    const { total } = event.progress;
    if (!this.bar) {
      this.bar = new SingleBar({
        format: "{study} {bar} {value}/{total} trials, {left}{failed}",
        barCompleteChar: "█",
        barIncompleteChar: "░",
        clearOnComplete: true,
        hideCursor: true,
        stream: process.stderr,
      });
      this.bar.start(total, 0, { study: "study", left: "", failed: "" });
    }
    this.bar.setTotal(total);
    const { finished, failed } = event.progress;
    this.bar.update(finished + failed, {
      ...("study" in event ? { study: event.study } : {}),
      left: timeLeft(event.progress),
      failed: failed > 0 ? `, ${failed} failed` : "",
    });
    if (event.type === "ended") this.stop();
  }

  private tell(event: StudyEvent): void {
    if (event.type === "notice") {
      process.stderr.write(`${event.text}\n`);
    } else if (event.type === "finished" || event.type === "failed") {
      const { kind, identity } = event.trial;
      const { total, finished, failed } = event.progress;
      const accuracy = event.type === "finished" ? event.summary.testAccuracy : undefined;
      const what =
        event.type === "failed"
          ? `failed: ${event.error}`
          : accuracy === undefined
            ? "finished"
            : `test accuracy ${percent(accuracy)}`;
      const count = `${finished + failed}/${total}`;
      process.stderr.write(`${count} ${kind} ${identity.slice(0, 8)} ${what}; ${timeLeft(event.progress)}\n`);
    }
  }
}

function timeLeft({ secondsLeft }: Progress): string {
  if (secondsLeft === undefined) return "time left unknown yet";
  const seconds = Math.ceil(secondsLeft);
  if (seconds < 60) return `${seconds} s left`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}
