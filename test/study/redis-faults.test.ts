// Servers that cannot be used, users who may not use them, and addresses that are not what they seem: all said at once, and
// never a failed trial.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StudyInput } from "../../src/study/document.js";
import { StoreReader } from "../../src/study/reading.js";
import { describeAddress, parseAddress } from "../../src/study/redis/address.js";
import { connect } from "../../src/study/redis/connection.js";
import { redisExecutor } from "../../src/study/redis/coordinator.js";
import { runWorker, type WorkerEvent } from "../../src/study/redis/worker.js";
import { runStudy } from "../../src/study/runner.js";
import { Store } from "../../src/study/store.js";
import { testFolder } from "./folder.js";
import { testKinds } from "./kinds.js";
import { noRedis, RedisServer } from "./redis-server.js";

const path = testFolder();
const study: StudyInput = {
  name: "far",
  kind: "sequel",
  fixed: { base: { epochs: 3 } },
  grid: { "base.rate": [3.6, 3.7], factor: [1, 2, 3] },
};
const slow: StudyInput = { name: "far", kind: "walk", fixed: { epochs: 10_000, sleep: 10 } };

/** Both ends of the queue, which must say the same of a server. */
const ends: [string, (url: string) => Promise<unknown>][] = [
  ["coordinator", (url) => redisExecutor(url, { store: "0".repeat(16), study: "s", kinds: testKinds })],
  ["worker", (url) => runWorker(url, { kinds: testKinds, jobs: 1, signal: new AbortController().signal })],
];

async function refused(url: string, line: string | RegExp): Promise<void> {
  for (const [, connect] of ends) await expect(connect(url)).rejects.toThrow(line);
}

/** Runs a study by a coordinator and a worker, each at its address, and tells how both ended. */
async function work(
  input: StudyInput,
  coordinator: string,
  worker = coordinator,
  events: WorkerEvent[] = [],
) {
  const stop = new AbortController();
  const onEvent = (event: WorkerEvent) => void events.push(event);
  const working = runWorker(worker, { kinds: testKinds, jobs: 2, signal: stop.signal, onEvent });
  const ended = working.then(
    () => undefined,
    (error: Error) => error.message,
  );
  const store = Store.open(path());
  try {
    const executor = await redisExecutor(coordinator, { store: store.id, study: "far", kinds: testKinds });
    const outcome = runStudy(input, { store, kinds: testKinds, executor, signal: stop.signal });
    const end = await outcome.catch((error: Error) => error.message);
    return { end, counts: new StoreReader(store.database).status("far").counts, ended };
  } finally {
    stop.abort();
    await ended;
    store.close();
  }
}

describe("an address", () => {
  it.each([
    ["redis://host", { host: "host", port: 6379, tls: false, database: 0 }],
    ["rediss://u:p@h.example:1234/15", { tls: true, username: "u", password: "p", port: 1234, database: 15 }],
    ["redis://:p%40s%25%2F%23@[::1]:7/2", { host: "::1", username: undefined, password: "p@s%/#" }],
    ["redis://u:a@b@host", { host: "host", username: "u", password: "a@b" }],
  ])("%s is understood", (text, address) => {
    expect(parseAddress(text)).toMatchObject(address);
  });

  it("is shown without its user and password", () => {
    expect(describeAddress(parseAddress("rediss://u:p@[::1]:7/2"))).toBe("rediss://[::1]:7/2");
    expect(describeAddress(parseAddress("redis://:secret@host"))).toBe("redis://host:6379");
  });

  it.each([
    ["redis://:top%secret@host", "has a % that is not the beginning"],
    ["redis://top%zz:secret@host", "has a % that is not the beginning"],
    ["redis://:top/secret@host", "is not the address"],
    ["redis://user:12/secret@host", "has a password with characters that must be encoded"],
    ["redis://user:12?secret@host:6379", "has a password with characters that must be encoded"],
    ["redis://a:b@1#secret@host/2", "has a password with characters that must be encoded"],
    ["redis://:secret#top@host", "is not the address"],
    ["redis://secret@host", "names a user and no password"],
    ["redis://secret:@host", "names a user and no password"],
    ["redis://:secret@", "is not the address"],
    ["redis://:secret@/3", "is not the address"],
    ["redis://host/secret", "ends with something that is not the number of a database"],
    ["redis://host/1/secret", "ends with something that is not the number of a database"],
    ["redis://host/0x1", "ends with something that is not the number of a database"],
    ["redis://host?password=secret", "ends with something that is not the number of a database"],
    ["redis:///3", "names no host"],
    ["host:6379", "is not the address"],
    ["https://:secret@host", "is not the address"],
  ])("%s is refused in one line that does not repeat it", (text, line) => {
    const parse = () => parseAddress(text);
    expect(parse).toThrow(`--redis: ${line}`);
    expect(parse).toThrow(/^(?!.*(secret|top|zz))/);
  });
});

