// Puts what `filigree investigate` found into docs/investigations.md: each block between <!-- name --> and <!-- end --> is made
// anew from the rows kept in docs/investigations, which those in the folders given replace. The prose around
// the blocks is to be read again.
//   node scripts/document-investigations.mjs [results/thresholds results/language results/search]        needs `npm run build`
// Run it after each sitting: what has ended is kept, and the blocks say how much that is.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import { shareable } from "../dist/investigate/condition.js";
import { costOf } from "../dist/investigate/costs.js";
import { regimeNames, regimeOf } from "../dist/investigate/regimes.js";
import { Evidence, thresholdText } from "../dist/investigate/verdicts/evidence.js";
import { gateMeans, languageFindings } from "../dist/investigate/verdicts/language.js";
import {
  contrastsOf,
  effectsOf,
  metricText,
  searchFindings,
  transfersOf,
} from "../dist/investigate/verdicts/search.js";
import { thresholdFindings } from "../dist/investigate/verdicts/thresholds.js";
import { summarise } from "../dist/math/intervals.js";
import { mean } from "../dist/math/statistics.js";
import { cellNames, targetNames } from "../dist/report/theme.js";
import { decimal, duration, level, percentage } from "../dist/report/words.js";
import { wayNames } from "../dist/search/ways.js";
import { targets } from "../dist/sparsify/target.js";

const investigations = ["thresholds", "language", "search"];
const kept = fileURLToPath(new URL("../docs/investigations/", import.meta.url));
const fileOf = (name) => `${kept}${name}.json.br`;

mkdirSync(kept, { recursive: true });
for (const folder of process.argv.slice(2)) {
  const { investigation, facts, conditions, rows, ...more } = JSON.parse(
    readFileSync(`${folder}/results.json`, "utf8"),
  );
  if (!investigations.includes(investigation)) throw new Error(`${folder} is of no investigation`);
  if (facts.scale !== "full") throw new Error(`${folder} is of a quick run`);
  const { tasks, candidates, budget } = more;
  const run =
    investigation === "search"
      ? { investigation, facts, tasks, candidates, budget, shown: [], rows }
      : { investigation, facts, earlier: more.earlier, conditions: conditions.map(shareable), rows };
  writeFileSync(fileOf(investigation), brotliCompressSync(JSON.stringify(run)));
}

/** @type {Record<string, { facts: object, conditions: object[], rows: object[] } | undefined>} */
const runs = Object.fromEntries(
  investigations.map((name) => [
    name,
    existsSync(fileOf(name)) ? JSON.parse(brotliDecompressSync(readFileSync(fileOf(name)))) : undefined,
  ]),
);
const { thresholds, language, search } = runs;
const NOTHING = "*Nothing has been run yet.*";

const blocks = {
  runs: runsTable,
  "thresholds-conditions": () => from(thresholds, conditionsTable),
  "thresholds-verdicts": () => from(thresholds, (run) => verdicts(thresholdFindings(run))),
  "thresholds-base": () => from(thresholds, (run) => thresholdTable(run, "base")),
  "thresholds-curves": () => from(thresholds, (run) => curveTable(run, "base")),
  "thresholds-others": () => from(thresholds, othersTable),
  "thresholds-seconds": () => from(thresholds, secondsTable),
  "language-conditions": () => from(language, conditionsTable),
  "language-verdicts": () => from(language, (run) => verdicts(languageFindings(run))),
  "language-thresholds": () => from(language, targetTable),
  "language-curves": () => from(language, (run) => curveTable(run, "base")),
  "language-gates": () => from(language, gatesTable),
  "language-seconds": () => from(language, secondsTable),
  "search-verdicts": () => from(search, (run) => verdicts(searchFindings(run))),
  "search-ways": () => from(search, waysTable),
  "search-transfer": () => from(search, transferTable),
  "search-properties": () => from(search, propertiesTable),
};

const page = new URL("../docs/investigations.md", import.meta.url);
const text = readFileSync(page, "utf8").replace(
  /<!-- (?!end)([\w-]+) -->\n[\s\S]*?<!-- end -->/g,
  (_, name) => `<!-- ${name} -->\n\n${blocks[name]()}\n\n<!-- end -->`,
);
writeFileSync(page, text);

function from(run, block) {
  return run && run.rows.length > 0 ? block(run) : NOTHING;
}

function runsTable() {
  const rows = investigations.flatMap((name) => {
    const run = runs[name];
    if (!run) return [];
    return [...(run.earlier ?? []), run.facts].map(
      ({ command, date, seconds, machine, executor, versions, finished, total, failed, seeds }) => [
        `\`${command}\``,
        date,
        `${decimal(finished)} of ${decimal(total)}${failed > 0 ? `, ${failed} failed` : ""}`,
        seeds.length,
        duration(seconds),
        [machine, executor, ...Object.entries(versions).map(([of, version]) => `${of} ${version}`)].join(
          ", ",
        ),
      ],
    );
  });
  return rows.length === 0
    ? NOTHING
    : table(["command", "date", "trainings that have ended", "seeds", "time", "machine"], rows);
}

