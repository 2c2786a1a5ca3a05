// The kinds of trials that Filigree knows.
import { type Kinds, kindsOf } from "../study/kind.js";
import { noop } from "../study/kinds.js";
import { pruneKind } from "./pruning.js";
import { structureKind } from "./structures.js";
import { trainKind } from "./training.js";

export const kinds: Kinds = kindsOf(trainKind, pruneKind, structureKind, noop);
