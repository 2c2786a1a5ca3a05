// The chapter on random structures: accuracy by family of graphs, what the graphs are like, accuracy against their
// properties, and the best and the worst of them drawn.
import { PROPERTY_NAMES, type PropertyName } from "../../../graph/properties.js";
import { mean, variance } from "../../../math/statistics.js";
import { type BarSeries, histogram } from "../../../report/charts/bars.js";
import { layeredDrawing } from "../../../report/charts/layers.js";
import { scatterPlot } from "../../../report/charts/scatter.js";
import { stripChart } from "../../../report/charts/strips.js";
import {
  Figure,
  type LegendEntry,
  Note,
  Panel,
  Panels,
  type Section,
  Svg,
  Table,
} from "../../../report/page.js";
import { accents, cellColour, cellNames, quiet } from "../../../report/theme.js";
import { count, decimal, level, percentage, points } from "../../../report/words.js";
import type { Protocol } from "../../../train/protocol.js";
import { publishedStructures, type ThesisCell } from "../../published.js";
import type { StructureResults, StructureRow } from "../results.js";
import {
  accuraciesOf,
  binned,
  families,
  familyNames,
  isWhole,
  propertyLabel,
  structureCells,
  structuresOf,
} from "../structure-outcomes.js";
import { wholePercent } from "./base.js";

interface Props {
  rows: readonly StructureRow[];
  cells: readonly ThesisCell[];
  protocol: Protocol;
}

/** Properties of which the published value is known for every graph, which the thesis calls essential. */
const joint = ["nodes", "source_nodes", "degree_var", "closeness_var", "nodes_betweenness_var"] as const;

/** The sections on structures under one protocol. */
export function structureSections({ rows, plan }: StructureResults, protocol: Protocol): Section[] {
  const cells = structureCells(rows, protocol);
  const part = "Structures";
  if (cells.length === 0) {
    return [
      {
        part,
        id: "families",
        title: "Accuracy by family of graphs",
        body: <Note>No random structure has been trained yet.</Note>,
      },
    ];
  }
  const props = { rows, cells, protocol };
  const drawable = rows.some((row) => row.protocol === protocol && row.graph);
  return [
    {
      part,
      id: "families",
      title: "Accuracy by family of graphs",
      body: (
        <>
          <p>
            A random graph becomes a network: its edges are directed, a node’s layer is its longest path from
            a source, and every node is a recurrent unit. For each cell {count(plan.graphs, "graph")} of each
            of two families with 10 to 50 nodes were trained for {count(plan.epochs, "epoch")}.
          </p>
          <AccuracyByFamily {...props} />
          <FamilyTable {...props} />
        </>
      ),
    },
    {
      part,
      id: "properties",
      title: "What the graphs are like",
      body: <Distributions {...props} />,
    },
    { part, id: "joint", title: "Accuracy against properties", body: <JointPlots {...props} /> },
    ...(drawable
      ? [{ part, id: "graphs", title: "The best and the worst", body: <Extremes {...props} /> }]
      : []),
  ];
}

