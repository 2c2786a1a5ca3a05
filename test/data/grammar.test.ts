import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  accepts,
  alphabetOf,
  countStrings,
  createGrammar,
  difference,
  type GrammarData,
} from "../../src/data/grammar.js";
import { grammarNames } from "../../src/data/grammars.js";
import { findGrammar, readGrammar } from "../../src/paths/grammars.js";

/** All strings over an alphabet with up to `longest` letters, the empty one first. */
function allStrings(alphabet: readonly string[], longest: number): string[] {
  const all = [""];
  for (const string of all) {
    if (string.length < longest) all.push(...alphabet.map((letter) => string + letter));
  }
  return all;
}

const occurrences = (string: string, letter: string) => string.split(letter).length - 1;

describe("built-in grammars", () => {
  const languages: Record<string, (string: string) => boolean> = {
    "tomita-1": (s) => /^1*$/.test(s),
    "tomita-2": (s) => /^(10)*$/.test(s),
    "tomita-3": (s) => !/(^|0)(11)*1(00)*0(1|$)/.test(s),
    "tomita-4": (s) => !s.includes("000"),
    "tomita-5": (s) => occurrences(s, "0") % 2 === 0 && occurrences(s, "1") % 2 === 0,
    "tomita-6": (s) => (occurrences(s, "0") - occurrences(s, "1")) % 3 === 0,
    "tomita-7": (s) => /^0*1*0*1*$/.test(s),
  };

  it.each(Object.entries(languages))(
    "%s is its definition on all strings of up to 12 letters",
    (name, inside) => {
      const grammar = findGrammar(name);
      const counts = new Array(13).fill(0n);
      const all = allStrings(["0", "1"], 12);
      expect(all.filter((string) => accepts(grammar, string) !== inside(string))).toEqual([]);
      for (const string of all.filter(inside)) counts[string.length]++;
      expect(countStrings(grammar, 12)).toEqual(counts);
    },
  );

  it("reber is its regular expression", () => {
    const grammar = findGrammar("reber");
    const language = /^B(?:TS*X(?:S|X(?:T|VPX)*V(?:V|PS))|P(?:T|VPX)*V(?:V|PS))E$/;
    const alphabet = ["B", "T", "P", "S", "X", "V", "E"];
    const wrong = allStrings(alphabet, 6).filter((each) => accepts(grammar, each) !== language.test(each));
    expect(wrong).toEqual([]);
    expect(countStrings(grammar, 12)).toEqual([0, 0, 0, 0, 0, 2, 3, 4, 7, 11, 16, 24, 36].map(BigInt));
  });

  it("embedded-reber repeats its second letter as the last but one", () => {
    const grammar = findGrammar("embedded-reber");
    expect(accepts(grammar, "BTBTXSETE")).toBe(true);
    expect(accepts(grammar, "BPBTXSEPE")).toBe(true);
    expect(accepts(grammar, "BTBTXSEPE")).toBe(false);
    const reber = countStrings(findGrammar("reber"), 20);
    expect(countStrings(grammar, 24).slice(4)).toEqual(reber.map((each) => 2n * each));
  });

  it("suggests a near name, or lists them all", () => {
    expect(() => findGrammar("rebr")).toThrow("rebr: no such grammar; did you mean reber?");
    expect(() => findGrammar("english")).toThrow(
      `english: no such grammar; choose one of ${grammarNames.join(", ")} or name a .json file`,
    );
    expect(() => findGrammar("/nowhere/mine.json")).toThrow(
      "/nowhere/mine.json: no such file; check the path",
    );
  });
});

describe("countStrings", () => {
  it("is exact where doubles are not", () => {
    const all = createGrammar({
      name: "all",
      start: 0,
      accepting: [0],
      arcs: [
        [0, "a", 0],
        [0, "b", 0],
      ],
    });
    expect(countStrings(all, 200)[200]).toBe(2n ** 200n);
  });
});

