// What a run of `investigate search` answers, in sentences: whether graphs that were searched for are better than those of chance, and
// than what else the same processor time buys; whether they serve elsewhere; and what they look like.
import { bootstrapInterval } from "../../math/bootstrap.js";
import { holm } from "../../math/holm.js";
import { mean, studentTwoSided, variance } from "../../math/statistics.js";
import type { CellKind } from "../../network/architecture.js";
import { fitPredictor, predictCandidates } from "../../predict/predictor.js";
import { cellNames } from "../../report/theme.js";
import { capital, count, decimal, list, percentage } from "../../report/words.js";
import { isSearcher, type Way } from "../../search/ways.js";
import { CHANCE, type SearchResults, type SearchTask, TRANSFERRED } from "../search.js";
import type { SearchRow } from "../searches.js";
import { type Apart, FEWEST_SEEDS } from "../threshold.js";
import { apartText, chanceText, type Findings, runRemarks, signOf, type Tally, tallyOf } from "./evidence.js";

/** What gains on a task are counted in: points of accuracy, or nats, of which fewer are better. */
export type Unit = "points" | "nats";

export function unitOf({ judge }: Pick<SearchTask, "judge">): Unit {
  return judge === "validationLoss" ? "nats" : "points";
}

/** A way on one task with one cell, beside chance. */
export interface Effect {
  readonly task: string;
  /** Of the task, in a sentence. */
  readonly label: string;
  readonly unit: Unit;
  readonly cell: CellKind;
  readonly way: Way;
  /** Mean accuracy, or loss in nats, of the trainings of each search, by its seed. */
  readonly metrics: ReadonlyMap<number, number>;
  readonly metric: number;
  /** By how much it is better than chance, search seed by search seed: below 0 it is worse. None of chance itself. */
  readonly apart?: Apart;
  /** Of the difference, after Holm's correction over all; none where there is no interval. */
  readonly p?: number;
  /** Mean seconds of a search. */
  readonly seconds: number;
  readonly edges: number;
  readonly parameters: number;
}

/** Rows of graphs that are trained as they were found. */
export function ownRows(rows: readonly SearchRow[]): SearchRow[] {
  return rows.filter(({ foundOn, foundWith }) => foundOn === undefined && foundWith === undefined);
}

/** The mean of each search's trainings. */
export function bySearch(rows: readonly SearchRow[]): Map<number, number> {
  const seeds = [...new Set(rows.map(({ searchSeed }) => searchSeed))].sort((a, b) => a - b);
  return new Map(
    seeds.map((seed) => [
      seed,
      mean(rows.filter(({ searchSeed }) => searchSeed === seed).map(({ metric }) => metric)),
    ]),
  );
}

/** By how much one way is better than another, over the search seeds that both have. */
export function difference(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
  unit: Unit,
): Apart | undefined {
  const own = [...a.keys()].filter((seed) => b.has(seed));
  if (own.length === 0) return undefined;
  const size = unit === "nats" ? -1 : 100;
  const gains = own.map((seed) => size * ((b.get(seed) ?? 0) - (a.get(seed) ?? 0)));
  const value = mean(gains);
  if (gains.length < FEWEST_SEEDS) return { value, seeds: gains.length };
  const [low, high] = bootstrapInterval(gains.length, (indices) => mean(indices.map((i) => gains[i])));
  return { value, low, high, seeds: gains.length };
}

