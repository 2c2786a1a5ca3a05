// Where and by what a run was made, as its report says it.
import { cpus } from "node:os";
import { describeExecutor } from "../engine/engine.js";
import { version } from "../version.js";

export interface Surroundings {
  /** For example "native (AVX-512)". */
  readonly executor: string;
  /** Processor and number of cores. */
  readonly machine: string;
  /** Today, as it shall be printed. */
  readonly date: string;
  /** For example { Filigree: "0.1.0", Node: "20.19.0" }. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Those of this process. */
export function surroundings(): Surroundings {
  const { name, detail } = describeExecutor();
  const processors = cpus();
  return {
    executor: `${name} (${detail})`,
    machine: `${processors[0]?.model ?? "unknown processor"}, ${processors.length} cores`,
    date: new Date().toISOString().slice(0, 10),
    versions: { Filigree: version, Node: process.versions.node },
  };
}
