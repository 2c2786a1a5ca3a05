// `filigree report`: draws the studies of a store as one self-contained page.
import { extname } from "node:path";
import { Command } from "commander";
import { makeFolderOf, writeWhole } from "../files.js";
import { studyReport } from "../report/report.js";
import type { StudyResults } from "../report/results.js";
import { bestCombinations } from "../report/study-summary.js";
import { StoreReader } from "../study/reading.js";
import { Output, withJson } from "./command.js";

export function reportCommand(): Command {
  const command = new Command("report")
    .description("draw the studies of a store: objectives, effects of what varies, curves, tables")
    .argument("<store>", "the database of a study run, or store.db of a reproduction")
    .argument("[studies...]", "names of studies; all of them when left out")
    .option("--out <file>", "the page to write; STORE.html when left out");
  return withJson(command).action(report);
}

function report(path: string, names: string[], options: { out?: string; json?: boolean }): void {
  const out = options.out ?? `${path.slice(0, path.length - extname(path).length)}.html`;
  const reader = StoreReader.open(path);
  try {
    const studies = (names.length > 0 ? names : reader.names()).map((name) => resultsOf(reader, name));
    makeFolderOf(out);
    writeWhole(out, studyReport({ store: path, studies }));
    new Output(options).result({ report: out, studies: studies.map(({ name }) => name) }, `report: ${out}`);
  } finally {
    reader.close();
  }
}

/** A study's trials, and the epochs of those whose curves are drawn. */
function resultsOf(reader: StoreReader, name: string): StudyResults {
  const { kind, objective } = reader.study(name).document;
  const study: StudyResults = { name, kind, objective, trials: [...reader.rows(name)], series: new Map() };
  const drawn = bestCombinations(study).flatMap(({ trials }) => trials.map(({ identity }) => identity));
  return { ...study, series: new Map(drawn.map((identity) => [identity, reader.series(identity)])) };
}