function AccuracyByFamily({ rows, cells, protocol }: Props) {
  return (
    <Figure
      title="Accuracy by family."
      caption="One dot per structure; the line is the mean, the shade around it its 95 % interval. Grey: published."
    >
      <Panels columns={2}>
        {cells.map((cell) => (
          <Panel
            key={cell}
            heading={cellNames[cell]}
            colour={cellColour(cell)}
            svg={stripChart({
              title: `${cellNames[cell]}: accuracy of random structures by family`,
              description: "Test accuracy of every structure, ours and published, in two families of graphs.",
              rows: families.flatMap((family) => [
                {
                  label: familyNames[family],
                  values: accuraciesOf(structuresOf(rows, cell, protocol, family)),
                  colour: cellColour(cell),
                },
                {
                  label: "published",
                  values: publishedStructures(cell).families[family].accuracy,
                  colour: quiet,
                },
              ]),
              x: {
                label: "test accuracy",
                domain: [0.4, 1],
                ticks: [0.4, 0.6, 0.8, 1],
                format: wholePercent,
              },
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
}

function FamilyTable({ rows, cells, protocol }: Props) {
  return (
    <Table
      title="Accuracy by family, ours and published."
      caption="sd: standard deviation between structures. The difference is of the means, ours minus published, in points."
      groups={[
        { label: "", span: 2 },
        { label: "Ours", span: 5 },
        { label: "Published", span: 2 },
        { label: "", span: 1 },
      ]}
      columns={[
        { label: "Cell", kind: "text" },
        { label: "Family", kind: "text" },
        ...["structures", "mean", "sd", "lowest", "highest", "mean", "sd", "Difference"].map((label) => ({
          label,
        })),
      ]}
      rows={cells.flatMap((cell) =>
        families.map((family, i) => {
          const ours = accuraciesOf(structuresOf(rows, cell, protocol, family));
          const theirs = publishedStructures(cell).families[family].accuracy;
          return {
            first: i === 0,
            cells: [
              i === 0 ? cellNames[cell] : "",
              familyNames[family],
              decimal(ours.length),
              percentage(mean(ours)),
              percentage(Math.sqrt(variance(ours, 1))),
              percentage(ours.length > 0 ? Math.min(...ours) : Number.NaN),
              percentage(ours.length > 0 ? Math.max(...ours) : Number.NaN),
              percentage(mean(theirs)),
              percentage(Math.sqrt(variance(theirs, 1))),
              points(mean(ours) - mean(theirs)),
            ],
          };
        }),
      )}
    />
  );
}

const familySeries: BarSeries[] = families.map((family, i) => ({
  label: familyNames[family],
  colour: accents[i],
}));
const bothSeries: BarSeries[] = [
  ...familySeries,
  ...familySeries.map(({ label, colour }) => ({ label: `${label}, published`, colour, dashed: true })),
];

function Distributions({ rows, protocol }: Props) {
  const own = rows.filter((row) => row.protocol === protocol);
  const legend: LegendEntry[] = bothSeries.map(({ label, colour, dashed }) => ({
    label,
    colour,
    shape: dashed ? "line" : "square",
    dash: dashed ? "3 2" : undefined,
  }));
  return (
    <>
      <p>
        The 23 properties by which the thesis describes a graph, over the graphs of all cells. Where the
        published values of every graph are kept, they stand behind.
      </p>
      <Figure
        title="Distributions of the properties."
        caption="Share of each family’s graphs. Small differences from the published are chance: both are random draws."
        legend={legend}
      >
        <Panels columns={4}>
          {PROPERTY_NAMES.map((property) => (
            <Panel key={property} heading={propertyLabel(property)} svg={distribution(own, property)} />
          ))}
        </Panels>
      </Figure>
    </>
  );
}

function distribution(rows: readonly StructureRow[], property: PropertyName): string {
  const ours = families.map((family) =>
    rows.filter((row) => row.family === family).map((row) => row.properties[property]),
  );
  const known = joint.find((name) => name === property);
  const theirs = known ? families.map((family) => publishedOf(family, known)) : [];
  const { bins, step } = binned([...ours, ...theirs], isWhole(property));
  return histogram({
    title: `Distribution of ${propertyLabel(property)}`,
    description: "Share of the graphs of each family by value.",
    series: known ? bothSeries : familySeries,
    bins,
    step,
    x: "",
    y: "",
    format: wholePercent,
    width: 270,
    height: 140,
  });
}

function publishedOf(family: (typeof families)[number], property: (typeof joint)[number]): number[] {
  return (["rnn-tanh", "rnn-relu", "lstm", "gru"] as const).flatMap(
    (cell) => publishedStructures(cell).families[family][property],
  );
}

function JointPlots({ rows, cells, protocol }: Props) {
  return (
    <>
      <p>
        Each structure’s accuracy against five properties that the thesis calls essential, with the
        least-squares line and the 95 % band of the mean.
      </p>
      <Figure title="Accuracy against properties." caption="Coloured: ours. Grey: published.">
        {joint.map((property) => (
          <Panels key={property} heading={propertyLabel(property)} columns={4}>
            {cells.map((cell) => (
              <Panel
                key={cell}
                heading={cellNames[cell]}
                colour={cellColour(cell)}
                svg={jointPlot(structuresOf(rows, cell, protocol), cell, property)}
              />
            ))}
          </Panels>
        ))}
      </Figure>
    </>
  );
}

function jointPlot(
  rows: readonly StructureRow[],
  cell: ThesisCell,
  property: (typeof joint)[number],
): string {
  const ours = rows.map((row) => ({ x: row.properties[property], y: row.testAccuracy }));
  const theirs = families.flatMap((family) => {
    const published = publishedStructures(cell).families[family];
    return published[property].map((x, i) => ({ x, y: published.accuracy[i] }));
  });
  const highest = [...ours, ...theirs].reduce((most, { x }) => Math.max(most, x), 0);
  return scatterPlot({
    title: `${cellNames[cell]}: accuracy against ${propertyLabel(property)}`,
    description: "One dot per random structure, ours and published, with the least-squares line of ours.",
    series: [
      { points: theirs, colour: quiet, opacity: 0.25, radius: 1.4 },
      { points: ours, colour: cellColour(cell), opacity: 0.6, radius: 2, fit: true },
    ],
    x: { label: propertyLabel(property), domain: [0, highest * 1.04 || 1] },
    y: { label: "accuracy", domain: [0.4, 1.02], ticks: [0.4, 0.6, 0.8, 1], format: wholePercent },
  });
}

function Extremes({ rows, cells, protocol }: Props) {
  return (
    <>
      <p>Layers from left to right. Grey edges join neighbouring layers; coloured ones skip at least one.</p>
      <Figure title="The most and the least accurate structure of each cell." caption="">
        <Panels columns={2}>
          {cells.flatMap((cell) => {
            const drawn = structuresOf(rows, cell, protocol)
              .filter(({ graph }) => graph)
              .sort((a, b) => b.testAccuracy - a.testAccuracy || a.index - b.index);
            const chosen = drawn.length > 1 ? [drawn[0], drawn[drawn.length - 1]] : drawn;
            return chosen.map((row, i) => <Drawn key={`${cell} ${String(i)}`} row={row} best={i === 0} />);
          })}
        </Panels>
      </Figure>
    </>
  );
}

function Drawn({ row, best }: { row: StructureRow; best: boolean }) {
  const { cell, family, properties, testAccuracy, graph } = row;
  if (!graph) return null;
  const { nodes, edges, layers } = properties;
  const which = best ? "best" : "worst";
  const facts = `${familyNames[family]}, ${nodes} nodes, ${edges} edges, ${layers} layers`;
  return (
    <figure>
      <figcaption>
        <span class="dot" style={{ color: cellColour(cell) }} />
        {cellNames[cell]}, {which}: {percentage(testAccuracy)}
        <span class="aside">{facts}</span>
      </figcaption>
      <Svg
        svg={layeredDrawing({
          title: `${cellNames[cell]}: the ${which} structure`,
          description: `${facts}; test accuracy ${level(100 * testAccuracy)}.`,
          layers: graph.layers,
          edges: graph.edges,
          colour: cellColour(cell),
        })}
      />
    </figure>
  );
}
