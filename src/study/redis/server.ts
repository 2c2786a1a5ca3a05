// A server is looked at before any trial is given to it: one that lacks a database or a right, drops what it was given
// when memory is short, or spreads keys over a cluster would make trials fail that are not to blame, or wait for ever.
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Redis } from "ioredis";
import { InputError } from "../../errors.js";
import type { Address } from "./address.js";
import { prefix } from "./protocol.js";

const advice = "docs/many-machines.md says what it needs";

/**
 * Makes sure that a server can be used by this user.
 * @param where how it is called in messages
 * @throws InputError that says what is in the way.
 */
export async function inspectServer(redis: Redis, { database }: Address, where: string): Promise<void> {
  const refuse = (what: string, hint: string, cause?: unknown) =>
    new InputError({ where, what, hint, cause });
  let info = await factsOf(redis);
  while (info.get("loading") === "1") {
    await setTimeout(500);
    info = await factsOf(redis);
  }
  if (info.get("cluster_enabled") === "1") {
    throw refuse("is part of a Redis Cluster, over which a queue cannot be spread", "use a single server");
  }
  const policy = info.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction") {
    const what = `drops keys when its memory is short (maxmemory-policy ${policy}), and with them trials and results`;
    throw refuse(what, "set it to noeviction, or use another server");
  }
  try {
    if (database !== 0) await redis.select(database);
  } catch (error) {
    if (isDenied(error)) throw refuse("does not let this user choose a database", advice, error);
    throw refuse(`has no database ${database}`, "name one that it has, usually 0 to 15", error);
  }
  const faults = await tryCommands(redis);
  const denied = faults.filter(({ error }) => isDenied(error));
  if (denied.length > 0) {
    const keys = denied.find(({ error }) => /\bkeys?\b/.test(error.message));
    const names = denied.map(({ command }) => command).join(", ");
    const what = keys ? `use keys that begin with ${prefix}:` : `run ${names}`;
    throw refuse(`does not let this user ${what}`, advice, denied[0].error);
  }
  const [fault] = faults;
  if (fault) throw refuse(`refuses ${fault.command} (${fault.error.message})`, advice, fault.error);
}

// What INFO tells; not CONFIG, which fewer users may ask and fewer servers have.
async function factsOf(redis: Redis): Promise<ReadonlyMap<string, string>> {
  try {
    const text = await redis.info();
    return new Map(Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, name, value]) => [name, value]));
  } catch (error) {
    // It is among the commands that are tried next.
    if (isDenied(error)) return new Map();
    throw error;
  }
}

interface Fault {
  readonly command: string;
  readonly error: Error;
}

// Runs every command that the queue and the exchange of results consist of, alone or in a script, on keys of its own.
async function tryCommands(redis: Redis): Promise<Fault[]> {
  const key = (type: string) => `${prefix}:probe:${id}:${type}`;
  const id = randomUUID();
  const [string, hash, list, set, sorted, stream] = ["string", "hash", "list", "set", "sorted", "stream"].map(
    key,
  );
  const commands: [command: string, ...values: (string | number)[]][] = [
    ["info"],
    ["time"],
    ["set", string, 1, "PX", 10_000],
    ["get", string],
    ["incr", string],
    ["exists", string],
    ["type", string],
    ["pttl", string],
    ["hset", hash, "a", 1],
    ["pexpire", hash, 10_000],
    ["hmset", hash, "b", 1],
    ["hget", hash, "a"],
    ["hmget", hash, "a"],
    ["hgetall", hash],
    ["hexists", hash, "a"],
    ["hincrby", hash, "a", 1],
    ["hdel", hash, "a"],
    ["lpush", list, 1, 2],
    ["rpush", list, 3],
    ["llen", list],
    ["lindex", list, 0],
    ["lrange", list, 0, 1],
    ["lpos", list, 1],
    ["rpoplpush", list, list],
    ["lrem", list, 1, 1],
    ["ltrim", list, 0, 0],
    ["sadd", set, 1, 2, 3],
    ["smembers", set],
    ["sismember", set, 1],
    ["scard", set],
    ["srem", set, 1],
    ["spop", set, 1],
    ["zadd", sorted, 1, "a", 2, "b", 3, "c"],
    ["zcard", sorted],
    ["zcount", sorted, 1, 2],
    ["zscore", sorted, "a"],
    ["zrange", sorted, 0, 1],
    ["zrangebyscore", sorted, 0, 1],
    ["zrevrange", sorted, 0, 1],
    ["zrevrangebyscore", sorted, 1, 0],
    ["bzpopmin", sorted, 1],
    ["zpopmin", sorted],
    ["zrem", sorted, "c"],
    ["zremrangebyscore", sorted, 0, 1],
    ["xadd", stream, "*", "a", 1],
    ["xread", "COUNT", 1, "STREAMS", stream, 0],
    ["xlen", stream],
    ["xtrim", stream, "MAXLEN", 0],
    ["multi"],
    ["exec"],
    ["eval", "return redis.call('EXISTS', KEYS[1])", 1, string],
    ["evalsha", "0".repeat(40), 1, string],
    ["del", string],
    // Several keys at once, as a cluster's proxy may refuse them.
    ["unlink", string, hash, list, set, sorted, stream],
  ];
  const faults: Fault[] = [];
  const tries = commands.map(async ([command, ...values]) => {
    try {
      await redis.call(command, ...values);
    } catch (error) {
      if (!/^NOSCRIPT/.test((error as Error).message)) faults.push({ command, error: error as Error });
    }
  });
  await Promise.all(tries);
  return faults;
}

function isDenied(error: unknown): error is Error {
  return /\bNOPERM\b/.test((error as Error).message);
}
