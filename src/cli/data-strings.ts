// What `filigree data stats` tells of labelled strings.
import { type Baseline, scoreBaselines } from "../data/baselines.js";
import { BINARY } from "../data/dataset.js";
import { remarksOn } from "../data/remarks.js";
import { countOverlap, type DatasetStatistics, describeDataset, type Frequency } from "../data/stats.js";
import { readDataset, readDatasets } from "../paths/datasets.js";
import { type ColumnOptions, type Output, percent, table } from "./command.js";
import { vocabularyOf } from "./vocabulary.js";

export interface StringStatsOptions extends ColumnOptions {
  readonly test?: string;
  readonly vocabulary?: string;
}

/** Counts, lengths and letters of a file of labelled strings and, where there is test data, what rules without memory score. */
export function describeStrings(file: string, options: StringStatsOptions, output: Output): void {
  const { stringColumn, labelColumn } = options;
  const vocabulary = options.vocabulary === undefined ? undefined : vocabularyOf(options.vocabulary);
  const form = { stringColumn, labelColumn, vocabulary };
  const { train, test } =
    options.test === undefined
      ? { train: readDataset(file, form), test: undefined }
      : readDatasets(file, options.test, form);
  const { classes } = train;
  const statistics = describeDataset(train);
  for (const line of remarksOn(train, test)) output.remark(line);
  const comparison = test && {
    test: describeDataset(test),
    overlap: countOverlap(train, test),
    baselines: scoreBaselines(train, test),
  };
  output.result({ file, classes, ...statistics, ...comparison }, describe(classes, statistics, comparison));
}

function describe(
  classes: readonly string[],
  statistics: DatasetStatistics,
  comparison?: { test: DatasetStatistics; overlap: number; baselines: readonly Baseline[] },
): string {
  const isBinary = classes.join() === BINARY.join();
  const names = isBinary ? ["false", "true"] : classes;
  const labels = statistics.labels.map(({ strings, meanLength }, label) => [
    names[label],
    strings,
    strings > 0 ? meanLength.toFixed(1) : "–",
  ]);
  const shades = names.length === 2 ? ` (█ ${names[1]}, ░ ${names[0]})` : "";
  const several = names.length === 2 ? "both labels" : "several labels";
  const parts = [
    table(["label", "strings", "mean length"], isBinary ? labels.toReversed() : labels),
    `${statistics.duplicates} repeated rows, ${statistics.contradictions} strings with ${several}`,
    `Lengths${shades}\n${bars(statistics.lengths)}`,
    `Letters${shades}\n${bars(statistics.letters)}`,
  ];
  if (comparison) {
    parts.push(
      `${comparison.test.strings} test strings, ${comparison.overlap} of them in the training data too`,
    );
    parts.push(
      table(
        ["rule without memory", "test accuracy"],
        comparison.baselines.map(({ name, accuracy }) => [name, percent(accuracy)]),
      ),
    );
  }
  return parts.join("\n\n");
}

const BAR = 50;

/** Of two labels each has its own shade. */
function bars(frequencies: readonly Frequency<string | number>[]): string {
  const totals = frequencies.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
  const most = Math.max(...totals);
  const length = (n: number) => Math.round((BAR * n) / most);
  return frequencies
    .map(({ value, counts }, i) => {
      const [no, yes] = counts;
      const bar =
        counts.length === 2
          ? `${"█".repeat(length(yes))}${"░".repeat(length(no))}`
          : "█".repeat(length(totals[i]));
      return `${String(value).padStart(4)} ${bar} ${totals[i]}`;
    })
    .join("\n");
}
