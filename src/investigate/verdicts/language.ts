// The first check that the thesis left open, in sentences: which findings of its toy task hold for networks that read a text.
import { summarise } from "../../math/intervals.js";
import { mean, quantile } from "../../math/statistics.js";
import type { CellKind } from "../../network/architecture.js";
import { cellNames } from "../../report/theme.js";
import { capital, count, decimal, level, list, percentage } from "../../report/words.js";
import { type LanguageResults, LONGER, WIDE } from "../language.js";
import { regimeOf } from "../regimes.js";
import type { Row } from "../row.js";
import { type Apart, excessDifference, FEWEST_SEEDS, thresholdDifference } from "../threshold.js";
import {
  apartText,
  chanceText,
  Evidence,
  type Findings,
  isGated,
  runRemarks,
  type Sign,
  signOf,
  tallyOf,
  thresholdText,
} from "./evidence.js";
import { compared, gatedSentences, shareSentences } from "./thresholds.js";

const BASE = "base";
type Given = Pick<LanguageResults, "rows" | "conditions" | "facts">;

/** What a run has found, in sentences. */
export function languageFindings(results: Given, evidence = new Evidence(results)): Findings {
  const { rows } = results;
  const cells = evidence.cells(BASE);
  const share = shareVerdict(evidence);
  const target = targetVerdict(evidence, cells);
  const regain = regainVerdict(rows, evidence, cells);
  const budget = budgetVerdict(rows, cells);
  const gated = gatedVerdict(evidence, cells);
  const equal = equalVerdict(rows, evidence, cells);
  const gates = gatesVerdict(rows, cells);
  const questions = [
    ["Can 80 to 90 % of the weights go? (The first check of the thesis: on its strings they can.)", share],
    ["Are input weights of gated cells the more sensitive ones, as on strings?", target],
    ["Do a few epochs of retraining bring nearly everything back, as on strings?", regain],
    ["What does sparsity cost at equal budgets?", budget],
    ["Do gated cells bear more?", gated],
    ["Is a larger and sparser network better than a smaller, dense one of as many weights?", equal],
    ["What goes first?", gates],
  ] as const;
  const none = "This run has no results that answer it yet.";
  return {
    key: [share, target, regain, budget, gated, equal].flatMap((sentences) => sentences.slice(0, 1)),
    verdicts: questions.map(([question, sentences], i) => ({
      number: i + 1,
      question,
      answer:
        sentences.length === 0
          ? [none]
          : [sentences[0], sentences.slice(1)].filter((paragraph) => paragraph.length > 0),
    })),
    limits: limits(results),
    thresholds: evidence.thresholds(),
  };
}

function shareVerdict(evidence: Evidence): string[] {
  const regimes = ["magnitude", "one-shot", "gradual", "iterative", "rigl", "set", "snip", "random"] as const;
  return shareSentences(evidence, regimes, `${evidence.judge(BASE).epsilon} nats`);
}

/** Input against hidden weights, at each sparsity, without retraining. */
function targetVerdict(evidence: Evidence, cells: readonly CellKind[]): string[] {
  const perCell = cells.flatMap((cell) => {
    const [input, hidden] = [
      evidence.of(BASE, cell, "magnitude", "i2h"),
      evidence.of(BASE, cell, "magnitude", "h2h"),
    ];
    if (!input || !hidden) return [];
    const pairs = input.curve.sparsities.flatMap((sparsity) => {
      const apart = excessDifference(hidden.curve, input.curve, sparsity);
      return apart ? [{ sparsity, apart }] : [];
    });
    return pairs.length > 0 ? [{ cell, pairs }] : [];
  });
  if (perCell.length === 0) return [];
  const gated = perCell.filter(({ cell }) => isGated(cell));
  return [
    ...(gated.length > 0 ? [targetOpening(gated.flatMap(({ pairs }) => pairs))] : []),
    ...perCell.flatMap(({ cell, pairs }) =>
      pairs.map(({ sparsity, apart }) => `${cellNames[cell]} at ${level(sparsity)}: ${targetText(apart)}.`),
    ),
  ];
}

