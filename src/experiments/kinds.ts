// The kinds of trials that Filigree knows: what a study file may name.
import { type Kinds, kindsOf } from "../study/kind.js";
import { noop } from "../study/kinds.js";
import { pruneKind } from "./pruning.js";
import { structureKind } from "./structures.js";
import { foundKind, searchKind } from "./topologies.js";
import { trainKind } from "./training.js";

/** `train`, `prune`, `structure`, `search`, `found` and `noop`, by name. */
export const kinds: Kinds = kindsOf(trainKind, pruneKind, structureKind, searchKind, foundKind, noop);
