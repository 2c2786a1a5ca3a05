// What a reader does to a network by hand, as it stands in a link: the update before which it was done, and what. Done again
// at the same updates, it gives the same network.

/** What is done: weights below a magnitude go, a share of the smallest goes, some go, some come back, or all do. */
export type Change =
  | { readonly kind: "below"; readonly threshold: number }
  | { readonly kind: "prune"; readonly percent: number }
  | { readonly kind: "cut"; readonly weights: readonly number[] }
  | { readonly kind: "regrow"; readonly weights: readonly number[] }
  | { readonly kind: "regrow-all" };

export type Edit = Change & { readonly step: number };

const letters = { below: "b", prune: "p", cut: "c", regrow: "r", "regrow-all": "a" } as const;

/** For example `120p80;300b0.05;310c45,46;400a`. */
export function formatEdits(edits: readonly Edit[]): string {
  return edits.map((edit) => `${edit.step}${letters[edit.kind]}${argumentOf(edit)}`).join(";");
}

function argumentOf(edit: Edit): string {
  if (edit.kind === "below") return String(edit.threshold);
  if (edit.kind === "prune") return String(edit.percent);
  return edit.kind === "regrow-all" ? "" : edit.weights.join(",");
}

/** The reverse; what is none is left out. */
export function parseEdits(text: string): Edit[] {
  return text.split(";").flatMap((one): Edit[] => {
    const [, place, letter, rest] = /^(\d+)([bpcra])([\d.,e-]*)$/.exec(one) ?? [];
    if (place === undefined) return [];
    const step = Number(place);
    const numbers = rest === "" ? [] : rest.split(",").map(Number);
    if (!Number.isSafeInteger(step) || !numbers.every((number) => number >= 0 && number < 2 ** 31)) return [];
    if (letter === "a") return [{ step, kind: "regrow-all" }];
    if (numbers.length === 0) return [];
    if (letter === "b") return [{ step, kind: "below", threshold: numbers[0] }];
    if (letter === "p") return numbers[0] <= 100 ? [{ step, kind: "prune", percent: numbers[0] }] : [];
    if (!numbers.every(Number.isInteger)) return [];
    return [{ step, kind: letter === "c" ? "cut" : "regrow", weights: numbers }];
  });
}

/** The list with one edit more; cuts of single weights at the same step are one. */
export function withEdit(edits: readonly Edit[], edit: Edit): Edit[] {
  const last = edits.at(-1);
  const joins =
    last !== undefined &&
    last.step === edit.step &&
    ((last.kind === "cut" && edit.kind === "cut") || (last.kind === "regrow" && edit.kind === "regrow"));
  return joins
    ? [...edits.slice(0, -1), { ...edit, weights: [...last.weights, ...edit.weights] }]
    : [...edits, edit];
}
