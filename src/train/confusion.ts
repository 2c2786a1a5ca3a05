// Which classes are taken for which. One accuracy over many classes hides that some are never found; this is where they
// are counted, from labels and predictions alone, so that a network and a rule without one are looked at in the same way.
import { InputError } from "../errors.js";

/** [true class][class that was said] examples, or steps. */
export type Confusion = readonly (readonly number[])[];

/** How one class fares. */
export interface ClassAccuracy {
  readonly name: string;
  /** Examples of the class, and those of them that were found. */
  readonly total: number;
  readonly correct: number;
  /** `correct` as a share of `total` (recall), 0 to 1; NaN where there is no example. */
  readonly accuracy: number;
  /** Of what was said to be the class, the share that is (precision); NaN where nothing was. */
  readonly precision: number;
  /** What the others of its examples were taken for most often, the first of several; none where all were found. */
  readonly mistakenFor?: { readonly name: string; readonly count: number };
}

/**
 * Counts classes against predictions.
 * @param labels below `classes`, or -1 where there is none, which is not counted. @param predicted as many, below `classes`.
 * @throws InputError when the lists do not fit or a number is no class.
 */
export function confusionOf(
  classes: number,
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  forEachPair(classes, labels, predicted, (label, said) => counts[label][said]++);
  return counts;
}

/** How each class fares, in their order. @param classes their names. */
export function classAccuracies(classes: readonly string[], confusion: Confusion): ClassAccuracy[] {
  const tally = new Tally(classes);
  for (const [label, row] of confusion.entries())
    for (const [said, count] of row.entries()) if (count > 0) tally.add(label, said, count);
  return tally.accuracies();
}

/**
 * The same from labels and predictions, as `confusionOf` takes them; of thousands of classes too, for which a matrix would
 * be too large.
 */
export function accuraciesOf(
  classes: readonly string[],
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
): ClassAccuracy[] {
  const tally = new Tally(classes);
  forEachPair(classes.length, labels, predicted, (label, said) => tally.add(label, said, 1));
  return tally.accuracies();
}

class Tally {
  readonly #classes: readonly string[];
  readonly #totals: Float64Array;
  readonly #said: Float64Array;
  readonly #correct: Float64Array;
  readonly #mistakes: readonly Map<number, number>[];

  constructor(classes: readonly string[]) {
    this.#classes = classes;
    this.#totals = new Float64Array(classes.length);
    this.#said = new Float64Array(classes.length);
    this.#correct = new Float64Array(classes.length);
    this.#mistakes = classes.map(() => new Map());
  }

  add(label: number, said: number, count: number): void {
    this.#totals[label] += count;
    this.#said[said] += count;
    const own = this.#mistakes[label];
    if (label === said) this.#correct[label] += count;
    else own.set(said, (own.get(said) ?? 0) + count);
  }

  accuracies(): ClassAccuracy[] {
    return this.#classes.map((name, label) => {
      const [most] = [...this.#mistakes[label]].sort(([a, m], [b, n]) => n - m || a - b);
      const [total, correct] = [this.#totals[label], this.#correct[label]];
      return {
        name,
        total,
        correct,
        accuracy: correct / total,
        precision: correct / this.#said[label],
        ...(most && { mistakenFor: { name: this.#classes[most[0]], count: most[1] } }),
      };
    });
  }
}

function forEachPair(
  classes: number,
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  visit: (label: number, said: number) => void,
): void {
  if (labels.length !== predicted.length) {
    throw new InputError({
      what: `there are ${labels.length} labels and ${predicted.length} predictions`,
      hint: "give one prediction for each label",
    });
  }
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === -1) continue;
    for (const place of [labels[i], predicted[i]]) {
      if (!Number.isInteger(place) || place < 0 || place >= classes)
        throw new InputError({ what: `${place} is none of ${classes} classes`, where: `example ${i + 1}` });
    }
    visit(labels[i], predicted[i]);
  }
}

/** Classes that occur and are not always found, the worst first; of equals the more frequent, then the first. */
export function worstClasses(accuracies: readonly ClassAccuracy[], most = 3): ClassAccuracy[] {
  return accuracies
    .filter(({ total, correct }) => correct < total)
    .sort((a, b) => a.accuracy - b.accuracy || b.total - a.total)
    .slice(0, most);
}

/**
 * The worst classes in a line: "worst classes: five 62.5 % (5 of 8, 2 taken for nine), …"; undefined where every example
 * was found.
 */
export function describeWorst(accuracies: readonly ClassAccuracy[], most = 3): string | undefined {
  const worst = worstClasses(accuracies, most);
  if (worst.length === 0) return undefined;
  const parts = worst.map(({ name, accuracy, correct, total, mistakenFor }) => {
    const taken = mistakenFor ? `, ${mistakenFor.count} taken for ${mistakenFor.name}` : "";
    return `${name} ${(100 * accuracy).toFixed(1)} % (${correct} of ${total}${taken})`;
  });
  return `worst ${worst.length === 1 ? "class" : "classes"}: ${parts.join(", ")}`;
}
