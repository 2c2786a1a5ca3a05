// What the pages of investigations have in common: how they open and close, their answers, how gates lose their weights, and
// masks.
import type { ComponentChildren } from "preact";
import { type CellKind, gateNames } from "../../network/architecture.js";
import { courseChart, courseScript } from "../../report/charts/course.js";
import { type MaskPicture, maskDrawing } from "../../report/charts/masks.js";
import {
  Contents,
  Facts,
  Figure,
  Note,
  Panel,
  Panels,
  Questions,
  renderPage,
  type Section,
  Sections,
  Svg,
} from "../../report/page.js";
import { cellColour, cellNames } from "../../report/theme.js";
import { count, decimal, duration, level, list } from "../../report/words.js";
import { regimeNames, regimeOf } from "../regimes.js";
import type { Course } from "../row.js";
import type { Facts as RunFacts } from "../sitting.js";
import type { Findings } from "../verdicts/evidence.js";

/** The whole page of an investigation. */
export function investigationPage(props: {
  title: string;
  lead: ComponentChildren;
  /** What a reader looks at before anything else; nothing while there are no results. */
  opening: ComponentChildren;
  facts: RunFacts;
  /** Of the runs whose rows are taken over. */
  earlier?: readonly RunFacts[];
  findings: Findings;
  sections: readonly Section[];
}): string {
  const { title, lead, opening, facts, earlier = [], findings, sections } = props;
  const { key, limits, verdicts } = findings;
  const all = [
    ...sections,
    { part: "Answers", id: "answers", title: "Answers", body: <Questions questions={verdicts} /> },
  ];
  return renderPage(
    title,
    <>
      <header>
        <p class="eyebrow">Filigree · {facts.date}</p>
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
      </header>
      {opening}
      <section aria-label="Findings">
        {key.length > 0 ? (
          <ul class="findings">
            {key.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        ) : null}
        <Facts entries={[...factsOf(facts), ...earlier.map(earlierFact)]} />
        <Note>
          {limits.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Note>
      </section>
      <Contents sections={all} />
      <Sections sections={all} />
      <footer>
        <p>
          Beside this report lie <a href="results.json">results.json</a>, every training as a row, and{" "}
          <code>store.db</code>, the studies with every network (SQLite).
        </p>
      </footer>
    </>,
    courseScript,
  );
}

type Fact = [string, ComponentChildren, boolean?];

function factsOf(facts: RunFacts): Fact[] {
  const { scale, seeds, seconds, finished, total, executor, machine, versions, command } = facts;
  return [
    ["Scale", scale],
    [seeds.length === 1 ? "Seed" : "Seeds", seeds.join(", ")],
    ["Trainings", finished === total ? decimal(total) : `${decimal(finished)} of ${decimal(total)}`],
    ["Wall time", duration(seconds)],
    ["Executor", executor],
    ["Machine", machine, true],
    [
      "Versions",
      list(
        Object.entries(versions).map(([name, number]) => `${name} ${number}`),
        "and",
      ),
      true,
    ],
    ["Command", <code key="command">{command}</code>, true],
  ];
}

function earlierFact({ date, machine, executor, finished, seconds, command }: RunFacts): Fact {
  const run = `${count(finished, "training")} in ${duration(seconds)}, ${date}, ${machine}, ${executor}:`;
  return [
    "Taken over",
    <>
      {run} <code>{command}</code>
    </>,
    true,
  ];
}

/** The section on how densities went and which masks came out of it; nothing without networks to show. */
export function courseSections(
  part: string,
  courses: readonly Course[],
  masks: readonly MaskPicture[],
): Section[] {
  if (courses.length === 0) return [];
  const [{ sparsity }] = courses;
  const ordered = regimeNames.flatMap((regime) => courses.filter((course) => course.regime === regime));
  const cells = [...new Set(courses.map(({ cell }) => cell))];
  return [
    {
      part,
      id: "course",
      title: "What goes first",
      body: (
        <>
          <Figure
            title="The share of weights left in each gate, over the course of training."
            caption={`One network for each regime, ${level(sparsity)} sparse in the end, from the first epoch at the left to the last at the right; the darker, the more is left. The bars are of the moment of the line, which the slider moves. Where masks are fixed before training nothing changes; without retraining everything goes at the end.`}
          >
            <div class="scrub">
              <label hidden>
                <span>Moment</span>
                <input type="range" min="0" max="100" value="100" aria-label="moment of the training" />
                <output />
              </label>
              {cells.map((cell) => (
                <Panels key={cell} heading={cellNames[cell]} columns={3}>
                  {ordered
                    .filter((course) => course.cell === cell)
                    .map((course) => (
                      <Panel
                        key={course.regime}
                        heading={regimeOf(course.regime).label}
                        colour={cellColour(cell)}
                        svg={courseDrawing(course)}
                      />
                    ))}
                </Panels>
              ))}
            </div>
          </Figure>
          {masks.length > 0 ? (
            <details>
              <summary>The masks that these networks end with</summary>
              <Figure
                title="Weights left, one by one."
                caption="A block for each gate of each matrix; a coloured pixel is a weight that is left."
              >
                <div class="masks">
                  {masks.map((picture) => (
                    <figure key={`${picture.cell} ${picture.label}`} style={{ width: "19rem" }}>
                      <figcaption>
                        {cellNames[picture.cell]}, {picture.label}
                      </figcaption>
                      <Svg svg={maskDrawing(picture)} />
                    </figure>
                  ))}
                </div>
              </Figure>
            </details>
          ) : null}
        </>
      ),
    },
  ];
}

function courseDrawing({ cell, regime, sparsity, epochs }: Course): string {
  const names = Object.keys(epochs[0] ?? {}).sort((a, b) => placeOf(a, cell) - placeOf(b, cell));
  const isStack = new Set(names.map((name) => name.split(".")[0])).size > 1;
  return courseChart({
    title: `${cellNames[cell]}, ${regimeOf(regime).label}: share left in each gate`,
    description: `How the densities of the gates went in a network of which ${sparsity} % were to go.`,
    colour: cellColour(cell),
    rows: names.map((name) => ({
      label: gateLabel(name, isStack),
      shares: epochs.map((epoch) => epoch[name]),
    })),
  });
}

/** Layer by layer, input before hidden weights, gates as the cell has them. */
function placeOf(name: string, cell: CellKind): number {
  const [tensor, gate] = name.split(" ");
  const [layer, matrix] = tensor.split(".");
  return 100 * Number(layer) + (matrix === "weight_hh" ? 10 : 0) + gateNames[cell].indexOf(gate);
}

/** "0.weight_hh reset" as "hidden: reset", of cells without gates "hidden"; in a stack of layers "1 hidden: reset". */
function gateLabel(name: string, isStack: boolean): string {
  const [tensor, gate] = name.split(" ");
  const [layer, matrix] = tensor.split(".");
  const kind = matrix === "weight_hh" ? "hidden" : "input";
  const number = isStack ? `${Number(layer) + 1} ` : "";
  return number + kind + (gate === "state" ? "" : `: ${gate}`);
}
