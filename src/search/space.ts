// What is searched: a super-network, groups of its weights of which each may be kept or not, and how many are kept in the end.
// A topology is a choice of groups. Each grain (edges of a graph, weights of a stack) is one file that makes a space.
import type { Network } from "../network/network.js";
import type { Budget } from "../sparsify/density.js";
import type { Groups } from "../sparsify/groups.js";
import type { Pattern } from "../sparsify/pattern.js";

export interface Space {
  /** The super-network, untrained. */
  readonly network: Network;
  readonly groups: Groups;
  /** Groups that a topology has. */
  readonly kept: number;
  /** Which weights the groups are of, as the ways to be sparse take it. */
  readonly budget: Budget;
  readonly pattern: Pattern;
  /** Marks exactly `kept` groups of the highest scores, as far as the space leaves the choice. @param scores one of each group. */
  choose(scores: Float64Array): Uint8Array;
}
