// NumPy's .npz files, zip archives of arrays: which of the arrays are the sequences, their labels and their lengths is told
// by their names, and where that leaves a doubt the names are listed and nothing is guessed.
import { zipSync } from "fflate";
import { InputError } from "../../errors.js";
import { MOST_VALUES } from "../sequences.js";
import type { NumberArray } from "./array.js";
import type { NumberFormat } from "./format.js";
import { sequencesOf, withLabels } from "./labelled.js";
import { formatNpy, parseNpy } from "./npy.js";
import { isZip, parseZip, type ZipEntry } from "./zip.js";

/** The names, in any case, by which an array is known. */
const NAMES = {
  data: ["x", "data", "inputs", "sequences"],
  labels: ["y", "labels", "label", "targets", "target"],
  lengths: ["lengths", "length", "lens"],
} as const;
type Part = keyof typeof NAMES;

const HINT = "name the sequences x, their labels y and their numbers of steps lengths";

export const npzFormat: NumberFormat = {
  name: "NumPy's .npz",
  recognises: isZip,
  sequences({ bytes, where }, { classes, unlabelled = false }) {
    const archive = openNpz(bytes(), where);
    const sequences = sequencesOf(archive.needed("data"), where, archive.find("lengths"));
    const labels = unlabelled ? undefined : archive.find("labels");
    return labels ? withLabels(sequences, labels, where, classes) : sequences;
  },
  labels: ({ bytes, where }) => openNpz(bytes(), where).needed("labels"),
};

/** The arrays of an archive by what they are for; others are not even inflated. */
export interface Npz {
  /** @throws InputError when several arrays could be it, or it is refused by `parseNpy`. */
  find(part: Part): NumberArray | undefined;
  /** @throws InputError as `find`, and when there is none. */
  needed(part: Part): NumberArray;
}

/**
 * Opens a .npz file. The sequences are also found where there is only one array.
 * @throws InputError when the archive is damaged or holds no array.
 */
export function openNpz(bytes: Uint8Array, where: string): Npz {
  const entries = parseZip(bytes, where);
  const arrays = entries.filter(({ name }) => name.endsWith(".npy"));
  if (arrays.length === 0)
    throw doubtful(
      where,
      `is a zip archive without arrays, but ${listed(entries, ", ")}`,
      "save it with numpy.savez",
    );
  const find = (part: Part) => {
    const entry = entryOf(arrays, part, where);
    return entry && read(entry, where);
  };
  return {
    find,
    needed(part) {
      const own = find(part);
      if (own) return own;
      const [first, second] = NAMES[part];
      throw doubtful(where, `no array is called ${first} or ${second}, but ${listed(arrays, ", ")}`, HINT);
    },
  };
}

function entryOf(arrays: readonly ZipEntry[], part: Part, where: string): ZipEntry | undefined {
  const known: readonly string[] = NAMES[part];
  const called = arrays.filter((entry) => known.includes(nameOf(entry).toLowerCase()));
  if (called.length > 1)
    throw doubtful(where, `which is the array of ${part}, ${listed(called, " or ")}?`, HINT);
  return called[0] ?? (part === "data" && arrays.length === 1 ? arrays[0] : undefined);
}

function read(entry: ZipEntry, where: string): NumberArray {
  const own = `${where}, ${nameOf(entry)}`;
  // Eight bytes a value and a header.
  if (entry.size > 8 * MOST_VALUES + 2 ** 17)
    throw doubtful(own, `says that it has ${entry.size} bytes`, "split it");
  return parseNpy(entry.read(), own);
}

/**
 * The bytes of a .npz file. Equal contents give equal bytes.
 * @param arrays each with its values in the order of `formatNpy`.
 */
export function formatNpz(arrays: Readonly<Record<string, Parameters<typeof formatNpy>[0]>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, formatNpy(array)] as const);
  return zipSync(Object.fromEntries(files), { level: 1, mtime: new Date(1980, 0, 1) });
}

function nameOf({ name }: ZipEntry): string {
  return name.replace(/\.npy$/, "");
}

function listed(entries: readonly ZipEntry[], between: string): string {
  const names = entries.slice(0, 8).map((entry) => JSON.stringify(nameOf(entry).slice(0, 40)));
  const more = entries.length - names.length;
  return `${names.join(between) || "nothing"}${more > 0 ? ` and ${more} more` : ""}`;
}

function doubtful(where: string, what: string, hint: string): InputError {
  return new InputError({ where, what, hint });
}
