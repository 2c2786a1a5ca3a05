// The files that trials are trained on. A study asks for them at every one of its trials, so each is read and hashed once
// in a process, and again only when it has changed.
import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { FileError, InputError } from "../errors.js";
import { readLargeBytes, readTextBytes } from "../files.js";
import { type JsonObject, sha256 } from "../study/json.js";

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

/** Where descriptions of data have their files. */
const places = ["train", "test", "text", "validation", "numbers", "labels", "testLabels", "validationLabels"];

/** A description of data without its files, whose content its hash stands for. */
export function withoutPlaces(description: object): JsonObject {
  return Object.fromEntries(Object.entries(description).filter(([key]) => !places.includes(key)));
}

type Read = (path: string) => Buffer;

/** The hash of a text's content. @throws FileError, InputError when it cannot be read. */
export function hashOf(path: string): string {
  return fileAt(path, readTextBytes).sha256;
}

/** The content of a text. @throws as `hashOf`. */
export function contentOf(path: string): Buffer {
  return bytesAt(path, readTextBytes);
}

/** The hash of the content of any file, which may be larger than a text. @throws as `hashOf`. */
export function hashOfBytes(path: string): string {
  return fileAt(path, readLargeBytes).sha256;
}

/** The content of any file. @throws as `hashOf`. */
export function bytesOf(path: string): Buffer {
  return bytesAt(path, readLargeBytes);
}

/** What is said where a file's content is not the one that a description is pinned to. */
export function changed(where: string): InputError {
  return new InputError({
    where,
    what: "it or a file that goes with it is not the one that the trial was described with",
    hint: "restore the files, or describe the trial anew",
  });
}

function bytesAt(path: string, read: Read): Buffer {
  const file = fileAt(path, read);
  file.bytes ??= reading(path, () => read(path));
  const { bytes } = file;
  makeRoom();
  return bytes;
}

function fileAt(path: string, read: Read): DataFile {
  const place = resolve(path);
  let file = known.get(place);
  const stamp = reading(path, () => stampOf(path));
  if (file?.stamp !== stamp) {
    const bytes = reading(path, () => read(path));
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