/** The p-value of a paired t-test of the same. */
function pOf(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number {
  const gains = [...a.keys()]
    .filter((seed) => b.has(seed))
    .map((seed) => (b.get(seed) ?? 0) - (a.get(seed) ?? 0));
  const error = Math.sqrt(variance(gains, 1) / gains.length);
  if (error === 0) return gains[0] === 0 ? 1 : 0;
  return studentTwoSided(mean(gains) / error, gains.length - 1);
}

/** Every way on every task with every cell. */
export function effectsOf({ rows, tasks }: Pick<SearchResults, "rows" | "tasks">): Effect[] {
  const own = ownRows(rows);
  const cells = [...new Set(own.map(({ cell }) => cell))];
  const ways = [...new Set(own.map(({ way }) => way))];
  const effects = tasks.flatMap(({ name: task, label, judge }) =>
    cells.flatMap((cell) => {
      const unit = unitOf({ judge });
      const here = own.filter((row) => row.task === task && row.cell === cell);
      const chance = bySearch(here.filter(({ way }) => way === CHANCE));
      return ways.flatMap((way) => {
        const some = here.filter((row) => row.way === way);
        if (some.length === 0) return [];
        const metrics = bySearch(some);
        const apart = way === CHANCE ? undefined : difference(chance, metrics, unit);
        const p = apart?.low === undefined ? undefined : pOf(chance, metrics);
        const of = (key: "searchSeconds" | "edges" | "parameters") => mean(some.map((row) => row[key]));
        const [seconds, edges, parameters] = [of("searchSeconds"), of("edges"), of("parameters")];
        const metric = mean([...metrics.values()]);
        return [{ task, label, unit, cell, way, metrics, metric, apart, p, seconds, edges, parameters }];
      });
    }),
  );
  const tested = effects.filter(({ p }) => p !== undefined);
  const adjusted = holm(tested.map(({ p }) => p ?? 1));
  return effects.map((effect) =>
    effect.p === undefined ? effect : { ...effect, p: adjusted[tested.indexOf(effect)] },
  );
}

/** Graphs that were found elsewhere, beside those that were found here and those of chance. */
export interface Transfer {
  readonly task: string;
  readonly cell: CellKind;
  readonly unit: Unit;
  readonly foundOn: string;
  readonly foundWith: CellKind;
  readonly metric: number;
  /** By how much it is better than chance here. */
  readonly apart?: Apart;
}

export function transfersOf({ rows, tasks }: Pick<SearchResults, "rows" | "tasks">): Transfer[] {
  const units = new Map(tasks.map((task) => [task.name, unitOf(task)]));
  const moved = rows.filter(({ way }) => way === TRANSFERRED);
  const keyOf = ({ task, cell, foundOn = task, foundWith = cell }: SearchRow) =>
    [task, cell, foundOn, foundWith].join("\n");
  const keys = [...new Set(moved.map(keyOf))];
  return keys.map((key) => {
    const some = moved.filter((row) => keyOf(row) === key);
    const [{ task, cell, foundOn = task, foundWith = cell }] = some;
    const chance = ownRows(rows).filter(
      (row) => row.task === task && row.cell === cell && row.way === CHANCE,
    );
    const metrics = bySearch(some);
    const unit = units.get(task) ?? "points";
    const apart = difference(bySearch(chance), metrics, unit);
    return { task, cell, unit, foundOn, foundWith, metric: mean([...metrics.values()]), apart };
  });
}

/** A property of found graphs beside random ones. */
export interface Contrast {
  readonly name: string;
  readonly found: number;
  readonly random: number;
  /** The difference of the means in standard deviations of the random graphs. */
  readonly deviations: number;
}

/** Properties of the graphs of a way beside those of chance, the most different first. */
export function contrastsOf({ rows }: Pick<SearchResults, "rows">, way: Way): Contrast[] {
  const of = (wanted: Way) => onePerSearch(ownRows(rows).filter((row) => row.way === wanted));
  const [found, random] = [of(way), of(CHANCE)];
  if (found.length < 2 || random.length < 2) return [];
  return Object.keys(found[0].properties)
    .map((name) => {
      const values = (some: readonly SearchRow[]) => some.map(({ properties }) => properties[name]);
      const [a, b] = [mean(values(found)), mean(values(random))];
      const spread = Math.sqrt(variance(values(random), 1));
      return { name, found: a, random: b, deviations: spread > 0 ? (a - b) / spread : Number.NaN };
    })
    .filter(({ deviations }) => Number.isFinite(deviations))
    .sort((a, b) => Math.abs(b.deviations) - Math.abs(a.deviations));
}

function onePerSearch(rows: readonly SearchRow[]): SearchRow[] {
  const keyOf = ({ task, cell, way, searchSeed }: SearchRow) => [task, cell, way, searchSeed].join();
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

/**
 * Of the graphs of chance, the mean share that a predictor of what the task judges by ranks behind a found one, from properties: a half
 * where it cannot tell them apart. It is fitted on the random graphs of the same task and cell.
 */
export function preferenceOf(
  { rows, tasks }: Pick<SearchResults, "rows" | "tasks">,
  way: Way,
): number | undefined {
  const own = ownRows(rows);
  const losses = new Set(tasks.filter((task) => unitOf(task) === "nats").map(({ name }) => name));
  const groups = [...new Set(own.map(({ task, cell }) => `${task}\n${cell}`))];
  const shares = groups.flatMap((group) => {
    const here = own.filter(({ task, cell }) => `${task}\n${cell}` === group);
    const of = (...wanted: Way[]) => onePerSearch(here.filter((row) => wanted.includes(row.way)));
    const random = of(CHANCE, "watts-strogatz", "barabasi-albert", "erdos-renyi");
    const found = of(way);
    const names = Object.keys(random[0]?.properties ?? {}).filter((name) =>
      random.some(({ properties }) => properties[name] !== random[0].properties[name]),
    );
    const finite = names.filter((name) =>
      [...random, ...found].every(({ properties }) => Number.isFinite(properties[name])),
    );
    if (random.length < 6 || found.length === 0 || finite.length === 0) return [];
    const table = {
      source: "random graphs",
      columns: [...finite, "score"],
      rows: random.map(({ task, properties, metric }) =>
        [...finite.map((name) => properties[name]), losses.has(task) ? -metric : metric].map(String),
      ),
      lines: random.map((_, i) => i + 2),
    };
    const predictor = fitPredictor(table, "score", { features: finite });
    const predicted = (some: readonly SearchRow[]) =>
      predictCandidates(
        predictor,
        some.map(({ properties }) => properties),
      );
    const ofChance = predicted(of(CHANCE));
    return Array.from(predicted(found), (own) =>
      mean(Array.from(ofChance, (other) => (other < own ? 1 : other === own ? 0.5 : 0))),
    );
  });
  return shares.length === 0 ? undefined : mean(shares);
}

/** The sentences of a run. */
export function searchFindings(results: SearchResults): Findings {
  const effects = effectsOf(results);
  const limits = [
    ...runRemarks(
      {
        facts: results.facts,
        rows: results.rows.map((row) => ({ condition: row.task, seed: row.searchSeed })),
      },
      "few strings, epochs, tasks and trainings, small graphs",
    ),
    `Intervals are 95 % by drawing search seeds anew, chance and the other together; p-values are of a paired t-test, by Holm’s correction over all comparisons with chance.`,
  ];
  if (effects.every(({ apart }) => apart === undefined))
    return { key: [], verdicts: [], limits, thresholds: [] };
  const [searching, rivals] = [chanceAnswer(effects), rivalAnswer(effects)];
  const [elsewhere, look] = [transferAnswer(results), lookAnswer(results)];
  return {
    key: [searching, rivals, elsewhere, look].flatMap((answer) => answer.slice(0, 1)),
    verdicts: [
      {
        number: 1,
        question: "The second check: does a differentiable search find better sparse wirings than chance?",
        answer: searching,
      },
      { number: 2, question: "And better ones than the same time buys otherwise?", answer: rivals },
      {
        number: 3,
        question: "Does a wiring that was found for one cell or task serve another?",
        answer: elsewhere,
      },
      {
        number: 4,
        question: "What do found wirings look like, and would predictors have picked them?",
        answer: look,
      },
    ].filter(({ answer }) => answer.length > 0),
    limits,
    thresholds: [],
  };
}

function placeText({ cell, label }: Pick<Effect, "cell" | "label">): string {
  return `${cellNames[cell]} on ${label}`;
}

/** What the intervals of a tally say: "2 of 6 intervals exclude 0, 1 of them above it (by chance 1.5 would)". */
function tallyText(tally: Tally): string {
  const told = tally.more + tally.less;
  const above =
    told === 0
      ? ""
      : told === 1
        ? `, ${tally.more === 1 ? "above" : "below"} it`
        : `, ${tally.more} of them above it`;
  return `${told} of ${tally.total} intervals ${told === 1 ? "excludes" : "exclude"} 0${above} (${chanceText(tally)})`;
}

/** "gain 1.2 points of accuracy", "need 0.013 nats more on text". */
function changeText(gain: number, unit: Unit): string {
  const isSmall = Math.abs(gain) < (unit === "nats" ? 0.0005 : 0.05);
  const least = unit === "nats" ? "0.001 nats" : "0.1 points";
  const size = isSmall ? `less than ${least}` : apartText({ value: Math.abs(gain) }, unit);
  if (unit === "points") return `${gain < 0 ? "lose" : "gain"} ${size} of accuracy`;
  return `need ${size} ${gain < 0 ? "more" : "less"} on text`;
}

/** The mean changes, of each unit that there is: "gain 1.2 points of accuracy and need 0.013 nats less on text". */
function changesText(gains: readonly { readonly unit: Unit; readonly value: number }[]): string {
  return list(
    units.flatMap((unit) => {
      const own = gains.filter((gain) => gain.unit === unit).map(({ value }) => value);
      return own.length === 0 ? [] : [changeText(mean(own), unit)];
    }),
  );
}

const units: readonly Unit[] = ["points", "nats"];

/** An accuracy or a loss. */
export function metricText(metric: number, unit: Unit, decimals?: number): string {
  return unit === "nats" ? `${decimal(metric, 3)} nats` : percentage(metric, decimals);
}

/** Random graphs whose layers follow from their edges. */
const FAMILIES: readonly Way[] = ["watts-strogatz", "barabasi-albert", "erdos-renyi"];

/** Differentiable searches beside chance. */
function chanceAnswer(effects: readonly Effect[]): string[] {
  const own = effects.filter(({ way, apart }) => isSearcher(way) && apart);
  if (own.length === 0) return [];
  const tally = tallyOf(own.flatMap(({ apart }) => apart ?? []));
  const firm = own.filter(({ p = 1 }) => p < 0.05).length;
  const open = tally.untold || !tally.isBeyondChance;
  const verdict = open
    ? "No search is told from chance"
    : tally.more > tally.less
      ? "Searched wirings beat chance"
      : "Searched wirings are worse than those of chance";
  const told = tally.untold
    ? "which too few seeds tell from nothing"
    : `${tallyText(tally)}, and ${firm === 0 ? "none does" : `${firm} ${firm === 1 ? "does" : "do"}`} after correction for all comparisons`;
  const gainsOf = (some: readonly Effect[]) =>
    some.flatMap(({ unit, apart }) => (apart ? [{ unit, value: apart.value }] : []));
  const largest = units.flatMap((unit) => {
    const [first, ...rest] = own.filter((effect) => effect.unit === unit);
    if (!first) return [];
    const best = rest.reduce((a, b) => ((b.apart?.value ?? 0) > (a.apart?.value ?? 0) ? b : a), first);
    return best.apart ? [{ ...best, apart: best.apart }] : [];
  });
  const families = gainsOf(effects.filter(({ way }) => FAMILIES.includes(way)));
  return [
    `${verdict}: in the mean over searchers, tasks and cells they ${changesText(gainsOf(own))} beside random graphs of the same layers with as many edges; ${told}.`,
    ...largest.map(({ way, apart, metric, unit, ...place }) => {
      const [more, less] = unit === "nats" ? ["saving", "excess"] : ["gain", "loss"];
      const opening =
        apart.value > 0 ? `The largest ${more} is` : `There is no ${more}; the least ${less} is`;
      const to = unit === "nats" && apart.value > 0 ? "down to" : "to";
      return `${opening} ${way}’s with ${placeText(place)}: ${apartText(apart, unit)}, ${to} ${metricText(metric, unit)}.`;
    }),
    ...(families.length === 0
      ? []
      : [
          `Random graphs whose layers follow from their edges (Watts–Strogatz, Barabási–Albert, Erdős–Rényi) ${changesText(families)}: what layers there are may matter more than which edges.`,
        ]),
  ];
}

/** Differentiable searches beside what costs as much. */
function rivalAnswer(effects: readonly Effect[]): string[] {
  const places = [...new Set(effects.map(({ task, cell }) => `${task}\n${cell}`))];
  const aparts = places.flatMap((place) => {
    const here = effects.filter(({ task, cell }) => `${task}\n${cell}` === place);
    const rival = here.find(({ way }) => way === "best-of-random");
    return here.flatMap(({ way, metrics, unit }) => {
      const apart = rival && isSearcher(way) ? difference(rival.metrics, metrics, unit) : undefined;
      return apart ? [{ ...apart, unit }] : [];
    });
  });
  const ranked = units.flatMap((unit) => rankingOf(effects, unit));
  if (aparts.length === 0) return ranked;
  const tally = tallyOf(aparts);
  const against = tally.untold
    ? "which so few seeds do not tell from nothing"
    : tally.isBeyondChance
      ? tallyText(tally)
      : `which is not told from nothing: ${tallyText(tally)}`;
  return [
    `Against the best of as many random graphs as cost the same, searchers ${changesText(aparts)}, ${against}.`,
    ...ranked,
  ];
}

/** Which ways come first on the tasks that are judged alike. */
function rankingOf(effects: readonly Effect[], unit: Unit): string[] {
  const own = effects.filter((effect) => effect.unit === unit);
  if (own.length === 0) return [];
  const sign = unit === "nats" ? 1 : -1;
  const means = [...new Set(own.map(({ way }) => way))]
    .map((way) => ({
      way,
      metric: mean(own.filter((effect) => effect.way === way).map(({ metric }) => metric)),
    }))
    .sort((a, b) => sign * (a.metric - b.metric));
  const ranking = list(means.slice(0, 4).map(({ way, metric }) => `${way} (${metricText(metric, unit)})`));
  const isMixed = own.length < effects.length;
  const over =
    unit === "nats"
      ? "On text, in the mean over cells,"
      : isMixed
        ? "By accuracy, in the mean over tasks and cells,"
        : "In the mean over tasks and cells";
  return [`${over} ${ranking} come first of ${count(means.length, "way")}.`];
}

function transferAnswer(results: SearchResults): string[] {
  const transfers = transfersOf(results);
  const isHome = ({ task, cell, foundOn, foundWith }: Transfer) => task === foundOn && cell === foundWith;
  const gainsOf = (some: readonly Transfer[]) =>
    some.flatMap(({ unit, apart }) => (apart ? [{ unit, value: apart.value }] : []));
  const away = transfers.filter((own) => !isHome(own));
  const [there, here] = [gainsOf(transfers.filter(isHome)), gainsOf(away)];
  if (there.length === 0 || here.length === 0) return [];
  const signs = away.map(({ apart }) => signOf(apart));
  const better = signs.filter((sign) => sign === "more").length;
  return [
    `Beside chance, graphs of ${TRANSFERRED} ${changesText(there)} where they were found, and ${changesText(here)} with another cell or on another task; of the latter ${better} of ${away.length} intervals ${better === 1 ? "says" : "say"} that they are better.`,
  ];
}

function lookAnswer(results: SearchResults): string[] {
  const contrasts = contrastsOf(results, TRANSFERRED);
  if (contrasts.length === 0) return [];
  const most = contrasts
    .slice(0, 3)
    .map(
      ({ name, deviations }) =>
        `${name.replaceAll("_", " ")} (${deviations > 0 ? "+" : ""}${decimal(deviations, 1)})`,
    );
  const preference = preferenceOf(results, TRANSFERRED);
  return [
    `${capital(list(most))} differ most from random graphs, in standard deviations of these.`,
    ...(preference === undefined
      ? []
      : [
          `Predictors fitted on the random graphs rank a found graph above ${percentage(preference, 0)} of those of chance; without a preference it would be 50 %.`,
        ]),
  ];
}
