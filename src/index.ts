// The library: what `import { … } from "filigree"` gives. Reports, exports, queues on Redis and
// benchmarks are the command line's.

export { type Baseline, scoreBaselines } from "./data/baselines.js";
export type { Batches } from "./data/batches.js";
export { makeBatches } from "./data/batches.js";
export { readDataset, writeDataset } from "./data/csv.js";
export { createDataset, type Dataset } from "./data/dataset.js";
export { type GenerateOptions, generateDataset, MIXES, type Mix } from "./data/generate.js";
export { accepts, createGrammar, type Grammar, type GrammarData, readGrammar } from "./data/grammar.js";
export { findGrammar, grammarNames } from "./data/grammars.js";
export { type NgramBaseline, scoreNgrams } from "./data/ngrams.js";
export { type DatasetStatistics, describeDataset } from "./data/stats.js";
export { type Cut, decodeSymbols, encodeText, Joiner } from "./data/symbols.js";
export { createTextData, encodeTexts, type NamedText, type TextData, type TextOptions } from "./data/text.js";
export { describeText, type TextStatistics } from "./data/text-stats.js";
export { makeWindows, type Windowing, type Windows } from "./data/windows.js";
export { type CompileOptions, compile } from "./engine/compile.js";
export { createExecutor, describeExecutor, type ExecutorName } from "./engine/engine.js";
export type { ReadAt } from "./data/batches.js";
export type {
  Evaluation,
  Executor,
  Optimiser,
  Outcomes,
  TrainingState,
  Update,
} from "./engine/executor.js";
export type { Plan } from "./engine/plan.js";
export { type Stream, type StreamOptions, stream } from "./engine/stream.js";
export { EngineError, FileError, FiligreeError, InputError, TrainingError } from "./errors.js";
export { kinds } from "./experiments/kinds.js";
export { readGraph, writeGraph } from "./graph/files.js";
export { GRAPH_FAMILIES, type GraphFamily, randomStructureGraph } from "./graph/generators.js";
export { createGraph, type Graph } from "./graph/graph.js";
export { type LayeredGraph, layerGraph } from "./graph/layers.js";
export { type GraphProperties, graphProperties } from "./graph/properties.js";
export type { Architecture, Cell, CellKind, Node, Sum } from "./network/architecture.js";
export { initialise, Network, stack } from "./network/network.js";
export { correctedStructure, thesisStructure } from "./network/structure.js";
export { readStructure } from "./network/structure-weights.js";
export { parseNetwork, readNetwork, saveNetwork } from "./network/weights.js";
export { type PredictionReport, predictTable } from "./predict/predict-table.js";
export { fitPredictor, loadPredictor, rank, savePredictor } from "./predict/predictor.js";
export { readTable, type Table } from "./predict/table.js";
export { type Criterion, type Density, densities, type PruneOptions, prune } from "./prune/prune.js";
export type { Scope } from "./prune/scope.js";
export type { Target } from "./prune/target.js";
export { Random } from "./random.js";
export type { StudyInput } from "./study/document.js";
export type { StudyEvent } from "./study/events.js";
export { type Kinds, kindsOf, type TrialContext, type TrialKind, type TrialResult } from "./study/kind.js";
export { StoreReader } from "./study/reading.js";
export { type RunOptions, runStudy } from "./study/runner.js";
export { type EvaluationResult, evaluate } from "./train/evaluate.js";
export type { Protocol } from "./train/protocol.js";
export { type EpochMetrics, type TrainingData, type TrainOptions, train } from "./train/train.js";
