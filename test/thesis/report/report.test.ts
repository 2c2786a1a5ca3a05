import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { reproductionReport } from "../../../src/thesis/report/report.js";
import { expectSound } from "../../report/sound.js";
import { data, facts, language, masks, plan, rows } from "./sample.js";

const pruning = { rows, masks, plan };

function headings(html: string): string[] {
  const { document } = parseHTML(html);
  return [...document.querySelectorAll("h2")].map((heading) => heading.lastChild?.textContent ?? "");
}

describe("reports", () => {
  it("reports the pruning experiment whole", () => {
    const html = reproductionReport({ facts, data, pruning });
    expectSound(html);
    expect(headings(html)).toEqual([
      "The data",
      "Base training",
      "Accuracy against pruning",
      "Accuracy regained",
      "Which weights are left",
      "Research questions 1 to 3",
      "Published and ours",
    ]);
    expect(html).toContain("npx filigree reproduce --quick");
    expect(html).toContain('<a href="results/pruning.csv">');
    expect(html).toContain("2\u00a0min 5\u00a0s");
    expect(html).toContain("arXiv 2407.20601");
  });

  it("reports an interrupted run, and says so", () => {
    const started = reproductionReport({
      facts: { ...facts, complete: false },
      pruning: { rows: rows.filter(({ cell }) => cell === "lstm"), masks: [], plan },
    });
    expectSound(started);
    expect(started).toContain("The run was interrupted");
    expect(started).toContain("There are no results of RNN-Tanh yet.");
    expect(headings(started)).not.toContain("Which weights are left");
    const unpruned = reproductionReport({
      facts,
      data,
      pruning: { rows: rows.filter(({ criterion }) => criterion === "none"), masks: [], plan },
    });
    expectSound(unpruned);
    expect(unpruned).toContain("No network has been pruned yet.");
  });

  it("reports nothing without results", () => {
    const html = reproductionReport({ facts, pruning: { rows: [], masks: [], plan } });
    expectSound(html);
    expect(html).toContain("No base training has been finished yet.");
    expectSound(reproductionReport({ facts }));
    expectSound(reproductionReport({ facts, data }));
  });

  it("reports a language model: its loss beside the n-grams', and what it writes", () => {
    const html = reproductionReport({ facts, data, language });
    expectSound(html);
    expect(headings(html)).toEqual(["The data", "A language model"]);
    const text = html.replaceAll("\u00a0", " ");
    expect(text).toContain("After epoch 2 the network needs 1.750 nats a character");
    expect(text).toContain(
      "By n-grams that look at 2 characters before it is 2.050, by the best, which look at 3, 1.820.",
    );
    expect(text).toContain("GRU of 192 units reads a book character by character: 1.750 nats");
    expect(html).toContain("LIBERTY, n. &lt;One> of\n  the\ufffd things.");
    const { document } = parseHTML(html);
    const chart = [...document.querySelectorAll("svg")].find((svg) =>
      svg.textContent?.includes("loss over epochs"),
    );
    expect(chart?.textContent).toContain("2 before");
    expect(chart?.textContent).not.toContain("0 before");
  });

  it("escapes what it is given", () => {
    const html = reproductionReport({
      facts: { ...facts, command: "<script>alert(1)</script>", machine: '"><img src=x>' },
      data: { ...data, name: "<b>strings</b>" },
      pruning,
    });
    expectSound(html);
    expect(html).toContain("&lt;script>alert(1)");
  });
});
