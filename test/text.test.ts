import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../src/errors.js";
import { readGraph } from "../src/graph/files.js";
import { readDataset } from "../src/paths/datasets.js";
import { readGrammar } from "../src/paths/grammars.js";
import { readTable } from "../src/predict/table.js";
import { readStudy } from "../src/study/document.js";
import { decodeText } from "../src/text.js";

const utf16 = (text: string) => Buffer.from(text, "utf16le");
const latin1 = (text: string) => Buffer.from(text, "latin1");
const little = (text: string) => Buffer.concat([latin1("\xff\xfe"), utf16(text)]);
const big = (text: string) => Buffer.concat([latin1("\xfe\xff"), utf16(text).swap16()]);

/** Every way in which a text is read. */
const encodings: Record<string, (text: string) => Buffer> = {
  "UTF-8": (text) => Buffer.from(text),
  "UTF-8 with a mark": (text) => Buffer.from(`\uFEFF${text}`),
  "UTF-16, little-endian": little,
  "UTF-16, big-endian": big,
  "UTF-16, little-endian, unmarked": utf16,
  "UTF-16, big-endian, unmarked": (text) => utf16(text).swap16(),
  gzip: (text) => gzipSync(text),
  "gzip of UTF-16": (text) => gzipSync(little(text)),
};

describe("decodeText", () => {
  it.each(Object.entries(encodings))("reads %s", (_, encode) => {
    for (const text of ["", "a", "string,valid\r\nBTÄ𝄞,1\n", "kind: train\n"]) {
      expect(decodeText(encode(text), "f")).toBe(text);
    }
  });

  it.each<[string, Buffer, string]>([
    ["Latin-1", latin1("name,x\nok,1\nG\xf6del,2\n"), "f:3: is not in UTF-8; save it as text in UTF-8"],
    ["a byte that is never UTF-8", latin1("a\xff"), "f:1: is not in UTF-8"],
    ["an overlong zero", latin1("\n\xc0\x80"), "f:2: is not in UTF-8"],
    ["a zero character", latin1("a\n\n\0b"), "f:3: has a zero character"],
    ["a zero character in UTF-16", little("a\0b"), "f:1: has a zero character"],
    ["unmarked UTF-16 that is mostly not ASCII", utf16("узел узел\n"), "f:"],
    ["half a character of UTF-16", little("ab").subarray(0, 5), "f: is in UTF-16, and damaged or cut off"],
    ["half a character, big-endian", big("ab").subarray(0, 5), "f: is in UTF-16, and damaged or cut off"],
    ["half a surrogate pair", little("\ud834"), "f: is in UTF-16, and damaged or cut off"],
    ["UTF-32", latin1("\xff\xfe\0\0a\0\0\0"), "f: is text in UTF-32"],
    ["gzip cut off", gzipSync("a".repeat(100)).subarray(0, 20), "f: is compressed by gzip, and damaged"],
    ["gzip twice", gzipSync(gzipSync("a")), "f:1: is not in UTF-8"],
    ["a workbook", latin1("PK\x03\x04\x14\0"), "f: is a zip archive, as Excel's workbooks are"],
    ["bzip2", latin1("BZh91AY&SY\x12"), "f: is compressed by bzip2"],
    ["zstd", latin1("\x28\xb5\x2f\xfd\x20"), "f: is compressed by zstd"],
    ["Parquet", latin1("PAR1\x15\0"), "f: is a Parquet file"],
    ["a pickle", latin1("\x80\x04\x95"), "f: is a Python pickle"],
    ["weights", latin1('\x10\0\0\0\0\0\0\0{"a":{}}'), "f: is a safetensors file"],
  ])("refuses %s by name", (_, bytes, message) => {
    expect(() => decodeText(bytes, "f")).toThrow(InputError);
    expect(() => decodeText(bytes, "f")).toThrow(message);
  });

  it("takes names of nodes and genes for what they are", () => {
    for (const text of ["PAR1 BZh9\n", "SQLite PK\n", "ARROW1,x\n"]) {
      expect(decodeText(Buffer.from(text), "f")).toBe(text);
    }
  });

  it("refuses what is larger than asked for, also when it only becomes so", () => {
    const large = Buffer.alloc(2 ** 20 + 1, "a");
    for (const bytes of [large, gzipSync(large)]) {
      expect(() => decodeText(bytes, "f", 2 ** 20)).toThrow(
        "f: is too large to be read: more than 1 MiB of text; split it",
      );
    }
    expect(decodeText(gzipSync(large), "f")).toHaveLength(2 ** 20 + 1);
  });
});

describe("every text is read in every encoding:", () => {
  const folder = mkdtempSync(join(tmpdir(), "filigree-text-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = (name: string, text: string, encode: (text: string) => Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, encode(text));
    return path;
  };

  it.each(Object.entries(encodings))("%s", (_, encode) => {
    expect(readDataset(written("d.csv", "string,valid\nBTE,1\n", encode)).strings).toEqual(["BTE"]);
    expect(readTable(written("t.csv", "a,b\n1,2\n", encode)).columns).toEqual(["a", "b"]);
    expect(readGraph(written("g.edges", "0 1\n1 2\n", encode)).order).toBe(3);
    const nodes = '{"nodes":[{"id":0},{"id":1}],"links":[{"source":0,"target":1}]}';
    expect(readGraph(written("g.json", nodes, encode)).order).toBe(2);
    const grammar = '{"name":"g","start":"s","accepting":["t"],"arcs":[["s","A","t"]]}';
    const study = "kind: train\nfixed: {cell: gru}\n";
    for (const [name, text] of [
      ["s.yaml", study],
      ["s.yaml.gz", study],
      ["s.yml", study.replaceAll("\n", "\r")],
    ]) {
      expect(readStudy(written(name, text, encode)).name).toBe("s");
      expect(readStudy(written(name, text, encode)).kind).toBe("train");
    }
    expect(readGrammar(written("g.json", grammar, encode)).name).toBe("g");
  });
});
