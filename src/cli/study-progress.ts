// What a person sees while trials run: on a terminal a bar with the time left, elsewhere (a log, a batch system) one
// plain line whenever a trial ends or goes on after an interruption.
import { SingleBar } from "cli-progress";
import * as words from "../report/words.js";
import type { Progress, StudyEvent } from "../study/events.js";
import type { Study } from "../study/expand.js";
import { canonicalJson, type JsonObject } from "../study/json.js";
import type { Trial } from "../study/trial.js";
import { barStyle } from "./command.js";

/** A listener for a run's events that writes to stderr. Call `stop` at the end, also after an error. */
export function studyProgress(study: Study): { onEvent: (event: StudyEvent) => void; stop: () => void } {
  return process.stderr.isTTY ? bar(study) : lines(study);
}

// Says which trial it is, by what varies.
function naming(study: Study): (trial: Trial) => string {
  const parameters = new Map(study.members.map((member) => [member.identity, member.parameters]));
  return ({ identity, kind, seed }) =>
    `${identity.slice(0, 12)} (${[kind, ...settings(parameters.get(identity)), `seed ${seed}`].join(", ")})`;
}

function bar(study: Study): ReturnType<typeof studyProgress> {
  const name = naming(study);
  const above = (line: string) => process.stderr.write(`\r\x1b[K${line}\n`);
  const shown = new SingleBar({
    ...barStyle,
    format: "{study} {bar} {value}/{total} trials{failed}{left}",
  });
  let last: { progress: Progress; at: number } | undefined;
  const draw = () => {
    if (!last) return;
    const { finished, failed, secondsLeft } = last.progress;
    // Counts down between events, which may be far apart.
    const left = secondsLeft && Math.max(0, secondsLeft - (performance.now() - last.at) / 1000);
    shown.update(finished + failed, {
      failed: failed > 0 ? `, ${failed} failed` : "",
      left: left === undefined ? "" : `, ${duration(left)} left`,
    });
  };
  const timer = setInterval(draw, 1_000);
  return {
    onEvent(event) {
      if (event.type === "begun") {
        shown.start(event.progress.total, 0, { study: event.study, failed: "", left: "" });
      }
      if (event.type === "notice") above(event.text);
      if (event.type === "failed") above(`${name(event.trial)} failed: ${event.error}`);
      if (!("progress" in event)) return;
      last = { progress: event.progress, at: performance.now() };
      draw();
    },
    stop() {
      clearInterval(timer);
      shown.stop();
    },
  };
}

function lines(study: Study): ReturnType<typeof studyProgress> {
  const { objective } = study.document;
  const name = naming(study);
  const write = (line: string) => process.stderr.write(`${line}\n`);
  return {
    onEvent(event) {
      switch (event.type) {
        case "begun": {
          const { total, finished, secondsLeft } = event.progress;
          write(`${event.study}: ${count(total, "trial")}, ${finished} finished before${left(secondsLeft)}`);
          break;
        }
        case "started":
          if (event.resumedEpoch !== undefined) {
            write(`${name(event.trial)} goes on after epoch ${event.resumedEpoch}`);
          }
          break;
        case "finished": {
          const { finished, failed, total, secondsLeft } = event.progress;
          const shown = Object.entries(event.summary).filter(
            ([metric]) => !objective || metric === objective.metric,
          );
          const summary = shown.map(([metric, value]) => `${metric} ${short(value)}`);
          const place = `[${finished + failed}/${total}]`;
          write(
            `${place} ${name(event.trial)} ${summary.join(", ")}; ${event.seconds.toFixed(1)} s${left(secondsLeft)}`,
          );
          break;
        }
        case "failed":
          write(`${name(event.trial)} failed: ${event.error}`);
          break;
        case "stopped":
          write(`${name(event.trial)} stopped`);
          break;
        case "notice":
          write(event.text);
          break;
      }
    },
    stop: () => {},
  };
}

// A terminal and those who search a log want ordinary spaces.
const plain = (text: string) => text.replaceAll("\u00a0", " ");

/** "1 trial", "3 trials". */
export const count = (number: number, word: string) => plain(words.count(number, word));

/** Seconds as "48 s" or "12 min 5 s". */
export const duration = (seconds: number) => plain(words.duration(seconds));

/** Varied values as "percent 20". */
export function settings(parameters: JsonObject = {}): string[] {
  return Object.entries(parameters).map(
    ([path, value]) =>
      `${path} ${typeof value === "number" ? short(value) : typeof value === "string" ? value : canonicalJson(value)}`,
  );
}

/** A number with six digits at most. */
export function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function left(seconds: number | undefined): string {
  return seconds === undefined ? "" : `, ${duration(seconds)} left`;
}
