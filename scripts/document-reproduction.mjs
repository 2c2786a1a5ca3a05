// Puts every published number of the thesis beside ours into docs/reproduction.md: each block between <!-- name --> and
// <!-- end --> is made anew from the runs kept in docs/reproduction, after those in the folders given are added to them.
// The prose around the blocks is to be read again.
//   node scripts/document-reproduction.mjs [results/full…]        needs `npm run build`
// Runs of other seeds (`reproduce --full --seed 2`) add a spread; of an interrupted one count the finished
// prunings and the protocols whose structures are all there. What such a run has not predicted, and what all seeds predict
// together, is predicted here, in four minutes each.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import { PROPERTY_NAMES } from "../dist/graph/properties.js";
import { mean, variance } from "../dist/math/statistics.js";
import { cellNames, targetNames } from "../dist/report/theme.js";
import { duration } from "../dist/report/words.js";
import { targets } from "../dist/sparsify/target.js";
import { publishedPruning, publishedStructures, thesisCells } from "../dist/thesis/published.js";
import { researchQuestions } from "../dist/thesis/report/pruning-answers.js";
import { isFinished, medianRegained, outcomesOf } from "../dist/thesis/report/pruning-outcomes.js";
import { graphShareSentences, meanStructures, seedAnswers } from "../dist/thesis/report/seed-answers.js";
import {
  correlationAnswer,
  predictionAnswer,
  protocolSentences,
  structureQuestions,
} from "../dist/thesis/report/structure-findings.js";
import { byGraph, families, familyNames, propertyLabel } from "../dist/thesis/report/structure-outcomes.js";
import { predict } from "../dist/thesis/reproduce.js";

const kept = fileURLToPath(new URL("../docs/reproduction/", import.meta.url));
mkdirSync(kept, { recursive: true });
for (const folder of process.argv.slice(2)) {
  const { facts, pruning, structures, prediction } = JSON.parse(
    readFileSync(`${folder}/results.json`, "utf8"),
  );
  if (facts.scale !== "full") throw new Error(`${folder} is of a quick run`);
  const whole = wholeStructures(structures);
  const run = {
    facts,
    pruning: finishedPrunings(pruning),
    structures: whole,
    prediction: facts.complete ? prediction : await predict(whole.rows, { scale: "full" }),
  };
  writeFileSync(`${kept}seed-${facts.seeds.join("-")}.json.br`, brotliCompressSync(JSON.stringify(run)));
}
const runs = readdirSync(kept)
  .filter((name) => name.startsWith("seed-"))
  .sort()
  .map((name) => JSON.parse(brotliDecompressSync(readFileSync(kept + name)).toString()));
const [first] = runs;
const page = new URL("../docs/reproduction.md", import.meta.url);
const regressorNames = {
  "bayesian-ridge": "Bayesian ridge",
  "random-forest": "random forest",
  adaboost: "AdaBoost",
};

const ours = outcomesOf(runs.flatMap((run) => run.pruning.rows));
const structures = runs.flatMap((run) => run.structures.rows);
const published = outcomesOf(thesisCells.flatMap(publishedPruning));
const prediction = await predictionOfAll();

const blocks = {
  run: runTable,
  answers,
  base: baseTable,
  pruned: prunedTables,
  regained: regainedTable,
  control: controlTable,
  structures: structureTable,
  pearson: pearsonTable,
  r2: r2Table,
  importances: importanceTables,
};
const text = readFileSync(page, "utf8").replace(
  /<!-- (?!end)([\w-]+) -->\n[\s\S]*?<!-- end -->/g,
  (_, name) => `<!-- ${name} -->\n\n${blocks[name]()}\n\n<!-- end -->`,
);
writeFileSync(page, text);

function finishedPrunings({ plan, rows }) {
  const key = ({ cell, criterion, target, percent, seed }) => [cell, criterion, target, percent, seed].join();
  const finished = new Set(
    outcomesOf(rows).outcomes.flatMap((outcome) =>
      outcome.runs
        .filter((run) => isFinished(outcome, run, plan.retrainingEpochs))
        .map(({ seed }) => key({ ...outcome, seed })),
    ),
  );
  return { plan, rows: rows.filter((row) => row.criterion === "none" || finished.has(key(row))) };
}

function wholeStructures({ plan, rows }) {
  const { cells, families, graphs, seeds } = plan;
  const planned = cells.length * families.length * graphs * seeds.length;
  const whole = plan.protocols.filter(
    (protocol) => rows.filter((row) => row.protocol === protocol).length === planned,
  );
  return { plan, rows: rows.filter(({ protocol }) => whole.includes(protocol)) };
}

