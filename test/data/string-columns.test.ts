import { describe, expect, it } from "vitest";
import { alphabetOf } from "../../src/data/alphabet.js";
import { type CsvForm, formatDataset, parseDataset } from "../../src/data/csv.js";
import { createDataset } from "../../src/data/dataset.js";
import { ascii, Vocabulary } from "../../src/data/vocabulary.js";

function read(text: string, form: CsvForm = {}) {
  const { strings, labels, classes } = parseDataset(text, "data.csv", form);
  return { strings, labels: [...labels].map((place) => classes[place]), classes };
}

function complaint(text: string, form: CsvForm = {}): string {
  try {
    read(text, form);
  } catch (error) {
    return (error as Error).message;
  }
  return "no complaint";
}

describe("columns of strings and labels", () => {
  const expected = {
    strings: ["ab", "cd", "ef", "gh"],
    labels: ["yes", "no", "no", "yes"],
    classes: ["no", "yes"],
  };
  const rows = "ab,yes\ncd,no\nef,no\ngh,yes\n";
  it.each<[string, string, CsvForm]>([
    ["by their names", `Text,Class\n${rows}`, {}],
    ["by other names", `sentence,sentiment\n${rows}`, {}],
    ["by the name of one", `Review Text,label\n${rows}`, {}],
    ["by the name of the other", `word,polarity\n${rows}`, {}],
    ["by what they hold", `name,kind\n${rows}`, {}],
    ["without header", rows, {}],
    ["by their numbers", rows, { stringColumn: "1", labelColumn: "2" }],
    [
      "as they are asked for",
      `text,label,a,b\nx,1,${rows.trim().replaceAll("\n", "\nx,1,")}\n`,
      { stringColumn: "A", labelColumn: "b" },
    ],
    ["beside a column without a name", `name,kind,\n${rows.replaceAll("\n", ",\n")}`, {}],
    ["beside an index of pandas", `Unnamed: 0,name,kind\n0,${rows.trim().replaceAll("\n", "\n0,")}\n`, {}],
    ["of which one is asked for", `name,kind\n${rows}`, { labelColumn: "kind" }],
  ])("are found %s", (_, text, form) => {
    expect(read(text, form)).toEqual(expected);
  });

  it("are found in a short file when the classes are known", () => {
    const form = { classes: ["no", "yes"] };
    expect(read("name,kind\nab,yes\n", form)).toEqual({
      strings: ["ab"],
      labels: ["yes"],
      classes: form.classes,
    });
    expect(read("yes,ab\n", form).strings).toEqual(["ab"]);
  });

  it.each<[string, string, CsvForm, string]>([
    [
      "three without names that say it",
      "a,b,c\nx,1,2\n",
      {},
      'data.csv:1: which columns have the strings and the labels is not certain: "a", "b", "c"; name them with --string-column and --label-column',
    ],
    ["two that could be labels", "text,label,class\nx,1,2\n", {}, "no complaint"],
    [
      "two names of labels",
      "text,target,class\nx,1,2\n",
      {},
      'data.csv:1: which column has the labels is not certain: "target", "class"',
    ],
    [
      "two names of strings",
      "text,word,class\nx,1,2\n",
      {},
      'data.csv:1: which column has the strings is not certain: "text", "word"',
    ],
    [
      "two beside the strings",
      "string,a,b\nx,1,2\n",
      {},
      'data.csv:1: which column has the labels is not certain: "string", "a", "b"',
    ],
    [
      "a name that is not there",
      "string,valid\nx,1\n",
      { stringColumn: "sting" },
      'data.csv:1: --string-column: there is no column "sting"; did you mean string?',
    ],
    [
      "one column twice",
      "string,valid\nx,1\n",
      { stringColumn: "valid", labelColumn: "valid" },
      'data.csv:1: the column "valid" is asked for twice',
    ],
    [
      "labels that are none",
      `text,y\n${Array.from({ length: 40 }, (_, i) => `s${i},0.${i + 10}`).join("\n")}`,
      {},
      "data.csv: has 40 different labels in 40 rows, so that they are hardly classes",
    ],
    [
      "a class that is unknown",
      "text,label\nx,maybe\n",
      { classes: ["no", "yes"], classesOf: "training data" },
      'data.csv:2: the label "maybe" is no class of the training data; use no or yes',
    ],
    [
      "a class of another network",
      "text,label\nx,2\n",
      { classes: ["0", "1"], numbered: true },
      'data.csv:2: the label "2" is not 0 or 1, which are the classes of the network',
    ],
  ])("are refused: %s", (_, text, form, message) => {
    expect(complaint(text, form)).toContain(message);
  });
});

describe("labels", () => {
  const classes = (labels: readonly string[]) =>
    read(`string,label\n${labels.map((label) => `x,${label}`).join("\n")}`);

  it("are 0 and 1 although only one is there", () => {
    expect(classes(["0", "0"]).classes).toEqual(["0", "1"]);
    expect(classes(["1.0", "0.0"])).toMatchObject({ classes: ["0", "1"], labels: ["1", "0"] });
  });

  it("keep their numbers, or are sorted by code point", () => {
    expect(classes(["3", "1"]).classes).toEqual(["0", "1", "2", "3"]);
    expect(classes(["Éire", "B", "a"]).classes).toEqual(["B", "a", "Éire"]);
    expect(classes(["True", "False"]).classes).toEqual(["False", "True"]);
  });

  it("may be the numbers of a network's classes", () => {
    const form = { classes: ["no", "yes"], numbered: true };
    expect(read("string,label\nx,1\ny,no\n", form).labels).toEqual(["yes", "no"]);
    expect(complaint("string,label\nx,1\n", { classes: ["no", "yes"] })).toContain("no class of the network");
  });

  it("are written by their names", () => {
    const { strings, labels, classes } = parseDataset("string,label\nx,b\ny,a\n", "data.csv");
    expect(formatDataset({ strings, labels, classes })).toBe(",string,valid\n0,x,b\n1,y,a\n");
  });
});

describe("the alphabet of strings", () => {
  it("is ASCII as long as they are", () => {
    expect(alphabetOf(createDataset(["BTXSE", "a b!"], [1, 0]))).toBe(ascii);
  });

  it("else has the padding and the code points that occur", () => {
    const [train, test] = [createDataset(["Łódź", "a"], [1, 0]), createDataset(["😀"], [1])];
    expect(alphabetOf(train, test).symbols).toEqual(["\0", "a", "d", "ó", "Ł", "ź", "😀"]);
    expect(alphabetOf(train, test).encode("a😀", () => "")).toEqual([1, 6]);
  });

  it("is that of the form where there is one", () => {
    const vocabulary = new Vocabulary(["good", "bad"], "words");
    expect(read("text,label\ngood bad,1\n", { vocabulary }).strings).toEqual(["good bad"]);
    expect(complaint("text,label\ngood,1\nugly,1\n", { vocabulary })).toContain(
      'data.csv:3: word 1 ("ugly") is beyond the vocabulary',
    );
  });
});
