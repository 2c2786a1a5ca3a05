// The archive's series that published accuracies are for, read as far as tests of what is made of them need it.
import { readFileSync } from "node:fs";
import { classesOf, labelsAmong } from "../../../src/data/classes.js";
import type { Classified } from "../../../src/data/numbers/class-baselines.js";
import { reference } from "../../reference.js";

export function referenceSeries(name: string): [train: Classified, test: Classified] {
  const train = read(`${name}_TRAIN`);
  return [train, read(`${name}_TEST`, train.target.labels.classes)];
}

function read(name: string, classes?: readonly string[]): Classified {
  const lines = readFileSync(reference(`series/${name}.ts`), "utf8").split(/\r?\n/);
  const rows = lines.filter((line) => line !== "" && !/^[#@]/.test(line)).map((line) => line.split(":"));
  const labels = rows.map((parts) => parts.pop()!);
  const channels = rows[0].map((_, c) => `channel ${c + 1}`);
  const values = rows.map((parts) => {
    const numbers = parts.map((part) => part.split(",").map(Number));
    return Float32Array.from(numbers[0].flatMap((_, step) => numbers.map((own) => own[step])));
  });
  const known = labelsAmong(labels, classes ?? classesOf(labels), (row) => `${name}, row ${row + 1}`);
  return { channels, values, target: { kind: "class", labels: known } };
}
