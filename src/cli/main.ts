#!/usr/bin/env node
// What `filigree` on a command line starts.
import { run } from "./program.js";

// A reader that has seen enough, such as `head`, is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exitCode = await run(process.argv.slice(2));
