// The page of `investigate search`: what each way to a wiring gains over chance and costs, what it had come to when, the graphs
// themselves beside random ones, how gates went, and whether graphs serve elsewhere.
import { mean } from "../../math/statistics.js";
import type { CellKind } from "../../network/architecture.js";
import { courseChart } from "../../report/charts/course.js";
import { dotChart } from "../../report/charts/dots.js";
import { layeredDrawing } from "../../report/charts/layers.js";
import { type Line, lineChart } from "../../report/charts/lines.js";
import { Figure, Panel, Panels, type Section, Table } from "../../report/page.js";
import { cellColour, cellNames, ink, quiet, series } from "../../report/theme.js";
import { decimal } from "../../report/words.js";
import { isCandidateSearch, isSearcher, type Way, wayNames } from "../../search/ways.js";
import { CHANCE, type SearchResults, TRANSFERRED } from "../search.js";
import type { ShownGraph } from "../searches.js";
import {
  contrastsOf,
  type Effect,
  effectsOf,
  metricText,
  ownRows,
  searchFindings,
  transfersOf,
  type Unit,
  unitOf,
} from "../verdicts/search.js";
import { investigationPage } from "./frame.js";

const PART = "Search";

/** The report as one HTML document. */
export function searchReport(results: SearchResults): string {
  const effects = effectsOf(results).sort((a, b) => wayNames.indexOf(a.way) - wayNames.indexOf(b.way));
  return investigationPage({
    title: "Can the wiring of a recurrent network be searched for?",
    lead: (
      <>
        Graphs of {results.budget} edges by three differentiable searchers, beside random graphs, the best of
        many, evolution, a predictor, pruning and dense networks with as many, each trained from scratch.
      </>
    ),
    opening: <Opening effects={effects} />,
    facts: results.facts,
    findings: searchFindings(results),
    sections: [
      ...tableSections(effects, results),
      ...anytimeSections(results),
      ...graphSections(results),
      ...transferSections(results),
      ...propertySections(results),
    ],
  });
}

interface Place {
  readonly task: string;
  readonly label: string;
  readonly cell: CellKind;
}

function placesOf<Own extends Place>(effects: readonly Own[]): Own[] {
  const places = new Map(effects.map((own) => [`${own.task} ${own.cell}`, own]));
  return [...places.values()];
}

function headingOf({ label, cell }: Pick<Place, "label" | "cell">): string {
  return `${cellNames[cell]}, ${label}`;
}

function at<Own extends Pick<Place, "task" | "cell">>(
  all: readonly Own[],
  { task, cell }: Pick<Place, "task" | "cell">,
) {
  return all.filter((own) => own.task === task && own.cell === cell);
}

function colourOf(way: Way, cell: CellKind): string {
  return isSearcher(way) ? cellColour(cell) : quiet;
}

