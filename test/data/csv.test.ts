import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createDataset } from "../../src/data/dataset.js";
import { Random } from "../../src/math/random.js";
import { readDataset, writeDataset } from "../../src/paths/datasets.js";
import { absent, suffix, testFile, trainingFile } from "./reference.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "data.csv");

function read(content: string | Uint8Array) {
  writeFileSync(path, content);
  return readDataset(path);
}

/** The message of what reading throws, without the folder. */
function complaint(content: string | Uint8Array): string {
  try {
    read(content);
  } catch (error) {
    return (error as Error).message.replace(`${folder}/`, "");
  }
  return "no complaint";
}

describe("readDataset", () => {
  it.each([
    ["the thesis's columns", ",string,valid\n0,BTE,1\n1,XX,0\n"],
    ["no index", "string,valid\nBTE,1\nXX,0\n"],
    ["a column label", "string,label\nBTE,1\nXX,0"],
    ["another order and further columns", "kind,Label , String\nedited,1,BTE\nforeign, 0 ,XX\n"],
    ["Windows line ends and a byte order mark", "\uFEFFstring,valid\r\nBTE,1\r\nXX,0\r\n"],
    ["semicolons, as Excel writes them in Europe", "\uFEFFstring;valid\r\nBTE;1\r\nXX;0\r\n"],
    ["Excel's line that names the separator", 'sep=;\r\nvalid;string\r\n1;"BTE"\r\n0;XX\r\n'],
    ["tabs", "\tvalid\tstring\n0\t1\tBTE\n1\t0\tXX\n"],
    ["vertical bars", "valid|string\n1|BTE\n0|XX"],
    ["semicolons and a comma in the header", "string;a,b;valid\nBTE;1,5;1\nXX;;0\n"],
    ["mixed line ends, the strings last", "valid,string\n1,BTE\r\n0,XX\r\n"],
    ["line ends of three systems", "valid,string\r1,BTE\n0,XX\r\n"],
    ["line ends of old Macs", "valid,string\r1,BTE\r0,XX"],
    ["a blank after every comma", 'valid, string\n1, BTE\n0, "XX"\n'],
    ["blanks after the commas of all rows but the header", "valid,kind,string\n1, a, BTE\n0, b, XX\n"],
    ["blanks after semicolons, aligned", "valid;  string\n    1;  BTE\n    0;  XX\n"],
    ["quotes and empty lines", '"string","valid"\n\n"BTE","1"\n\n\nXX,0\n\n'],
  ])("reads %s", (_, content) => {
    const { strings, labels } = read(content);
    expect(strings).toEqual(["BTE", "XX"]);
    expect(labels).toEqual(Int32Array.of(1, 0));
  });

  it("keeps blanks that are letters: quoted, or not after every comma", () => {
    expect(read('valid, string\n1, " BTE"\n0, XX\n').strings).toEqual([" BTE", "XX"]);
    expect(read("valid,string\n1, BTE\n0,XX\n").strings).toEqual([" BTE", "XX"]);
    expect(read("string,valid\n BTE ,1\nX X,0\n").strings).toEqual([" BTE ", "X X"]);
    expect(read("valid\tstring\n1\t BTE\n0\t XX\n").strings).toEqual([" BTE", " XX"]);
  });

  const hint = 'begin the file with the line "string,valid"';
  it.each<[string, string | Uint8Array, string]>([
    ["an empty file", "", `data.csv: the file is empty; ${hint}`],
    ["only empty lines", "\n\n\n", `data.csv: the file is empty; ${hint}`],
    [
      "a missing header",
      "BTE,1\nXX,0\n",
      'data.csv:1: which columns have the strings and the labels is not certain: "BTE", "1"; name them with --string-column and --label-column',
    ],
    [
      "no labels",
      "string\nBTE\n",
      'data.csv:1: there is one column, "string", and no other with the labels; separate the columns by commas outside quotes, below a line such as "string,valid"',
    ],
    [
      "a header within quotes",
      '"string,valid"\n"BTE,1"\n',
      'data.csv:1: there is one column, "string,valid", and no other with the labels; separate the columns by commas outside quotes',
    ],
    [
      "columns set apart by blanks",
      "string  valid\nBTE     1\n",
      'data.csv:1: there is one column, "string  valid", and no other with the labels; separate the columns',
    ],
    ["no rows", "string,valid\n", "data.csv: has a header but no rows; add labelled strings"],
    [
      "a row without a label",
      "string,valid\nBTE,1\nXX\n",
      "data.csv:3: the row has no label; add it or leave the row out",
    ],
    [
      "an empty label",
      "string,valid\nBTE,1\n\nXX,\n",
      "data.csv:4: the row has no label; add it or leave the row out",
    ],
    ["NaN for a label", "string,valid\nBTE,NaN\n", "data.csv:2: the row has no label"],
    [
      "an unquoted comma",
      ",string,valid\n0,B,T,1\n",
      "data.csv:2: the row has 4 fields, the header 3; put a string that contains a comma in double quotes",
    ],
    [
      "an unquoted semicolon between semicolons",
      "string;valid\nB;T;1\n",
      "data.csv:2: the row has 3 fields, the header 2; put a string that contains a semicolon in double quotes",
    ],
    [
      "a row without a string",
      "valid,string\n1\n",
      "data.csv:2: the string is empty; give at least one character",
    ],
    ["an empty string", "string,valid\n,1\n", "data.csv:2: the string is empty; give at least one character"],
    [
      "bytes that are not text",
      Uint8Array.of(...Buffer.from("string,valid\nB"), 0xff, 0x2c, 0x31),
      "data.csv:2: is not in UTF-8; save it as text in UTF-8",
    ],
    ["a zero byte", "string,valid\nB\0,1\n", "data.csv:2: has a zero character, so it is not text"],
    [
      "an absurd string",
      `string,valid\nB,1\n${"T".repeat(50_000)},1\n`,
      "data.csv:3: the string has 50000 characters, more than 10000; cut it into shorter ones",
    ],
    [
      "an absurd row",
      `string,valid\nB,1\n${"T".repeat(500_000)},1\n`,
      "data.csv:3: a row has more than 128000 characters",
    ],
    ["an open quote", 'string,valid\n"BTE,1\nXX,0\n', "data.csv:"],
    ["a quote in a field", 'string,valid\nB"T,1\n', "data.csv:2: a double quote stands inside an unquoted"],
    ["text after a quote", 'string,valid\n"B"T,1\n', "data.csv:2: a double quote stands inside an unquoted"],
  ])("refuses %s", (_, content, message) => {
    expect(complaint(content)).toContain(message);
    expect(complaint(content)).not.toContain("\n");
  });

  it("names a file that cannot be read", () => {
    expect(() => readDataset(join(folder, "none.csv"))).toThrow("none.csv: no such file; check the path");
    expect(() => readDataset(folder)).toThrow("is a directory, not a file");
  });

  it("survives random damage with a dataset or one clear line", () => {
    const sound = ',string,valid\n0,BTE,1\n1,"X,X",0\n2,BPE,1\n';
    const random = new Random(1);
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(sound);
      for (let edits = 1 + random.below(3); edits > 0; edits--)
        bytes[random.below(bytes.length)] = random.below(256);
      expect(complaint(bytes.subarray(0, 1 + random.below(bytes.length)))).toMatch(
        /^(data\.csv(:\d+)?: .*|no complaint)$/,
      );
    }
  });

  it.skipIf(absent)(`reads the thesis's files${suffix}`, () => {
    const train = readDataset(trainingFile);
    const test = readDataset(testFile);
    expect([train.strings.length, test.strings.length]).toEqual([18_750, 6250]);
    expect(test.strings[3]).toBe("BMOOQUVZUWWVZUWWWVYE");
    expect(test.labels.slice(0, 4)).toEqual(Int32Array.of(1, 1, 1, 0));
    writeDataset(path, test, 18_750);
    expect(readFileSync(path).equals(readFileSync(testFile))).toBe(true);
  });
});

