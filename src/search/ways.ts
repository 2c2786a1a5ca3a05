// All ways to come to a topology, by the names that users give: differentiable searchers, and what they are compared with at the
// same budget.
import { type CandidateSearchName, candidateSearches } from "./candidates.js";
import { type RandomFamily, randomFamilies } from "./random-graphs.js";
import { type SearcherName, searchers } from "./searchers.js";

/** Ways to be sparse while a super-network trains, of which the masks in the end are the topology. */
export const trainedRivals = ["magnitude", "gradual", "rigl"] as const;
export type TrainedRival = (typeof trainedRivals)[number];

export type Way = SearcherName | TrainedRival | CandidateSearchName | RandomFamily | "random" | "dense";

/** What each is, in a clause. */
export const ways: Readonly<Record<Way, string>> = {
  "top-k": searchers["top-k"].about,
  "hard-concrete": searchers["hard-concrete"].about,
  mixture: searchers.mixture.about,
  magnitude: "the largest groups of the super-network after training it (one-shot)",
  gradual: "gradual magnitude pruning of the super-network",
  rigl: "RigL on the super-network",
  random: "any topology of the space",
  "watts-strogatz": "a random small world",
  "barabasi-albert": "a random graph of preferential attachment",
  "erdos-renyi": "any graph of so many edges",
  "best-of-random": candidateSearches["best-of-random"].about,
  evolution: candidateSearches.evolution.about,
  predictor: candidateSearches.predictor.about,
  dense: "fewer units, of which each layer reads all of the one before",
};
export const wayNames = Object.keys(ways) as Way[];

/** Whether a way is a choice among the edges of a graph, and of no other space. */
export function isOfGraphs(way: Way): boolean {
  return isCandidateSearch(way) || isFamily(way) || way === "dense";
}

export function isSearcher(way: Way): way is SearcherName {
  return way in searchers;
}

export function isTrainedRival(way: Way): way is TrainedRival {
  return trainedRivals.some((name) => name === way);
}

export function isCandidateSearch(way: Way): way is CandidateSearchName {
  return way in candidateSearches;
}

export function isFamily(way: Way): way is RandomFamily {
  return randomFamilies.some((name) => name === way);
}
