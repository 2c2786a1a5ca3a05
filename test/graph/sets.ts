// What CPython does with sets of whole numbers and pypaddle with graphs (test/fixtures/sets.json, made by
// test/fixtures/make/sets.py).
import { readFileSync } from "node:fs";
import type { Edge } from "../../src/graph/graph.js";
import type { NetworkxRelease } from "../../src/thesis/unit-order.js";

interface Fixture {
  /** Numbers in the order in which they were added, that of the set, and that of the set without the first. */
  readonly sets: readonly { added: number[]; order: number[]; without: number[] }[];
  /** The nodes of each layer in order. */
  readonly graphs: readonly { edges: Edge[]; layers: Record<NetworkxRelease, number[][]> }[];
}

export const { sets: orderedSets, graphs: orderedGraphs }: Fixture = JSON.parse(
  readFileSync(new URL("../fixtures/sets.json", import.meta.url), "utf8"),
);