function conditionsTable({ conditions, rows }) {
  const given = conditions.filter(({ name }) => rows.some((row) => row.condition === name));
  return table(
    ["condition", "units", "training", "ε", "dense networks"],
    given.map(({ name, label, hidden, training, judge }) => [
      label,
      hidden,
      `\`${JSON.stringify(training)}\``,
      judge.metric === "validationLoss" ? `${judge.epsilon} nats` : points(judge.epsilon),
      cellsOf(rows, name)
        .map((cell) => `${cellNames[cell]} ${denseText(rows, name, cell, judge)}`)
        .join("<br>"),
    ]),
  );
}

function denseText(rows, condition, cell, judge) {
  const own = rows.filter(
    (row) => row.condition === condition && row.cell === cell && row.regime === "dense",
  );
  const { mean: value, low, high } = summarise(own.map(({ metric }) => metric));
  const write = (number) =>
    judge.metric === "validationLoss" ? decimal(number, 3) : percentage(Math.min(1, number), 2);
  return low === undefined ? write(value) : `${write(value)} (${write(low)} to ${write(high)})`;
}

function verdicts({ verdicts, limits }) {
  const written = verdicts.map(({ question, answer }) => {
    const [opening, ...more] = answer;
    const list = more.flat().map((sentence) => `- ${sentence}`);
    return [`**${question}** ${opening}`, ...(list.length > 0 ? [list.join("\n")] : [])].join("\n\n");
  });
  return [...written, ...limits.map((sentence) => `*${sentence}*`)].join("\n\n");
}

function thresholdTable(run, condition) {
  const evidence = new Evidence(run);
  const cells = evidence.cells(condition);
  return table(
    ["regime", ...cells.map((cell) => cellNames[cell]), "what happens"],
    regimesOf(run.rows, condition).map((regime) => [
      regimeOf(regime).label,
      ...cells.map((cell) => thresholdOf(evidence, condition, cell, regime)),
      regimeOf(regime).about,
    ]),
  );
}

function thresholdOf(evidence, condition, cell, regime, target) {
  const known = evidence.of(condition, cell, regime, target);
  return known ? thresholdText(known.threshold) : "–";
}

function othersTable(run) {
  const evidence = new Evidence(run);
  const rows = run.conditions.flatMap(({ name, label }) =>
    name === "base"
      ? []
      : evidence.cells(name).map((cell) => ({ name, label, cell, regimes: evidence.regimes(name, cell) })),
  );
  const regimes = regimeNames.filter((regime) => rows.some((row) => row.regimes.includes(regime)));
  return rows.length === 0
    ? NOTHING
    : table(
        ["condition", "cell", ...regimes.map((regime) => regimeOf(regime).label)],
        rows.map(({ name, label, cell }) => [
          label,
          cellNames[cell],
          ...regimes.map((regime) => thresholdOf(evidence, name, cell, regime)),
        ]),
      );
}

function targetTable(run) {
  const evidence = new Evidence(run);
  return table(
    ["cell", "regime", ...targets.map((target) => targetNames[target])],
    evidence
      .cells("base")
      .flatMap((cell) =>
        regimesOf(run.rows, "base").map((regime) => [
          cellNames[cell],
          regimeOf(regime).label,
          ...targets.map((target) => thresholdOf(evidence, "base", cell, regime, target)),
        ]),
      ),
  );
}

/** The mean metric over seeds, from the lowest to the highest. */
function curveTable({ rows, conditions }, condition) {
  const { judge } = conditions.find(({ name }) => name === condition);
  const own = rows.filter((row) => row.condition === condition && row.regime !== "dense");
  const sparsities = [...new Set(own.map(({ sparsity }) => sparsity))].sort((a, b) => a - b);
  const write = (value) => (judge.metric === "validationLoss" ? decimal(value, 3) : decimal(100 * value, 1));
  const cellOf = (group) => {
    if (group.length === 0) return "–";
    const metrics = group.map(({ metric }) => metric);
    const spread =
      metrics.length > 1 ? ` (${write(Math.min(...metrics))}–${write(Math.max(...metrics))})` : "";
    return `${write(mean(metrics))}${spread}`;
  };
  const one = (cell, target) =>
    table(
      ["regime", ...sparsities.map((sparsity) => level(sparsity))],
      regimesOf(own, condition)
        .filter((regime) =>
          own.some((row) => row.regime === regime && row.target === target && row.cell === cell),
        )
        .map((regime) => [
          regimeOf(regime).label,
          ...sparsities.map((sparsity) =>
            cellOf(
              own.filter(
                (row) =>
                  row.cell === cell &&
                  row.regime === regime &&
                  row.target === target &&
                  row.sparsity === sparsity,
              ),
            ),
          ),
        ]),
    );
  return cellsOf(own, condition)
    .flatMap((cell) =>
      targets
        .filter((target) => own.some((row) => row.cell === cell && row.target === target))
        .map(
          (target) =>
            `<details>\n<summary>${cellNames[cell]}, ${targetNames[target].toLowerCase()}; dense ${denseText(rows, condition, cell, judge)}</summary>\n\n${one(cell, target)}\n\n</details>`,
        ),
    )
    .join("\n\n");
}