function Opening({ effects }: { effects: readonly Effect[] }) {
  const told = effects.filter(({ apart }) => apart);
  if (told.length === 0) return null;
  return (
    <Figure
      title={`What each way gains over random graphs of as many edges, ${gainText(told)}.`}
      caption="In colour the searchers; to the right is better. Bars are 95 % intervals from drawing the search seeds anew, where there are at least three."
    >
      <Panels columns={2}>
        {placesOf(told).map((place) => (
          <Panel
            key={headingOf(place)}
            heading={headingOf(place)}
            colour={cellColour(place.cell)}
            svg={dotChart({
              title: `${headingOf(place)}: gain over random graphs`,
              description: "For each way to a graph its gain over random graphs, with its interval.",
              rows: at(told, place).map(({ way, apart, cell }) => ({
                label: way,
                dots: [
                  {
                    value: apart?.value ?? Number.NaN,
                    low: apart?.low,
                    high: apart?.high,
                    colour: colourOf(way, cell),
                    hollow: !isSearcher(way),
                  },
                ],
              })),
              axis: place.unit === "nats" ? "nats less" : "points",
              domain: domainOf(told.filter(({ unit }) => unit === place.unit)),
              reference: 0,
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
}

/** What gains are counted in. */
function gainText(some: readonly { readonly unit: Unit }[]): string {
  const has = (wanted: Unit) => some.some(({ unit }) => unit === wanted);
  const nats = has("points") ? "of text in nats less" : "in nats less";
  return [...(has("points") ? ["in points of test accuracy"] : []), ...(has("nats") ? [nats] : [])].join(
    ", ",
  );
}

/** From the lowest to the highest end, in whole points or hundredths of a nat. */
function domainOf(some: readonly Effect[]): [low: number, high: number] {
  const ends = some.flatMap(({ apart }) => [
    apart?.low ?? apart?.value ?? 0,
    apart?.high ?? apart?.value ?? 0,
    0,
  ]);
  const grain = some.some(({ unit }) => unit === "nats") ? 100 : 1;
  return [Math.floor(grain * Math.min(...ends)) / grain, Math.ceil(grain * Math.max(...ends)) / grain];
}

function tableSections(effects: readonly Effect[], { candidates, budget }: SearchResults): Section[] {
  if (effects.length === 0) return [];
  return [
    {
      part: PART,
      id: "ways",
      title: "What each way comes to, and costs",
      body: (
        <Table
          title={`Networks of graphs with ${budget} edges, trained from scratch.`}
          caption={`Means over searches and trainings; gains are ${gainText(effects)}. Ways that compare graphs train ${candidates} of them. Seconds are of one search, on one core that others may have shared; p by Holm’s correction over all.`}
          columns={[
            { label: "way", kind: "text" },
            { label: effects.some(({ unit }) => unit === "nats") ? "accuracy or loss" : "accuracy" },
            { label: "gain" },
            { label: "interval" },
            { label: "p" },
            { label: "edges" },
            { label: "parameters" },
            { label: "seconds" },
          ]}
          rows={placesOf(effects).flatMap((place) =>
            at(effects, place).map((effect, i) => ({
              first: i === 0,
              cells: [
                i === 0 ? `${headingOf(place)}: ${effect.way}` : effect.way,
                metricText(effect.metric, effect.unit, 2),
                effect.apart ? signed(effect.apart.value, effect.unit) : "",
                effect.apart?.low === undefined || effect.apart.high === undefined
                  ? ""
                  : `${signed(effect.apart.low, effect.unit)} to ${signed(effect.apart.high, effect.unit)}`,
                effect.p === undefined ? "" : effect.p < 0.001 ? "< 0.001" : decimal(effect.p, 3),
                decimal(effect.edges),
                decimal(effect.parameters),
                decimal(effect.seconds, 1),
              ],
            })),
          )}
        />
      ),
    },
  ];
}

function signed(value: number, unit?: Unit): string {
  const text = decimal(value, unit === "nats" ? 3 : 2);
  return value > 0 ? `+${text}` : text;
}

function anytimeSections({ rows, tasks }: SearchResults): Section[] {
  const own = ownRows(rows).filter(({ way, best }) => best || isSearcher(way));
  const places = tasks.flatMap(({ name, label, judge }) =>
    [...new Set(own.filter(({ task }) => task === name).map(({ cell }) => cell))].map((cell) => ({
      task: name,
      label,
      unit: unitOf({ judge }),
      cell,
    })),
  );
  const ofText = places.some(({ unit }) => unit === "nats");
  if (!own.some(({ best }) => best)) return [];
  const ways = wayNames.filter((way) => own.some((row) => row.way === way));
  const look = (way: Way) => {
    const compared = ways.filter(isCandidateSearch).indexOf(way as never);
    return isSearcher(way)
      ? { colour: ink, dots: "ring" as const, dash: undefined }
      : { colour: series[compared % series.length], dots: "filled" as const };
  };
  return [
    {
      part: PART,
      id: "anytime",
      title: "When it had come to what",
      body: (
        <Figure
          title={`Accuracy${ofText ? ", or nats of text," : ""} against seconds.`}
          caption={`Lines: the best candidate so far, on held-out data. Rings: what a searcher ends with, on test data by networks trained from scratch; top-k, hard concrete and mixture from the cheapest to the dearest.${ofText ? " The higher an accuracy, and the lower a loss in nats, the better." : ""} Means over search seeds.`}
          legend={[
            ...ways.filter(isCandidateSearch).map((way) => ({ label: way, ...look(way) })),
            { label: "searchers", colour: ink, dots: "ring" as const },
          ]}
        >
          <Panels columns={2}>
            {places.map((place) => {
              const here = at(own, place);
              const size = place.unit === "nats" ? 1 : 100;
              const lines: Line[] = ways.map((way) => {
                const some = here.filter((row) => row.way === way);
                const seconds = mean(some.map(({ searchSeconds }) => searchSeconds));
                const [first] = some;
                const count = first?.best?.length ?? 0;
                const points =
                  count === 0
                    ? [{ x: seconds, y: size * mean(some.map(({ metric }) => metric)) }]
                    : Array.from({ length: count }, (_, i) => ({
                        x: (seconds * (i + 1)) / count,
                        y: size * mean(some.map(({ best }) => best?.[i] ?? Number.NaN)),
                      }));
                return { ...look(way), points: some.length === 0 ? [] : points };
              });
              const all = lines.flatMap(({ points }) => points);
              const [low, high] = [Math.min(...all.map(({ y }) => y)), Math.max(...all.map(({ y }) => y))];
              return (
                <Panel
                  key={headingOf(place)}
                  heading={headingOf(place)}
                  svg={lineChart({
                    title: `${headingOf(place)}: ${place.unit === "nats" ? "nats" : "accuracy"} against seconds`,
                    description:
                      "The best candidate so far of each way that compares graphs, and what searchers end with.",
                    lines,
                    x: { label: "seconds", domain: [0, Math.max(...all.map(({ x }) => x))] },
                    y: {
                      label: place.unit === "nats" ? "nats" : "accuracy, %",
                      domain: [low - 0.05 * (high - low), high + 0.05 * (high - low)],
                    },
                    width: 330,
                    height: 220,
                  })}
                />
              );
            })}
          </Panels>
        </Figure>
      ),
    },
  ];
}

const DRAWN: readonly Way[] = ["top-k", "hard-concrete", "mixture", "random", "watts-strogatz", "evolution"];

function graphSections({ shown, tasks }: SearchResults): Section[] {
  const drawn = DRAWN.flatMap((way) => shown.filter((own) => own.way === way));
  if (drawn.length === 0) return [];
  const labels = new Map(tasks.map(({ name, label }) => [name, label]));
  const places = placesOf(drawn.map(({ task, cell }) => ({ task, cell, label: labels.get(task) ?? task })));
  const learnt = drawn.filter(({ course }) => course);
  const description = "Units in their layers from left to right; tinted curves are edges that skip layers.";
  return [
    {
      part: PART,
      id: "graphs",
      title: "Found graphs beside random ones",
      body: (
        <>
          <Figure
            title="The graphs of the first search seed."
            caption="From the layer that reads the input, at the left, to the one that is read out; tinted: edges that skip layers."
          >
            {places.map((place) => (
              <Panels key={headingOf(place)} heading={headingOf(place)} columns={3}>
                {at(drawn, place).map((own) => (
                  <Panel
                    key={own.way}
                    heading={own.way}
                    colour={colourOf(own.way, own.cell)}
                    svg={layeredDrawing({
                      title: `${headingOf(place)}: a graph by ${own.way}`,
                      description,
                      layers: own.layers,
                      edges: own.edges,
                      colour: cellColour(own.cell),
                    })}
                  />
                ))}
              </Panels>
            ))}
          </Figure>
          {learnt.length > 0 ? (
            <Figure
              title="How gates went, from the first update at the left to the last."
              caption="For each two layers the mean gate of the edges from one to the other, layers counted from the input: the darker, the more open."
            >
              <div class="scrub">
                <label hidden>
                  <span>Moment</span>
                  <input type="range" min="0" max="100" value="100" aria-label="moment of the search" />
                  <output />
                </label>
                {places.map((place) => (
                  <Panels key={headingOf(place)} heading={headingOf(place)} columns={3}>
                    {at(learnt, place).map((own) => (
                      <Panel
                        key={own.way}
                        heading={own.way}
                        colour={cellColour(own.cell)}
                        svg={courseOf(own)}
                      />
                    ))}
                  </Panels>
                ))}
              </div>
            </Figure>
          ) : null}
        </>
      ),
    },
  ];
}

function courseOf({ way, cell, course = [] }: ShownGraph): string {
  return courseChart({
    title: `${cellNames[cell]}: gates of ${way}`,
    description: "The mean gate between each two layers over the course of the search.",
    colour: cellColour(cell),
    rows: course,
    labelWidth: 60,
  });
}

function transferSections(results: SearchResults): Section[] {
  const transfers = transfersOf(results);
  const labels = new Map(results.tasks.map(({ name, label }) => [name, label]));
  const labelOf = (task: string, cell: CellKind) => headingOf({ label: labels.get(task) ?? task, cell });
  const places = [...new Map(transfers.map((own) => [labelOf(own.task, own.cell), own])).values()];
  if (!transfers.some(({ task, cell, foundOn, foundWith }) => task !== foundOn || cell !== foundWith))
    return [];
  return [
    {
      part: PART,
      id: "transfer",
      title: "Graphs that are trained elsewhere",
      body: (
        <Table
          title={`Gain over random graphs, ${gainText(transfers)}, of graphs by ${TRANSFERRED}.`}
          caption="A row for what they were found with, a column for what is trained; on the diagonal both are the same. With 95 % intervals where there are at least three search seeds."
          columns={[
            { label: "found with", kind: "text" },
            ...places.map(({ task, cell }) => ({ label: labelOf(task, cell) })),
          ]}
          rows={places.map(({ task: foundOn, cell: foundWith }) => ({
            cells: [
              labelOf(foundOn, foundWith),
              ...places.map(({ task, cell }) => {
                const own = transfers.find(
                  (one) =>
                    one.task === task &&
                    one.cell === cell &&
                    one.foundOn === foundOn &&
                    one.foundWith === foundWith,
                );
                if (!own?.apart) return "–";
                const { value, low, high } = own.apart;
                const [gain, from, to] = [value, low, high].map((end) => signed(end ?? Number.NaN, own.unit));
                return low === undefined || high === undefined ? gain : `${gain} (${from} to ${to})`;
              }),
            ],
          }))}
        />
      ),
    },
  ];
}

function propertySections(results: SearchResults): Section[] {
  const contrasts = contrastsOf(results, TRANSFERRED);
  if (contrasts.length === 0) return [];
  return [
    {
      part: PART,
      id: "properties",
      title: "What found graphs look like",
      body: (
        <Table
          title={`Properties of graphs by ${TRANSFERRED} beside ${CHANCE} ones of the same space.`}
          caption="Means over searches, tasks and cells; differences in standard deviations of the random graphs. Properties that do not vary among these are left out."
          columns={[
            { label: "property", kind: "text" },
            { label: "found" },
            { label: "random" },
            { label: "difference" },
          ]}
          rows={contrasts.map(({ name, found, random, deviations }) => ({
            cells: [name.replaceAll("_", " "), brief(found), brief(random), signed(deviations)],
          }))}
        />
      ),
    },
  ];
}

function brief(value: number): string {
  return Math.abs(value) >= 1000 ? decimal(value) : String(Number(value.toPrecision(4)));
}
