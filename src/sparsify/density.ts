// How a density, the share of weights that exist, is shared out: pools of parts that compete by their scores, or a
// density of its own for each matrix or gate.
import { InputError } from "../errors.js";
import { checkWord } from "../suggest.js";
import { type Grouped, groupsOf } from "./groups.js";
import { type Extra, gatesOf, type Part, partsOf, sizeOf } from "./parts.js";
import { formatPattern, type Pattern } from "./pattern.js";
import { type Scope, scopes } from "./scope.js";
import { keptOf, type Pool } from "./select.js";
import type { Target } from "./target.js";

/** One density, or one for each gate by its name; 1 of gates that are not named. */
export type Density = number | Readonly<Record<string, number>>;

/**
 * `uniform`: every matrix has the same density. `erdos-renyi`: it goes with (rows + columns) / (rows · columns) of a gate, so
 * that small matrices are denser (Mocanu et al. 2018, Evci et al. 2020).
 */
export const distributions = ["uniform", "erdos-renyi"] as const;
export type Distribution = (typeof distributions)[number];

/** Which weights a method decides over, and how many of them there are in the end. */
export interface Budget {
  readonly density: Density;
  /** Which weights compete; the method says when left out. Densities by gate make it `gate`. */
  readonly scope?: Scope;
  /** Of scopes `matrix` and `gate`; uniform when left out. */
  readonly distribution?: Distribution;
  readonly target?: Target;
  /** Matrices besides those of the cells. */
  readonly also?: readonly Extra[];
  /** Whether weights on the diagonals of hidden matrices go last. */
  readonly keepDiagonal?: boolean;
  /** Tensors that are left alone. */
  readonly except?: readonly string[];
}

/** A density as it is written: `0.1` or `reset=0.3,update=0.2`. @throws InputError when it is none. */
export function parseDensity(text: string): Density {
  const refuse = (): never => {
    throw new InputError({
      where: "density",
      what: `${JSON.stringify(text)} is no density`,
      hint: "use a number above 0 and up to 1, or one for each gate such as reset=0.3,update=0.2,new=0.5",
    });
  };
  const number = (word: string) =>
    word.trim() === "" || Number.isNaN(Number(word)) ? refuse() : Number(word);
  if (!text.includes("=")) return number(text);
  const pairs = text.split(",").map((pair) => pair.split("="));
  return Object.fromEntries(
    pairs.map(([gate, value, ...more]) => [gate.trim(), more.length > 0 ? refuse() : number(value ?? "")]),
  );
}

/**
 * The pools of a network's weights with the density of each.
 * @param scope where the budget names none.
 * @throws InputError when a density is not above 0 and up to 1, leaves a part empty, is another than an n-of-m pattern
 * has, or names a gate that there is not.
 */
export function poolsFor(
  network: Grouped,
  budget: Budget,
  pattern: Pattern,
  scope: Scope = "global",
): Pool[] {
  const { density, distribution = "uniform", target, also, except = [] } = budget;
  const usual = typeof density === "number" ? scope : "gate";
  const wanted = pattern.kind === "unit" ? scopeOfUnits(budget) : (budget.scope ?? usual);
  checkWord("scope", wanted, scopes);
  checkWord("distribution", distribution, distributions);
  if (pattern.kind === "edge" && wanted === "gate") {
    throw new InputError({
      where: "scope",
      what: "an edge is a weight in every gate, so that gates have no densities of their own",
      hint: "use the scope global, layer or matrix, and one density",
    });
  }
  const parts = partsOf(network, target, also).filter(({ tensor }) => !except.includes(tensor));
  if (parts.length === 0)
    throw new InputError({ what: "no matrix is chosen", hint: "choose another target" });
  const pools =
    typeof density === "number" ? shared(parts, density, wanted, distribution) : byGate(parts, density);
  if (typeof density !== "number") checkGates(network, density, wanted);
  for (const pool of pools) checkPool(network, pool, pattern);
  return pools;
}

/** Units are rows of every gate and columns of several matrices, so that they compete in cells or in all of them. */
function scopeOfUnits(budget: Budget): Scope {
  const { density, scope, distribution = "uniform", target = "both", also, keepDiagonal } = budget;
  const stray = [
    ...(target === "both" ? [] : ["target"]),
    ...(also ? ["also"] : []),
    ...(distribution === "uniform" ? [] : ["distribution"]),
    ...(keepDiagonal ? ["keepDiagonal"] : []),
    ...(scope === "matrix" || scope === "gate" ? ["scope"] : []),
  ];
  if (stray.length > 0) {
    throw new InputError({
      where: stray[0],
      what: "a unit goes with all of its weights, and competes with the units of its cell or of all cells",
      hint: stray[0] === "scope" ? "use the scope global or layer" : "leave it out",
    });
  }
  if (typeof density !== "number") {
    throw new InputError({
      where: "density",
      what: "a unit has a row in every gate, so that gates have no densities of their own",
      hint: "give one density",
    });
  }
  // The norms of layers differ with what they read, and a layer without units ends a network.
  return scope ?? "layer";
}

function shared(parts: readonly Part[], density: number, scope: Scope, distribution: Distribution): Pool[] {
  if (!(density > 0 && density <= 1)) refuseDensity(density, "density");
  if (distribution === "erdos-renyi") {
    if (scope !== "matrix" && scope !== "gate") {
      throw new InputError({
        where: "distribution",
        what: `weights of several matrices compete in the scope ${scope}, so that none has a density of its own`,
        hint: "use the scope matrix or gate",
      });
    }
    const own = erdosRenyi(parts, density);
    return pooled(parts, scope).map((pool) => ({ parts: pool, density: own.get(pool[0].tensor)! }));
  }
  return pooled(parts, scope).map((pool) => ({ parts: pool, density }));
}

