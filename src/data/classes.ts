// What classes there are among labels, and in what order: the output of a network that stands for a class must not depend on
// the order of a file's rows, nor on which of several numbered classes happen to occur in it.
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";

/** A class for each of some examples. */
export interface Labels {
  /** The names of the classes. */
  readonly classes: readonly string[];
  /** For each example the place of its class among them. */
  readonly of: Int32Array;
}

/** Whole numbers up to here are places of classes, so that one that is missing keeps its place; others are names. */
const MOST_NUMBERED = 1023;
/** More than so many classes are no classes but, say, numbers to be predicted. */
export const MOST_CLASSES = 65_536;

/**
 * The classes of labels: of whole numbers 0 to the largest, each at its own place; else the names, sorted by code point.
 * @throws InputError when there are too many.
 */
export function classesOf(labels: Iterable<string>, where = "labels"): readonly string[] {
  const names = [...new Set(labels)];
  if (names.every((name) => /^(0|[1-9]\d{0,3})$/.test(name) && Number(name) <= MOST_NUMBERED)) {
    const most = names.reduce((sum, name) => Math.max(sum, Number(name)), 0);
    return Array.from({ length: most + 1 }, (_, i) => String(i));
  }
  if (names.length > MOST_CLASSES) {
    throw new InputError({
      where,
      what: `has ${names.length} different labels, more than ${MOST_CLASSES}`,
      hint: "are they numbers to be predicted? then use --task forecast",
    });
  }
  return names.sort(byCodePoint);
}

/**
 * The name of the class that a cell holds. Programs that keep tables as floating-point numbers write the class 1 as 1.0 or
 * 1.0000000e+00, which is the same class.
 */
export function labelName(cell: string): string {
  if (!/^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(cell) || /^[+-]?\d+$/.test(cell)) return cell;
  const value = Number(cell);
  return Number.isSafeInteger(value) ? String(value) : cell;
}

/**
 * Labels as places among classes.
 * @param classes those of a network or of the training data; found among the labels when left out.
 * @param whereRow names an example in messages.
 * @throws InputError when a label is none of the classes.
 */
export function labelsAmong(
  labels: readonly string[],
  classes: readonly string[] | undefined,
  whereRow: (row: number) => string,
): Labels {
  const known = classes ?? classesOf(labels);
  const places = new Map(known.map((name, place) => [name, place]));
  const of = Int32Array.from(labels, (label, row) => {
    const place = places.get(label);
    if (place !== undefined) return place;
    throw new InputError({
      where: whereRow(row),
      what: `the label ${JSON.stringify(label.slice(0, 40))} is none of the ${known.length} classes of the training data`,
      hint: suggest(label, known),
    });
  });
  return { classes: known, of };
}

function byCodePoint(a: string, b: string): number {
  const [one, other] = [[...a], [...b]];
  for (let i = 0; i < Math.min(one.length, other.length); i++) {
    if (one[i] !== other[i]) return one[i].codePointAt(0)! - other[i].codePointAt(0)!;
  }
  return one.length - other.length;
}
