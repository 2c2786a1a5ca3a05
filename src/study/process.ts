// Who runs a trial must be recognisable later, also after a crash: a runner whose process is gone must not keep its
// trials. This module names machines and processes and tells whether a process still lives.
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process: the machine as of its last start, the process id, and when that process began. */
export interface Process {
  readonly machine: string;
  readonly pid: number;
  readonly process: string;
}

/** This process. */
export function thisProcess(): Process {
  return { machine: machine(), pid: process.pid, process: startOf(process.pid) };
}

/**
 * Whether a process has ended, or "unknown" for one on another machine. A process id that was given to a new process
 * does not deceive it where the system tells when a process began (Linux).
 */
export function hasEnded(other: Process): boolean | "unknown" {
  if (other.machine !== machine()) return "unknown";
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  return startOf(other.pid) !== other.process;
}

// Two containers may share a name and count their processes from 1, so the boot and the process namespace belong to it.
let ownMachine: string | undefined;
function machine(): string {
  ownMachine ??= [
    hostname(),
    attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8)),
    attempt(() => readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")),
  ]
    .filter((part) => part !== "")
    .join("/");
  return ownMachine;
}

// Field 22 of /proc/PID/stat is the start time in clock ticks since boot; the name before it may contain anything.
// A zombie (field 3 is Z) has ended.
function startOf(pid: number): string {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "ended" : fields[19];
  });
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
