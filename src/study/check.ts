// What users write by hand (study files, configurations, names on the command line) is checked against a schema, and
// a mistake is answered with the word that was probably meant. This module turns zod's findings into that one line.
import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { InputError } from "../errors.js";

/** The candidate closest to `word`, when it is close enough to be a slip of the keyboard or a part of the word. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const cost = (candidate: string) => {
    const other = candidate.toLowerCase();
    const part = lower.length > 2 && (other.includes(lower) || lower.includes(other));
    return part ? 0.5 : distance(lower, other);
  };
  const best = candidates.reduce<[string | undefined, number]>(
    (found, candidate) => (cost(candidate) < found[1] ? [candidate, cost(candidate)] : found),
    [undefined, Math.max(2, word.length / 2.5)],
  );
  return best[0];
}

/** `did you mean X` or, when nothing is near, `use A, B or C`. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const near = nearest(word, candidates);
  if (near !== undefined) return `did you mean ${near}`;
  if (candidates.length === 0) return undefined;
  return `use ${[candidates.slice(0, -1).join(", "), candidates.at(-1)].filter(Boolean).join(" or ")}`;
}

/**
 * The value as the schema understands it, defaults filled in.
 * @param where what the value is, for the message: a file, an option.
 * @throws InputError that names the first wrong field and, for an unknown one, the near one.
 */
export function check<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues[0]);
  const at = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0];
    const hint = suggest(key, keysAt(schema, issue.path));
    throw new InputError({ where, what: `unknown key ${at ? `${at}.${key}` : key}`, hint });
  }
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  throw new InputError({ where, what: at ? `${at}: ${message}` : message });
}

type Issue = z.core.$ZodIssue;

// A union reports one list of issues per alternative. The alternative that got furthest is the one that was meant.
function deepest(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  let best: Issue | undefined;
  for (const [first] of issue.errors) {
    if (first === undefined) continue;
    const inner = deepest({ ...first, path: [...issue.path, ...first.path] });
    if (inner.code === "unrecognized_keys" || inner.path.length > issue.path.length) best ??= inner;
  }
  return best ?? issue;
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

// The keys that the schema knows at a path, read from its JSON Schema: one walk for every kind of zod type.
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at = [z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" }) as JsonSchema];
  const open = (node: JsonSchema): JsonSchema[] => [
    node,
    ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(open),
  ];
  for (const step of path) {
    at = at.flatMap(open).flatMap((node) => {
      const next =
        typeof step === "number"
          ? node.items
          : (node.properties?.[String(step)] ?? node.additionalProperties);
      return typeof next === "object" ? [next] : [];
    });
  }
  return [...new Set(at.flatMap(open).flatMap((node) => Object.keys(node.properties ?? {})))];
}
