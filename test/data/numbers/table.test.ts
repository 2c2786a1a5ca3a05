import { describe, expect, it } from "vitest";
import { parseSequences } from "../../../src/data/numbers/formats.js";
import { remarksOnSequences } from "../../../src/data/numbers/remarks.js";
import { parseNumbers, type TableOptions } from "../../../src/data/numbers/table.js";

/** Sequences as plain lists, and the label of each by its name. */
function read(text: string, options: TableOptions = {}) {
  const { channels, values, target } = parseNumbers(text, "data.csv", options);
  const lists = values.map((own) => [...own]);
  if (target?.kind === "class") {
    const { classes, of } = target.labels;
    return { channels, values: lists, classes, labels: [...of].map((place) => classes[place]) };
  }
  if (target?.kind === "step-classes") {
    const names = target.of.map((own) => [...own].map((place) => target.classes[place] ?? ""));
    return { channels, values: lists, classes: target.classes, steps: names };
  }
  if (target)
    return { channels, values: lists, names: target.names, numbers: target.of.map((own) => [...own]) };
  return { channels, values: lists };
}

function complaint(text: string, options: TableOptions = {}): string {
  try {
    read(text, options);
  } catch (error) {
    return (error as Error).message;
  }
  return "no complaint";
}

describe("a wide table", () => {
  const values = [
    [1.5, 2],
    [-3, 0.25],
  ];
  it.each([
    ["a header of steps, label last", "t0,t1,label\n1.5,2,up\n-3,.25,down\n"],
    ["label first", "Class,v1,v2\nup,1.5,2\ndown,-3,2.5e-1\n"],
    ["other names and an id of each row", "id,a,b,species\n7,1.5,2,up\n9,-3,.25,down\n"],
    ["a header of numbers, as pandas writes them", ",0,1,label\n0,1.5,2,up\n1,-3,.25,down\n"],
    ["no header, words last", "1.5,2,up\n-3,.25,down\n"],
    ["no header, words first", "up,1.5,2\ndown,-3,.25\n"],
    ["decimal commas between semicolons", "t0;t1;label\r\n1,5;2;up\r\n-3;0,25;down\r\n"],
    ["decimal commas without header", "1,5;2,0;up\n-3;0,25;down\n"],
    ["tabs and quotes", '"t0"\t"t1"\t"label"\n1.5\t2\t"up"\n-3\t.25\t"down"\n'],
    ["blanks", " 1.5 2 up\n -3  .25 down\n"],
    ["bars and Excel's line", "sep=|\nt0|t1|label\n1.5|2|up\n-3|.25|down"],
    ["a column of words alone is the label", "t0,t1,what\n1.5,2,up\n-3,.25,down\n"],
  ])("is read: %s", (_, text) => {
    const found = read(text);
    expect(found.values).toEqual(values);
    expect(found.labels).toEqual(["up", "down"]);
    expect(found.classes).toEqual(["down", "up"]);
    expect(found.channels).toEqual(["1"]);
  });

  it("takes whole numbers at one end for labels, those of the UCR archive too", () => {
    const labels = ["2", "2", "1", "1"];
    expect(read("2\t.5\t.1\n2\t.4\t.2\n1\t.4\t.2\n1\t.4\t.3\n").labels).toEqual(labels);
    expect(read("2.0000e+00 .5 .1\n2.00e+00 .4 .2\n1.0e+00 .4 .2\n1.0 .4 .3\n").labels).toEqual(labels);
    expect(read(".5,.1,2\n.4,.2,2\n.4,.2,1\n.4,.3,1\n").classes).toEqual(["0", "1", "2"]);
    expect(read("t0,t1,t2,what\n5,1,0,2\n4,2,0,2\n4,2,0,1\n4,3,0,1\n").labels).toEqual(labels);
  });

  it("ends a sequence where its row does, or in empty cells", () => {
    const expected = [[1, 2, 3], [4], [5, 6]];
    expect(read("label,t0,t1,t2\na,1,2,3\nb,4\na,5,6,\n").values).toEqual(expected);
    expect(read("t0,t1,t2,label\n1,2,3,a\n4,,,b\n5,6,NaN,a\n").values).toEqual(expected);
    expect(read("a,1,2,3\nb,4\na,5,6\n").values).toEqual(expected);
    expect(read("a,1\nb,4,5,6\n").values).toEqual([[1], [4, 5, 6]]);
  });

  it("has the classes that it is given, and no labels where none are wanted", () => {
    expect(read("t0,label\n1,b\n", { classes: ["a", "b"] }).classes).toEqual(["a", "b"]);
    expect(complaint("t0,label\n1,c\n", { classes: ["a", "b"] })).toMatch(
      /^data\.csv:2: the label "c" is none/,
    );
    expect(read("t0,t1,t2\n1,2,3\n", { unlabelled: true })).toEqual({
      channels: ["1"],
      values: [[1, 2, 3]],
    });
    expect(read("1,2\n3,4\n", { unlabelled: true }).values).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(read("t0,label\n1,c\n2,d\n", { unlabelled: true, remark: () => {} }).values).toEqual([[1], [2]]);
  });

  it.each<[string, string, TableOptions, string]>([
    ["nothing", "", {}, "data.csv: the file is empty"],
    ["a header only", "t0,t1,label\n", {}, "data.csv: has a header but no rows"],
    ["a gap", "t0,t1,t2,label\n1,,3,a\n", {}, 'data.csv:2: column "t1" is empty; fill gaps or leave the'],
    ["NaN", "t0,t1,t2,label\n1,NaN,3,a\n", {}, 'data.csv:2: column "t1" is missing: "NaN"'],
    ["a word", "t0,t1,t2,label\n1,2,3,a\n1,x,3,a\n", {}, 'data.csv:3: column "t1" is not a number: "x"'],
    ["infinity", "t0,t1,t2,label\n1,1e39,3,a\n", {}, 'data.csv:2: column "t1" is too large: 1e39'],
    [
      "thousands",
      't0,t1,label\n1,"1,234.5",a\n',
      {},
      'data.csv:2: column "t1" is not a number: "1,234.5"; write a decimal point',
    ],
    ["a long row", "t0,t1,label\n1,2,a\n1,2,3,a\n", {}, "data.csv:3: the row has 4 cells, the header 3"],
    ["no label in a row", "t0,t1,label\n1,2,a\n1,2,\n", {}, "data.csv:3: the row has no label"],
    ["no values", "t0,t1,label\n,,a\n", {}, "data.csv:2: the row has no values"],
    ["no column of values", "id,label\n1,a\n", {}, "data.csv:1: there is no column of values"],
    [
      "two labels",
      "t0,t1,label,class\n1,2,a,b\n",
      {},
      'data.csv:1: which column has the labels is not certain: "label", "class"; name it with --label-column',
    ],
    [
      "labels at either end",
      "1,2,1\n2,3,1\n1,3,2\n2,2,2\n",
      {},
      "data.csv:1: whether labels stand in the first or the last column is not certain",
    ],
    [
      "labels nowhere",
      "a,b\n.1,.2\n",
      {},
      'data.csv:1: which column has the labels is not certain: "a", "b"',
    ],
    [
      "a column that is not there",
      "t0,lable\n1,a\n",
      { labelColumn: "label" },
      'data.csv:1: --label-column: there is no column "label"; did you mean lable?',
    ],
    ["one name twice", "t0,t0,label\n1,2,a\n", {}, 'data.csv:1: column "t0" appears twice'],
    [
      "steps out of order",
      "t0,t1,t10,t2,label\n1,2,3,4,a\n",
      {},
      'data.csv:1: column "t10" stands before "t2"',
    ],
    [
      "a label at every step",
      "t0,t1,t2,label\n1,2,3,a\n",
      { layout: "wide", task: "label" },
      "data.csv:1: a row that is a whole sequence has no label",
    ],
    ["an open quote", 't0,t1,label\n1,"2,a\n', {}, "data.csv:2: a double quote is opened and not closed"],
    [
      "times and no sequences",
      "time,x,y\n0,1,2\n1,2,2\n",
      {},
      "data.csv:1: to tell sequences of steps apart there must be a column",
    ],
  ])("is refused with %s", (_, text, options, message) => {
    expect(complaint(text, options)).toContain(message);
  });

  it("takes labels from the column that is named", () => {
    expect(read("1,2,1\n2,3,2\n", { labelColumn: "last" }).values).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(read("1,2,1\n2,3,2\n", { labelColumn: "1" }).values).toEqual([
      [2, 1],
      [3, 2],
    ]);
    expect(read("a,b,c\n1,2,1\n2,3,2\n", { labelColumn: "B" }).labels).toEqual(["2", "3"]);
  });
});