function targetOpening(pairs: readonly { sparsity: number; apart: Apart }[]): string {
  const tally = tallyOf(pairs.map(({ apart }) => apart));
  const { more, less, above, untold, isBeyondChance } = tally;
  const total = `${count(tally.total, "setting")} of gated cells`;
  const chance = chanceText(tally);
  if (untold)
    return `In ${above} of ${total} input weights cost more nats than hidden ones, with these seeds and without intervals.`;
  if (!isBeyondChance)
    return `These seeds do not tell whether input weights of gated cells are the more sensitive ones: the interval excludes 0 in ${more + less} of ${total}, and ${chance}.`;
  if (less === 0)
    return `Input weights of gated cells are the more sensitive ones, as on strings: in ${more} of ${total} input weights cost more nats than hidden ones by their intervals and in none fewer; ${chance}.`;
  if (more === 0)
    return `Hidden weights of gated cells are the more sensitive ones, unlike on strings: in ${less} of ${total} hidden weights cost more nats than input ones by their intervals and in none fewer; ${chance}.`;
  const at = (wanted: Sign) => {
    const own = pairs.filter(({ apart }) => signOf(apart) === wanted).map(({ sparsity }) => level(sparsity));
    return `at ${list([...new Set(own)])}`;
  };
  return `Which weights of gated cells are the more sensitive ones depends on the setting: by their intervals input weights cost more nats in ${more} of ${total} (${at("more")}) and hidden ones in ${less} (${at("less")}); ${chance}.`;
}

function targetText(apart: Apart): string {
  const size = apartText(apart, "nats");
  switch (signOf(apart)) {
    case "more":
      return `input weights cost ${size} more than hidden ones`;
    case "less":
      return `hidden weights cost ${size} more than input ones`;
    case "open":
      return `no difference that these seeds show, ${size}`;
    case "untold":
      return `${apart.value > 0 ? "input" : "hidden"} weights cost ${size} more, with these seeds`;
  }
}

/** Retraining: how much it regains, and how soon it is as good as the dense network. */
function regainVerdict(rows: readonly Row[], evidence: Evidence, cells: readonly CellKind[]): string[] {
  const { epsilon } = evidence.judge(BASE);
  const perCell = cells.flatMap((cell) => {
    const [before, after] = [evidence.of(BASE, cell, "magnitude"), evidence.of(BASE, cell, "one-shot")];
    if (!before || !after) return [];
    const apart = thresholdDifference(before.curve, after.curve);
    return apart ? [{ cell, before, after, apart }] : [];
  });
  if (perCell.length === 0) return [];
  const near = (share: number) => {
    const own = rows.filter(
      (row) =>
        row.condition === BASE && row.regime === "one-shot" && row.target === "both" && row.sparsity <= share,
    );
    const epochs = own.map((row) => regained(rows, row, epsilon));
    return { networks: own.length, epochs };
  };
  const { networks, epochs } = near(90);
  const back = epochs.filter(Number.isFinite).sort((a, b) => a - b);
  const soon = back.filter((epoch) => epoch <= 2).length;
  const opening =
    networks === 0
      ? []
      : [
          `Up to 90 % ${back.length} of ${count(networks, "network")} come back within ${epsilon} nats of their dense network, ${soon} of them within two epochs of retraining${back.length > 0 ? ` (median ${decimal(quantile(back, 0.5), 1).replace(/\.0$/, "")})` : ""}; on strings nearly all do.`,
        ];
  return [
    ...opening,
    ...perCell.map(
      ({ cell, before, after, apart }) =>
        `${compared(cellNames[cell], "pruning once and retraining", "pruning without retraining", apart)} The thresholds are ${thresholdText(after.threshold)} and ${thresholdText(before.threshold)}.`,
    ),
    "Retraining trains on: where the dense network is not done learning, a part of what is regained is what more training brings.",
  ];
}

