// Connections to Redis that tell a wrong address from a server that is away for a while: the first is an error in one
// line, the second is waited out, however long it takes.
import { setTimeout } from "node:timers/promises";
import { Redis, ReplyError } from "ioredis";
import { InputError } from "../../errors.js";

/** Says something that a person should know. */
export type Notify = (text: string) => void;

/** A Redis address without its password. */
export function describeUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/**
 * Connects to `redis://` or, with TLS, `rediss://[user:password@]host[:port][/database]`.
 * @throws InputError when the address is wrong, nobody answers or the password is refused.
 */
export async function connect(url: string, notify: Notify): Promise<Redis> {
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)) {
    const what = "is not the address of a Redis server";
    throw new InputError({ where: "--redis", what, hint: "write redis://host:port, or rediss:// for TLS" });
  }
  const where = describeUrl(url);
  let known = false;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    // Commands wait for a server that is away instead of failing.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (known ? Math.min(times * 100, 2_000) : null),
  });
  let fault: Error | undefined;
  redis.on("error", (error: Error) => {
    fault = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    throw explain(where, fault ?? (error as Error));
  }
  known = true;
  let away = false;
  redis.on("close", () => {
    if (away || redis.status === "end" || !known) return;
    away = true;
    notify(`${where} is gone (${fault?.message ?? "connection closed"}); waiting for it to come back`);
  });
  redis.on("ready", () => {
    if (away) notify(`${where} is back`);
    away = false;
  });
  redis.on("end", () => {
    known = false;
  });
  return redis;
}

function explain(where: string, cause: Error): InputError {
  const { message } = cause;
  if (/WRONGPASS|NOAUTH|NOPERM/.test(message)) {
    const what = `Redis refuses the login (${message.split(" ")[0]})`;
    return new InputError({ where, what, hint: "write redis://user:password@host:port", cause });
  }
  const hint = /certificate/.test(message)
    ? "name a file with the certificate of its authority in NODE_EXTRA_CA_CERTS"
    : "start one with `redis-server --port 6390 --appendonly yes`, or check the address";
  return new InputError({ where, what: `no Redis answers (${message})`, hint, cause });
}

/**
 * Repeats an operation that may be repeated until it succeeds: a connection that broke in the middle, a server that
 * still loads its data or is out of memory.
 * @throws the signal's reason, or the error of a server that refuses for good.
 */
export async function patiently<T>(
  operation: () => Promise<T>,
  signal: AbortSignal | undefined,
  notify: Notify,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await operation();
    } catch (error) {
      signal?.throwIfAborted();
      const { message } = error as Error;
      if (error instanceof ReplyError && /^(WRONGTYPE|NOPERM|NOAUTH|ERR)\b/.test(message)) throw error;
      if (attempt === 3) notify(`Redis: ${message}; trying again`);
      await setTimeout(Math.min(100 * 2 ** attempt, 2_000), undefined, { signal });
    }
  }
}
