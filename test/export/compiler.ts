// A C compiler, where there is one, and the folders that tests compile in.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Whether a program can be started. */
export function has(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** The first of the usual names; undefined, which is said, where there is none. */
export const compiler = [process.env.CC ?? "cc", "gcc", "clang"].find(has);
if (compiler === undefined) console.warn("no C compiler: exported C is not compiled");

export const WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"];

const folders: string[] = [];
// Not where a folder is made: a test that runs can add nothing to what follows all tests.
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** A folder that is gone after the tests of a file. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "filigree-export-"));
  folders.push(path);
  return path;
}

/** Writes files into a folder. */
export function write(path: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  for (const [name, content] of files) writeFileSync(join(path, name), content);
}

/** Runs a program in a folder. @returns what it printed, and its exit code. */
export function run(
  path: string,
  program: string,
  ...words: string[]
): { status: number | null; out: Buffer; err: string } {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd: path,
    maxBuffer: 2 ** 28,
    timeout: 50_000,
  });
  return { status, out: stdout, err: error ? String(error) : stderr.toString() };
}
