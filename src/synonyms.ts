// Where another tool has another word for a thing, no likeness of letters tells which of ours is meant, so these words are
// written down.

/** Words of other tools by ours. Dashes, underscores and capital letters count as the same. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  "learning-rate": ["lr", "rate", "step-size", "alpha", "eta"],
  hidden: ["hidden-size", "hidden-dim", "n-hidden", "nhid", "units", "size", "width", "rnn-size"],
  layers: ["num-layers", "n-layers", "nlayers", "depth"],
  embedding: ["embedding-dim", "embedding-size", "embed-dim", "embed-size", "emb-size", "emsize"],
  percent: ["sparsity", "amount", "ratio", "fraction", "pruning-rate", "prune"],
  prune: ["sparsity", "amount", "ratio", "fraction", "pruning-rate", "percent"],
  density: ["sparsity"],
  retrain: ["finetune", "fine-tune", "epochs", "num-epochs", "n-epochs"],
  epochs: ["num-epochs", "n-epochs", "max-epochs", "iterations", "retrain"],
  batch: ["batch-size", "bs", "minibatch"],
  cell: ["rnn-type", "cell-type", "model", "type", "nonlinearity", "arch"],
  data: ["train", "train-data", "train-file", "dataset", "input", "csv"],
  test: ["test-data", "test-file", "validation", "val", "valid"],
  out: ["output", "save", "save-to", "dest"],
  seed: ["random-seed", "random-state", "manual-seed", "rng"],
  threads: ["num-threads", "workers", "num-workers"],
  jobs: ["num-jobs", "n-jobs", "workers", "num-workers", "processes", "parallel"],
  executor: ["device", "backend", "engine"],
  criterion: ["method", "strategy", "score"],
  target: ["matrices", "parameters"],
  vocabulary: ["vocab", "alphabet", "symbols", "chars", "characters"],
  count: ["num-samples", "n-samples", "samples"],
};

/** The candidate that other tools call `word`. */
export function synonymOf(word: string, candidates: readonly string[]): string | undefined {
  const plain = (name: string) => name.replace(/(?<=[a-z])(?=[A-Z])|_/g, "-").toLowerCase();
  const asked = plain(word);
  return candidates.find((candidate) => {
    const own = plain(candidate);
    return own === asked || (Object.hasOwn(synonyms, own) && synonyms[own].includes(asked));
  });
}
