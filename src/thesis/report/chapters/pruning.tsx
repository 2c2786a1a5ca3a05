// The chapter on pruning, from base training to the answers.
import type { ComponentChildren } from "preact";
import { Note, Questions, type Section } from "../../../report/page.js";
import { count } from "../../../report/words.js";
import { targets as allTargets } from "../../../sparsify/target.js";
import { publishedPruning, thesisCells } from "../../published.js";
import type { PruningEvidence } from "../pruning-evidence.js";
import type { Findings } from "../pruning-findings.js";
import { outcomesOf } from "../pruning-outcomes.js";
import type { DataResults, PruningResults } from "../results.js";
import { AccuracyAgainstPruning } from "./accuracy.js";
import { BaseAccuracy, BaseLoss } from "./base.js";
import { ComparisonTable, ResultsTable, ToleranceTable } from "./comparison.js";
import { Masks } from "./masks.js";
import { EpochsToRegain, RetrainingCurves } from "./regain.js";

/** Accuracy of always giving the same answer, whichever is better; 0.5 when not known. */
export function majorityOf(data: DataResults | undefined): number {
  const majority = data?.baselines.find(({ name }) => name === "majority")?.accuracy ?? 0.5;
  return Math.max(majority, 1 - majority);
}

/** Gathers what the sections draw and say. */
export function pruningEvidence(results: PruningResults, data: DataResults | undefined): PruningEvidence {
  return {
    ours: outcomesOf(results.rows),
    published: outcomesOf(thesisCells.flatMap(publishedPruning)),
    plan: results.plan,
    majority: majorityOf(data),
  };
}

/** The sections; `foreign` is the accuracy of telling strings by their letters alone, for comparison. */
export function pruningSections(props: {
  results: PruningResults;
  evidence: PruningEvidence;
  findings: Findings;
  foreign: number | undefined;
}): Section[] {
  const { results, evidence, findings, foreign } = props;
  const { ours, published } = evidence;
  const both = { ours, published };
  const targets = allTargets.filter((target) => ours.outcomes.some((outcome) => outcome.target === target));
  const retrained = ours.outcomes.some(({ runs }) => runs.some(({ accuracy }) => accuracy.length > 1));
  const { epochs, retrainingEpochs, seeds } = results.plan;
  const sections: Section[] = [];
  const add = (id: string, title: string, body: ComponentChildren) =>
    sections.push({ part: "Pruning", id, title, body });

  add(
    "base",
    "Base training",
    ours.cells.length === 0 ? (
      <Note>No base training has been finished yet.</Note>
    ) : (
      <>
        <p>
          Each network is trained for {count(epochs, "epoch")}
          {seeds.length > 1
            ? `, with ${seeds.length} seeds each (lines are means, bands 95 % intervals)`
            : ""}
          . The thesis’s numbers, from its own training on its own strings, stand beside ours throughout.
        </p>
        <BaseAccuracy {...both} epochs={epochs} />
        <BaseLoss {...both} epochs={epochs} />
      </>
    ),
  );
  add(
    "pruning",
    "Accuracy against pruning",
    targets.length === 0 ? (
      <Note>No network has been pruned yet.</Note>
    ) : (
      <>
        <p>
          A share of the trained weights is removed in one go: those of smallest absolute value, compared over
          all layers at once, or, as a control, as many at random. Nothing is retrained yet.
        </p>
        <AccuracyAgainstPruning {...both} targets={targets} foreign={foreign} />
        <ToleranceTable {...both} />
      </>
    ),
  );
  if (retrained) {
    add(
      "regained",
      "Accuracy regained",
      <>
        <p>
          Each pruned network is trained on for {count(retrainingEpochs, "epoch")} with its mask fixed, one
          that was pruned at random only until its accuracy is regained: weights that went stay away, the
          others adapt.
        </p>
        <EpochsToRegain {...both} targets={targets} epochs={retrainingEpochs} />
        <RetrainingCurves {...both} targets={targets} />
      </>,
    );
  }
  if (results.masks.length > 0) {
    add(
      "masks",
      "Which weights are left",
      <>
        <p>
          One threshold holds for all layers, so layers and gates are free to lose more or less than the share
          that was asked for.
        </p>
        <Masks masks={results.masks} />
      </>,
    );
  }
  add("questions", "Research questions 1 to 3", <Questions questions={findings.questions} />);
  if (targets.length > 0) {
    add(
      "comparison",
      "Published and ours",
      <>
        {ours.cells.map((cell) => (
          <ComparisonTable key={cell} cell={cell} {...both} targets={targets} />
        ))}
        <details>
          <summary>All {ours.outcomes.length} settings with their results</summary>
          <ResultsTable {...ours} />
        </details>
      </>,
    );
  }
  return sections;
}
