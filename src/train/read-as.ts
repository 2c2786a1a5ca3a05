// How tables of numbers are read for a network that there is already. It stands apart from number-data.ts, because verbs need it
// before they load what trains.
import type { TableChoices } from "../data/numbers/table.js";
import type { Network } from "../network/network.js";
import { horizonOf } from "./forecast.js";

/** How the data of a network are read: its channels are those of the data where they have names, and so is its target. */
export function readAs<Choices extends Pick<TableChoices, "task" | "layout" | "channels" | "targetColumn">>(
  network: Network,
  options: Choices,
): Choices & Pick<TableChoices, "horizon"> {
  const { channels = [], targets = [] } = network.conventions;
  const named = channels.some((name, i) => name !== String(i + 1));
  const horizon = horizonOf(network);
  if (!named || options.layout === "wide") return { ...options, horizon };
  const isOwn = targets.length === channels.length;
  return {
    ...options,
    horizon,
    channels: options.channels ?? channels,
    ...(targets.length === 1 && !isOwn && { targetColumn: options.targetColumn ?? targets[0] }),
  };
}
