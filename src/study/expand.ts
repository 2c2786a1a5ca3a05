// A study file describes its trials by products of lists, ranges and draws. This module counts them without building
// any (a typing error can mean a billion), and then builds them one after the other in an order that never changes.
import { InputError } from "../errors.js";
import { Random } from "../math/random.js";
import { suggest } from "../suggest.js";
import { type Draw, isRange, type Range, type StudyDocument, setAt } from "./document.js";
import { flatten, type JsonObject, type JsonValue } from "./json.js";
import { findKind, type Kinds, type TrialKind } from "./kind.js";
import { type Trial, TrialResolver } from "./trial.js";

/** More trials than this are refused. */
export const mostTrials = 1_000_000;

/** One trial of a study: its place in the order, what was varied, and the identity it is run under. */
export interface Member {
  readonly number: number;
  readonly identity: string;
  /** The varied values by path; replicates share them. */
  readonly parameters: JsonObject;
  readonly replicate: number;
}

/** A study that is ready to run. */
export interface Study {
  readonly document: StudyDocument;
  /** Distinct trials in order. Combinations that come out equal are one trial. */
  readonly members: readonly Member[];
  /** All trials by identity, the members' needs among them, each after those it needs. */
  readonly trials: ReadonlyMap<string, Trial>;
  /** What a person should know before it is run, each once. */
  readonly remarks: readonly string[];
}

/**
 * The study that a document describes.
 * @throws InputError when it is too large, a configuration is wrong or no trial can have its objective.
 */
export function defineStudy(document: StudyDocument, kinds: Kinds): Study {
  const count = countCombinations(document);
  if (count > mostTrials) {
    throw new InputError({
      where: document.name,
      what: `describes ${count.toLocaleString("en")} trials, more than ${mostTrials.toLocaleString("en")}`,
      hint: "shorten the lists, widen the steps or draw at random",
    });
  }
  checkObjective(document, findKind(kinds, document.kind, document.name));
  const resolver = new TrialResolver(kinds);
  const members = new Map<string, Member>();
  for (const { configuration, parameters, replicate } of combinations(document)) {
    const seed = document.seed + replicate;
    const { identity } = resolver.resolve({ kind: document.kind, configuration, seed }, document.name);
    if (!members.has(identity)) {
      members.set(identity, { number: members.size, identity, parameters, replicate });
    }
  }
  const { trials, remarks } = resolver;
  return { document, members: [...members.values()], trials, remarks: [...remarks] };
}

function checkObjective({ name, objective }: StudyDocument, { name: kind, metrics }: TrialKind): void {
  if (!objective || !metrics || metrics.includes(objective.metric)) return;
  throw new InputError({
    where: name,
    what: `no trial of kind ${kind} has the metric ${objective.metric} of the objective`,
    hint: suggest(objective.metric, metrics),
  });
}

/** How many combinations a document describes; counted, not built. @throws InputError for an impossible range. */
export function countCombinations(document: StudyDocument): number {
  let count = (document.list?.length ?? 1) * (document.random?.draws ?? 1) * document.replicates;
  for (const [path, values] of Object.entries(document.grid)) {
    count *= isRange(values) ? rangeLength(values, `${document.name}: grid.${path}`) : values.length;
  }
  return count;
}

interface Combination {
  configuration: JsonObject;
  parameters: JsonObject;
  replicate: number;
}

