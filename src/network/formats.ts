// Formats of weight files that somebody's own code wrote, or that need what not every program has. Each registers itself
// from above, so that reading networks depends on none of them.
import type { ReadAt } from "../data/batches.js";
import type { Remark } from "../errors.js";
import type { LayeredGraph } from "../graph/layers.js";
import { checkWord } from "../suggest.js";
import type { CellKind } from "./architecture.js";
import type { Layout, StoredCell, StoredEnds } from "./layout.js";
import type { Network } from "./network.js";
import type { Safetensors } from "./safetensors.js";
import type { ReadOptions } from "./weights.js";
import type { Wiring } from "./wiring.js";

/** A graph and how it is called in messages. */
export interface NamedGraph {
  readonly graph: LayeredGraph;
  readonly name: string;
}

/** Cells one above the other and what is around them, by their names in a file. */
export interface StoredStack {
  readonly cells: readonly StoredCell[];
  readonly ends: StoredEnds;
}

/** A format that is recognised by the names of its tensors. */
export interface ForeignFormat {
  /** One word; its first wiring goes by it. */
  readonly name: string;
  /** Where its networks are read out when a file does not say, and why that is assumed, as an adverbial clause. */
  readonly readAt: ReadAt;
  readonly reason: string;
  /** A stack in the format, and undefined of other files. @throws InputError when the file needs its graph. */
  stack(file: Safetensors, where: string): StoredStack | undefined;
  /**
   * A network in the format that was built from a graph, and undefined of other files.
   * @throws InputError when it does not fit the graph.
   */
  structure(
    file: Safetensors,
    where: string,
    source: NamedGraph,
    options: ReadOptions & { readonly remark: Remark },
  ): Network | undefined;
  /** How the format's writer makes networks of graphs, or may have made them: the likeliest way first. */
  readonly wirings: readonly Wiring[];
}

/** Files that are no safetensors, but hold the same: tensors and what is said of them. */
export interface FileFormat {
  /** Its programme's name. */
  readonly name: string;
  /** Whether a file is one, by some of its bytes or its name. */
  recognises(bytes: Uint8Array, where: string): boolean;
  /**
   * @param cell what the caller takes its cells to be, where the file may leave it open.
   * @throws InputError when it is damaged, or holds what Filigree does not have, which is named.
   */
  read(
    bytes: Uint8Array,
    where: string,
    options: { readonly cell?: CellKind; readonly remark: Remark },
  ): { readonly layout: Layout; readonly file: Safetensors };
}

const registered = new Map<string, ForeignFormat>();
const files = new Map<string, FileFormat>();

/** From now on the format is read. */
export function registerFormat(format: ForeignFormat): void {
  registered.set(format.name, format);
}

/** All registered formats. */
export function foreignFormats(): Iterable<ForeignFormat> {
  return registered.values();
}

/** From now on such files are read. */
export function registerFileFormat(format: FileFormat): void {
  files.set(format.name, format);
}

/** The registered format that a file has; undefined of safetensors. */
export function fileFormatOf(bytes: Uint8Array, where: string): FileFormat | undefined {
  return [...files.values()].find((format) => format.recognises(bytes, where));
}

/** The network of a graph as a format's writer makes it. @throws InputError as `Wiring`, and for an unknown format. */
export function wireAs(name: string, ...[graph, cell, where]: Parameters<Wiring>): ReturnType<Wiring> {
  checkWord("wiring", name, [...registered.keys()]);
  return registered.get(name)!.wirings[0](graph, cell, where);
}
