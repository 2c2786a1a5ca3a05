// A matrix is held in the form that takes the fewest bytes, and every form gives back each weight.
import { expect, it } from "vitest";
import { patternMask } from "../../src/bench/patterns.js";
import { describeForm, type Held, hold, type Weights } from "../../src/export/form.js";
import { Random } from "../../src/math/random.js";

function matrix(
  { gates, units, columns }: { gates: number; units: number; columns: number },
  density: number,
  pattern?: { rows: number; columns: number },
): Weights {
  const random = new Random(`${gates} ${units} ${columns} ${density}`);
  const mask = patternMask({ gates, units, columns }, pattern, density, random);
  return {
    gates,
    rows: gates * units,
    columns,
    weights: Float32Array.from(mask, (bit) => bit * (1 + random.uniform())),
  };
}

/** The weights that a form describes, row by row. */
function unfold({ form, values, counts, places }: Held, { gates, rows, columns }: Weights): number[] {
  if (form.kind === "dense") return [...values];
  const all = new Array<number>(rows * columns).fill(0);
  const units = rows / gates;
  let [value, place, count] = [0, 0, 0];
  for (let gate = 0; gate < gates; gate++) {
    for (let first = 0; first < units; first += form.rows) {
      for (let k = counts[count++]; k > 0; k--) {
        const left = places[place++] * form.columns;
        for (let i = first; i < Math.min(first + form.rows, units); i++) {
          for (let j = left; j < Math.min(left + form.columns, columns); j++) {
            all[(gate * units + i) * columns + j] = values[value++];
          }
        }
      }
    }
  }
  expect([value, place, count]).toEqual([values.length, places.length, counts.length]);
  return all;
}

const gru = { gates: 3, units: 40, columns: 50 };
it.each([
  ["dense", matrix(gru, 1)],
  ["dense", matrix(gru, 0.9)],
  ["single weights", matrix(gru, 0.1)],
  ["single weights", matrix({ gates: 4, units: 30, columns: 700 }, 0.05)],
  ["16 x 1 blocks", matrix(gru, 0.2, { rows: 16, columns: 1 })],
  ["8 x 1 blocks", matrix(gru, 0.2, { rows: 8, columns: 1 })],
  ["4 x 4 blocks", matrix(gru, 0.2, { rows: 4, columns: 4 })],
  ["16 x 4 blocks", matrix({ ...gru, columns: 51 }, 0.2, { rows: 16, columns: 4 })],
  ["dense", matrix({ gates: 1, units: 1, columns: 1 }, 1)],
] as const)("%s", (name, own) => {
  for (const bytes of [1, 4]) {
    const held = hold(own, bytes);
    expect(unfold(held, own)).toEqual([...(own.weights as Float32Array)]);
    const places = held.placeBytes * held.places.length + 2 * held.counts.length;
    expect(held.bytes).toEqual({ values: bytes * held.values.length, indices: places });
    expect(held.places.every((place) => place < 256 ** held.placeBytes)).toBe(true);
    expect(held.bytes.values + held.bytes.indices).toBeLessThanOrEqual(bytes * own.rows * own.columns);
  }
  expect(describeForm(hold(own, 4).form)).toBe(name);
});

it("holds nothing but counts where nothing is", () => {
  expect(hold(matrix(gru, 0), 4).values).toEqual([]);
});
