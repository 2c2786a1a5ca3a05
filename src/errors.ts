// Every error a user can cause is a FiligreeError: one line that says where, what, and what to try. The command
// line prints that line and exits with code 2; anything else that reaches it is a bug and shows its stack.

/** Tells the user something that is not an error, in one line. */
export type Remark = (line: string) => void;

/** Does some work, and passes its remarks on once it is done: what is refused is answered in one line. */
export function remarking<Result>(to: Remark | undefined, work: (remark: Remark) => Result): Result {
  const lines: string[] = [];
  const result = work((line) => lines.push(line));
  for (const line of lines) to?.(line);
  return result;
}

/** What went wrong, where it was found and what the user can do about it. */
export interface Complaint {
  /** The file, line, field or option concerned, for example `data.csv:12` or `--percent`. */
  where?: string;
  /** What is wrong, as a clause without a full stop. */
  what: string;
  /** What to try, as an imperative clause. */
  hint?: string;
  cause?: unknown;
}

/** The root of all errors that Filigree raises on purpose. `message` is one line: `where: what; hint`. */
export class FiligreeError extends Error {
  readonly where: string | undefined;
  readonly what: string;
  readonly hint: string | undefined;

  constructor({ where, what, hint, cause }: Complaint) {
    const line = (where ? `${where}: ` : "") + what + (hint ? `; ${hint}` : "");
    super(oneLine(line), cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.where = where;
    this.what = what;
    this.hint = hint;
  }
}

const LONGEST_LINE = 1000;

// Messages quote files, which may hold anything: a terminal must neither act on it nor be filled by it.
function oneLine(text: string): string {
  const line = text
    .replace(/\s*[\r\n\u2028\u2029]+\s*/g, " ")
    .replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
  if (line.length <= LONGEST_LINE) return line;
  // What stands at the end is what to try.
  const half = LONGEST_LINE / 2 - 1;
  return `${line.slice(0, half)}…${line.slice(-half)}`;
}

/** Input that cannot be used: an option, a file, a table, a graph, a weight file. */
export class InputError extends FiligreeError {}

/** A run that cannot go on, for example because its loss is no longer finite. */
export class TrainingError extends FiligreeError {}

/** The executor refused a plan or a batch, or cannot be had on this machine. */
export class EngineError extends FiligreeError {}

/** A file or folder that cannot be read or written. `error` is the cause as Node reported it. */
export class FileError extends FiligreeError {
  constructor(path: string, error: unknown, doing: "read" | "write") {
    const code = (error as NodeJS.ErrnoException)?.code ?? "unknown";
    const [what, hint] = explain(code, doing);
    super({ where: path, what, hint, cause: error });
  }
}

function explain(code: string, doing: "read" | "write"): [what: string, hint: string] {
  switch (code) {
    case "ENOENT":
      return doing === "read"
        ? ["no such file", "check the path"]
        : ["its folder does not exist", "create the folder first"];
    case "EISDIR":
      return ["is a directory, not a file", "name a file inside it"];
    case "EEXIST":
      return ["is a file, not a folder", "check the path"];
    case "ENOTDIR":
      return ["part of the path is a file, not a folder", "check the path"];
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return [`no permission to ${doing} it`, "choose another path or change its permissions"];
    case "ENOSPC":
    case "EDQUOT":
      return ["the disk is full", "free some space and run the same command again"];
    default:
      return [`cannot ${doing} it (${code})`, "check the path and the disk"];
  }
}
