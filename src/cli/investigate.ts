// The verbs of `filigree investigate`: a sitting with its progress, and what it came to.
import { InputError } from "../errors.js";
import { investigateLanguage } from "../investigate/language.js";
import { investigateSearch } from "../investigate/search.js";
import type { Facts, SittingOptions } from "../investigate/sitting.js";
import { investigateThresholds } from "../investigate/thresholds.js";
import { languageFindings } from "../investigate/verdicts/language.js";
import { searchFindings } from "../investigate/verdicts/search.js";
import { thresholdFindings } from "../investigate/verdicts/thresholds.js";
import { interruptible, Output } from "./command.js";
import { count, duration, studyProgress } from "./study-progress.js";

interface Options {
  readonly quick?: boolean;
  readonly out?: string;
  readonly seeds?: number;
  readonly minutes: number;
  readonly jobs?: number;
  readonly mnist?: string;
  readonly vowels?: string;
  readonly text?: string;
  readonly rows?: string;
  readonly json?: boolean;
}

const QUICK_SEEDS = 3;

/** `filigree investigate thresholds`. */
export async function thresholds(options: Options): Promise<void> {
  const { quick, mnist, text, rows: earlier } = options;
  if (quick) refuseLong({ "--mnist": mnist, "--text": text });
  const output = new Output(options);
  output.remarkSlowness();
  const result = await sitting(options, "thresholds", 5, output, (common) =>
    investigateThresholds({ ...common, mnist, text, rows: earlier }),
  );
  const { facts, report, rows } = result;
  const findings = thresholdFindings(result);
  const { key, verdicts, thresholds } = findings;
  output.result({ facts, report, findings: key, verdicts, thresholds, rows }, describe(facts, report, key));
}

/** `filigree investigate language`. */
export async function language(options: Options): Promise<void> {
  const output = new Output(options);
  output.remarkSlowness();
  const { text, rows: earlier } = options;
  const result = await sitting(options, "language", 3, output, (common) =>
    investigateLanguage({ ...common, text, rows: earlier }),
  );
  const { facts, report, rows } = result;
  const { key, verdicts, thresholds } = languageFindings(result);
  output.result({ facts, report, findings: key, verdicts, thresholds, rows }, describe(facts, report, key));
}

/** `filigree investigate search`. */
export async function search(options: Options): Promise<void> {
  const { quick, mnist, vowels, text } = options;
  if (quick) refuseLong({ "--mnist": mnist, "--vowels": vowels });
  const output = new Output(options);
  output.remarkSlowness();
  const result = await sitting(options, "search", 5, output, (common) =>
    investigateSearch({ ...common, mnist, vowels, text }),
  );
  const { facts, report, rows } = result;
  const { key, verdicts } = searchFindings(result);
  output.result({ facts, report, findings: key, verdicts, rows }, describe(facts, report, key));
}

/** @throws InputError when one of the options is given. */
function refuseLong(options: Readonly<Record<string, string | undefined>>): void {
  const given = Object.keys(options).find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new InputError({
    where: given,
    what: "it takes longer than --quick may",
    hint: "leave one of the two out",
  });
}

/** Runs one sitting with its progress. @throws Stopped when the user ended it. */
async function sitting<Result>(
  options: Options,
  name: string,
  replicates: number,
  output: Output,
  work: (common: SittingOptions & { seeds: number[] }) => Promise<Result>,
): Promise<Result> {
  const { quick = false, minutes, jobs } = options;
  const { out = `results/${name}${quick ? "-quick" : ""}`, seeds = quick ? QUICK_SEEDS : replicates } =
    options;
  let stop = () => {};
  const sit = async (signal: AbortSignal) => {
    const result = await work({
      scale: quick ? "quick" : "full",
      out,
      jobs,
      minutes,
      seeds: Array.from({ length: seeds }, (_, i) => i + 1),
      command: ["filigree", ...process.argv.slice(2)].join(" "),
      signal,
      watch(study) {
        stop();
        const progress = studyProgress(study);
        stop = progress.stop;
        return progress.onEvent;
      },
      onNotice: (text) => output.remark(plain(text)),
    });
    signal.throwIfAborted();
    return result;
  };
  return interruptible(sit, () => true).finally(() => stop());
}

/** A terminal wants ordinary spaces. */
function plain(text: string): string {
  return text.replaceAll("\u00a0", " ");
}

function describe(
  { total, finished, failed, seconds }: Facts,
  report: string,
  key: readonly string[],
): string {
  const left = total - finished - failed;
  return [
    ...key.map((sentence) => plain(`- ${sentence}`)),
    ...(key.length > 0 ? [""] : []),
    `${finished} of ${count(total, "training")} finished, ${duration(seconds)}`,
    ...(failed > 0 ? [`${failed} failed; their errors are in the store`] : []),
    ...(left > 0 ? [`${left} are left: the same command goes on`] : []),
    `report: ${report}`,
  ].join("\n");
}
