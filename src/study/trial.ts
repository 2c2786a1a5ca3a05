// From what a user asked for to what will be run: configurations are checked and completed, every trial gets the
// identity under which its result is kept, and the trials that others start from are found.
import { InputError } from "../errors.js";
import { check } from "./check.js";
import { canonicalJson, type JsonObject, sha256 } from "./json.js";
import { findKind, type Kinds, type TrialSpec } from "./kind.js";

/** A trial whose configuration is complete. */
export interface Trial {
  /** SHA-256 of the canonical JSON of {configuration, kind, seed, version}; 64 hexadecimal digits. */
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

/** The identity of a complete configuration. */
export function identityOf(kind: string, version: number, text: string, seed: number): string {
  return sha256(
    `{"configuration":${text},"kind":${JSON.stringify(kind)},"seed":${seed},"version":${version}}`,
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
    const identity = identityOf(kind.name, kind.version, text, spec.seed);
    const known = this.trials.get(identity);
    if (known) return known;
    const remark = kind.remark?.(configuration);
    if (remark !== undefined) this.remarks.add(remark);
    const specs = kind.needs?.(configuration, spec.seed) ?? [];
    const needs = specs.map((needed) => this.resolve(needed, where, depth + 1).identity);
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
