// What came of a study of random structures: its trials as rows, for the report, and as a table like the thesis's
// structure_*.csv, to predict accuracy from.
import { graphOf, type StructureConfiguration, structureKind } from "../experiments/structures.js";
import { type LayeredGraph, layerGraph } from "../graph/layers.js";
import { MORE_PROPERTY_NAMES, type MoreGraphProperties } from "../graph/more-properties.js";
import { PROPERTY_NAMES, type PropertyName } from "../graph/properties.js";
import { mean } from "../math/statistics.js";
import { type Table, tableOf } from "../predict/table.js";
import type { StoreReader } from "../study/reading.js";
import { thesisCells } from "./published.js";
import type { StructureRow } from "./report/results.js";
import { byGraph } from "./report/structure-outcomes.js";

/** A finished trial of a study of random structures. */
export interface StructureTrial extends StructureRow {
  readonly more: MoreGraphProperties;
  /** Mean cross-entropy per batch in nats after the last epoch. */
  readonly testLoss: number;
  readonly graph: LayeredGraph;
}

/**
 * The finished trials of a study, in its order. Trials on sequences of numbers, of graphs that were not drawn from a family,
 * and of cells that the thesis does not have, are left out.
 */
export function structureTrials(reader: StoreReader, study: string): StructureTrial[] {
  const trials: StructureTrial[] = [];
  for (const { identity, kind, seed, state } of reader.rows(study)) {
    if (kind !== structureKind.name || state !== "finished") continue;
    const { configuration, summary } = reader.trial(identity);
    const trained = configuration as unknown as StructureConfiguration;
    if (!("protocol" in trained)) continue;
    const { graph, protocol } = trained;
    const cell = thesisCells.find((kind) => kind === trained.cell);
    if (!("family" in graph) || cell === undefined) continue;
    trials.push({
      cell,
      protocol,
      family: graph.family,
      index: graph.number,
      seed,
      properties: pick(summary, PROPERTY_NAMES),
      more: pick(summary, MORE_PROPERTY_NAMES),
      testAccuracy: summary.testAccuracy,
      testLoss: summary.testLoss,
      graph: layerGraph(graphOf(graph)),
    });
  }
  return trials;
}

/**
 * A table with a row for every cell and graph and the columns of the thesis's tables: `mode`, `graph`, `graph_nr`, the
 * 23 properties, `test_acc` and `test_loss` (ours is the mean over batches, the thesis's their sum), with further
 * properties in between. Replicates are averaged, because rows that share a graph would be no test of a prediction.
 */
export function structureTable(trials: readonly StructureTrial[], source = "random structures"): Table {
  const records = byGraph(trials).map((same) => {
    const [{ cell, family, index, properties, more }] = same;
    return {
      mode: cell,
      graph: family,
      graph_nr: index,
      ...properties,
      ...more,
      test_acc: mean(same.map(({ testAccuracy }) => testAccuracy)),
      test_loss: mean(same.map(({ testLoss }) => testLoss)),
    };
  });
  return tableOf(source, records);
}

function pick<Name extends PropertyName | keyof MoreGraphProperties>(
  summary: Readonly<Record<string, number>>,
  names: readonly Name[],
): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, summary[name]])) as Record<Name, number>;
}