function runTable() {
  return table(
    ["command", "date", "time", "machine", "networks: unpruned", "pruned", "of random structure"],
    runs.map(({ facts, pruning, structures }) => {
      const { command, date, seconds, machine, executor, versions } = facts;
      const numbers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
      return [
        `\`${command}\``,
        date,
        facts.complete ? `**${duration(seconds)}**` : `${duration(seconds)}, interrupted`,
        `${machine}, ${executor}, ${numbers.join(", ")}`,
        pruning.rows.filter(({ target, epoch }) => target === "none" && epoch === 1).length,
        pruning.rows.filter(({ target, epoch }) => target !== "none" && epoch === 0).length,
        structures.rows.length,
      ];
    }),
  );
}

// From the mean accuracy of every graph over the seeds and all properties. Kept, as it takes minutes.
async function predictionOfAll() {
  const file = `${kept}all-seeds.json.br`;
  const seeds = runs.flatMap(({ facts }) => facts.seeds);
  const made = existsSync(file) ? JSON.parse(brotliDecompressSync(readFileSync(file))) : undefined;
  if (String(made?.seeds) === String(seeds)) return made.prediction;
  const prediction = (await predict(structures, { scale: "full" })).map(({ cell, protocol, report }) => {
    const featureSets = report.featureSets.filter(({ name }) => name === "all");
    return { cell, protocol, report: { ...report, featureSets } };
  });
  writeFileSync(file, brotliCompressSync(JSON.stringify({ seeds, prediction })));
  return prediction;
}

function answers() {
  const rows = meanStructures(structures);
  const of = (protocol) => ({ rows, prediction, protocol });
  const pruning = seedAnswers(ours, published).map((answer, i) => [researchQuestions[i], answer]);
  const [correlate, predictable] = structureQuestions;
  return [
    ...pruning,
    [correlate, [...graphShareSentences(structures, "thesis"), ...correlationAnswer(of("thesis"))]],
    [predictable, predictionAnswer(of("thesis"))],
    [
      "What does the corrected protocol change?",
      [
        ...graphShareSentences(structures, "corrected"),
        ...protocolSentences(of("corrected")),
        ...predictionAnswer(of("corrected")),
      ],
    ],
  ]
    .map(([question, answer]) => `**${question}**\n\n${answer.map(paragraph).join("\n\n")}`)
    .join("\n\n");
}

function paragraph(part) {
  return typeof part === "string" ? part : part.map((item) => `- ${item}`).join("\n");
}

function baseTable() {
  return table(
    ["cell", "published", "ours", "difference", "seeds"],
    thesisCells.map((cell) => {
      const theirs = published.base.find((run) => run.cell === cell).accuracy;
      const accuracies = ours.base.filter((run) => run.cell === cell).map(({ accuracy }) => accuracy);
      return [
        cellNames[cell],
        share(theirs),
        spread(accuracies),
        points(mean(accuracies) - theirs),
        accuracies.length,
      ];
    }),
  );
}

function outcome(of, cell, target, percent, criterion = "magnitude") {
  return of.outcomes.find(
    (o) => o.cell === cell && o.target === target && o.percent === percent && o.criterion === criterion,
  );
}

function percents() {
  return first.pruning.plan.percents;
}

function prunedTables() {
  const one = (cell) =>
    table(
      ["pruned", ...targets.flatMap((target) => [`${targetNames[target]}: published`, "ours", "difference"])],
      percents().map((percent) => [
        `${percent} %`,
        ...targets.flatMap((target) => {
          const theirs = outcome(published, cell, target, percent).accuracy;
          const accuracies = outcome(ours, cell, target, percent).runs.map(({ accuracy }) => accuracy[0]);
          return [share(theirs), spread(accuracies), points(mean(accuracies) - theirs)];
        }),
      ]),
    );
  return thesisCells.map((cell) => `${cellNames[cell]}:\n\n${one(cell)}`).join("\n\n");
}

function regainedTable() {
  const epochs = (of, cell, target, percent) => {
    const found = outcome(of, cell, target, percent);
    return found ? medianRegained(found) : "–";
  };
  return table(
    ["cell", "target", ...percents().map((percent) => `${percent} %`)],
    thesisCells.flatMap((cell) =>
      targets.map((target) => [
        cellNames[cell],
        targetNames[target],
        ...percents().map(
          (percent) => `${epochs(published, cell, target, percent)} / ${epochs(ours, cell, target, percent)}`,
        ),
      ]),
    ),
  );
}

function controlTable() {
  return table(
    ["cell", "target", ...percents().map((percent) => `${percent} %`)],
    thesisCells.flatMap((cell) =>
      targets.map((target) => [
        cellNames[cell],
        targetNames[target],
        ...percents().map((percent) => {
          const found = outcome(ours, cell, target, percent, "random");
          return found ? `${share(found.accuracy)} / ${medianRegained(found)}` : "–";
        }),
      ]),
    ),
  );
}

function networks(cell, protocol, family) {
  return structures.filter((row) => row.cell === cell && row.protocol === protocol && row.family === family);
}

