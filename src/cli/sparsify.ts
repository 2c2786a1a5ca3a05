// The options by which verbs make networks sparse: one vocabulary for `train` and `prune`, the same as in study files.
import { type Command, InvalidArgumentError } from "commander";
import { InputError } from "../errors.js";
import { type Density, type Distribution, distributions, parseDensity } from "../sparsify/density.js";
import { type MethodName, methodNames, methodOf, methods, type Sparsification } from "../sparsify/methods.js";
import { type Extra, extras } from "../sparsify/parts.js";
import { type Pattern, parsePattern } from "../sparsify/pattern.js";
import { type Scope, scopes } from "../sparsify/scope.js";
import { type Target, targets } from "../sparsify/target.js";
import { between, choice, whole } from "./command.js";

/** Which weights, and how many; see `Budget`. */
export interface BudgetOptions {
  readonly density?: Density;
  readonly percent?: number;
  readonly pattern?: Pattern;
  readonly scope?: Scope;
  readonly distribution?: Distribution;
  readonly target?: Target;
  readonly also?: readonly Extra[];
  readonly keepDiagonal?: boolean;
}

export interface SparsifyVerbOptions extends BudgetOptions {
  readonly sparsify?: MethodName;
  readonly densitySchedule?: readonly number[];
  readonly share?: number;
  readonly rounds?: number;
  readonly rewind?: number | "rate";
  readonly gradientBatches?: number;
  readonly backwardDensity?: number;
  readonly penalty?: number;
}

/** What a parser of an option throws, as commander wants it. */
function parsing<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InvalidArgumentError(`${error.what}; ${error.hint}.`);
    }
  };
}

function extraNames(text: string): Extra[] {
  const names = text.split(",").map((name) => name.trim());
  const stray = names.find((name) => !extras.some((extra) => extra === name));
  if (stray !== undefined) throw new InvalidArgumentError(`Use ${extras.join(" and ")}, divided by a comma.`);
  return names as Extra[];
}

function schedule(text: string): number[] {
  const numbers = text.split(",").map(Number);
  if ((numbers.length === 2 || numbers.length === 3) && numbers.every((number) => number >= 0))
    return numbers;
  throw new InvalidArgumentError(
    "Use two shares of the training and perhaps a number of updates, such as 0,0.6,100.",
  );
}

function rewindTo(text: string): number | "rate" {
  return text === "rate" ? text : whole(0, 1e6)(text);
}

/** Adds the options of `BudgetOptions`. @param scope what holds when it is left out. */
export function withBudget(command: Command, scope: string): Command {
  return command
    .option("--percent <p>", "share of the chosen weights to remove, in percent", between(0, 100))
    .option(
      "--density <d>",
      "share that is kept instead, above 0 and up to 1, or one for each gate: reset=0.3,update=0.2",
      parsing(parseDensity),
    )
    .option(
      "--pattern <p>",
      "what lives or dies together: weight, blocks such as 16x1, n of m such as 2:4, edge (a weight in every gate), or unit",
      parsing(parsePattern),
    )
    .addOption(choice("--scope <scope>", `which weights compete; ${scope}`, scopes))
    .addOption(
      choice(
        "--distribution <name>",
        "densities of matrices, of the scopes matrix and gate; uniform",
        distributions,
      ),
    )
    .addOption(choice("--target <matrices>", "input-to-hidden, hidden-to-hidden or both; both", targets))
    .option(
      "--also <matrices>",
      "embedding, readout or both: matrices that are left alone otherwise",
      extraNames,
    )
    .option("--keep-diagonal", "keep weights on the diagonals of hidden matrices longest");
}

/** Adds the options of `SparsifyVerbOptions`. */
export function withSparsify(command: Command): Command {
  const about = methodNames.map((name) => `${name}: ${methods[name].about}`).join("; ");
  return withBudget(command.addOption(choice("--sparsify <method>", about, methodNames)), "the method says")
    .option(
      "--density-schedule <shares>",
      "where masks begin and end to change, as shares of all updates, and every how many updates they do: 0,0.6,100",
      schedule,
    )
    .option(
      "--share <z>",
      "set, rigl: share of the weights that a change of masks drops and grows; 0.3",
      between(0, 1),
    )
    .option("--rounds <n>", "iterative: trainings, one after the other; 5", whole(2, 1000))
    .option(
      "--rewind <epochs>",
      "iterative: what a round begins with: the values after so many epochs, or `rate` for those that it finds; 0",
      rewindTo,
    )
    .option("--gradient-batches <n>", "snip: batches whose mean gradient decides; 1", whole(1, 1e6))
    .option(
      "--backward-density <d>",
      "top-kast: share of the weights that get a gradient; 0.5",
      between(0, 1),
    )
    .option("--penalty <x>", "top-kast, hard-concrete: how strongly weights are drawn to 0", between(0, 1e6));
}

/** The share of weights that is kept, by whichever of the two options says so; nothing where neither does. */
export function densityOf({
  density,
  percent,
}: Pick<BudgetOptions, "density" | "percent">): Density | undefined {
  if (density !== undefined && percent !== undefined) {
    throw new InputError({
      where: "--percent",
      what: "it says again, or otherwise, what --density says",
      hint: "give one of the two",
    });
  }
  return percent === undefined ? density : 1 - percent / 100;
}

/** The options by which settings are given that have other names in the library. */
const flags: Readonly<Record<string, string>> = {
  begin: "--density-schedule",
  end: "--density-schedule",
  every: "--density-schedule",
  batches: "--gradient-batches",
  backward: "--backward-density",
};

/** @throws InputError that names the option, when the method does not take a setting. */
function checked(wanted: Sparsification): Sparsification {
  try {
    methodOf(wanted);
  } catch (error) {
    if (!(error instanceof InputError) || error.where === undefined) throw error;
    const { where, what, hint } = error;
    throw new InputError({ where: flags[where] ?? `--${where}`, what, hint });
  }
  return wanted;
}

/**
 * The settings that a schedule stands for. A beginning at 0 and an end at 1 say nothing to methods that have no other.
 */
function scheduleOf(
  method: MethodName | undefined,
  [begin, end, every]: readonly number[] = [],
): Pick<Sparsification, "begin" | "end" | "every"> {
  const uses: object = method ? methods[method].uses : {};
  return {
    begin: begin === 0 && !("begin" in uses) ? undefined : begin,
    end: end === 1 && !("end" in uses) ? undefined : end,
    every,
  };
}

/** How a training is made sparse; nothing when no method is named. @throws InputError when an option goes without one. */
export function sparsificationOf(options: SparsifyVerbOptions): Sparsification | undefined {
  const { sparsify: method, pattern, scope, distribution, target, also, keepDiagonal } = options;
  const density = densityOf(options);
  const { begin, end, every } = scheduleOf(method, options.densitySchedule);
  const { share, rounds, rewind, gradientBatches: batches, backwardDensity: backward, penalty } = options;
  const own = { begin, end, every, share, rounds, rewind, batches, backward, penalty };
  const all = { density, pattern, scope, distribution, target, also, keepDiagonal, ...own };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  if (method !== undefined) {
    if (density === undefined) {
      throw new InputError({
        where: "--density",
        what: "it is missing",
        hint: "say what share of the weights is to be kept, for example 0.1",
      });
    }
    return checked({ method, density, ...given });
  }
  const [stray] = Object.keys(given);
  if (stray === undefined) return undefined;
  throw new InputError({
    where: "--sparsify",
    what: `${stray} is given, but no method`,
    hint: `name one of ${methodNames.join(", ")}`,
  });
}