/** All combinations: the list varies slowest, then the grid in the order written, the draws, the replicates. */
export function* combinations(document: StudyDocument): Generator<Combination> {
  const { name, random, replicates, seed } = document;
  const common = flatten(document.fixed as JsonObject);
  const list = (document.list ?? [{}]).map((entry) => flatten(entry as JsonObject));
  const axes = Object.entries(document.grid).map(
    ([path, values]) =>
      [path, isRange(values) ? rangeValues(values, `${name}: grid.${path}`) : values] as [
        string,
        JsonValue[],
      ],
  );
  const draws = Object.entries(random?.values ?? {});
  for (const entry of list) {
    refuseTwice(name, { fixed: common, list: entry, grid: document.grid, random: random?.values ?? {} });
  }
  const points = axes.reduce((product, [, values]) => product * values.length, 1);
  for (const entry of list) {
    for (let point = 0; point < points; point++) {
      for (let drawn = 0; drawn < (random?.draws ?? 1); drawn++) {
        const parameters: Record<string, JsonValue> = { ...entry };
        let rest = points;
        for (const [path, values] of axes) {
          rest /= values.length;
          parameters[path] = values[Math.floor(point / rest) % values.length];
        }
        for (const [path, distribution] of draws) {
          // A stream for each path and draw: more draws or other parameters leave the ones there are alone.
          const stream = new Random(seed).stream(`${path}/${drawn}`);
          parameters[path] = drawFrom(distribution, stream, `${name}: random.values.${path}`);
        }
        const configuration: JsonObject = {};
        for (const [path, value] of [...Object.entries(common), ...Object.entries(parameters)]) {
          // A copy: a later path may lead into this value.
          setAt(configuration, path.split("."), structuredClone(value), name);
        }
        for (let replicate = 0; replicate < replicates; replicate++)
          yield { configuration, parameters, replicate };
      }
    }
  }
}

function rangeLength({ from, to, step, count, scale }: Range, where: string): number {
  const complain = (what: string, hint?: string) => new InputError({ where, what, hint });
  if ((step === undefined) === (count === undefined)) throw complain("give either step or count");
  if (to < from) throw complain(`from ${from} is above to ${to}`);
  if (scale === "log" && (count === undefined || from <= 0))
    throw complain("a log scale needs count and from above 0");
  // A step that divides the distance up to rounding reaches the end.
  return count ?? Math.floor(((to - from) / (step as number)) * (1 + 1e-12)) + 1;
}

function rangeValues(range: Range, where: string): number[] {
  const { from, to, scale } = range;
  const length = rangeLength(range, where);
  const step = range.step ?? (to - from) / (length - 1);
  const at = (index: number) =>
    scale === "log" ? from * (to / from) ** (index / (length - 1)) : from + index * step;
  // Twelve digits, so that 0.1 + 2 · 0.1 is the 0.3 that was meant. Whole numbers are exact and may have more.
  const exact = scale === "linear" && Number.isInteger(from) && Number.isInteger(step);
  return Array.from({ length }, (_, index) => (exact ? at(index) : Number(at(index).toPrecision(12))));
}

function drawFrom(draw: Draw, random: Random, where: string): JsonValue {
  if ("choice" in draw) return random.pick(draw.choice);
  if ("normal" in draw) return draw.normal[0] + draw.normal[1] * random.normal();
  const [low, high] = "uniform" in draw ? draw.uniform : "integer" in draw ? draw.integer : draw.logUniform;
  if (low > high) throw new InputError({ where, what: `the lower bound ${low} is above ${high}` });
  if ("uniform" in draw) return low + (high - low) * random.uniform();
  if ("integer" in draw) {
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) {
      throw new InputError({ where, what: "the bounds of integer are not whole numbers" });
    }
    return low + Math.floor((high - low + 1) * random.uniform());
  }
  if (low <= 0) throw new InputError({ where, what: "the bounds of logUniform are not above 0" });
  return low * (high / low) ** random.uniform();
}

// One path inside another sets a value twice, too: the later one wins, whatever is written down of the other. Only a
// part of a fixed value may be set again, because that is how a value inside a fixed list is varied.
function refuseTwice(name: string, sections: Readonly<Record<string, object>>): void {
  const setIn = new Map<string, string>();
  for (const [section, values] of Object.entries(sections)) {
    for (const path of Object.keys(values)) {
      const other = setIn.get(path);
      if (other)
        throw new InputError({ where: name, what: `${path} is set twice, in ${other} and in ${section}` });
      setIn.set(path, section);
    }
  }
  for (const [path, section] of setIn) {
    for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
      const outer = path.slice(0, dot);
      const other = setIn.get(outer);
      if (other === undefined || (other === "fixed" && section !== "fixed")) continue;
      throw new InputError({
        where: name,
        what: `${path} is set twice, in ${section} and with ${outer} in ${other}`,
        hint: `write the values inside ${outer} by their paths, or in list`,
      });
    }
  }
}