/** Ways that train twice as long, beside the dense network that does so too, in nats. */
function budgetVerdict(rows: readonly Row[], cells: readonly CellKind[]): string[] {
  const ways = [
    { regime: "one-shot", condition: BASE },
    { regime: "gradual", condition: LONGER },
  ] as const;
  const known = ways.flatMap(({ regime, condition }) =>
    cells.flatMap((cell) => {
      const dense = metricsOf(rows, { condition: LONGER, cell, regime: "dense" });
      const own = rows.filter(
        (row) =>
          row.condition === condition && row.cell === cell && row.regime === regime && row.target === "both",
      );
      const settings = [...new Set(own.map(({ sparsity }) => sparsity))].flatMap((sparsity) => {
        const apart = pairedDifference(
          dense,
          own.filter((row) => row.sparsity === sparsity),
        );
        return apart ? [{ sparsity, apart }] : [];
      });
      return settings.length > 0 ? [{ phrase: regimeOf(regime).phrase, cell, settings }] : [];
    }),
  );
  if (known.length === 0) return [];
  const openings = [...new Set(known.map(({ phrase }) => phrase))].map((phrase) => {
    const own = known.filter((one) => one.phrase === phrase);
    return `${phrase} is ${comparedText(
      own.flatMap(({ settings }) => settings.map(({ apart }) => apart)),
      "worse",
      "better",
    )}`;
  });
  return [
    `Beside dense networks that are trained as long, ${openings.join("; ")}.`,
    ...known.map(({ phrase, cell, settings }) => {
      const all = settings.map(({ sparsity, apart }) => {
        const [size, at] = [apartText(apart, "nats"), `at ${level(sparsity)}`];
        if (signOf(apart) === "open") return `no difference that these seeds show ${at}, ${size}`;
        return `${size} ${apart.value > 0 ? "worse" : "better"} ${at}`;
      });
      return `${capital(phrase)}, ${cellNames[cell]}: ${all.join("; ")}.`;
    }),
  ];
}

/** The metric of the networks of one kind by their seed. */
function metricsOf(
  rows: readonly Row[],
  { condition, cell, regime }: Pick<Row, "condition" | "cell" | "regime">,
): Map<number, number> {
  const own = rows.filter((row) => row.condition === condition && row.cell === cell && row.regime === regime);
  return new Map(own.map((row) => [row.seed, row.metric]));
}

/** How much more nats some networks need than those of the same seeds, with Student's interval over seeds. */
function pairedDifference(reference: ReadonlyMap<number, number>, rows: readonly Row[]): Apart | undefined {
  const more = rows.flatMap(({ seed, metric }) => {
    const other = reference.get(seed);
    return other === undefined ? [] : [metric - other];
  });
  if (more.length === 0) return undefined;
  const seeds = more.length;
  if (seeds < FEWEST_SEEDS) return { value: mean(more), seeds };
  const { mean: value, low, high } = summarise(more);
  return { value, low, high, seeds };
}

/** The first epoch of retraining after which a network is within ε of the dense one of its seed; NaN when it never is. */
function regained(rows: readonly Row[], row: Row, epsilon: number): number {
  const dense = rows.find(
    (other) =>
      other.condition === row.condition &&
      other.cell === row.cell &&
      other.regime === "dense" &&
      other.seed === row.seed,
  );
  const at = (row.retraining ?? []).findIndex(
    (nats) => dense !== undefined && nats - dense.metric <= epsilon,
  );
  return at < 0 ? Number.NaN : at + 1;
}

function gatedVerdict(evidence: Evidence, cells: readonly CellKind[]): string[] {
  const plain = cells.filter((cell) => !isGated(cell));
  const pairs = (["magnitude", "one-shot", "gradual"] as const).flatMap((regime) =>
    plain.flatMap((other) =>
      cells.filter(isGated).flatMap((gated) => {
        const [a, b] = [evidence.of(BASE, other, regime), evidence.of(BASE, gated, regime)];
        const apart = a && b && thresholdDifference(a.curve, b.curve);
        return apart ? [{ regime, other, gated, apart }] : [];
      }),
    ),
  );
  return gatedSentences(pairs);
}

/** Sparse networks beside small dense ones of as many numbers, and wide sparse ones beside the dense ones. */
function equalVerdict(rows: readonly Row[], evidence: Evidence, cells: readonly CellKind[]): string[] {
  const pairs = cells.flatMap((cell) => {
    const small = evidence.of(BASE, cell, "small");
    if (!small) return [];
    return evidence.regimes(BASE, cell).flatMap((regime) => {
      const sparse = evidence.of(BASE, cell, regime);
      if (!sparse || regime === "small" || regime === "magnitude") return [];
      return sparse.curve.sparsities.flatMap((sparsity) => {
        // How much worse the small network is.
        const apart = excessDifference(sparse.curve, small.curve, sparsity);
        return apart ? [{ cell, regime, sparsity, apart }] : [];
      });
    });
  });
  const sentences = [...new Set(pairs.map(({ regime }) => regime))].map((regime) => {
    const own = pairs.filter((pair) => pair.regime === regime);
    return `${capital(regimeOf(regime).phrase)}: ${comparedText(own.map(({ apart }) => apart))}.`;
  });
  const wide = cells.flatMap((cell) => wideSentences(rows, cell));
  if (pairs.length === 0) return wide;
  const opening = `A sparse network beside a small dense one of as many weights: ${comparedText(pairs.map(({ apart }) => apart))}.`;
  return [opening, ...wide, ...sentences];
}

