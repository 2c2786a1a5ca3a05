// The data: how many strings, how long, of which letters, and what can be scored without any memory.
import type { DatasetStatistics, Frequency } from "../../../data/stats.js";
import { groupedBars, histogram } from "../../../report/charts/bars.js";
import { type Dot, dotChart } from "../../../report/charts/dots.js";
import { Figure, type LegendEntry, Panel, Panels, type Section, Table } from "../../../report/page.js";
import { accents, cellColour, cellNames, quiet } from "../../../report/theme.js";
import { capital, count, decimal, list, percentage } from "../../../report/words.js";
import type { ThesisCell } from "../../published.js";
import type { DataResults } from "../results.js";
import { wholePercent } from "./base.js";

const labels = ["false strings", "true strings"] as const;
const series = labels.map((label, i) => ({ label, colour: accents[i] }));
const legend: LegendEntry[] = series.map((entry) => ({ ...entry, shape: "square" }));

interface DataProps {
  data: DataResults;
  /** Final base accuracies to set beside the rules without memory. */
  networks: readonly { cell: ThesisCell; accuracy: number }[];
}

/** The section on the data. */
export function dataSection(props: DataProps): Section {
  return { part: "Data", id: "data", title: "The data", body: <Data {...props} /> };
}

function Data({ data, networks }: DataProps) {
  return (
    <>
      <p>{introduction(data)}</p>
      <CountsTable data={data} />
      <Figure
        title="Lengths."
        caption="Strings of each length, by label. Where the two differ, length alone tells something."
        legend={legend}
      >
        <Panels columns={2}>
          {parts(data).map(([name, statistics]) => (
            <Panel
              key={name}
              heading={name}
              svg={histogram({
                title: `Lengths, ${name.toLowerCase()}`,
                description: "Number of false and of true strings of each length.",
                series,
                bins: statistics.lengths.map(({ value, counts }) => ({ from: value, counts })),
                step: 1,
                x: "letters in a string",
                y: "strings",
              })}
            />
          ))}
        </Panels>
      </Figure>
      <Figure
        title="Letters."
        caption="Share of each letter among all letters of a label’s strings. A letter that only false strings have gives them away."
        legend={legend}
      >
        <Panels columns={2}>
          {parts(data).map(([name, statistics]) => (
            <Panel
              key={name}
              heading={name}
              svg={groupedBars({
                title: `Letters, ${name.toLowerCase()}`,
                description: "Share of each letter among the letters of false and of true strings.",
                series,
                groups: letterShares(statistics.letters),
                x: "letter",
                y: "share of letters",
                format: wholePercent,
              })}
            />
          ))}
        </Panels>
      </Figure>
      <Figure
        title="What needs no memory."
        caption={`Test accuracy of rules that keep nothing in mind${networks.length > 0 ? ", and of the trained networks" : ""}. Only what is above the best rule speaks of memory.`}
      >
        <Panels columns={1}>
          <BaselineDots data={data} networks={networks} />
        </Panels>
      </Figure>
    </>
  );
}

function BaselineDots({ data, networks }: DataProps) {
  const dot = (value: number, colour: string, hollow: boolean): Dot[] => [
    { value, colour, hollow, text: percentage(value) },
  ];
  return (
    <Panel
      svg={dotChart({
        title: "Accuracy without memory",
        description: "Test accuracy of the rules without memory and of the networks after base training.",
        rows: [
          ...data.baselines.map(({ name, accuracy }) => ({
            label: capital(name),
            dots: dot(accuracy, quiet, true),
          })),
          ...networks.map(({ cell, accuracy }) => ({
            label: cellNames[cell],
            dots: dot(accuracy, cellColour(cell), false),
          })),
        ],
        axis: "test accuracy",
        domain: [0.4, 1],
        ticks: [0.4, 0.6, 0.8, 1],
        format: wholePercent,
      })}
    />
  );
}

function parts({ train, test }: DataResults): [string, DatasetStatistics][] {
  return [
    ["Training strings", train],
    ["Test strings", test],
  ];
}

function letterShares(letters: readonly Frequency<string>[]) {
  const totals = [0, 1].map((label) => letters.reduce((sum, { counts }) => sum + counts[label], 0));
  return letters.map(({ value, counts }) => ({
    name: value,
    values: counts.map((number, label) => (totals[label] > 0 ? number / totals[label] : 0)),
  }));
}

function introduction({ name, train, test, overlap, baselines }: DataResults): string {
  const all = train.strings + test.strings;
  const rules = baselines.map((rule) => `${rule.name} (${rule.rule}) scores ${percentage(rule.accuracy)}`);
  const shared =
    overlap === 0
      ? "No test string is among the training strings."
      : `${count(overlap, "test string is", "test strings are")} among the training strings too.`;
  const flawed = [train, test].some(({ contradictions }) => contradictions > 0)
    ? " Some strings occur with both labels."
    : "";
  return `The networks tell true from false ${name}: ${count(all, "string")}, of which ${decimal(train.strings)} to train on
    and ${decimal(test.strings)} to test with. ${shared}${flawed} Three rules without any memory show what the data gives away
    for nothing: ${list(rules)}.`;
}

function CountsTable({ data }: { data: DataResults }) {
  const row = (name: string, { strings, labels: both, lengths, duplicates }: DatasetStatistics) => ({
    cells: [
      name,
      decimal(strings),
      ...[1, 0].flatMap((label) => [decimal(both[label].strings), decimal(both[label].meanLength, 1)]),
      lengths.length > 0 ? `${lengths[0].value}–${lengths[lengths.length - 1].value}` : "–",
      decimal(duplicates),
    ],
  });
  return (
    <Table
      title="The strings."
      caption="Lengths are in letters; a repeated row is one whose string stands in an earlier row."
      groups={[
        { label: "", span: 2 },
        { label: "True", span: 2 },
        { label: "False", span: 2 },
        { label: "", span: 2 },
      ]}
      columns={[
        { label: "Part", kind: "text" },
        { label: "Strings" },
        { label: "number" },
        { label: "mean length" },
        { label: "number" },
        { label: "mean length" },
        { label: "Lengths" },
        { label: "Repeated rows" },
      ]}
      rows={[row("Training", data.train), row("Test", data.test)]}
    />
  );
}
