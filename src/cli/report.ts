// `filigree report`: draws the studies of a store as one self-contained page.
import { extname } from "node:path";
import { Command } from "commander";
import { prepareOutput, writeWhole } from "../files.js";
import { Output, withJson } from "./command.js";

export function reportCommand(): Command {
  const command = new Command()
    .argument("<store>", "the database of a study run, or store.db of a reproduction")
    .argument("[studies...]", "names of studies; all of them when left out")
    .option("--out <file>", "the page to write; STORE.html when left out");
  return withJson(command).action(report);
}

async function report(
  path: string,
  names: string[],
  options: { out?: string; json?: boolean },
): Promise<void> {
  const { storeFiles } = await import("../study/database.js");
  const { StoreReader } = await import("../study/reading.js");
  const { studyReport } = await import("../report/report.js");
  const { readStudyResults } = await import("../report/study-summary.js");
  const out = options.out ?? `${path.slice(0, path.length - extname(path).length)}.html`;
  const reader = StoreReader.open(path);
  try {
    prepareOutput(out, ...storeFiles(path));
    const studies = (names.length > 0 ? names : reader.names()).map((name) => readStudyResults(reader, name));
    writeWhole(out, studyReport({ store: path, studies }));
    new Output(options).result({ report: out, studies: studies.map(({ name }) => name) }, `report: ${out}`);
  } finally {
    reader.close();
  }
}