function secondsTable({ rows }) {
  const base = rows.filter(({ condition, target }) => condition === "base" && target === "both");
  const cells = cellsOf(base, "base");
  return table(
    ["regime", ...cells.flatMap((cell) => [`${cellNames[cell]}: epochs`, "seconds", "× dense"])],
    regimesOf(base, "base", true).map((regime) => [
      regimeOf(regime).label,
      ...cells.flatMap((cell) => {
        const cost = costOf(base, cell, regime);
        return cost
          ? [decimal(cost.epochs), decimal(cost.seconds, 1), decimal(cost.ratio, 2)]
          : ["–", "–", "–"];
      }),
    ]),
  );
}

function gatesTable({ rows }) {
  const own = rows.filter(
    ({ condition, target, regime }) =>
      condition === "base" && target === "both" && (regime === "magnitude" || regime === "gradual"),
  );
  const sparsities = [...new Set(own.map(({ sparsity }) => sparsity))].sort((a, b) => a - b);
  const groups = cellsOf(own, "base").flatMap((cell) =>
    ["magnitude", "gradual"].flatMap((regime) => {
      const of = (sparsity) => {
        const group = own.filter(
          (row) => row.cell === cell && row.regime === regime && row.sparsity === sparsity,
        );
        return new Map(gateMeans(group).map(({ name, share }) => [name, share]));
      };
      const columns = sparsities.map(of);
      return [...(columns.at(-1)?.keys() ?? [])].map((name) => [
        cellNames[cell],
        regimeOf(regime).label,
        name,
        ...columns.map((shares) => percentage(shares.get(name) ?? Number.NaN)),
      ]);
    }),
  );
  return groups.length === 0
    ? NOTHING
    : table(
        ["cell", "regime", "weights", ...sparsities.map((sparsity) => `${level(sparsity)} removed`)],
        groups,
      );
}

function waysTable(run) {
  const effects = effectsOf(run);
  const rows = effects
    .sort((a, b) => wayNames.indexOf(a.way) - wayNames.indexOf(b.way))
    .map(({ label, unit, cell, way, metric, apart, p, edges, parameters, seconds }) => [
      `${cellNames[cell]}, ${label}`,
      way,
      metricText(metric, unit, 2),
      apart ? gain(apart, unit) : "",
      p === undefined ? "" : decimal(p, 3),
      decimal(edges),
      decimal(parameters),
      decimal(seconds, 1),
    ])
    .sort(([a], [b]) => a.localeCompare(b));
  const head = [
    "cell, task",
    "way",
    hasLoss(effects) ? "accuracy, or loss" : "accuracy",
    `gain over random, ${hasLoss(effects) ? "points, or nats less" : "points"}`,
    "p",
    "edges",
    "parameters",
    "seconds",
  ];
  return table(head, rows);
}

function transferTable(run) {
  const labels = new Map(run.tasks.map(({ name, label }) => [name, label]));
  const nameOf = (cell, task) => `${cellNames[cell]}, ${labels.get(task) ?? task}`;
  const transfers = transfersOf(run).filter(({ apart }) => apart);
  const rows = transfers.map(({ cell, task, unit, foundWith, foundOn, metric, apart }) => [
    nameOf(foundWith, foundOn),
    nameOf(cell, task),
    metricText(metric, unit, 2),
    gain(apart, unit),
  ]);
  const gained = `gain over random there, ${hasLoss(transfers) ? "points, or nats less" : "points"}`;
  const metric = hasLoss(transfers) ? "accuracy, or loss" : "accuracy";
  return table(["found with", "trained", metric, gained], rows);
}

/** Whether a text is among tasks. */
function hasLoss(some) {
  return some.some(({ unit }) => unit === "nats");
}

function propertiesTable(run) {
  const rows = contrastsOf(run, "top-k").map(({ name, found, random, deviations }) => [
    name.replaceAll("_", " "),
    Number(found.toPrecision(4)),
    Number(random.toPrecision(4)),
    decimal(deviations, 1),
  ]);
  return table(["property", "top-k", "random", "difference in deviations of random"], rows);
}

function gain({ value, low, high }, unit) {
  const write = (end) => decimal(end, unit === "nats" ? 3 : 2);
  return low === undefined ? write(value) : `${write(value)} (${write(low)} to ${write(high)})`;
}

function cellsOf(rows, condition) {
  return [...new Set(rows.filter((row) => row.condition === condition).map(({ cell }) => cell))];
}

function regimesOf(rows, condition, withDense = false) {
  const own = rows.filter((row) => row.condition === condition);
  return regimeNames.filter(
    (regime) => (withDense || regime !== "dense") && own.some((row) => row.regime === regime),
  );
}

function points(share) {
  return `${Number((100 * share).toFixed(1))} ${share === 0.01 ? "point" : "points"}`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
