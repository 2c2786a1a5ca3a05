// The files that trials are trained on. A study asks for them at every one of its trials, so each is read and hashed once
// in a process, and again only when it has changed.
import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { FileError, InputError } from "../errors.js";
import { readTextBytes } from "../files.js";
import { sha256 } from "../study/json.js";

interface DataFile {
  /** What changes when the file does. */
  readonly stamp: string;
  readonly sha256: string;
  /** Left out where there was no room for it. */
  bytes?: Buffer;
}

/** Contents are kept up to this many bytes in all; what is beyond is read again when it is asked for. */
const MOST_KEPT = 2 ** 28;
/** By path, the last used one last. */
const known = new Map<string, DataFile>();

/** The hash of a file's content. @throws FileError, InputError when it cannot be read. */
export function hashOf(path: string): string {
  return fileAt(path).sha256;
}

/** The content of a file. @throws as `hashOf`. */
export function contentOf(path: string): Buffer {
  const file = fileAt(path);
  file.bytes ??= reading(path, () => readTextBytes(path));
  const { bytes } = file;
  makeRoom();
  return bytes;
}

function fileAt(path: string): DataFile {
  const place = resolve(path);
  let file = known.get(place);
  const stamp = reading(path, () => stampOf(path));
  if (file?.stamp !== stamp) {
    const bytes = reading(path, () => readTextBytes(path));
    file = { stamp, sha256: sha256(bytes), bytes };
  }
  known.delete(place);
  known.set(place, file);
  makeRoom();
  return file;
}

function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join();
  } catch (error) {
    throw new FileError(path, error, "read");
  }
}

// A study may lie in another folder than the one in which it is run, or be run on another machine.
function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FileError) || isAbsolute(path)) throw error;
    throw new InputError({
      where: path,
      what: `${error.what}, looked for at ${resolve(path)}`,
      hint: "paths are taken from the folder that the command is run in",
      cause: error,
    });
  }
}

function makeRoom(): void {
  let kept = 0;
  for (const file of [...known.values()].reverse()) {
    kept += file.bytes?.length ?? 0;
    if (kept > MOST_KEPT) file.bytes = undefined;
  }
}
