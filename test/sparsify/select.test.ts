// What is kept of scores that are written out: exact numbers, ties, edges of blocks, rows of n of m and diagonals.
import { describe, expect, it } from "vitest";
import { Random } from "../../src/math/random.js";
import { Network, stack } from "../../src/network/network.js";
import { groupsOf } from "../../src/sparsify/groups.js";
import type { Part } from "../../src/sparsify/parts.js";
import { type Pattern, parsePattern } from "../../src/sparsify/pattern.js";
import { highest, ranked } from "../../src/sparsify/ranking.js";
import { keptOf, type SelectOptions, selectHighest } from "../../src/sparsify/select.js";

const weight: Pattern = { kind: "weight" };
/** Only units need one. */
const network = new Network(stack({ cell: "rnn-tanh", hidden: 2, layers: 1 }));

/** A part of a matrix that begins at `begin` among the parameters. */
const part = (rows: number, columns: number, begin = 0): Part => ({
  tensor: "cells.0.weight_hh",
  cell: "0",
  gate: "state",
  hidden: true,
  begin,
  rows,
  columns,
});

/** The mask of one part, row by row. */
function selected(
  scores: number[][],
  density: number,
  options: Partial<SelectOptions> & { mask?: number[][] } = {},
) {
  const [rows, columns] = [scores.length, scores[0].length];
  const mask = Uint8Array.from(options.mask?.flat() ?? Array(rows * columns).fill(1));
  const pools = [{ parts: [part(rows, columns)], density }];
  selectHighest(network, pools, Float32Array.from(scores.flat()), mask, { pattern: weight, ...options });
  return Array.from({ length: rows }, (_, i) => [...mask.subarray(i * columns, (i + 1) * columns)]);
}

describe("how many are kept", () => {
  it.each([
    [10, 0.1, 1],
    [10, 0.35, 3], // 6.5 go, which is rounded to 7
    [10, 0.04, 0],
    [10, 0.05, 0],
    [10, 0.06, 1],
    [10, 1, 10],
    [1, 0.5, 0],
    [1000, 1 / 3, 333],
  ])("of %d at a density of %d: %d", (count, density, kept) => {
    expect(keptOf(count, density)).toBe(kept);
  });
});

describe("highest", () => {
  const scores = Float64Array.of(3, 1, 3, 2, 3, 0);

  it("marks exactly as many as asked for, of equal ones the first", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((kept) => [...highest(scores, kept)].join(""))).toEqual([
      "000000",
      "100000",
      "101000",
      "101010",
      "101110",
      "111110",
      "111111",
      "111111",
    ]);
    expect([...highest(new Float64Array(5), 2)]).toEqual([1, 1, 0, 0, 0]);
    expect([...highest(scores, -1)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(highest(new Float64Array(0), 1)).toHaveLength(0);
  });

  it("marks only what is eligible, though that be fewer", () => {
    const eligible = Uint8Array.of(0, 1, 1, 0, 0, 1);
    expect([...highest(scores, 2, { eligible })]).toEqual([0, 1, 1, 0, 0, 0]);
    expect([...highest(scores, 5, { eligible })]).toEqual([0, 1, 1, 0, 0, 1]);
  });

  it("takes what goes first before others, itself by its scores", () => {
    const first = Uint8Array.of(0, 1, 0, 1, 0, 1);
    expect([...highest(scores, 1, { first })]).toEqual([0, 0, 0, 1, 0, 0]);
    expect([...highest(scores, 2, { first })]).toEqual([0, 1, 0, 1, 0, 0]);
    expect([...highest(scores, 4, { first })]).toEqual([1, 1, 0, 1, 0, 1]);
    const eligible = Uint8Array.of(1, 1, 1, 0, 1, 1);
    expect([...highest(scores, 3, { first, eligible })]).toEqual([1, 1, 0, 0, 0, 1]);
  });

  it("agrees with sorting, ties and all", () => {
    const random = new Random(3);
    for (const kinds of [1, 4, 1e6]) {
      const values = Float64Array.from({ length: 300 }, () => random.below(kinds));
      const order = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
      for (const kept of [1, 7, 150, 299]) {
        const expected = new Uint8Array(300);
        for (const i of order.slice(0, kept)) expected[i] = 1;
        expect(highest(values, kept)).toEqual(expected);
      }
      for (const rank of [0, 13, 299]) expect(ranked(values.slice(), rank)).toBe(values.toSorted()[rank]);
    }
  });
});