describe("a long table", () => {
  const classify = "sequence,time,x,y,label\n1,0,.5,1,a\n1,1,.25,2,a\n2,0,3,4,b\n";

  it("has rows of sequences one after the other", () => {
    const expected = {
      channels: ["x", "y"],
      values: [
        [0.5, 1, 0.25, 2],
        [3, 4],
      ],
      classes: ["a", "b"],
      labels: ["a", "b"],
    };
    expect(read(classify)).toEqual(expected);
    expect(read("label,Case ID,x,y\na,1,.5,1\n,1,.25,2\nb,2,3,4\n")).toEqual(expected);
    expect(read("id,t,x,y,activity\n1,0,.5,1,a\n2,0,3,4,b\n1,1,.25,2,a\n")).toEqual(expected);
  });

  it("gives a label to each step", () => {
    const text = "case,x,state\n1,1,on\n1,2,off\n2,3,on\n2,4,\n";
    expect(read(text, { task: "label" })).toEqual({
      channels: ["x"],
      values: [
        [1, 2],
        [3, 4],
      ],
      classes: ["off", "on"],
      steps: [
        ["on", "off"],
        ["on", ""],
      ],
    });
    expect(read("x,label\n1,0\n2,2\n", { task: "label" }).classes).toEqual(["0", "1", "2"]);
    expect(complaint("x,label\n1,c\n", { task: "label", classes: ["a"] })).toMatch(
      /^data\.csv:2: the label "c"/,
    );
  });

  it("takes no number for a time, though months are written alike", () => {
    const rows = Array.from(
      { length: 8 },
      (_, t) => `${t},${[1013.25, 1012.5, 1014.75, 1013][t % 4].toFixed(2)}`,
    );
    const { channels } = parseNumbers(`time,pressure\n${rows.join("\n")}\n`, "p.csv", { task: "forecast" });
    expect(channels).toEqual(["pressure"]);
  });

  it("is one series to be forecast, with or without a target", () => {
    const forecast = { task: "forecast" } as const;
    expect(read("value\n1\n2\n", forecast)).toEqual({ channels: ["value"], values: [[1, 2]] });
    expect(read("1\n2\n", forecast)).toEqual({ channels: ["1"], values: [[1, 2]] });
    expect(read("value\n1,5\n2,25\n", forecast).values).toEqual([[1.5, 2.25]]);
    expect(read("unique_id,ds,y\nA,1949-01,1\nA,1949-02,2\nB,1949-01,3\n", forecast)).toEqual({
      channels: ["y"],
      values: [[1, 2], [3]],
    });
    expect(read("x,target\n1,5\n2,\n", { ...forecast, horizon: 0 })).toEqual({
      channels: ["x"],
      values: [[1, 2]],
      names: ["target"],
      numbers: [[5, Number.NaN]],
    });
    // What a target was is read, unless it is to be said of the same step.
    expect(read("x,target\n1,5\n2,6\n", forecast)).toEqual({
      channels: ["x", "target"],
      values: [[1, 5, 2, 6]],
      names: ["target"],
      numbers: [[5, 6]],
    });
    expect(() => read("x,target\n1,5\n2,\n", forecast)).toThrow('column "target" is empty');
    expect(read("a,b,c\n1,2,3\n", { ...forecast, targetColumn: "b", channels: ["c"] })).toMatchObject({
      channels: ["c"],
      names: ["b"],
    });
    expect(read("date,target\n2024-01-01,5\n", forecast).channels).toEqual(["target"]);
    expect(read("t0,t1,t2\n1,2,3\n4,5\n", { ...forecast, layout: "wide" }).values).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it.each([
    ["dates", "date,x\n2024-01-31,1\n2024-02-01,2\n"],
    ["times of other forms", "Timestamp,x\n2024-01-31T23:59:59Z,1\n2024-02-01 00:00:00.5+00:00,2\n"],
    ["days before months", "date;x\n31.01.2024;1\n01.02.2024;2\n"],
    ["months before days", "date,x\n1/31/24,1\n2/1/24,2\n"],
    ["days and clocks apart", "Date;Time;x\n16/12/2006;17:24:00;1\n16/12/2006;17:25:00;2\n"],
    ["an index of dates without a name", ",x\n2024-01-31 11:00 PM,1\n2024-02-01 01:00 AM,2\n"],
    ["numbers of rows", ",x\n0,1\n1,2\n"],
    ["numbers of rows with a name", "id,x\n5,1\n6,2\n"],
    ["a date of any name", "when,x\n2024-01-31,1\n2024-02-01,2\n"],
    ["seconds", "t,x\n1.5e3,1\n1.6e3,2\n"],
  ])("takes no channel from %s", (_, text) => {
    expect(read(text, { task: "forecast" })).toEqual({ channels: ["x"], values: [[1, 2]] });
  });

  it.each<[string, string, TableOptions, string]>([
    [
      "steps out of order",
      "t,x\n1,1\n3,1\n2,1\n",
      { task: "forecast" },
      'data.csv:4: by column "t" the row is earlier than the one before; sort the rows, or name',
    ],
    [
      "dates out of order",
      "date,x\n2024-02-01,1\n2024-01-31,1\n",
      { task: "forecast" },
      'data.csv:3: by column "date" the row',
    ],
    [
      "steps out of order in one sequence",
      "id,t,x,label\n1,1,1,a\n2,1,1,a\n1,0,1,a\n",
      {},
      'data.csv:4: by column "t" the row is earlier than the one before in its sequence; sort the rows',
    ],
    [
      "a sequence that goes on later",
      "id,x,label\n1,1,a\n2,1,a\n1,0,a\n",
      {},
      'data.csv:4: "id" "1" goes on after rows of another sequence',
    ],
    [
      "labels that change",
      "id,x,label\n1,1,a\n1,1,b\n2,0,a\n",
      {},
      'data.csv:3: the label "b" is not that of the sequence\'s first row, "a"; use --task label',
    ],
    [
      "a sequence without label",
      "id,x,label\n1,1,a\n1,1,a\n2,0,\n",
      {},
      "data.csv:4: the sequence has no label",
    ],
    ["no labels", "x,label\n1,\n2,\n", { task: "label" }, "data.csv: no row has a label"],
    [
      "a word among numbers",
      "station,x\n7,1\nwest,2\n",
      { task: "forecast" },
      'data.csv:3: column "station" is not a number: "west"; correct the cell, or name the columns of values with --channels',
    ],
    ["a gap", "t,x,y\n0,1,2\n1,,2\n", { task: "forecast" }, 'data.csv:3: column "x" is empty; fill gaps'],
    ["a short row", "t,x,y\n0,1,2\n1,2\n", { task: "forecast" }, 'data.csv:3: column "y" is empty'],
    ["a long row", "t,x\n0,1,2\n", { task: "forecast" }, "data.csv:2: the row has 3 cells, the header 2"],
    ["no time", "t,x\n,1\n", { task: "forecast" }, 'data.csv:2: column "t" is empty'],
    ["no sequence", "id,x,label\n1,1,a\n1,2,a\n,3,b\n", {}, 'data.csv:4: column "id" is empty'],
    [
      "no channel",
      "date,id\n2024-01-01,1\n2024-01-02,1\n",
      { task: "forecast" },
      "data.csv:1: there is no column of values",
    ],
    [
      "two sequences",
      "id,case,x,label\n1,1,1,a\n1,1,1,a\n",
      {},
      'data.csv:1: which column says which sequence a row belongs to is not certain: "id", "case"; name it with --sequence-column',
    ],
    [
      "words to be forecast",
      "x,target\n1,2\n1,b\n",
      { task: "forecast" },
      'data.csv:3: column "target" is not a number: "b"',
    ],
    [
      "no label to be found",
      "x,z\n1,2\n",
      { task: "label" },
      'data.csv:1: which column has the labels is not certain: "x", "z"',
    ],
    [
      "a channel that is not there",
      "x,z\n1,2\n",
      { task: "forecast", channels: ["q"] },
      'data.csv:1: --channels: there is no column "q"; use x or z',
    ],
  ])("is refused with %s", (_, text, options, message) => {
    expect(complaint(text, options)).toContain(message);
  });

  it("remarks on times that repeat or cannot be compared", () => {
    const remarks: string[] = [];
    const options = { task: "forecast", remark: (line: string) => remarks.push(line) } as const;
    read("date,store,x\n2024-01-01,1,5\n2024-01-01,2,6\n", options);
    read("month,x\nMarch,1\nApril,2\n", options);
    expect(remarks).toEqual([
      expect.stringMatching(
        /^data\.csv: 1 rows have the same "date" as the row before; are these several sequences/,
      ),
      expect.stringMatching(/^data\.csv: "month" is in no form that can be compared/),
    ]);
  });
});

describe("remarksOnSequences", () => {
  it("names constant channels and a class that is alone", () => {
    const sequences = parseNumbers("id,x,y,label\n1,1,5,a\n1,2,5,a\n2,3,5,a\n", "data.csv");
    expect(remarksOnSequences(sequences)).toEqual([
      '1 of 2 channels of the training sequences is constant and says nothing: "y"',
      'all 2 training sequences have the label "a": there is nothing to tell apart',
    ]);
  });
});

describe("a table among other formats", () => {
  const file = (where: string, text: string) => ({
    where,
    bytes: new TextEncoder().encode(text),
    text: () => text,
  });

  it("is any text that is nothing else", () => {
    expect(parseSequences(file("a.csv", "t0,label\n1,b\n")).values).toEqual([Float32Array.of(1)]);
    expect(parseSequences(file("a", "#\n@univariate true\n@data\n1,2\n")).values).toEqual([
      Float32Array.of(1, 2),
    ]);
    const table = { task: "forecast" } as const;
    expect(parseSequences(file("a.csv", "x\n1\n2\n"), { table }).values).toEqual([Float32Array.of(1, 2)]);
  });

  it("has labels for another file", () => {
    const labels = file("labels.csv", "name,label\nx,b\ny,2.0\n");
    const { target } = parseSequences(file("a.csv", "t0,t1\n1,2\n3,4\n"), { labels });
    expect(target).toMatchObject({ labels: { classes: ["2", "b"], of: Int32Array.of(1, 0) } });
    expect(() => parseSequences(file("a.csv", "1\n2\n"), { labels: file("l.csv", "x,z\n1,2\n") })).toThrow(
      /^l\.csv:1: which column has the labels is not certain: "x", "z"/,
    );
  });
});
