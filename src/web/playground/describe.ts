// What the page is told of an experiment before it is trained, and what rules without a network reach on its data.
import { scoreBaselines } from "../../data/baselines.js";
import { scoreNgrams } from "../../data/ngrams.js";
import { decodeSymbols } from "../../data/symbols.js";
import { partsOf } from "../../sparsify/parts.js";
import { numberBaselines } from "../../train/number-data.js";
import type { Description, Example, Rule } from "./protocol.js";
import type { Subject } from "./subject.js";
import { unitsOf } from "./units.js";

/** Examples that the reader may choose from, of each class, and symbols of a text. */
const EXAMPLES = 12;
const STRETCH = 44;
/** Multiplications that comparing a sequence with all others may take: about a second. */
const NEIGHBOURS = 1e8;

export function describe({ data, network, task, epoch, updates, openEnded }: Subject): Description {
  const { architecture } = network;
  const conventions = task.conventions(network);
  const [trained, tested] =
    data.kind === "text"
      ? [data.text.train, data.text.validation].map(({ texts }) =>
          texts.reduce((sum, { length }) => sum + length, 0),
        )
      : [lengthOf(data.sets.train), lengthOf(data.sets.test)];
  return {
    architecture,
    parts: partsOf(network, "both", ["embedding", "readout"]),
    units: unitsOf(network),
    parameters: network.size,
    classes: data.kind === "text" ? [] : (conventions.labels ?? ["0", "1"]),
    symbols: data.kind === "numbers" ? [] : conventions.vocabulary.symbols,
    channels: data.kind === "numbers" ? architecture.input.width : 0,
    trained,
    tested,
    examples: examplesOf(data, conventions.vocabulary.symbols),
    epoch,
    updates,
    openEnded,
  };
}

function lengthOf(
  set: { readonly strings: readonly string[] } | { readonly values: readonly Float32Array[] },
) {
  return "strings" in set ? set.strings.length : set.values.length;
}

function examplesOf(data: Subject["data"], symbols: readonly string[]): Example[] {
  if (data.kind === "text") {
    const [text] = data.text.validation.texts;
    return [{ sequence: { text: decodeSymbols(symbols, text.subarray(0, STRETCH)) } }];
  }
  if (data.kind === "strings") {
    const { strings, labels, classes } = data.sets.test;
    return firstOfEach(labels, classes.length).map((row) => ({
      sequence: { text: strings[row] },
      label: classes[labels[row]],
    }));
  }
  const { values, target } = data.sets.test;
  if (target?.kind !== "class") return [];
  const { classes, of } = target.labels;
  return firstOfEach(of, classes.length).map((row) => ({
    sequence: { values: values[row] },
    label: classes[of[row]],
  }));
}

/** Rows of the first examples of each class, one class after the other in turn. */
function firstOfEach(labels: ArrayLike<number>, classes: number): number[] {
  const rows = Array.from({ length: Math.min(classes, EXAMPLES) }, (): number[] => []);
  for (let row = 0; row < labels.length; row++) {
    const own = rows[labels[row]];
    if (own && own.length < EXAMPLES / rows.length) own.push(row);
  }
  const most = Math.max(...rows.map(({ length }) => length));
  return Array.from({ length: most }, (_, i) => rows.flatMap((own) => own.slice(i, i + 1))).flat();
}

/** What a network has to beat. */
export function rulesFor({ data }: Subject): Rule[] {
  if (data.kind === "strings") return scoreBaselines(data.sets.train, data.sets.test);
  if (data.kind === "numbers") {
    const found = numberBaselines({ task: "classify", data: data.sets }, 0, { neighbours: NEIGHBOURS });
    return found.kind === "classes"
      ? found.baselines.map(({ name, rule, accuracy }) => ({ name, rule, accuracy }))
      : [];
  }
  const { train, validation, vocabulary } = data.text;
  return scoreNgrams(train.texts, validation.texts, vocabulary.length).map(({ context, nats }) => ({
    name: context === 0 ? "frequencies" : `${context + 1}-grams`,
    rule: `the next symbol from ${context === 0 ? "none" : context} before it, interpolated after Witten and Bell`,
    nats,
  }));
}