describe("single weights", () => {
  it("are kept by magnitude, whatever their sign", () => {
    expect(
      selected(
        [
          [-5, 1],
          [2, -3],
        ],
        0.5,
      ),
    ).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it("compete within their pool alone, which may be of several parts", () => {
    const scores = Float32Array.of(1, 2, 3, 4, 9, 5, 6, 7, 8);
    const parts = [part(1, 4), part(2, 2, 5)]; // 9 belongs to none
    const together = new Uint8Array(9).fill(1);
    selectHighest(network, [{ parts, density: 0.5 }], scores, together, { pattern: weight });
    expect([...together]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1]);
    const apart = new Uint8Array(9).fill(1);
    selectHighest(
      network,
      [
        { parts: [parts[0]], density: 0.5 },
        { parts: [parts[1]], density: 0.25 },
      ],
      scores,
      apart,
      { pattern: weight },
    );
    expect([...apart]).toEqual([0, 0, 1, 1, 1, 0, 0, 0, 1]);
  });

  it("that are absent stay absent, and count as gone", () => {
    const mask = [
      [0, 1],
      [1, 1],
    ];
    expect(
      selected(
        [
          [9, 1],
          [2, 3],
        ],
        0.5,
        { mask },
      ),
    ).toEqual([
      [0, 0],
      [1, 1],
    ]);
    // There are fewer than the density says.
    expect(
      selected(
        [
          [0, 1],
          [2, 3],
        ],
        1,
        { mask },
      ),
    ).toEqual(mask);
    // A weight that happens to be 0 is kept before one that is absent.
    expect(
      selected(
        [
          [0, 0],
          [2, 3],
        ],
        0.75,
        { mask },
      ),
    ).toEqual(mask);
  });
});

describe("blocks", () => {
  const scores = [
    [1, 1, 5],
    [1, 1, 0],
    [0, 3, 2],
  ];
  const pattern = parsePattern("2x2");

  it("live by their norm, those at ragged edges by what they have", () => {
    // Norms: 2 and 5 above, 3 and 2 below.
    expect(selected(scores, 0.25, { pattern })).toEqual([
      [0, 0, 1],
      [0, 0, 1],
      [0, 0, 0],
    ]);
    expect(selected(scores, 0.5, { pattern })).toEqual([
      [0, 0, 1],
      [0, 0, 1],
      [1, 1, 0],
    ]);
    // Of the two norms of 2 the first.
    expect(selected(scores, 0.75, { pattern })).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 0],
    ]);
  });

  it("lose what is absent from them, and never get it back", () => {
    const mask = [
      [0, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ];
    expect(selected(scores, 1, { pattern, mask })).toEqual(mask);
  });

  it("keep the diagonal longest, by their norms", () => {
    const own = [
      [1, 1, 5],
      [1, 1, 5],
      [9, 9, 3],
    ];
    const options = { pattern, keepDiagonal: true };
    expect(selected(own, 0.25, options)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 1],
    ]);
    expect(selected(own, 0.5, options)).toEqual([
      [1, 1, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    expect(selected(own, 0.75, options)).toEqual([
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 1],
    ]);
  });

  it("have norms, factors and sums of products", () => {
    const groups = groupsOf(network, [part(3, 3)], pattern);
    const values = Float32Array.from(scores.flat());
    expect([...groups.norms(values)]).toEqual([2, 5, 3, 2]);
    expect([
      ...groups.products(
        values,
        Float32Array.from(values, (value) => 2 * value),
      ),
    ]).toEqual([8, 50, 18, 8]);
    groups.scale(Float64Array.of(1, 2, 0, 10), values);
    expect([...values]).toEqual([1, 1, 10, 1, 1, 0, 0, 0, 20]);
    expect([...groups.present(Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 1))]).toEqual([1, 0, 0, 1]);
    expect([...groups.diagonal()]).toEqual([1, 0, 0, 1]);
  });
});

it("the diagonal is that of hidden matrices alone, of each gate", () => {
  const input = { ...part(2, 2), hidden: false };
  const groups = groupsOf(network, [input, part(2, 2, 4), part(2, 2, 8)], weight);
  expect([...groups.diagonal()]).toEqual([0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1]);
  expect(
    selected(
      [
        [1, 5],
        [4, 2],
      ],
      0.75,
      { keepDiagonal: true },
    ),
  ).toEqual([
    [1, 1],
    [0, 1],
  ]);
});

describe("n of m", () => {
  const pattern = parsePattern("2:4");

  it("keeps the largest of each m of a row, of fewer at its end at most n", () => {
    const scores = [
      [1, 4, 2, 3, 0, 9, 8],
      [5, 5, 5, 5, 7, 0, 0],
    ];
    expect(selected(scores, 0.5, { pattern })).toEqual([
      [0, 1, 0, 1, 0, 1, 1],
      [1, 1, 0, 0, 1, 1, 0],
    ]);
    expect(selected([[1, 2, 3, 4, 5]], 0.5, { pattern })).toEqual([[0, 0, 1, 1, 1]]);
  });

  it("leaves absent what is absent", () => {
    expect(selected([[0, 0, 0, 3]], 0.5, { pattern, mask: [[0, 0, 0, 1]] })).toEqual([[0, 0, 0, 1]]);
  });

  it("gives back to each m as many as it lacks", () => {
    const groups = groupsOf(network, [part(1, 6)], pattern);
    const kept = Uint8Array.of(0, 1, 0, 0, 1, 0);
    const worth = Float64Array.of(1, 9, 3, 2, 9, 9);
    expect([...groups.grow(kept, worth, 2)]).toEqual([0, 0, 1, 0, 0, 1]);
    expect([...groupsOf(network, [part(1, 6)], weight).grow(kept, worth, 2)]).toEqual([0, 0, 1, 0, 0, 1]);
    expect([
      ...groupsOf(network, [part(1, 6)], weight).grow(kept, Float64Array.of(5, 9, 6, 2, 9, 1), 2),
    ]).toEqual([1, 0, 1, 0, 0, 0]);
  });
});
