// The formats of files with sequences of numbers, and which of them a file is of: told by its first bytes where the format
// has a mark there, else by its name. A new format is its own module and a line here.
import { InputError } from "../../errors.js";
import { MOST_VALUES, type Sequences } from "../sequences.js";
import { holdsStrings } from "../table-kind.js";
import type { NumberFile, NumberFormat, NumberOptions } from "./format.js";
import { idxFormat } from "./idx.js";
import { gunzip, gunzipHead, isGzip } from "./inflate.js";
import { withLabels } from "./labelled.js";
import { npyFormat } from "./npy.js";
import { npzFormat } from "./npz.js";
import { tableFormat } from "./table.js";
import { tsFormat } from "./ts.js";

/** In the order in which they are tried. */
export const numberFormats: readonly NumberFormat[] = [
  npyFormat,
  npzFormat,
  idxFormat,
  tsFormat,
  tableFormat,
];

/** A file as it is stored. */
export interface StoredFile {
  /** Its name, which errors begin with. */
  readonly where: string;
  readonly bytes: Uint8Array;
  /** Its text, decompressed and decoded; how is known to whoever has the file. */
  readonly text: () => string;
}

const HEAD = 2 ** 14;

/**
 * The sequences of a file of any of the formats, with its labels or those of another file.
 * @throws InputError when it is of no format that is known, or damaged, or does not fit its labels.
 */
export function parseSequences(
  file: StoredFile,
  options: NumberOptions & { readonly labels?: StoredFile } = {},
): Sequences {
  const [format, opened] = open(file);
  const { labels: other } = options;
  if (!other) return format.sequences(opened, options);
  const [own, labels] = open(other);
  if (!own.labels) {
    throw new InputError({
      where: other.where,
      what: `is ${own.name}, which holds no labels for another file`,
      hint: "give labels as .npy or .csv",
    });
  }
  const sequences = format.sequences(opened, { ...options, unlabelled: true });
  return withLabels(sequences, own.labels(labels), other.where, options.classes);
}

/** Whether a file is a table of labelled strings; a text that is of no format is taken for one. */
export function areStrings(file: StoredFile): boolean {
  const { where, bytes } = file;
  const head = isGzip(bytes) ? gunzipHead(bytes) : bytes.subarray(0, HEAD);
  const format = formatOf(where, head);
  if (format !== tableFormat) return format === undefined && !head.includes(0);
  return !isGzip(bytes) && holdsStrings(file.text(), where);
}

function formatOf(where: string, head: Uint8Array): NumberFormat | undefined {
  const name = where.toLowerCase().replace(/\.gz$/, "");
  return numberFormats.find((one) => one.recognises(head, name));
}

function open({ where, bytes, text }: StoredFile): [NumberFormat, NumberFile] {
  const compressed = isGzip(bytes);
  const head = compressed ? gunzipHead(bytes) : bytes.subarray(0, HEAD);
  const format = formatOf(where, head);
  if (!format) {
    throw new InputError({
      where,
      what: `is of no format that is known for sequences of numbers (${numberFormats.map((one) => one.name).join(", ")})`,
      hint: "save it with numpy.save; recordings are for data audio",
    });
  }
  // A byte for each value, and a header.
  return [
    format,
    { where, bytes: () => (compressed ? gunzip(bytes, where, MOST_VALUES + HEAD) : bytes), text },
  ];
}
