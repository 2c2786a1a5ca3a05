// Reading and writing files so that nothing half-written is ever left behind: output goes to a neighbour of the
// target and is renamed over it, and every failure becomes one clear line.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FileError, InputError } from "./errors.js";
import { decodeText, MOST_TEXT } from "./text.js";

/** The bytes of a file. @throws FileError when it is missing, a directory or unreadable. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FileError(path, error, "read");
  }
}

/** A file of so many bytes is refused: 4 GB. */
const TOO_LARGE = 4e9;
/** Bytes read at a time; Node reads no 2 GiB in one call. */
const PIECE = 2 ** 28;

/**
 * The bytes of a file of any size below 4 GB; a larger one is refused before any memory is taken.
 * @throws FileError as `readBytes`, InputError when it is larger.
 */
export function readLargeBytes(path: string): Buffer {
  try {
    const file = openSync(path, "r");
    try {
      const status = fstatSync(file);
      if (!status.isFile()) return readFileSync(file);
      checkSize(path, status.size);
      const bytes = Buffer.alloc(status.size);
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(file, bytes, done, Math.min(PIECE, bytes.length - done), null);
        // It became shorter since it was measured.
        if (read === 0) return bytes.subarray(0, done);
        done += read;
      }
      return bytes;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw error instanceof InputError ? error : new FileError(path, error, "read");
  }
}

