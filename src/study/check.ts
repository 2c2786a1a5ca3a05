// What users write by hand (study files, configurations, names on the command line) is checked against a schema, and
// a mistake is answered with the word that was probably meant. This module turns zod's findings into that one line.
import { z } from "zod";
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";

/**
 * The value as the schema understands it, defaults filled in.
 * @param where what the value is, for the message: a file, an option.
 * @throws InputError that names the first wrong field and, for an unknown one, the near one.
 */
export function check<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = first(result.error.issues);
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

// An unknown key explains more than the missing one that it should have been. A union reports the issues of every
// alternative: one whose keys are all known was meant, else the first with the fewest that are not.
function first(issues: readonly Issue[]): Issue {
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const alternatives = issue.errors.map((inner) => first(inner));
  const unknown = (inner: Issue) => inner.code === "unrecognized_keys";
  const meant = alternatives.find((inner) => !unknown(inner) && inner.path.length > 0);
  const strangers = (inner: Issue) =>
    inner.code === "unrecognized_keys" ? inner.keys.length : Number.POSITIVE_INFINITY;
  const fewest = alternatives.reduce((best, inner) => (strangers(inner) < strangers(best) ? inner : best));
  const inner = meant ?? fewest;
  return { ...inner, path: [...issue.path, ...inner.path] };
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