function byGate(parts: readonly Part[], density: Readonly<Record<string, number>>): Pool[] {
  return parts
    .filter(({ gate }) => density[gate] !== undefined)
    .map((part) => ({ parts: [part], density: density[part.gate] }));
}

/** The parts that compete with each other. */
export function pooled(parts: readonly Part[], scope: Scope): Part[][] {
  const keyOf = {
    global: () => "",
    layer: ({ cell, tensor }: Part) => cell ?? tensor,
    matrix: ({ tensor }: Part) => tensor,
    gate: ({ tensor, gate }: Part) => `${tensor} ${gate}`,
  }[scope];
  const pools = new Map<string, Part[]>();
  for (const part of parts) {
    const key = keyOf(part);
    const pool = pools.get(key);
    if (pool) pool.push(part);
    else pools.set(key, [part]);
  }
  return [...pools.values()];
}

/**
 * The density of each matrix, by its name: min(1, ε(r + c)/(rc)) of gates of r rows and c columns, with the ε at which all
 * together have the density asked for. A matrix that would have more than 1 is dense, and the rest is shared out again.
 */
export function erdosRenyi(parts: readonly Part[], density: number): Map<string, number> {
  const matrices = pooled(parts, "matrix").map((own) => {
    const [{ tensor, rows, columns }] = own;
    const weights = own.reduce((sum, part) => sum + sizeOf(part), 0);
    return { tensor, weights, raw: (rows + columns) / (rows * columns) };
  });
  const budget = density * matrices.reduce((sum, { weights }) => sum + weights, 0);
  let free = matrices;
  for (;;) {
    const dense = matrices.filter((matrix) => !free.includes(matrix));
    const left = budget - dense.reduce((sum, { weights }) => sum + weights, 0);
    const epsilon = left / free.reduce((sum, { weights, raw }) => sum + weights * raw, 0);
    const fitting = free.filter(({ raw }) => epsilon * raw <= 1);
    if (fitting.length === free.length) {
      return new Map(
        matrices.map(({ tensor, raw }, i) => [tensor, free.includes(matrices[i]) ? epsilon * raw : 1]),
      );
    }
    free = fitting;
  }
}

function checkPool(network: Grouped, { parts, density }: Pool, pattern: Pattern): void {
  const where = parts.length === 1 ? `density of ${parts[0].gate} in ${parts[0].tensor}` : "density";
  if (!(density > 0 && density <= 1)) refuseDensity(density, where);
  if (pattern.kind === "n-of-m") {
    const { n, m } = pattern;
    if (Math.abs(density - n / m) < 1e-9) return;
    throw new InputError({
      where,
      what: `${formatPattern(pattern)} keeps ${n / m} of the weights, not ${density}`,
      hint: `use a density of ${n / m}, or another pattern`,
    });
  }
  const { count } = groupsOf(network, parts, pattern);
  if (keptOf(count, density) > 0) return;
  throw new InputError({
    where,
    what: `${density} leaves none of ${count} ${{ weight: "weights", blocks: "blocks", edge: "edges", unit: "units" }[pattern.kind]}`,
    hint: "use a larger density or a wider scope",
  });
}

function refuseDensity(density: number, where: string): never {
  throw new InputError({
    where,
    what: `${density} is not above 0 and up to 1`,
    hint: "use the share of weights that are kept, for example 0.1",
  });
}

function checkGates(
  { architecture }: Pick<Grouped, "architecture">,
  density: Readonly<Record<string, number>>,
  scope: Scope,
): void {
  const gates = gatesOf(architecture);
  const stray = Object.keys(density).find((gate) => !gates.includes(gate));
  if (stray !== undefined) {
    throw new InputError({
      where: "density",
      what: `there is no gate ${stray}`,
      hint: `the gates are ${gates.join(", ")}`,
    });
  }
  if (scope === "gate") return;
  throw new InputError({
    where: "scope",
    what: `densities by gate leave nothing to compete for in the scope ${scope}`,
    hint: "leave it out, or use gate",
  });
}

/** How many weights there are of a part. */
export interface PartDensity {
  readonly part: Part;
  readonly nonzeros: number;
  readonly weights: number;
}

/** How many weights each part has under a mask over the parameters. */
export function partDensities(parts: readonly Part[], mask: Uint8Array): PartDensity[] {
  return parts.map((part) => {
    const weights = sizeOf(part);
    const nonzeros = mask.subarray(part.begin, part.begin + weights).reduce((sum, bit) => sum + bit, 0);
    return { part, nonzeros, weights };
  });
}

/** What an epoch's history says of densities: `density` of all parts together, and of each by its tensor and gate. */
export function densityMetrics(parts: readonly Part[], mask: Uint8Array): Record<string, number> {
  const all = partDensities(parts, mask);
  const sum = (key: "nonzeros" | "weights") => all.reduce((total, own) => total + own[key], 0);
  const own = all.map(({ part, nonzeros, weights }) => [densityName(part), nonzeros / weights] as const);
  return { density: sum("nonzeros") / sum("weights"), ...Object.fromEntries(own) };
}

/** The name of the metric that tells a part's density. */
export function densityName({ tensor, gate }: Pick<Part, "tensor" | "gate">): string {
  return `density ${tensor.replace(/^cells\./, "")} ${gate}`;
}