function structureTable() {
  const summary = (accuracies) => `${share(mean(accuracies))} ± ${share(Math.sqrt(variance(accuracies, 1)))}`;
  return table(
    ["cell", "family", "published", "ours, as published", "difference", "between seeds", "corrected"],
    thesisCells.flatMap((cell) =>
      families.map((family) => {
        const theirs = publishedStructures(cell).families[family].accuracy;
        const [thesis, corrected] = ["thesis", "corrected"].map((protocol) =>
          networks(cell, protocol, family),
        );
        const accuracies = thesis.map(({ testAccuracy }) => testAccuracy);
        return [
          cellNames[cell],
          familyNames[family],
          summary(theirs),
          summary(accuracies),
          points(mean(accuracies) - mean(theirs)),
          betweenSeeds(thesis),
          summary(corrected.map(({ testAccuracy }) => testAccuracy)),
        ];
      }),
    ),
  );
}

// Standard deviation of the accuracy between networks of one graph, whose weights and order of strings differ by the seed.
function betweenSeeds(rows) {
  const repeated = byGraph(rows).filter((group) => group.length > 1);
  if (repeated.length === 0) return "–";
  const within = repeated.map((group) =>
    variance(
      group.map(({ testAccuracy }) => testAccuracy),
      1,
    ),
  );
  return `${share(Math.sqrt(mean(within)))} (${repeated.length} graphs)`;
}

/** One report for each seed whose structures are all there. */
function predictions(cell, protocol) {
  return runs.flatMap(({ prediction }) =>
    prediction
      .filter((entry) => entry.cell === cell && entry.protocol === protocol)
      .map(({ report }) => report),
  );
}

function perCell() {
  return thesisCells.flatMap((cell) => [`${cellNames[cell]}: published`, "ours", "corrected"]);
}

function pearsonTable() {
  return table(
    ["property", ...perCell()],
    PROPERTY_NAMES.map((property) => [
      propertyLabel(property),
      ...thesisCells.flatMap((cell) => {
        const found = (protocol) =>
          predictions(cell, protocol).map(
            ({ correlations }) => correlations.find(({ feature }) => feature === property)?.pearson?.value,
          );
        const theirs = publishedStructures(cell).pearson[property];
        return [signed(theirs), signedSpread(found("thesis")), signedSpread(found("corrected"))];
      }),
    ]),
  );
}

function regressorReports(cell, protocol, name) {
  return predictions(cell, protocol).map(({ featureSets }) => featureSets[0].regressors[name]);
}

function r2Table() {
  return table(
    ["cell", "regressor", "published", "ours, one split", "cross-validated", "corrected, cross-validated"],
    thesisCells.flatMap((cell) =>
      Object.entries(regressorNames).map(([name, label]) => {
        const [thesis, corrected] = ["thesis", "corrected"].map((protocol) =>
          regressorReports(cell, protocol, name),
        );
        return [
          cellNames[cell],
          label,
          signed(publishedStructures(cell).rSquared[name]),
          signedSpread(thesis.map(({ split }) => split.r2.mean)),
          crossValidated(thesis),
          crossValidated(corrected),
        ];
      }),
    ),
  );
}

function importanceTables() {
  const one = (name) =>
    table(
      ["property", ...thesisCells.flatMap((cell) => [`${cellNames[cell]}: published`, "ours"])],
      PROPERTY_NAMES.map((property) => [
        propertyLabel(property),
        ...thesisCells.flatMap((cell) => {
          const fitted = regressorReports(cell, "thesis", name).map(
            ({ importances }) => importances.find(({ feature }) => feature === property)?.fitted,
          );
          return [signed(publishedStructures(cell).importance[name][property]), signedSpread(fitted)];
        }),
      ]),
    );
  return Object.entries(regressorNames)
    .map(([name, label]) => `<details>\n<summary>${label}</summary>\n\n${one(name)}\n\n</details>`)
    .join("\n\n");
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function share(value) {
  return (100 * value).toFixed(1);
}

function spread(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.length > 1 ? `${share(mean(values))} (${share(low)}–${share(high)})` : share(values[0]);
}

function points(difference) {
  const text = (100 * difference).toFixed(1);
  return Number(text) > 0 ? `+${text}` : text.replace("-", "−").replace(/^−0\.0$/, "0.0");
}

function signed(value) {
  return value === undefined || value === null ? "–" : value.toFixed(2).replace("-", "−");
}

/** Over the seeds; of one seed the 95 % interval over the folds. */
function crossValidated(reports) {
  const scores = reports.map(({ crossValidation }) => crossValidation.r2);
  if (scores.length !== 1) return signedSpread(scores.map(({ mean }) => mean));
  const [{ mean, interval }] = scores;
  return `${signed(mean)} (${signed(interval[0])} to ${signed(interval[1])})`;
}

function signedSpread(values) {
  const present = values.filter((value) => value !== undefined && value !== null);
  if (present.length < 2) return signed(present[0]);
  const [low, high] = [Math.min(...present), Math.max(...present)];
  return `${signed(mean(present))} (${signed(low)} to ${signed(high)})`;
}
