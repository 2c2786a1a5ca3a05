// Results and states travel through Redis in pieces of bounded size, so that neither side nor the server ever holds a
// large command, and a reader sees all of them or nothing.
import type { ChainableCommander, Redis } from "ioredis";
import { z } from "zod";
import { sha256 } from "../json.js";

/** A header and named byte strings. */
export interface Bundle {
  readonly header: string;
  readonly parts: Readonly<Record<string, Uint8Array>>;
}

/** The size of a piece in bytes. */
const piece = 2 ** 20;
/** Nobody sends more than this in one bundle; more is malformed. */
const most = 2 ** 32;
/** What nobody fetches goes after a week, in milliseconds. */
export const week = 7 * 24 * 3600 * 1000;

const manifestSchema = z.strictObject({
  header: z.string(),
  parts: z
    .array(z.tuple([z.string(), z.int().min(0).max(most), z.string().regex(/^[0-9a-f]{64}$/)]))
    .max(10_000),
});

/**
 * Writes a bundle under `key`. Writing the same one again, also by another process at the same time, does no harm.
 * @param lifetime how long it stays when nobody drops it, in milliseconds
 * @param last further commands that take effect together with the bundle's completion
 */
export async function putBundle(
  redis: Redis,
  key: string,
  bundle: Bundle,
  lifetime: number,
  last: (commands: ChainableCommander) => void = () => {},
): Promise<void> {
  const parts = Object.entries(bundle.parts);
  for (const [index, [, bytes]] of parts.entries()) {
    for (let from = 0; from < bytes.length; from += piece) {
      const part = Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(piece, bytes.length - from));
      await redis.hset(key, `${index}.${from / piece}`, part);
      if (from === 0) await redis.pexpire(key, lifetime);
    }
  }
  const manifest = {
    header: bundle.header,
    parts: parts.map(([name, bytes]) => [name, bytes.length, sha256(bytes)]),
  };
  const commands = redis.multi().hset(key, "manifest", JSON.stringify(manifest)).pexpire(key, lifetime);
  last(commands);
  const replies = await commands.exec();
  const fault = replies?.find(([error]) => error)?.[0];
  if (fault) throw fault;
}

/** Reads a bundle. @returns undefined when there is none, or it is incomplete or not what was written. */
export async function getBundle(redis: Redis, key: string): Promise<Bundle | undefined> {
  const manifest = readManifest(await redis.hget(key, "manifest"));
  if (manifest === undefined) return undefined;
  const parts: Record<string, Uint8Array> = {};
  for (const [index, [name, size, hash]] of manifest.parts.entries()) {
    const pieces: Buffer[] = [];
    for (let from = 0; from < size; from += piece) {
      const part = await redis.hgetBuffer(key, `${index}.${from / piece}`);
      if (part === null || part.length !== Math.min(piece, size - from)) return undefined;
      pieces.push(part);
    }
    // A copy of its own: small buffers share memory with others.
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const part of pieces) {
      bytes.set(part, at);
      at += part.length;
    }
    if (sha256(bytes) !== hash) return undefined;
    Object.defineProperty(parts, name, { value: bytes, enumerable: true });
  }
  return { header: manifest.header, parts };
}

function readManifest(text: string | null): z.infer<typeof manifestSchema> | undefined {
  if (text === null) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