/** The first bytes of a file, or all it has; nothing of a pipe, which could not be read again. @throws FileError as `readBytes`. */
export function readHead(path: string, most = 2 ** 16): Buffer {
  try {
    const file = openSync(path, "r");
    try {
      if (!fstatSync(file).isFile()) return Buffer.alloc(0);
      const bytes = Buffer.alloc(most);
      return bytes.subarray(0, readSync(file, bytes, 0, most, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new FileError(path, error, "read");
  }
}

function checkSize(path: string, size: number): void {
  if (size < TOO_LARGE) return;
  throw new InputError({
    where: path,
    what: `has ${(size / 1e9).toFixed(1)} GB; a file of 4 GB or more is not read`,
    hint: "split it",
  });
}

/**
 * The bytes of a file that is a text. One that is too large is refused before it is read, a pipe as soon as it is seen.
 * @throws FileError as `readBytes`, InputError when it is larger than a string can be.
 */
export function readTextBytes(path: string): Buffer {
  try {
    const file = openSync(path, "r");
    try {
      const status = fstatSync(file);
      checkTextSize(path, status.size);
      return status.isFile() ? readFileSync(file) : readPipe(path, file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw error instanceof InputError ? error : new FileError(path, error, "read");
  }
}

function readPipe(path: string, file: number): Buffer {
  const parts: Buffer[] = [];
  for (let size = 0; ; checkTextSize(path, size)) {
    const part = Buffer.alloc(2 ** 16);
    const read = readSync(file, part);
    if (read === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, read));
    size += read;
  }
}

function checkTextSize(path: string, size: number): void {
  if (size <= MOST_TEXT) return;
  throw new InputError({
    where: path,
    what: `larger than ${Math.ceil(MOST_TEXT / 1e6)} MB, the most that a text may have`,
    hint: "split it",
  });
}

/**
 * The text of a file in any encoding that `decodeText` reads, without a byte order mark.
 * @param largest bytes that it may have; by default what a string can hold.
 * @throws FileError as `readBytes`. @throws InputError as `decodeText`.
 */
export function readText(path: string, largest?: number): string {
  return decodeText(readTextBytes(path), path, largest);
}

// Where a file is written before it is renamed.
function neighbour(path: string): string {
  return `${path}.${randomBytes(4).toString("hex")}.part`;
}

/**
 * Writes a file whole or not at all: beside the target, flushed, then renamed.
 * @throws FileError when the folder is missing or unwritable or the disk is full; the target is then untouched.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  writeTogether([[path, content]]);
}

/**
 * Writes files that belong together, as `writeWhole`: all of them are written beside their targets before the first is
 * renamed. @throws FileError as `writeWhole`.
 */
export function writeTogether(
  files: readonly (readonly [path: string, content: string | Uint8Array])[],
): void {
  const written = files.map(([path, content]) => ({ path, content, beside: neighbour(path) }));
  try {
    for (const { path, content, beside } of written) writing(path, () => writeNew(beside, content));
    for (const { path, beside } of written) writing(path, () => renameSync(beside, path));
  } finally {
    // A file that was renamed is not there any more.
    for (const { beside } of written) rmSync(beside, { force: true });
  }
}

/**
 * Sees that a folder can be made at a place, before the work whose result it gets.
 * @throws InputError when something is there that is not an empty folder, FileError when it cannot be looked at.
 */
export function checkNewFolder(path: string): void {
  if (path === "")
    throw new InputError({ what: "the name of the folder to write is empty", hint: "name a folder" });
  let there: Stats | undefined;
  let isEmpty = false;
  writing(path, () => {
    there = statSync(path, { throwIfNoEntry: false });
    isEmpty = there?.isDirectory() === true && readdirSync(path).length === 0;
  });
  if (there === undefined || isEmpty) return;
  const what = there.isDirectory() ? "the folder exists and is not empty" : "is a file, not a folder";
  throw new InputError({ where: path, what, hint: "name a new folder" });
}

/**
 * Writes a folder of files whole or not at all: beside the place, flushed, then renamed.
 * @throws InputError as `checkNewFolder`, FileError as `writeWhole`.
 */
export function writeFolder(path: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  checkNewFolder(path);
  const beside = neighbour(resolve(path));
  makeFolder(dirname(beside));
  try {
    writing(path, () => mkdirSync(beside));
    for (const [name, content] of files) writing(path, () => writeNew(join(beside, name), content));
    writing(path, () => {
      // Not every system renames over an empty folder.
      if (statSync(path, { throwIfNoEntry: false })) rmdirSync(path);
      renameSync(beside, path);
    });
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

function writing(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new FileError(path, error, "write");
  }
}

function writeNew(path: string, content: string | Uint8Array): void {
  const file = openSync(path, "wx");
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Creates a folder and its parents. @throws FileError when that is not possible. */
export function makeFolder(path: string): void {
  writing(path, () => make(resolve(path)));
}

// One by one: Node's recursive mkdir never returns where a file system refuses children, as /proc does.
function make(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) make(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it in the meantime.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
}

/**
 * Makes ready for a file that is about to be made: creates its folder and sees that it can be written. Call it before
 * the work whose result it gets, which would be lost.
 * @param inputs the files that the result is made from, as far as there are any.
 * @throws InputError when `path` is one of them or no place for a file, FileError when it cannot be written.
 */
export function prepareOutput(path: string, ...inputs: readonly (string | undefined)[]): void {
  if (path === "")
    throw new InputError({ what: "the name of the file to write is empty", hint: "name a file" });
  const place = realPath(path);
  if (inputs.some((input) => input !== undefined && realPath(input) === place)) {
    throw new InputError({
      where: path,
      what: "would replace what is read",
      hint: "name another file to write",
    });
  }
  makeFolderOf(path);
  const beside = neighbour(path);
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw Object.assign(new Error("a directory"), { code: "EISDIR" });
    // A rename would put an ordinary file in the place of a device.
    if (there && !there.isFile()) throw new InputError({ where: path, what: "is not an ordinary file" });
    closeSync(openSync(beside, "wx"));
    rmSync(beside);
  } catch (error) {
    throw error instanceof InputError ? error : new FileError(path, error, "write");
  }
}

/** Where a path leads, through all links; what is missing is taken as it is written. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const whole = resolve(path);
    return dirname(whole) === whole ? whole : join(realPath(dirname(whole)), basename(whole));
  }
}

/** Creates the folder that `path` will be written in. */
export function makeFolderOf(path: string): void {
  makeFolder(dirname(path));
}
