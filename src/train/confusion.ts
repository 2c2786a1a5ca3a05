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
  if (labels.length !== predicted.length) {
    throw new InputError({
      what: `there are ${labels.length} labels and ${predicted.length} predictions`,
      hint: "give one prediction for each label",
    });
  }
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === -1) continue;
    for (const place of [labels[i], predicted[i]]) {
      if (!Number.isInteger(place) || place < 0 || place >= classes)
        throw new InputError({ what: `${place} is none of ${classes} classes`, where: `example ${i + 1}` });
    }
    counts[labels[i]][predicted[i]]++;
  }
  return counts;
}

/** How each class fares, in their order. @param classes their names. */
export function classAccuracies(classes: readonly string[], confusion: Confusion): ClassAccuracy[] {
  return classes.map((name, place) => {
    const row = confusion[place];
    const total = row.reduce((sum, count) => sum + count, 0);
    const said = confusion.reduce((sum, other) => sum + other[place], 0);
    const correct = row[place];
    const others = row.map((count, other) => (other === place ? 0 : count));
    const most = Math.max(0, ...others);
    return {
      name,
      total,
      correct,
      accuracy: correct / total,
      precision: correct / said,
      ...(most > 0 && { mistakenFor: { name: classes[others.indexOf(most)], count: most } }),
    };
  });
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
