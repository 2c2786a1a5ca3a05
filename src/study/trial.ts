// From what a user asked for to what will be run: configurations are checked and completed, every trial gets the
// identity under which its result is kept, and the trials that others start from are found.
import { InputError } from "../errors.js";
import { check } from "./check.js";
import { canonicalJson, type JsonObject, sha256 } from "./json.js";
import { findKind, type Kinds, type TrialKind, type TrialSpec } from "./kind.js";

/** A trial whose configuration is complete. */
export interface Trial {
  /** `identityOf` it; 64 hexadecimal digits. */
  readonly identity: string;
  readonly kind: string;
  readonly version: number;
  readonly seed: number;
  readonly configuration: JsonObject;
  /** Canonical JSON of `configuration`. */
  readonly text: string;
  /** Identities of the trials that must be finished before. */
  readonly needs: readonly string[];
}

/**
 * The identity of a trial: the SHA-256 of the canonical JSON of what its result depends on.
 * @param configuration of a complete configuration what decides, see `TrialKind.identifying`.
 * @param needs identities of the trials that it starts from, in order.
 */
export function identityOf(
  kind: TrialKind,
  configuration: JsonObject,
  seed: number,
  needs: readonly string[],
): string {
  return sha256(
    canonicalJson({
      arithmetic: kind.arithmetic?.(),
      configuration,
      kind: kind.name,
      needs: needs.length > 0 ? needs : undefined,
      seed,
      version: kind.version,
    }),
  );
}

// Trials may need trials that need trials; deeper than this is a circle.
const deepest = 32;

/** Completes trials and remembers them, so that one that many others need is looked at once. */
export class TrialResolver {
  /** All trials met so far by identity, each after those that it needs. */
  readonly trials = new Map<string, Trial>();
  /** What the kinds remarked on their configurations, each once. */
  readonly remarks = new Set<string>();
  private readonly kinds: Kinds;

  constructor(kinds: Kinds) {
    this.kinds = kinds;
  }

  /**
   * The trial that `spec` describes, and with it, in `trials`, all that it needs.
   * @throws InputError when the kind is unknown, its schema refuses the configuration or the needs never end.
   */
  resolve(spec: TrialSpec, where?: string, depth = 0): Trial {
    const kind = findKind(this.kinds, spec.kind, where);
    const at = `${where ? `${where}: ` : ""}configuration of ${kind.name}`;
    if (!Number.isSafeInteger(spec.seed) || spec.seed < 0) {
      throw new InputError({ where: at, what: `seed ${spec.seed} is not a whole number from 0` });
    }
    if (depth > deepest) throw new InputError({ where: at, what: "its needs go round in a circle" });
    const configuration = check(kind.schema, spec.configuration, at);
    const text = canonicalJson(configuration);
    const specs = kind.needs?.(configuration, spec.seed) ?? [];
    const needs = specs.map((needed) => this.resolve(needed, where, depth + 1).identity);
    const deciding = kind.identifying?.(configuration) ?? (JSON.parse(text) as JsonObject);
    const identity = identityOf(kind, deciding, spec.seed, needs);
    const known = this.trials.get(identity);
    if (known) return known;
    const remark = kind.remark?.(configuration);
    if (remark !== undefined) this.remarks.add(remark);
    const trial: Trial = {
      identity,
      kind: kind.name,
      version: kind.version,
      seed: spec.seed,
      configuration: JSON.parse(text),
      text,
      needs,
    };
    this.trials.set(identity, trial);
    return trial;
  }
}
