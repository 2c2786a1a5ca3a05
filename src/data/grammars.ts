// The grammars that come built in, written as the same data that a user's JSON file holds: Reber's, its embedded form
// and Tomita's seven. The Tomita automata are complete (they name their trap states) as they stand in the literature.
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import { createGrammar, type Grammar, type GrammarData } from "./grammar.js";

type ArcData = GrammarData["arcs"][number];

/** Reber's grammar (Reber 1967) as Darji (2021) draws it: letters B T P S X V E. */
const REBER: ArcData[] = [
  ["0", "B", "1"],
  ["1", "T", "2"],
  ["1", "P", "3"],
  ["2", "S", "2"],
  ["2", "X", "4"],
  ["3", "T", "3"],
  ["3", "V", "5"],
  ["4", "X", "3"],
  ["4", "S", "6"],
  ["5", "P", "4"],
  ["5", "V", "6"],
  ["6", "E", "end"],
];

/** A whole Reber string between two T or two P: the last letter but one must be remembered from the second. */
function embedded(letter: "T" | "P"): ArcData[] {
  const inside = (state: number | string) => `${letter}${state}`;
  return [
    ["1", letter, inside(0)],
    ...REBER.map(([from, symbol, to]): ArcData => [inside(from), symbol, inside(to)]),
    [inside("end"), letter, "2"],
  ];
}

/** An automaton over 0 and 1 whose state s goes to `table[s][0]` on 0 and to `table[s][1]` on 1. */
function binary(name: string, accepting: number[], table: [on0: number, on1: number][]): GrammarData {
  return {
    name,
    start: 0,
    accepting,
    arcs: table.flatMap(([on0, on1], state): ArcData[] => [
      [state, "0", on0],
      [state, "1", on1],
    ]),
  };
}

// Tomita 1982, "Dynamic construction of finite automata from examples using hill-climbing".
// biome-ignore format: one language, one line
const TOMITA: readonly GrammarData[] = [
  binary("tomita-1", [0], [[1, 0], [1, 1]]), // 1*
  binary("tomita-2", [0], [[2, 1], [0, 2], [2, 2]]), // (10)*
  binary("tomita-3", [0, 1, 3], [[0, 1], [2, 0], [3, 4], [2, 1], [4, 4]]), // no odd run of 1s before an odd run of 0s
  binary("tomita-4", [0, 1, 2], [[1, 0], [2, 0], [3, 0], [3, 3]]), // no 000
  binary("tomita-5", [0], [[1, 2], [0, 3], [3, 0], [2, 1]]), // an even number of 0s and an even number of 1s
  binary("tomita-6", [0], [[1, 2], [2, 0], [0, 1]]), // as many 0s as 1s, modulo 3
  binary("tomita-7", [0, 1, 2, 3], [[0, 1], [2, 1], [2, 3], [4, 3], [4, 4]]), // 0*1*0*1*
];

const BUILT_IN: readonly GrammarData[] = [
  { name: "reber", start: "0", accepting: ["end"], arcs: REBER },
  {
    name: "embedded-reber",
    start: "0",
    accepting: ["end"],
    arcs: [["0", "B", "1"], ...embedded("T"), ...embedded("P"), ["2", "E", "end"]],
  },
  ...TOMITA,
];

/** The names of the built-in grammars. */
export const grammarNames: readonly string[] = BUILT_IN.map(({ name }) => name);

/** A built-in grammar by its name. @throws InputError when there is none. */
export function builtInGrammar(name: string): Grammar {
  const data = BUILT_IN.find((grammar) => grammar.name === name);
  if (data) return createGrammar(data, name);
  throw new InputError({
    where: name,
    what: "no such grammar",
    hint: suggest(name, grammarNames, `choose one of ${grammarNames.join(", ")} or name a .json file`),
  });
}
