// A store that was copied while it was in use is two files: what was written last is in the write-ahead log beside it. A page
// has no file system that SQLite could put them together in, so this module does: it copies the log's pages into the file's,
// as a checkpoint would (https://www.sqlite.org/fileformat2.html#walformat).

const HEADER = 32;
const FRAME = 24;

/** Whether bytes are those of an SQLite database. */
export function isDatabase(file: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(file.subarray(0, 16)) === "SQLite format 3\0";
}

/**
 * A database without a log: what the log holds is in it, up to its last whole transaction; what is not of this file or
 * not whole is passed over, as SQLite does.
 * @returns a copy, in a mode of which SQLite asks for no log.
 */
export function mergeLog(file: Uint8Array, log: Uint8Array = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  const { pages, size, pageSize } = readLog(log);
  const length = size === undefined ? file.length : size * pageSize;
  const merged = new Uint8Array(length);
  merged.set(file.subarray(0, length));
  for (const [page, at] of pages) {
    if (page <= length / pageSize) merged.set(log.subarray(at, at + pageSize), (page - 1) * pageSize);
  }
  // The versions of the format that one must know to write and read the file: 2 asks for a log, 1 for none.
  if (isDatabase(merged)) merged.set([1, 1], 18);
  return merged;
}

interface Log {
  /** Where the last committed content of a page is, by its number. */
  readonly pages: ReadonlyMap<number, number>;
  /** Pages of the database; undefined when nothing was committed. */
  readonly size?: number;
  readonly pageSize: number;
}

function readLog(log: Uint8Array): Log {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const nothing = { pages: new Map<number, number>(), pageSize: 1 };
  if (log.length < HEADER || (view.getUint32(0) & ~1) !== 0x377f0682) return nothing;
  // Numbers are big-endian, and those that checksums add up as the magic number says.
  const little = (view.getUint32(0) & 1) === 0;
  const pageSize = view.getUint32(8);
  if (pageSize < 512 || pageSize > 65_536) return nothing;
  let sums = checksum(view, 0, 24, little, [0, 0]);
  if (view.getUint32(24) !== sums[0] || view.getUint32(28) !== sums[1]) return nothing;
  const [committed, pending] = [new Map<number, number>(), new Map<number, number>()];
  let size: number | undefined;
  for (let at = HEADER; at + FRAME + pageSize <= log.length; at += FRAME + pageSize) {
    if (view.getUint32(at + 8) !== view.getUint32(16) || view.getUint32(at + 12) !== view.getUint32(20))
      break;
    sums = checksum(view, at, 8, little, sums);
    sums = checksum(view, at + FRAME, pageSize, little, sums);
    if (view.getUint32(at + 16) !== sums[0] || view.getUint32(at + 20) !== sums[1]) break;
    pending.set(view.getUint32(at), at + FRAME);
    const commit = view.getUint32(at + 4);
    if (commit === 0) continue;
    size = commit;
    for (const [page, place] of pending) committed.set(page, place);
    pending.clear();
  }
  return { pages: committed, size, pageSize };
}

function checksum(
  view: DataView,
  from: number,
  length: number,
  little: boolean,
  [first, second]: readonly [number, number],
): readonly [number, number] {
  let [a, b] = [first, second];
  for (let at = from; at < from + length; at += 8) {
    a = (a + view.getUint32(at, little) + b) >>> 0;
    b = (b + view.getUint32(at + 4, little) + a) >>> 0;
  }
  return [a, b];
}
