import { expect, it } from "vitest";
import { holdsStrings } from "../../src/data/table-kind.js";

it.each([
  ["the thesis's files", ",string,valid\n0,BTXSE,1\n1,BTQ,0"],
  ["strings of digits", "string,valid\n0110,1\n0111,0"],
  ["reviews", "text;label\ngood;pos\nbad;neg"],
  ["sequences of letters", "sequence,class\nACGT,a\nACCT,b\nTTGA,a"],
  ["a number beside strings", "peptide,mass,class\nACDE,12.5,a\nKLMN,11.5,b\nPQRS,9.5,b"],
  ["no header", "ACGT,a\nACCT,b\nTTGA,a\nTTCA,a"],
  ["a quote that runs over lines", 'string,valid\n"a\nb",1'],
  ["an empty file", ""],
])("%s are strings", (_, text) => {
  expect(holdsStrings(text, "f.csv")).toBe(true);
});

it.each([
  ["one series", "value\n1.5\n2.5\n3.5"],
  ["a series with times", "date,load\n2026-01-01,5\n2026-01-02,6\n2026-01-03,7"],
  ["a long table", "sequence,time,x,y,label\n1,1,0.5,0.1,a\n1,2,0.4,0.2,a\n2,1,0.5,0.3,b"],
  ["a long table of named recordings", "recording,x,label\nr1,0.5,a\nr1,0.4,a\nr1,0.3,a\nr2,1,b\nr2,2,b"],
  ["a wide table with names of rows", "name,v1,v2,v3,class\nann,1,2,3,a\nbob,2,3,4,b\neve,3,4,5,a"],
  ["a wide table without header", "1,0.5,0.25,0.1\n2,0.4,0.3,0.2"],
])("%s are numbers", (_, text) => {
  expect(holdsStrings(text, "f.csv")).toBe(false);
});
