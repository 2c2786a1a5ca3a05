// Networks from weight files.
import { readBytes } from "../files.js";
import "./keras.js";
import type { NamedGraph } from "../network/formats.js";
import type { Network } from "../network/network.js";
import { parseStructure } from "../network/structure-weights.js";
import { parseNetwork, type ReadOptions } from "../network/weights.js";

/** Reads a weight file. @throws FileError when it cannot be read. @throws InputError as `parseNetwork`. */
export function readNetwork(path: string, options?: ReadOptions): Network {
  return parseNetwork(readBytes(path), path, options);
}

/**
 * Reads a weight file of a network that was built from a graph.
 * @throws FileError when it cannot be read. @throws InputError as `parseStructure`.
 */
export function readStructure(path: string, source: NamedGraph, options?: ReadOptions): Network {
  return parseStructure(readBytes(path), path, source, options);
}
