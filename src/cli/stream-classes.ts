// Classes and their probabilities in one line of a stream.

/** Classes, or symbols that may come next, that are shown. */
export const SHOWN = 5;

/**
 * The likeliest classes with their probabilities, for example "ATTA  coding 0.9104  intron 0.0512  other 0.0384"; of two
 * the likelier and the probabilities of both: "BTXSE  1  0.0310 0.9690".
 * @param what it is said of.
 */
export function describeClasses(
  what: string,
  probabilities: readonly number[],
  labels?: readonly string[],
): string {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  const nameOf = (place: number) => labels?.[place] ?? String(place);
  if (probabilities.length > 2) {
    const shown = order.slice(0, SHOWN).map((place) => `${nameOf(place)} ${probabilities[place].toFixed(4)}`);
    return [what, ...shown].join("  ");
  }
  return `${what}  ${nameOf(order[0])}  ${probabilities.map((p) => p.toFixed(4)).join(" ")}`;
}
