// Reading and writing files so that nothing half-written is ever left behind: output goes to a neighbour of the
// target and is renamed over it, and every failure becomes one clear line.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { FileError } from "./errors.js";

/** The bytes of a file. @throws FileError when it is missing, a directory or unreadable. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FileError(path, error, "read");
  }
}

/** The text of a UTF-8 file, without a byte order mark. @throws FileError as `readBytes`. */
export function readText(path: string): string {
  return readBytes(path)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
}

/**
 * Writes a file whole or not at all: beside the target, flushed, then renamed.
 * @throws FileError when the folder is missing or unwritable or the disk is full; the target is then untouched.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const beside = `${path}.${randomBytes(4).toString("hex")}.part`;
  try {
    const file = openSync(beside, "wx");
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new FileError(path, error, "write");
  }
}

/** Creates a folder and its parents. @throws FileError when that is not possible. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new FileError(path, error, "write");
  }
}

/** Creates the folder that `path` will be written in. */
export function makeFolderOf(path: string): void {
  makeFolder(dirname(path));
}