/** @param above what differences above 0 are called, and what those below 0 are. */
function comparedText(aparts: readonly Apart[], above = "better", below = "worse"): string {
  const tally = tallyOf(aparts);
  const total = count(tally.total, "setting");
  return tally.untold
    ? `${above} in ${tally.above} of ${total}, with these seeds and without intervals`
    : `by their intervals ${above} in ${tally.more} of ${total} and ${below} in ${tally.less} (${chanceText(tally)} differ)`;
}

function wideSentences(rows: readonly Row[], cell: CellKind): string[] {
  const dense = metricsOf(rows, { condition: BASE, cell, regime: "dense" });
  const wide = rows.filter((row) => row.condition === WIDE && row.cell === cell);
  return [...new Set(wide.map(({ regime }) => regime))].flatMap((regime) => {
    const own = wide.filter((row) => row.regime === regime);
    const apart = pairedDifference(dense, own);
    if (!apart) return [];
    const [{ hidden, sparsity }] = own;
    const what = `${cellNames[cell]} of ${count(hidden, "unit")}, ${level(sparsity)} of whose weights ${regimeOf(regime).phrase} leaves out,`;
    return [`${what} is ${gainText(apart)}.`];
  });
}

function gainText(apart: Apart): string {
  const text = apartText(apart, "nats");
  const than = "than the dense network of half the units and as many weights";
  switch (signOf(apart)) {
    case "more":
      return `${text} worse ${than}`;
    case "less":
      return `${text} better ${than}`;
    case "open":
      return `neither better nor worse ${than} as far as these seeds show, ${text}`;
    case "untold":
      return `${text} ${apart.value > 0 ? "worse" : "better"} ${than}, with these seeds`;
  }
}

/** Which gates keep most and least where all weights compete. */
function gatesVerdict(rows: readonly Row[], cells: readonly CellKind[]): string[] {
  const sentences = cells.flatMap((cell) =>
    (["magnitude", "gradual"] as const).flatMap((regime) => {
      const own = rows.filter(
        (row) =>
          row.condition === BASE && row.cell === cell && row.regime === regime && row.target === "both",
      );
      const most = Math.max(...own.filter(({ sparsity }) => sparsity <= 90).map(({ sparsity }) => sparsity));
      const gates = gateMeans(own.filter(({ sparsity }) => sparsity === most));
      if (gates.length < 2) return [];
      const [first, last] = [gates[0], gates[gates.length - 1]];
      return [
        `${cellNames[cell]}, ${regimeOf(regime).phrase} at ${level(most)}: most goes from ${first.name} (${percentage(first.share)} left), least from ${last.name} (${percentage(last.share)} left).`,
      ];
    }),
  );
  if (sentences.length === 0) return [];
  return ["Where all weights compete, some gates lose more than others:", ...sentences];
}

/** The mean share that is left of each gate of each kind of matrix, ascending. */
export function gateMeans(rows: readonly Row[]): { name: string; share: number }[] {
  const shares = new Map<string, number[]>();
  for (const { gates } of rows) {
    for (const [key, share] of Object.entries(gates)) {
      const name = gatePhrase(key);
      shares.set(name, [...(shares.get(name) ?? []), share]);
    }
  }
  return [...shares]
    .map(([name, all]) => ({ name, share: mean(all) }))
    .sort((a, b) => a.share - b.share || (a.name < b.name ? -1 : 1));
}

/** "0.weight_hh reset" as "the hidden weights of the reset gate". */
function gatePhrase(key: string): string {
  const [tensor, gate] = key.split(" ");
  const kind = tensor.endsWith("_hh") ? "hidden" : "input";
  return gate === "state" ? `the ${kind} weights` : `the ${kind} weights of the ${gate} gate`;
}

function limits({ facts, rows }: Given): string[] {
  return [
    ...runRemarks({ facts, rows }, "a small network, few epochs, sparsities and seeds"),
    "Random masks are drawn before training; the networks of all other regimes begin with the same weights.",
  ];
}
