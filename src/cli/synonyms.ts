// Options by the names that other tools give them. An option that does not exist is answered with the one that is meant,
// which no likeness of letters tells where PyTorch's word is another one.
import { type Command, CommanderError } from "commander";

/** Words of other tools by ours; of several of ours, the first that a command has. Dashes and underscores count as one. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  "--learning-rate": ["lr", "rate", "step-size", "alpha", "eta"],
  "--hidden": ["hidden-size", "hidden-dim", "n-hidden", "nhid", "units", "size", "width", "rnn-size"],
  "--layers": ["num-layers", "n-layers", "nlayers", "depth"],
  "--embedding": ["embedding-dim", "embedding-size", "embed-dim", "embed-size", "emb-size", "emsize"],
  "--percent": ["sparsity", "amount", "ratio", "fraction", "pruning-rate", "prune"],
  "--prune": ["sparsity", "amount", "ratio", "fraction", "pruning-rate", "percent"],
  "--density": ["sparsity"],
  "--retrain": ["finetune", "fine-tune", "epochs", "num-epochs", "n-epochs"],
  "--epochs": ["num-epochs", "n-epochs", "max-epochs", "iterations", "retrain"],
  "--batch": ["batch-size", "bs", "minibatch"],
  "--cell": ["rnn-type", "cell-type", "model", "type", "nonlinearity", "arch"],
  "--data": ["train", "train-data", "train-file", "dataset", "input", "csv"],
  "--test": ["test-data", "test-file", "validation", "val", "valid"],
  "--out": ["output", "save", "save-to", "dest"],
  "--seed": ["random-seed", "random-state", "manual-seed", "rng"],
  "--threads": ["num-threads", "workers", "num-workers"],
  "--jobs": ["num-jobs", "n-jobs", "workers", "num-workers", "processes", "parallel"],
  "--executor": ["device", "backend", "engine"],
  "--criterion": ["method", "strategy", "score"],
  "--target": ["matrices", "parameters"],
  "--vocabulary": ["vocab", "alphabet", "symbols", "chars", "characters"],
  "--count": ["num-samples", "n-samples", "samples"],
};

/** The error of a command line, an unknown option with the one that is meant where another tool's word tells. */
export function withSynonym(error: CommanderError, command: Command): CommanderError {
  const asked = /^error: unknown option '--?([^'=]+)/.exec(error.message)?.[1];
  if (error.code !== "commander.unknownOption" || asked === undefined) return error;
  const word = asked.toLowerCase().replaceAll("_", "-");
  const meant = command.options.find(
    ({ long }) => long && (synonyms[long]?.includes(word) || long.slice(2) === word),
  );
  if (meant === undefined) return error;
  return new CommanderError(
    error.exitCode,
    error.code,
    `error: unknown option '--${asked}' (Did you mean ${meant.long}?)`,
  );
}
