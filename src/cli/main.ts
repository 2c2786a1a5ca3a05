#!/usr/bin/env node
// What `filigree` on a command line starts.
import { FileError } from "../errors.js";
import { run } from "./program.js";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough, such as `head`, is not an error.
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`filigree: ${new FileError("standard output", error, "write").message}\n`);
  process.exit(2);
});

process.exitCode = await run(process.argv.slice(2));
