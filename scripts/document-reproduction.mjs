// Puts every published number of the thesis beside ours into docs/reproduction.md: each block between <!-- name --> and
// <!-- end --> is made anew from the results of finished runs. The prose around them is to be read again.
//   node scripts/document-reproduction.mjs results/full [MORE…]        needs `npm run build`
// The first folder is the run whose time and prediction are told; the others add seeds.
import { readFileSync, writeFileSync } from "node:fs";
import { publishedPruning, publishedStructures, thesisCells } from "../dist/experiments/published.js";
import { PROPERTY_NAMES } from "../dist/graph/properties.js";
import { mean, variance } from "../dist/predict/statistics.js";
import { targets } from "../dist/prune/target.js";
import { medianRegained, outcomesOf } from "../dist/report/pruning-outcomes.js";
import { families, familyNames, propertyLabel } from "../dist/report/structure-outcomes.js";
import { cellNames, targetNames } from "../dist/report/theme.js";
import { duration } from "../dist/report/words.js";

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error("name the folder of a finished `filigree reproduce --full`");
  process.exit(2);
}
const runs = folders.map((folder) => JSON.parse(readFileSync(`${folder}/results.json`, "utf8")));
const [first] = runs;
if (!first.facts.complete) {
  console.error(`${folders[0]} is not finished: repeat the command that made it`);
  process.exit(2);
}
const page = new URL("../docs/reproduction.md", import.meta.url);
const regressorNames = {
  "bayesian-ridge": "Bayesian ridge",
  "random-forest": "random forest",
  adaboost: "AdaBoost",
};

// A trial that two folders have is one trial.
const pruning = unique(
  runs.flatMap((run) => run.pruning.rows),
  ({ cell, seed, criterion, target, percent, epoch }) => [cell, seed, criterion, target, percent, epoch],
);
const structures = unique(
  runs.flatMap((run) => run.structures.rows),
  ({ cell, protocol, family, index, seed }) => [cell, protocol, family, index, seed],
);
const ours = outcomesOf(pruning);
const published = outcomesOf(thesisCells.flatMap(publishedPruning));

const blocks = {
  run: runTable,
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

function runTable() {
  const { facts } = first;
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `\`${facts.command}\`, ${facts.date}: **${duration(facts.seconds)}** on ${facts.machine}, ${facts.executor}; ` +
      `${versions.join(", ")}.`,
    `Networks trained: ${count(first)}${runs
      .slice(1)
      .map((run) => `; a further run, \`${run.facts.command}\`: ${count(run)}`)
      .join("")}.`,
  ].join("\n");
}

function count({ pruning: { rows }, structures: { rows: networks } }) {
  const base = rows.filter(({ target, epoch }) => target === "none" && epoch === 1).length;
  const pruned = rows.filter(({ target, epoch }) => target !== "none" && epoch === 0).length;
  return `${base} unpruned, ${pruned} pruned, ${networks.length} of random structure`;
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
  const graphs = [...new Set(rows.map(({ index }) => index))];
  const repeated = graphs
    .map((graph) => rows.filter(({ index }) => index === graph))
    .filter((group) => group.length > 1);
  if (repeated.length === 0) return "–";
  const within = repeated.map((group) =>
    variance(
      group.map(({ testAccuracy }) => testAccuracy),
      1,
    ),
  );
  return `${share(Math.sqrt(mean(within)))} (${repeated.length} graphs)`;
}

function predictionOf(cell, protocol) {
  return first.prediction.find((entry) => entry.cell === cell && entry.protocol === protocol)?.report;
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
          predictionOf(cell, protocol)?.correlations.find(({ feature }) => feature === property)?.pearson
            ?.value;
        return [publishedStructures(cell).pearson[property], found("thesis"), found("corrected")].map(signed);
      }),
    ]),
  );
}

function regressorReport(cell, protocol, name) {
  return predictionOf(cell, protocol)?.featureSets[0].regressors[name];
}

function r2Table() {
  return table(
    ["cell", "regressor", "published", "ours, one split", "cross-validated", "corrected, cross-validated"],
    thesisCells.flatMap((cell) =>
      Object.entries(regressorNames).map(([name, label]) => {
        const thesis = regressorReport(cell, "thesis", name);
        const { split, crossValidation } = thesis;
        const corrected = regressorReport(cell, "corrected", name)?.crossValidation.r2;
        const deviation = split.r2.sd > 0.0005 ? ` ± ${split.r2.sd.toFixed(2)}` : "";
        return [
          cellNames[cell],
          label,
          signed(publishedStructures(cell).rSquared[name]),
          `${signed(split.r2.mean)}${deviation}`,
          interval(crossValidation.r2),
          interval(corrected),
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
          const report = regressorReport(cell, "thesis", name);
          const fitted = report?.importances.find(({ feature }) => feature === property)?.fitted;
          return [publishedStructures(cell).importance[name][property], fitted].map(signed);
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

function interval(spread) {
  return spread
    ? `${signed(spread.mean)} (${signed(spread.interval[0])} to ${signed(spread.interval[1])})`
    : "–";
}

function unique(rows, key) {
  return [...new Map(rows.map((row) => [key(row).join(), row])).values()];
}
