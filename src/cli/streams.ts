// Readers of stdout and stderr may leave (`| head`), and a disk that takes them may fill up. Progress and remarks are not
// worth any work; a result that cannot be printed is an error, unless its reader has seen enough.
import { FileError } from "../errors.js";

/** Makes this process outlive its stderr, and end when its stdout does. Call it before anything is written. */
export function heedStreams(): void {
  // The work goes on without progress, and its exit code tells what became of it.
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // By now a verb that has failed after printing has set its code.
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    process.stderr.write(`filigree: ${new FileError("standard output", error, "write").message}\n`);
    process.exit(2);
  });
}