describe("writeDataset", () => {
  it("writes the thesis's columns", () => {
    writeDataset(path, createDataset(["BTE", "X,X", 'a"b'], [1, 0, 1]), 7);
    expect(readFileSync(path, "utf8")).toBe(',string,valid\n7,BTE,1\n8,"X,X",0\n9,"a""b",1\n');
  });

  it("gives back every string it is given", () => {
    const random = new Random(2);
    const strings = Array.from({ length: 300 }, () =>
      String.fromCharCode(...Array.from({ length: 1 + random.below(12) }, () => 1 + random.below(127))),
    );
    const dataset = createDataset(
      strings,
      strings.map(() => random.below(2)),
    );
    writeDataset(path, dataset);
    expect(readDataset(path)).toEqual(dataset);
  });

  it("quotes what could be taken for layout", () => {
    const dataset = createDataset([" B", "T ", "\rX\r", "a b"], [1, 0, 1, 0]);
    writeDataset(path, dataset);
    expect(readFileSync(path, "utf8")).toBe(',string,valid\n0," B",1\n1,"T ",0\n2,"\rX\r",1\n3,a b,0\n');
    expect(readDataset(path)).toEqual(dataset);
  });

  it("leaves nothing behind when it fails", () => {
    expect(() => writeDataset(join(folder, "no", "data.csv"), createDataset(["B"], [1]))).toThrow(
      "its folder does not exist",
    );
    expect(readdirSync(folder)).toEqual(["data.csv"]);
  });
});
