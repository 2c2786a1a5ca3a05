// The report of a reproduction as one HTML text: what was found and how the run was made, then the chapters for which it
// has results.
import type { ComponentChildren } from "preact";
import { languageFinding, languageSection } from "../../report/chapters/language.js";
import { Contents, Facts, Note, renderPage, Sections } from "../../report/page.js";
import type { LanguageResults } from "../../report/text-training.js";
import { count, decimal, duration, list, percentage } from "../../report/words.js";
import { publishedSource } from "../published.js";
import { dataSection } from "./chapters/data.js";
import { predictionSections } from "./chapters/prediction.js";
import { protocolSections } from "./chapters/protocols.js";
import { majorityOf, pruningEvidence, pruningSections } from "./chapters/pruning.js";
import { structureSections } from "./chapters/structures.js";
import { baseAccuracy } from "./pruning-evidence.js";
import { type Findings, pruningFindings } from "./pruning-findings.js";
import type { DataResults, PredictionResult, PruningResults, RunFacts, StructureResults } from "./results.js";
import { structureKeyFindings, structureLimits } from "./structure-findings.js";

/** Everything a reproduction may have to report; chapters without results are left out. */
export interface ReproductionInput {
  facts: RunFacts;
  data?: DataResults;
  pruning?: PruningResults;
  structures?: StructureResults;
  /** Of the structures; leave out cells that have too few. */
  prediction?: readonly PredictionResult[];
  language?: LanguageResults;
}

/** The report of a reproduction as one HTML document. */
export function reproductionReport({
  facts,
  data,
  pruning,
  structures,
  prediction = [],
  language,
}: ReproductionInput): string {
  const evidence = pruning ? pruningEvidence(pruning, data) : undefined;
  const findings = evidence ? pruningFindings(evidence) : undefined;
  const networks = evidence
    ? evidence.ours.cells.map((cell) => ({ cell, accuracy: baseAccuracy(evidence.ours, cell) }))
    : [];
  const foreign = data?.baselines.find(({ name }) => name === "foreign letter")?.accuracy;
  const shaped = structures && { rows: structures.rows, prediction, protocol: facts.protocol };
  const key = [
    ...(findings?.key ?? []),
    ...(shaped ? structureKeyFindings(shaped) : []),
    ...(data ? memoryFinding(data, networks) : []),
    ...(language ? [languageFinding(language)] : []),
  ];
  const title = "Sparsity in recurrent networks, reproduced";
  const sections = [
    ...(data ? [dataSection({ data, networks })] : []),
    ...(pruning && evidence && findings
      ? pruningSections({ results: pruning, evidence, findings, foreign })
      : []),
    ...(structures ? structureSections(structures, facts.protocol) : []),
    ...(shaped ? [...predictionSections(shaped), ...protocolSections(shaped)] : []),
    ...(language ? [languageSection(language)] : []),
  ];
  return renderPage(
    title,
    <>
      <Opening
        title={title}
        facts={facts}
        findings={key}
        limits={limits(facts, findings, structures, majorityOf(data))}
      />
      <Contents sections={sections} />
      <Sections sections={sections} />
      <Closing facts={facts} />
    </>,
  );
}

function memoryFinding(data: DataResults, networks: readonly { accuracy: number }[]): string[] {
  if (data.baselines.length === 0) return [];
  const best = data.baselines.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const above = networks.filter(({ accuracy }) => accuracy > best.accuracy + 0.01).length;
  const verdict =
    networks.length === 0
      ? ""
      : above === 0
        ? "; no network is more than 1 point better, so high accuracy on these strings does not show memory"
        : `; ${above} of ${count(networks.length, "network")} ${above === 1 ? "is" : "are"} more than 1 point better`;
  return [
    `The best of ${data.baselines.length} rules that have no memory (${best.name}) scores ${percentage(best.accuracy)}${verdict}.`,
  ];
}

function limits(
  facts: RunFacts,
  findings: Findings | undefined,
  structures: StructureResults | undefined,
  majority: number,
): string[] {
  const interrupted = facts.complete
    ? []
    : ["The run was interrupted; the same command continues it and writes this report anew."];
  const scaled =
    facts.scale === "quick"
      ? [
          "This is the quick, scaled-down run: fewer strings, epochs or percentages than the thesis, so numbers beside the published ones are a check of the shape, not of each value.",
        ]
      : [];
  const corrected =
    facts.protocol === "corrected"
      ? [
          "Our networks follow the corrected protocol, the published ones the thesis’s: differences have two causes.",
        ]
      : [];
  return [
    ...interrupted,
    ...scaled,
    ...corrected,
    ...(findings?.limits ?? []),
    ...missingStructures(structures),
    ...(structures ? structureLimits({ rows: structures.rows, majority }) : []),
  ];
}

function missingStructures(structures: StructureResults | undefined): string[] {
  if (!structures) return [];
  const { cells, protocols, families, graphs, seeds } = structures.plan;
  const planned = cells.length * protocols.length * families.length * graphs * seeds.length;
  const trained = structures.rows.length;
  return trained < planned
    ? [
        `${decimal(trained)} of ${decimal(planned)} random structures are trained; figures and sentences rest on these.`,
      ]
    : [];
}

function Opening(props: {
  title: string;
  facts: RunFacts;
  findings: readonly string[];
  limits: readonly string[];
}) {
  const { title, facts, findings, limits } = props;
  return (
    <header>
      <p class="eyebrow">Filigree · {facts.date}</p>
      <h1>{title}</h1>
      <p class="lead">
        The experiments of Harshil Darji’s <i>Investigating Sparsity in Recurrent Neural Networks</i>, run
        anew, with the published numbers beside ours.
      </p>
      {findings.length > 0 ? (
        <ul class="findings">
          {findings.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      ) : null}
      <Facts entries={factsOf(facts)} />
      {limits.length > 0 ? (
        <Note>
          {limits.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Note>
      ) : null}
    </header>
  );
}

function factsOf(facts: RunFacts): [string, ComponentChildren, boolean?][] {
  return [
    ["Scale", facts.scale],
    ["Protocol", facts.protocol],
    [facts.seeds.length === 1 ? "Seed" : "Seeds", facts.seeds.join(", ")],
    ["Wall time", duration(facts.seconds)],
    ["Executor", facts.executor],
    ["Machine", facts.machine, true],
    [
      "Versions",
      list(
        Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`),
        "and",
      ),
      true,
    ],
    ["Command", <code key="command">{facts.command}</code>, true],
  ];
}

function Closing({ facts }: { facts: RunFacts }) {
  return (
    <footer>
      {facts.files.length > 0 ? (
        <>
          <p>The numbers lie beside this report:</p>
          <ul>
            {facts.files.map(({ path, content }) => (
              <li key={path}>
                <a href={encodeURI(path)}>
                  <code>{path}</code>
                </a>{" "}
                {content}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      <p>Published numbers: {publishedSource}.</p>
    </footer>
  );
}
