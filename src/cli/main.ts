#!/usr/bin/env node
// What `filigree` on a command line starts.
import { run } from "./program.js";
import { heedStreams } from "./streams.js";

heedStreams();
process.exitCode = await run(process.argv.slice(2));
