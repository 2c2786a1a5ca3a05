// Datasets from and to files.
import { type CsvForm, formatDataset, parseDataset, parseDatasets } from "../data/csv.js";
import type { Dataset } from "../data/dataset.js";
import { readText, writeTogether, writeWhole } from "../files.js";

/**
 * Reads a CSV file.
 * @throws FileError when the file cannot be read. @throws InputError as `parseDataset`.
 */
export function readDataset(path: string, form?: CsvForm): Dataset {
  return parseDataset(readText(path), path, form);
}

/**
 * Reads strings to learn from and strings to test with.
 * @throws FileError when a file cannot be read. @throws InputError as `parseDatasets`.
 */
export function readDatasets(train: string, test: string, form?: CsvForm): { train: Dataset; test: Dataset } {
  const read = (path: string) => ({ text: readText(path), path });
  return parseDatasets(read(train), read(test), form);
}

/**
 * Writes a dataset as `formatDataset` has it, whole or not at all.
 * @throws FileError when the file cannot be written.
 */
export function writeDataset(path: string, dataset: Dataset, firstIndex?: number): void {
  writeWhole(path, formatDataset(dataset, firstIndex));
}

/**
 * Writes training and test data, whose indices run on, both whole or neither.
 * @throws FileError when a file cannot be written.
 */
export function writeDatasets(
  train: readonly [path: string, Dataset],
  test: readonly [path: string, Dataset],
): void {
  writeTogether([
    [train[0], formatDataset(train[1])],
    [test[0], formatDataset(test[1], train[1].strings.length)],
  ]);
}
