// What a study file probably did not mean, or what has changed under it: remarks, because such a file may be right.
import { isRange, type StudyDocument } from "../study/document.js";
import { flatten, type JsonObject } from "../study/json.js";

/** Where the kinds that train have their protocol. */
const protocolPaths: Readonly<Record<string, string>> = {
  train: "protocol",
  structure: "protocol",
  prune: "base.protocol",
};

/** What to say of a study of Filigree's own kinds. */
export function studyRemarks(document: StudyDocument): string[] {
  const { kind } = document;
  const remarks: string[] = [];
  const protocol = protocolPaths[kind];
  const isElse = ["data.text", "data.numbers", "base.data.numbers"].some((path) => isSet(document, path));
  if (protocol !== undefined && !isSet(document, protocol) && !isElse) {
    const wiring = kind === "structure" ? " and wires graphs as they are" : "";
    remarks.push(
      `no ${protocol}, so it is corrected, which reads strings at their own last step${wiring}; up to 0.1 it was thesis`,
    );
  }
  return remarks;
}

/** Whether every trial has a value at a path. */
function isSet({ fixed, list = [], grid, random }: StudyDocument, path: string): boolean {
  const has = (entry: object) => Object.hasOwn(flatten(entry as JsonObject), path);
  const axes = Object.entries(grid).map(([axis, values]) =>
    isRange(values) ? [] : values.map((value) => ({ [axis]: value })),
  );
  const everyOf = (entries: readonly object[]) => entries.length > 0 && entries.every(has);
  return has(fixed) || everyOf(list) || axes.some(everyOf) || Object.hasOwn(random?.values ?? {}, path);
}
