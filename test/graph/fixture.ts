// What networkx says of small graphs (test/fixtures/graph.json, made by test/fixtures/make/graph.py), what the thesis
// says of its own, and how tests write and compare graphs.
import { readFileSync } from "node:fs";
import { createGraph, type Edge, type Graph } from "../../src/graph/graph.js";
import type { MoreGraphProperties } from "../../src/graph/more-properties.js";
import type { GraphProperties } from "../../src/graph/properties.js";
import { reference } from "../reference.js";

export interface Case {
  readonly name: string;
  readonly directed: boolean;
  readonly nodes: number;
  readonly edges: readonly Edge[];
  /** The 23 properties in the order of PROPERTY_NAMES. */
  readonly properties: readonly number[];
  readonly more: Omit<MoreGraphProperties, "small_world_sigma">;
}

interface Fixture {
  readonly cases: readonly Case[];
  readonly files: Record<"links" | "edges" | "lattice" | "graphml" | "edgelist", string>;
  /** Per family and property, the sorted values to 5 digits over 500 graphs, as [value, count, value, count, …]. */
  readonly distributions: Record<string, number[][]>;
}

export const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../fixtures/graph.json", import.meta.url), "utf8"),
);

export const graphOf = ({ nodes, edges, directed }: Case): Graph => createGraph(nodes, edges, { directed });

/** The edges of, for example, `0-1 1-2`. */
export const pairs = (text: string): Edge[] =>
  text.split(" ").map((pair) => {
    const [source, target] = pair.split("-").map(Number);
    return [source, target];
  });

/** The thesis's 80 published networks: their names and what is known of their graphs. */
export const readOracle = (): { name: string; layer_sizes: number[]; features: GraphProperties }[] =>
  JSON.parse(readFileSync(reference("structures/oracle.json"), "utf8"));

/** Fails with both values unless they agree within `tolerance`, relative to the larger. */
export function expectClose(actual: number, wanted: number, tolerance: number, name: string): void {
  const difference = Math.abs(actual - wanted);
  // Variances of equal values come out as rounding errors on one side and as 0 on the other.
  if (difference <= tolerance * Math.max(Math.abs(actual), Math.abs(wanted)) || difference < 1e-25) return;
  throw new Error(`${name}: ${actual} is not ${wanted}`);
}
