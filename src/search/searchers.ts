// The differentiable searchers by the names that users give: a searcher is a file in `searchers` and a line here.
import type { Searcher } from "./searcher.js";
import { hardConcrete } from "./searchers/hard-concrete.js";
import { mixture } from "./searchers/mixture.js";
import { topK } from "./searchers/top-k.js";

export const searchers = {
  "top-k": topK,
  "hard-concrete": hardConcrete,
  mixture,
} as const satisfies Readonly<Record<string, Searcher>>;

export type SearcherName = keyof typeof searchers;
export const searcherNames = Object.keys(searchers) as SearcherName[];