describe.skipIf(noRedis)(`a Redis that cannot be used${noRedis ? ` (${noRedis})` : ""}`, () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  /** The address of a new user with these rights. */
  let count = 0;
  async function user(...rights: string[]): Promise<string> {
    const name = `user${count++}`;
    await redis.call("ACL", "SETUSER", name, "on", ">word", ...rights);
    return server.url.replace("//", `//${name}:word@`);
  }

  it.each([
    [["~*", "+@all", "-hset", "-xadd"], "does not let this user run hset, xadd; docs/many-machines.md"],
    [["~*", "+@all", "-@scripting"], "does not let this user run eval, evalsha;"],
    [["~*", "+@all", "-info"], "does not let this user run info;"],
    [["~*", "+@read", "+@connection", "+info"], /does not let this user run .*\bset, .*\bzadd, /],
    [["~bull:*", "+@all"], "does not let this user use keys that begin with filigree:;"],
    [["+@all"], "does not let this user use keys that begin with filigree:;"],
    [["~*"], /does not let this user run info, time, set, get, /],
    [["~*", "+@all", "-exec"], "does not let this user run exec;"],
  ])("by a user with the rights %j is refused", async (rights, line) => {
    await refused(await user(...rights), line);
  });

  it("can be used by a user with the rights of the documentation", async () => {
    const text = readFileSync(new URL("../../docs/many-machines.md", import.meta.url), "utf8");
    const [, rights] = /ACL SETUSER filigree on '>password' (.*)$/m.exec(text) as RegExpExecArray;
    const url = await user(...rights.replaceAll("'", "").split(" "));
    expect(await work(study, url)).toMatchObject({ end: { finished: 8, failed: 0 } });
  });

  it("is tried with all commands that are used", async () => {
    const none = await user("~*", "+@connection");
    const error = await ends[0][1](none).catch((error: Error) => error.message);
    const tried = /this user run (.*); docs/.exec(String(error))?.[1].split(", ") ?? [];
    expect(tried.length).toBeGreaterThan(40);
    const rights = ["~filigree:*", "+@connection", ...tried.map((name) => `+${name}`)];
    const url = await user(...rights);
    expect(await work(study, url)).toMatchObject({ end: { finished: 8, failed: 0 } });
    const failing: StudyInput = { ...slow, list: [{ epochs: 1 }, { epochs: 2, failAt: 2 }], fixed: {} };
    expect(await work(failing, url)).toMatchObject({ end: { finished: 1, failed: 1 } });
    const denied = (await redis.info("errorstats"))
      .split("\r\n")
      .filter((line) => /CROSSSLOT|WRONGTYPE/.test(line));
    expect(denied).toEqual([]);
  });

  it.each([
    ["the coordinator", "-hmget", "~*"],
    ["the coordinator", "-@scripting", "~*"],
    ["the worker", "-get", "~*"],
    ["the worker", "-hset", "~*"],
    ["the worker", "-@all", "~*"],
  ])("when %s loses a right (%s) in the middle ends the run, and fails no trial", async (who, right) => {
    const [lucky, unlucky] = [await user("~*", "+@all"), await user("~*", "+@all")];
    const events: WorkerEvent[] = [];
    const addresses = who === "the worker" ? [lucky, unlucky] : [unlucky, lucky];
    const running = work(slow, addresses[0], addresses[1], events);
    while (!events.some(({ type }) => type === "started")) await setTimeout(10);
    const name = /\/\/(\w+):/.exec(unlucky)?.[1] as string;
    await redis.call("ACL", "SETUSER", name, right);
    if (who === "the worker") {
      // The study itself waits for another worker.
      while (String(await redis.call("CLIENT", "LIST")).includes(`user=${name} `)) await setTimeout(50);
      await redis.call("ACL", "DELUSER", /\/\/(\w+):/.exec(lucky)?.[1] as string);
    }
    const { end, counts, ended } = await running;
    expect(end).toMatch(/^Redis: (NOPERM|NOAUTH|WRONGPASS|ERR)/);
    expect(counts).toMatchObject({ failed: 0, finished: 0 });
    if (who === "the worker") expect(await ended).toMatch(/^Redis: .*NOPERM/);
  });

  it.each(["allkeys-lru", "volatile-ttl", "allkeys-random"])(
    "that evicts (%s) is refused",
    async (policy) => {
      const url = await user("~*", "+@all", "-config");
      await redis.config("SET", "maxmemory-policy", policy);
      await refused(url, `drops keys when its memory is short (maxmemory-policy ${policy})`);
      await redis.config("SET", "maxmemory-policy", "noeviction");
    },
  );

  it("that is out of memory or only a replica is refused", async () => {
    await redis.config("SET", "maxmemory", "1");
    await refused(server.url, /refuses set \(OOM /);
    await redis.config("SET", "maxmemory", "0");
    await redis.call("REPLICAOF", "127.0.0.1", "1");
    await refused(server.url, /refuses set \(READONLY /);
    await redis.call("REPLICAOF", "NO", "ONE");
  });

  it("that is part of a cluster is refused", async () => {
    const cluster = await RedisServer.start("--cluster-enabled", "yes");
    await refused(
      cluster.url,
      "is part of a Redis Cluster, over which a queue cannot be spread; use a single server",
    );
    await cluster.stop();
  });

  it("that comes back without its database is waited for, and no other database is used", async () => {
    const own = await RedisServer.start("--appendonly", "no");
    const notices: string[] = [];
    const { redis: connection, close } = await connect(`${own.url}/9`, (text) => notices.push(text));
    await own.kill();
    await own.run("--databases", "1");
    const written = connection.set("filigree:x", 1);
    await setTimeout(1_000);
    const look = new Redis(own.url);
    expect(await look.keys("*")).toEqual([]);
    look.disconnect();
    expect(notices).toEqual([expect.stringContaining("waiting for it to come back")]);
    await own.kill();
    await own.run();
    expect(await written).toBe("OK");
    expect(await connection.keys("*")).toEqual(["filigree:x"]);
    close();
    await own.stop();
  });

  it("that has no such database is refused", async () => {
    await refused(
      `${server.url}/99`,
      /^redis:\/\/127\.0\.0\.1:\d+\/99: has no database 99; name one that it has/,
    );
    await refused(`${server.url}/999999999`, "has no database 999999999");
    expect((await redis.keys("*")).filter((key) => key.includes("probe"))).toEqual([]);
    expect(await work(study, `${server.url}/15`)).toMatchObject({ end: { finished: 8 } });
  });
});
