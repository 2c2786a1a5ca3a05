// The library: what `import { … } from "filigree"` gives. Reports, exports, queues on Redis and
// benchmarks are the command line's.

import "./thesis/format.js";

export { alphabetOf } from "./data/alphabet.js";
export { type Baseline, scoreBaselines } from "./data/baselines.js";
export type { Batches, ReadAt } from "./data/batches.js";
export { makeBatches } from "./data/batches.js";
export type { CsvForm } from "./data/csv.js";
export { createDataset, type Dataset, type DatasetForm } from "./data/dataset.js";
export { type Examples, numberExamples, stringExamples } from "./data/examples.js";
export { type GenerateOptions, generateDataset, MIXES, type Mix } from "./data/generate.js";
export { accepts, createGrammar, type Grammar, type GrammarData } from "./data/grammar.js";
export { grammarNames } from "./data/grammars.js";
export { type NgramBaseline, scoreNgrams } from "./data/ngrams.js";
export {
  type ClassBaseline,
  type ClassBaselines,
  type Classified,
  isClassified,
  isLabelled,
  scoreClassBaselines,
  scoreStepBaselines,
} from "./data/numbers/class-baselines.js";
export {
  type ForecastBaseline,
  type ForecastBaselines,
  forecastRules,
  type Series,
  scoreForecastBaselines,
  seriesOf,
} from "./data/numbers/forecast-baselines.js";
export {
  countSharedSequences,
  describeSequences,
  type SequenceStatistics,
} from "./data/numbers/statistics.js";
export { createSequences, type Sequences, type SequenceTarget } from "./data/sequences.js";
export { type DatasetStatistics, describeDataset } from "./data/stats.js";
export { type Cut, decodeSymbols, encodeText, Joiner } from "./data/symbols.js";
export { createTextData, encodeTexts, type NamedText, type TextData, type TextOptions } from "./data/text.js";
export { describeText, type TextStatistics } from "./data/text-stats.js";
export { ascii, parseVocabulary, type SymbolKind, Vocabulary } from "./data/vocabulary.js";
export { makeWindows, type Windowing, type Windows } from "./data/windows.js";
export { compile } from "./engine/compile.js";
export { createExecutor, describeExecutor, type ExecutorName } from "./engine/engine.js";
export type { Evaluation, Executor, Optimiser, Outcomes, TrainingState, Update } from "./engine/executor.js";
export type { CompileOptions } from "./engine/options.js";
export type { Plan } from "./engine/plan.js";
export { type Stream, type StreamOptions, stream } from "./engine/stream.js";
export { EngineError, FileError, FiligreeError, InputError, type Remark, TrainingError } from "./errors.js";
export { kinds } from "./experiments/kinds.js";
export { readGraph, writeGraph } from "./graph/files.js";
export { GRAPH_FAMILIES, type GraphFamily, randomStructureGraph } from "./graph/generators.js";
export { createGraph, type Graph } from "./graph/graph.js";
export { type LayeredGraph, layerGraph } from "./graph/layers.js";
export { type GraphProperties, graphProperties } from "./graph/properties.js";
export { Random } from "./math/random.js";
export type { Architecture, Cell, CellKind, Node, Sum } from "./network/architecture.js";
export type { Conventions } from "./network/conventions.js";
export { initialise, Network, stack } from "./network/network.js";
export { correctedStructure } from "./network/structure.js";
export { type TaskName, taskOf } from "./network/tasks.js";
export { parseNetwork, type ReadOptions, saveNetwork } from "./network/weights.js";
export { readDataset, writeDataset } from "./paths/datasets.js";
export { findGrammar, readGrammar } from "./paths/grammars.js";
export { readNetwork, readStructure } from "./paths/networks.js";
export { readSequences, type SequenceFileOptions } from "./paths/sequences.js";
export { type PredictionReport, predictTable } from "./predict/predict-table.js";
export { fitPredictor, loadPredictor, rank, savePredictor } from "./predict/predictor.js";
export { readTable, type Table } from "./predict/table.js";
export { edgeSpace, graphOfEdges, layersOf, superGraph } from "./search/edges.js";
export { type Found, type SearchOptions, search } from "./search/search.js";
export { type SearcherName, searcherNames } from "./search/searchers.js";
export type { Space } from "./search/space.js";
export { networkUnder, type WeightSpaceOptions, weightSpace } from "./search/weights.js";
export type { Budget, Density, Distribution } from "./sparsify/density.js";
export { type MethodName, methodNames, type Sparsification, sparsifying } from "./sparsify/methods.js";
export { formatPattern, type Pattern, parsePattern } from "./sparsify/pattern.js";
export { type Criterion, densities, type MatrixDensity, type PruneOptions, prune } from "./sparsify/prune.js";
export type { Scope } from "./sparsify/scope.js";
export type { Target } from "./sparsify/target.js";
export type { StudyInput } from "./study/document.js";
export type { StudyEvent } from "./study/events.js";
export { type Kinds, kindsOf, type TrialContext, type TrialKind, type TrialResult } from "./study/kind.js";
export { StoreReader } from "./study/reading.js";
export { type RunOptions, runStudy } from "./study/runner.js";
export { thesisStructure } from "./thesis/structure.js";
export { type ClassifyOptions, classify, type Labelled, type TrainingData } from "./train/classify.js";
export { accuraciesOf, type ClassAccuracy, classAccuracies, confusionOf } from "./train/confusion.js";
export { type EvaluationResult, evaluate } from "./train/evaluate.js";
export {
  evaluateForecast,
  type ForecastData,
  type ForecastEvaluation,
  type ForecastOptions,
  forecast,
  type Held,
} from "./train/forecast.js";
export { evaluateTexts, type NextSymbolOptions, nextSymbol, type TextEvaluation } from "./train/language.js";
export {
  type NumberNetworkOptions,
  newClassifier,
  newNetworkForNumbers,
  newNetworkForTexts,
  newNumberNetwork,
} from "./train/new-network.js";
export type { Protocol } from "./train/protocol.js";
export { type SampleOptions, writeText } from "./train/sample.js";
export type { EpochMetrics, Task } from "./train/task.js";
export { type Glance, type Run, type TrainOptions, train, type UpdateMetrics } from "./train/train.js";