describe("difference", () => {
  it("accepts what the first accepts and the second rejects", () => {
    for (const [first, second] of [
      ["tomita-4", "tomita-5"],
      ["tomita-7", "tomita-3"],
      ["tomita-1", "reber"],
    ]) {
      const [a, b] = [findGrammar(first), findGrammar(second)];
      const both = difference(a, b);
      const wrong = allStrings(["0", "1"], 9).filter(
        (each) => accepts(both, each) !== (accepts(a, each) && !accepts(b, each)),
      );
      expect(wrong).toEqual([]);
    }
  });

  it("of a grammar and itself is empty", () => {
    for (const name of grammarNames) {
      const grammar = findGrammar(name);
      expect(countStrings(difference(grammar, grammar), 30).every((each) => each === 0n)).toBe(true);
    }
  });
});

describe("createGrammar", () => {
  const good: GrammarData = {
    name: "ab",
    start: "s",
    accepting: ["t"],
    arcs: [
      ["s", "b", "t"],
      ["t", "a", "s"],
    ],
  };

  it("reads a grammar with states named by texts or numbers", () => {
    const grammar = createGrammar({
      ...good,
      start: 0,
      arcs: [
        [0, "b", "t"],
        ["t", "a", 0],
      ],
    });
    expect(grammar).toEqual({
      name: "ab",
      accepting: [false, true],
      arcs: [[{ symbol: "b", to: 1 }], [{ symbol: "a", to: 0 }]],
    });
    expect(alphabetOf(grammar)).toEqual(["a", "b"]);
    expect(accepts(grammar, "bab")).toBe(true);
    expect(accepts(grammar, "bac")).toBe(false);
  });

  const symbolHint = "a symbol must be exactly one ASCII character (codes 1 to 127)";
  it.each<[string, object, string]>([
    ["unknown start", { start: "x" }, 'unknown state "x": the start state is on no arc'],
    [
      "unknown accepting state",
      { accepting: ["t", "x"] },
      'unknown state "x": the accepting state is on no arc',
    ],
    [
      "unreachable accepting state",
      { accepting: ["t", "u"], arcs: [...good.arcs, ["u", "a", "t"]] },
      'the accepting state "u" cannot be reached from the start',
    ],
    [
      "a dead end",
      { arcs: [...good.arcs, ["s", "c", "T"]] },
      'state "T" has no arcs out of it and is not accepting',
    ],
    ["two ways", { arcs: [...good.arcs, ["s", "b", "s"]] }, 'state "s" has two arcs with the symbol "b"'],
    ["a long symbol", { arcs: [["s", "bb", "t"]] }, `arcs[0][1]: ${symbolHint}`],
    ["an empty symbol", { arcs: [["s", "", "t"]] }, `arcs[0][1]: ${symbolHint}`],
    ["a symbol beyond ASCII", { arcs: [["s", "é", "t"]] }, `arcs[0][1]: ${symbolHint}`],
    ["the padding symbol", { arcs: [["s", "\0", "t"]] }, `arcs[0][1]: ${symbolHint}`],
    ["an unknown field", { starts: "s" }, 'Unrecognized key: "starts"'],
    ["no accepting state", { accepting: [] }, "accepting: "],
    ["no arcs", { arcs: [] }, "arcs: "],
    ["an arc of two", { arcs: [["s", "b"]] }, "arcs[0]"],
    ["no name", { name: undefined }, "name: "],
    [
      "too many states",
      { arcs: [...good.arcs, ...Array.from({ length: 250 }, (_, i) => [`${i}`, "a", "s"])] },
      "has 252 states, more than 200",
    ],
  ])("refuses %s", (_, change, message) => {
    expect(() => createGrammar({ ...good, ...change }, "mine.json")).toThrow(/^mine\.json: /);
    expect(() => createGrammar({ ...good, ...change }, "mine.json")).toThrow(message);
  });

  it.each([null, [], 3, "reber"])("refuses %j", (data) => {
    expect(() => createGrammar(data)).toThrow(/^grammar: grammar: Invalid input/);
  });
});

describe("readGrammar", () => {
  const folder = mkdtempSync(join(tmpdir(), "filigree-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("reads a JSON file and says what is wrong with one", () => {
    const path = join(folder, "mine.json");
    writeFileSync(path, '\uFEFF{"name": "a", "start": 0, "accepting": [0], "arcs": [[0, "a", 0]]}');
    expect(accepts(findGrammar(path), "aaa")).toBe(true);
    writeFileSync(path, '{"name": ');
    expect(() => readGrammar(path)).toThrow(/mine\.json: is not JSON \(.*\); check its brackets/);
    expect(() => readGrammar(folder)).toThrow("is a directory, not a file");
  });
});
