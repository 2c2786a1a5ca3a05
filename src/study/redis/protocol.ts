// What a coordinator and its workers have agreed on: the names of things in Redis, the form of a job and of what comes
// back, and which versions understand each other. Everything read from Redis goes through here and is checked.
import type { Redis } from "ioredis";
import { z } from "zod";
import { version } from "../../version.js";
import { canonicalJson, decodeNumber, encodeNumbers, type JsonObject, sha256 } from "../json.js";
import type { Kinds, TrialResult } from "../kind.js";
import type { Bundle } from "./bundle.js";

/** All keys begin with this; BullMQ's too. */
export const prefix = "filigree";

/** How long a job stays a dead worker's, in milliseconds. */
export const lockDuration = 15_000;
/** How often workers look for jobs of dead ones, in milliseconds. */
export const stalledInterval = 5_000;
/** A job whose worker died more often than this is given up: it probably kills them. */
export const maxStalledCount = 20;

/** What must be equal on both sides. */
export interface Version {
  readonly filigree: string;
  readonly kinds: Readonly<Record<string, number>>;
  /** By kinds whose results depend on it, what makes their bits. */
  readonly arithmetics: Readonly<Record<string, string>>;
}

/** The version of this program with these kinds. */
export function versionOf(kinds: Kinds): Version {
  return {
    filigree: version,
    kinds: Object.fromEntries(Object.values(kinds).map((kind) => [kind.name, kind.version])),
    arithmetics: Object.fromEntries(
      Object.values(kinds).flatMap((kind) => (kind.arithmetic ? [[kind.name, kind.arithmetic()]] : [])),
    ),
  };
}

/** The name of the queue that programs of this version share. */
export function queueName({ filigree, kinds, arithmetics }: Version): string {
  return `trials-${filigree}-${sha256(canonicalJson({ kinds, arithmetics })).slice(0, 12)}`;
}

/** Names of keys. `store` is a store's id, `identity` a trial's. */
export const keys = {
  /** The set of coordinators that announced themselves. */
  coordinators: `${prefix}:coordinators`,
  coordinator: (id: string) => `${prefix}:coordinator:${id}`,
  /** Set: identities of trials whose results workers ask for. */
  wanted: (store: string) => `${prefix}:${store}:wanted`,
  /** Bundle: a result that other trials start from. */
  need: (store: string, identity: string) => `${prefix}:${store}:need:${identity}`,
  /** Bundle: the result of a trial that has just finished. */
  result: (store: string, identity: string) => `${prefix}:${store}:result:${identity}`,
  /** String: the last saved epoch. */
  epoch: (store: string, identity: string) => `${prefix}:${store}:epoch:${identity}`,
  /** Bundle: the state after an epoch. */
  state: (store: string, identity: string, epoch: number) => `${prefix}:${store}:state:${identity}:${epoch}`,
  /** Hash: metrics by epoch. */
  series: (store: string, identity: string) => `${prefix}:${store}:series:${identity}`,
};

/** A job's id: two stores may hold the same trial. */
export function jobId(store: string, identity: string): string {
  return `${store}-${identity}`;
}

const hexadecimal = z.string().regex(/^[0-9a-f]+$/);

/** The data of a job. */
export const jobSchema = z.strictObject({
  store: hexadecimal.length(16),
  identity: hexadecimal.length(64),
  kind: z.string(),
  version: z.int(),
  seed: z.int().min(0),
  configuration: z.record(z.string(), z.json()),
  needs: z.array(hexadecimal.length(64)).max(10_000),
  timeLimit: z.number().positive().optional(),
});
export type Job = z.infer<typeof jobSchema>;

/** What a finished job returns; the result itself lies beside it. */
export const returnSchema = z.strictObject({ seconds: z.number().min(0) });

/** An epoch as a job reports it. */
export const progressSchema = z.strictObject({
  epoch: z.int().min(0),
  metrics: z.record(z.string(), z.union([z.number(), z.string()])),
});

const announcementSchema = z.object({
  store: z.string(),
  study: z.string(),
  filigree: z.string(),
  kinds: z.record(z.string(), z.number()),
  arithmetics: z.record(z.string(), z.string()).default({}),
});
export type Announcement = z.infer<typeof announcementSchema>;

/** The coordinators that are at work now. */
export async function announcements(redis: Redis): Promise<Announcement[]> {
  const ids = await redis.smembers(keys.coordinators);
  const found: Announcement[] = [];
  for (const id of ids) {
    const text = await redis.get(keys.coordinator(id));
    // One that was killed has expired.
    if (text === null) await redis.srem(keys.coordinators, id);
    const announcement = announcementSchema.safeParse(parse(text));
    if (announcement.success) found.push(announcement.data);
  }
  return found;
}

/** Numbers by name from JSON. @throws TypeError */
export function decodeNumbers(value: unknown): Record<string, number> {
  const entries = Object.entries((value ?? {}) as JsonObject);
  return Object.fromEntries(entries.map(([name, number]) => [name, decodeNumber(number)]));
}

/** A result as it travels. */
export function packResult({ summary, artifacts }: TrialResult): Bundle {
  return { header: JSON.stringify(encodeNumbers(summary)), parts: artifacts };
}

/** The inverse of `packResult`; undefined when it is malformed. */
export function unpackResult(bundle: Bundle | undefined): TrialResult | undefined {
  try {
    return bundle && { summary: decodeNumbers(JSON.parse(bundle.header)), artifacts: bundle.parts };
  } catch {
    return undefined;
  }
}

/** JSON from anyone. */
export function parse(text: string | null | undefined): unknown {
  try {
    return text == null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
