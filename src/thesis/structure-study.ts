// The thesis's experiment with random structures as a study: every cell with many graphs of both families.
import type { DataConfiguration } from "../experiments/data.js";
import { structureData, structureFamilies, structureKind } from "../experiments/structures.js";
import type { CellKind } from "../network/architecture.js";
import type { StudyInput } from "../study/document.js";
import type { Protocol } from "../train/protocol.js";
import { thesisCells } from "./published.js";

export interface StructureStudyOptions {
  readonly protocol: Protocol;
  /** The thesis's when left out. */
  readonly cells?: readonly CellKind[];
  /** Graphs of each family, the same for all cells; 100 as in the thesis when left out. */
  readonly graphs?: number;
  /** `structureData(protocol)` when left out. */
  readonly data?: DataConfiguration;
  readonly epochs?: number;
  /** Strings in a batch; 128 as in the thesis when left out. */
  readonly batch?: number;
  /** Of the networks for each graph and cell, counting up; 1 alone when left out. */
  readonly seeds?: readonly number[];
}

/** The thesis's experiment with random structures, as a study called `structures-thesis` or `structures-corrected`. */
export function structureStudy({
  protocol,
  cells = thesisCells,
  graphs = 100,
  data = structureData(protocol),
  epochs = 15,
  batch = 128,
  seeds = [1],
}: StructureStudyOptions): StudyInput {
  return {
    name: `structures-${protocol}`,
    kind: structureKind.name,
    fixed: { protocol, epochs, batch, data: { ...data }, tested: "last-epoch" },
    // The number varies slowest, so that an interrupted study has some of everything.
    grid: {
      "graph.number": Array.from({ length: graphs }, (_, number) => number),
      cell: [...cells],
      "graph.family": [...structureFamilies],
    },
    replicates: seeds.length,
    seed: seeds[0],
    objective: { metric: "testAccuracy" },
  };
}
