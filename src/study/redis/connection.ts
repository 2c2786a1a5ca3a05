// Connections to Redis that tell a wrong address from a server that is away for a while: the first is an error in one
// line, the second is waited out, however long it takes.
import { setTimeout } from "node:timers/promises";
import { Redis, ReplyError } from "ioredis";
import { InputError } from "../../errors.js";
import { ExecutorError } from "../executor.js";
import { describeAddress, parseAddress } from "./address.js";
import { inspectServer } from "./server.js";

/** Says something that a person should know. */
export type Notify = (text: string) => void;

/** A connection that is kept up until it is closed. */
export interface Connection {
  readonly redis: Redis;
  /** Ends it at once, and all duplicates of it that are trying to come back. */
  close(): void;
}

/**
 * Connects to a server that can be used.
 * @param url `redis://` or, with TLS, `rediss://[user:password@]host[:port][/database]`
 * @throws InputError when the address is wrong, nobody answers, the login is refused, or the server or what the user may
 * do on it is not enough.
 */
export async function connect(url: string, notify: Notify): Promise<Connection> {
  const address = parseAddress(url);
  const where = describeAddress(address);
  const { host, port, tls, username, password, database: db } = address;
  let known = false;
  const redis = new Redis({
    ...{ host, port, username, password, db, ...(tls ? { tls: {} } : {}) },
    lazyConnect: true,
    connectTimeout: 5_000,
    // `inspectServer` does it better: the package would print what is in its way.
    enableReadyCheck: false,
    // Commands wait for a server that is away instead of failing.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (known ? Math.min(times * 100, 2_000) : null),
  });
  let fault: Error | undefined;
  redis.on("error", (error: Error) => {
    fault = error;
    // One that has come back without the database: the package would go on in another one.
    if (known && /DB index/.test(error.message)) redis.disconnect(true);
  });
  try {
    await redis.connect();
    await inspectServer(redis, address, where);
  } catch (error) {
    redis.disconnect();
    throw error instanceof InputError ? error : explain(where, fault ?? (error as Error));
  }
  known = true;
  redis.options.enableReadyCheck = true;
  let away = false;
  redis.on("close", () => {
    if (away || !known) return;
    away = true;
    notify(`${where} is gone (${fault?.message ?? "connection closed"}); waiting for it to come back`);
  });
  redis.on("ready", () => {
    if (away) notify(`${where} is back`);
    away = false;
  });
  const close = () => {
    known = false;
    redis.disconnect();
  };
  return { redis, close };
}

function explain(where: string, cause: Error): InputError {
  const { message } = cause;
  if (/WRONGPASS|NOAUTH/.test(message)) {
    const what = `Redis refuses the login (${message.split(" ")[0]})`;
    const hint =
      "write redis://user:password@host:port, with what is special in a password encoded (% as %25)";
    return new InputError({ where, what, hint, cause });
  }
  const hint = /certificate/.test(message)
    ? "name a file with the certificate of its authority in NODE_EXTRA_CA_CERTS"
    : "start one with `redis-server --port 6390 --appendonly yes`, or check the address";
  return new InputError({ where, what: `no Redis answers (${message})`, hint, cause });
}

/**
 * What a server that refuses for good says, as an error for which no trial is to blame; undefined for what may pass: a
 * connection that broke, a server that still loads its data or is out of memory.
 */
export function refusal(error: unknown): ExecutorError | undefined {
  if (!(error instanceof ReplyError)) return undefined;
  const { message } = error as Error;
  if (!/^(WRONGTYPE|NOPERM|NOAUTH|WRONGPASS|CROSSSLOT|MOVED|ERR)\b/.test(message)) return undefined;
  return new ExecutorError({
    where: "Redis",
    what: message,
    hint: "see docs/many-machines.md",
    cause: error,
  });
}

/**
 * Repeats an operation that may be repeated until it succeeds: a connection that broke in the middle, a server that
 * still loads its data or is out of memory.
 * @throws the signal's reason, or ExecutorError when the server refuses for good.
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
      const refused = refusal(error);
      if (refused) throw refused;
      if (attempt === 3) notify(`Redis: ${(error as Error).message}; trying again`);
      await setTimeout(Math.min(100 * 2 ** attempt, 2_000), undefined, { signal });
    }
  }
}
