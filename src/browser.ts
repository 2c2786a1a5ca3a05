// The library where there is no Node.js: what `import { … } from "filigree/browser"` gives, in a page or in a worker.
// Networks are made, trained, pruned and applied as in "filigree", to the same bits; what reads and writes files stays
// there. `loadWasm` comes first: until then everything runs on the reference executor, tens of times slower.

export type { Batches, ReadAt } from "./data/batches.js";
export { makeBatches } from "./data/batches.js";
export { createDataset, type Dataset, type DatasetForm } from "./data/dataset.js";
export { type Examples, numberExamples, stringExamples, symbolsInUse } from "./data/examples.js";
export { type GenerateOptions, generateDataset, MIXES, type Mix } from "./data/generate.js";
export { accepts, createGrammar, type Grammar, type GrammarData } from "./data/grammar.js";
export { builtInGrammar, grammarNames } from "./data/grammars.js";
export { createSequences, type Sequences, type SequenceTarget } from "./data/sequences.js";
export { type Cut, decodeSymbols, encodeText, Joiner } from "./data/symbols.js";
export { createTextData, encodeTexts, type NamedText, type TextData, type TextOptions } from "./data/text.js";
export { ascii, parseVocabulary, type SymbolKind, Vocabulary } from "./data/vocabulary.js";
export { makeWindows, type Windowing, type Windows } from "./data/windows.js";
export { compile } from "./engine/compile.js";
export { createExecutor, describeExecutor, type ExecutorName } from "./engine/engine.js";
export {
  type Evaluation,
  type Executor,
  type Optimiser,
  type Outcomes,
  optimisers,
  type TrainingState,
  type Update,
} from "./engine/executor.js";
export type { CompileOptions } from "./engine/options.js";
export type { Plan } from "./engine/plan.js";
export { type Stream, type StreamOptions, stream } from "./engine/stream.js";
export { loadWasm, type WasmName, type WasmSource } from "./engine/wasm-modules.js";
export { EngineError, FiligreeError, InputError, type Remark, TrainingError } from "./errors.js";
export { GRAPH_FAMILIES, type GraphFamily, randomStructureGraph } from "./graph/generators.js";
export { createGraph, type Graph } from "./graph/graph.js";
export { type LayeredGraph, layerGraph } from "./graph/layers.js";
export { Random } from "./math/random.js";
export type { Architecture, Cell, CellKind, Node, Sum } from "./network/architecture.js";
export type { Conventions } from "./network/conventions.js";
export { initialise, Network, stack } from "./network/network.js";
export { correctedStructure } from "./network/structure.js";
export { type TaskName, taskOf } from "./network/tasks.js";
export { parseNetwork, type ReadOptions, saveNetwork } from "./network/weights.js";
export type { Budget, Density, Distribution } from "./sparsify/density.js";
export { type MethodName, methodNames, type Sparsification, sparsifying } from "./sparsify/methods.js";
export { formatPattern, type Pattern, parsePattern } from "./sparsify/pattern.js";
export { type Criterion, densities, type MatrixDensity, type PruneOptions, prune } from "./sparsify/prune.js";
export type { Scope } from "./sparsify/scope.js";
export type { Target } from "./sparsify/target.js";
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./train/checkpoint.js";
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
export {
  evaluateTexts,
  type NextSymbolOptions,
  newLanguageModel,
  nextSymbol,
  type TextEvaluation,
} from "./train/language.js";
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
