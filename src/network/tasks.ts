// What a network is for, as its parts tell it: where it is read and whether it scores classes or gives numbers. Files from
// elsewhere do not say, so that a network may be taken for another task than it seems to be for.
import { InputError } from "../errors.js";
import type { Architecture, Readout } from "./architecture.js";
import { Network } from "./network.js";

/**
 * - classify: a class for a sequence.
 * - label: a class at every step.
 * - next: the next symbol at every step.
 * - forecast: numbers at every step.
 */
export const taskNames = ["classify", "label", "next", "forecast"] as const;
export type TaskName = (typeof taskNames)[number];

/** What a network is for. One with an output for every symbol and no names of classes predicts the next symbol. */
export function taskOf({
  architecture,
  conventions,
}: Pick<Network, "architecture" | "conventions">): TaskName {
  const { input, readout } = architecture;
  if (readout.predicts === "numbers") return "forecast";
  if (readout.at !== "every-step") return "classify";
  const isNext = input.kind === "symbols" && readout.outputs === input.vocabulary && !conventions.labels;
  return isNext ? "next" : "label";
}

/** How a read-out is read for a task. */
export function readingFor(task: TaskName): Pick<Readout, "at" | "predicts"> {
  return {
    ...(task !== "classify" && { at: "every-step" as const }),
    ...(task === "forecast" && { predicts: "numbers" as const }),
  };
}

/**
 * The network, read for a task.
 * @throws InputError when it is to predict the next symbol and has not an output for each.
 */
export function readFor(network: Network, task: TaskName, where: string): Network {
  if (taskOf(network) === task) return network;
  const { architecture, parameters, masks, conventions } = network;
  const { at: _, predicts: __, ...readout } = architecture.readout;
  const reading: Architecture = { ...architecture, readout: { ...readout, ...readingFor(task) } };
  const { input } = architecture;
  if (task === "next" && !(input.kind === "symbols" && readout.outputs === input.vocabulary)) {
    const symbols = input.kind === "symbols" ? `the next of ${input.vocabulary} symbols` : "symbols";
    throw new InputError({
      where,
      what: `it tells ${readout.outputs} classes apart and does not predict ${symbols}`,
      hint: "give it labelled sequences with --data",
    });
  }
  return new Network(reading, parameters, masks, conventions);
}
