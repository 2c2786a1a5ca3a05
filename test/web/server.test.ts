// The dashboard's server, asked as a browser asks it, and as nobody should: foreign hosts and origins, paths, methods, sizes, a
// store that is hostile, deleted, replaced, or written meanwhile.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { FiligreeError } from "../../src/errors.js";
import { kindsOf, type TrialKind } from "../../src/study/kind.js";
import { runStudy } from "../../src/study/runner.js";
import { Store } from "../../src/study/store.js";
import { type Dashboard, type DashboardOptions, startDashboard } from "../../src/web/serve/server.js";
import { applyDelta, type Delta, decodeTable, states } from "../../src/web/store/table.js";
import type { Overview } from "../../src/web/store/watch.js";
import { testFolder } from "../study/folder.js";
import { testKinds } from "../study/kinds.js";

const path = testFolder();
const PAGE = "<!doctype html><title>the page</title>";
const study = { name: "walks", kind: "walk", fixed: { steps: 5 }, grid: { rate: [3.7, 3.8] }, replicates: 2 };

const open: Dashboard[] = [];
const mistakes: unknown[] = [];
afterEach(async () => {
  for (const dashboard of open.splice(0)) await dashboard.close();
  expect(mistakes.splice(0)).toEqual([]);
});

async function filled(): Promise<string> {
  const store = path();
  await runStudy(study, { store, kinds: testKinds });
  return store;
}

async function start(store: string, options: Partial<DashboardOptions> = {}): Promise<URL> {
  const onMistake = (error: unknown) => mistakes.push(error);
  const dashboard = await startDashboard({ store, page: PAGE, port: 0, onMistake, ...options });
  open.push(dashboard);
  return new URL(dashboard.address);
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Asks with exactly these headers: `fetch` would not let a test say another host. */
function ask(
  base: URL,
  target: string,
  {
    method = "GET",
    body,
    headers = {},
  }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: base.hostname, port: base.port, path: target, method, headers },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
        );
        response.on("error", reject);
      },
    );
    asking.on("error", reject);
    asking.end(body);
  });
}

/** Bytes as they are sent over the line, and what comes back until the server hangs up. */
function raw(base: URL, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(base.port), base.hostname, () => socket.write(bytes));
    socket.on("data", (part) => {
      answer += part;
    });
    socket.on("close", () => resolve(answer));
    // What it did not read when it hung up.
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" || error.code === "EPIPE" ? resolve(answer) : reject(error),
    );
  });
}

interface Event {
  readonly name: string;
  readonly data: unknown;
}

/** Listens to the server's events until it is closed. */
async function listen(base: URL, study?: number, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const asked = study === undefined ? "" : `?study=${study}`;
  const response = await fetch(new URL(`/api/events${asked}`, base), { signal: stop.signal, headers });
  expect(response.status).toBe(200);
  const events: Event[] = [];
  let heed = () => {};
  const done = (async () => {
    let text = "";
    try {
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        const whole = text.split("\n\n");
        text = whole.pop()!;
        for (const block of whole) {
          const match = /^event: (\w+)\ndata: ([^\n]*)$/.exec(block);
          if (match) events.push({ name: match[1], data: JSON.parse(match[2]) });
        }
        heed();
      }
    } catch {
      // Closed from here or from there.
    }
  })();
  return {
    events,
    /** The first event from the given place on that a test holds for. */
    async next(holds: (event: Event) => boolean, from = 0): Promise<Event> {
      for (;;) {
        const found = events.slice(from).find(holds);
        if (found) return found;
        await new Promise<void>((resolve) => {
          heed = resolve;
        });
      }
    },
    async close() {
      stop.abort();
      await done;
    },
  };
}

const overviewOf = (event: Event) => event.data as Overview & { generation: number };

describe("a dashboard's server", () => {
  it("gives the page, tables, trials and files, with headers that keep it to itself", async () => {
    const store = await filled();
    const base = await start(store);
    const page = await ask(base, "/");
    expect(page.body.toString()).toBe(PAGE);
    expect(page.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    const bytes = (await ask(base, "/api/table?study=1")).body;
    const table = decodeTable(new Uint8Array(bytes).buffer);
    expect(Array.from(table.state, (code) => states[code])).toEqual(Array(4).fill("finished"));
    const identity = table.identity(2)!;
    const trial = JSON.parse((await ask(base, `/api/trial?identity=${identity}`)).body.toString());
    expect(trial).toMatchObject({
      kind: "walk",
      state: "finished",
      summary: { sum: table.metrics.get("sum")![2] },
    });
    const file = await ask(base, `/api/artifact?identity=${identity}&name=state`);
    expect(file.body).toHaveLength(16);
    expect(file.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": "attachment",
      "content-security-policy": expect.stringContaining("sandbox"),
    });
    expect((await ask(base, "/api/trial?identity=0000000000")).status).toBe(404);
    expect((await ask(base, `/api/artifact?identity=${identity}&name=none`)).status).toBe(404);
    expect((await ask(base, "/api/table?study=77")).status).toBe(200);
  });

  it("answers one line where a question is wrong", async () => {
    const base = await start(await filled());
    for (const target of [
      "/api/table",
      "/api/table?study=",
      "/api/table?study=1;DROP",
      "/api/table?study=99999999999999999999",
      "/api/events?study=x",
      "/api/trial",
      "/api/trial?identity=%27%20OR%201=1",
      "/api/artifact?identity=..&name=x",
    ]) {
      const { status, body } = await ask(base, target);
      expect([target, status]).toEqual([target, 400]);
      expect(body.toString().trim().split("\n")).toHaveLength(1);
    }
  });

  it("takes no path for a file", async () => {
    const store = await filled();
    writeFileSync(`${dirname(store)}/secret.txt`, "secret");
    const base = await start(store);
    for (const target of [
      "/secret.txt",
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/api/../secret.txt",
      "//etc/passwd",
      "/etc/passwd",
      "/api/artifact/../../../etc/passwd",
      "/index.html",
      "/api",
      "/api/",
      "/constructor",
      "/__proto__",
      `http://127.0.0.1:${base.port}/`,
      "*",
    ]) {
      const { status, body } = await ask(base, target);
      expect([target, status]).toEqual([target, 404]);
      expect(body.toString()).not.toMatch(/secret|root:/);
    }
  });

  it("refuses every other method", async () => {
    const base = await start(await filled());
    const headers = { origin: base.origin, "content-type": "application/json" };
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"]) {
      const { status } = await ask(base, "/api/table?study=1", { method, headers });
      expect([method, status]).toEqual([method, 405]);
    }
    const { status, headers: answered } = await ask(base, "/api/notes", { method: "DELETE", headers });
    expect([status, answered.allow]).toEqual([405, "GET, PUT"]);
  });

  it("refuses foreign hosts and origins", async () => {
    const base = await start(await filled());
    const refused = async (headers: Record<string, string>, target = "/api/table?study=1") => {
      const { status, body } = await ask(base, target, { headers });
      expect([headers, status]).toEqual([headers, 403]);
      expect(body).not.toContain("walk");
    };
    const own = `127.0.0.1:${base.port}`;
    for (const host of [
      "evil.example",
      `evil.example:${base.port}`,
      "127.0.0.1",
      "127.0.0.1:1",
      `127.0.0.1.evil.example:${base.port}`,
      `${own}@evil`,
    ]) {
      await refused({ host });
      await refused({ host }, "/");
    }
    for (const origin of [
      "http://evil.example",
      "null",
      `https://${own}`,
      `http://localhost:${base.port}`,
      "http://127.0.0.1:1",
    ]) {
      await refused({ host: own, origin });
    }
    for (const site of ["cross-site", "same-site"]) await refused({ host: own, "sec-fetch-site": site });
    expect(await raw(base, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 403/);
    // A link may lead here, and an image or a script of another page may not.
    const linked = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await ask(base, "/", { headers: linked })).status).toBe(200);
    await refused({ host: own, ...linked });
    await refused({ host: own, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, "/");
    for (const host of [own, `localhost:${base.port}`, `LOCALHOST:${base.port}`, `[::1]:${base.port}`]) {
      expect((await ask(base, "/", { headers: { host } })).status).toBe(200);
    }
    const same = { host: own, origin: `http://${own}`, "sec-fetch-site": "same-origin" };
    expect((await ask(base, "/api/notes", { headers: same })).status).toBe(200);
  });

  it("refuses what is too large", async () => {
    const base = await start(await filled());
    expect((await ask(base, `/api/trial?identity=${"a".repeat(3_000)}`)).status).toBe(414);
    const own = `127.0.0.1:${base.port}`;
    expect(await raw(base, `GET /${"a".repeat(100_000)} HTTP/1.1\r\nhost: ${own}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
    expect(await raw(base, `GET / HTTP/1.1\r\nhost: ${own}\r\nx: ${"a".repeat(100_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
    expect(await raw(base, "\0\x01 nonsense\r\n\r\n")).toMatch(/^HTTP\/1.1 400/);
    const note = { method: "PUT", headers: { origin: base.origin, "content-type": "application/json" } };
    const large = JSON.stringify({ text: "a".repeat(1_000_000), tags: [] });
    const { status } = await ask(base, "/api/notes?about=study:walks", { ...note, body: large });
    expect(status).toBe(413);
    expect((await ask(base, "/")).status).toBe(200);
  });

  it("says where it cannot listen or has nothing to show", async () => {
    const store = await filled();
    const base = await start(store);
    const rejected = async (options: Partial<DashboardOptions>) => {
      const error = await start(store, options).then(
        () => undefined,
        (error) => error,
      );
      expect(error).toBeInstanceOf(FiligreeError);
      return error.message;
    };
    expect(await rejected({ port: Number(base.port) })).toBe(
      `127.0.0.1:${base.port}: another program listens there; give another --port, or 0 for any`,
    );
    expect(await rejected({ host: "192.0.2.1" })).toMatch(/^192.0.2.1:0: cannot listen there/);
    expect(await rejected({ store: path("none.db") })).toMatch(/none.db: no such file/);
    const other = path("other.db");
    writeFileSync(other, "not a database, but longer than its header would be");
    expect(await rejected({ store: other })).toMatch(/is not a Filigree store/);
  });
});

describe("a server that other machines reach", () => {
  it("asks for the token in everything, and takes it by address once and by cookie then", async () => {
    const base = await start(await filled(), { host: "127.0.0.1" });
    const token = base.searchParams.get("token")!;
    expect(token).toMatch(/^[\w-]{32}$/);
    for (const target of [
      "/",
      "/api/events",
      "/api/table?study=1",
      "/api/notes",
      "/?token=",
      "/?token=wrong",
      `/api/notes?token=${token}`,
    ]) {
      const { status, body } = await ask(base, target);
      expect([target, status]).toEqual([target, 401]);
      expect(body.toString()).not.toContain(token);
    }
    const first = await ask(base, `/?token=${token}`);
    expect([first.status, first.headers.location]).toEqual([303, "/"]);
    const [cookie] = first.headers["set-cookie"]!;
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict/);
    const headers = { cookie: cookie.split(";")[0] };
    for (const target of ["/", "/api/table?study=1", "/api/notes"]) {
      expect((await ask(base, target, { headers })).status).toBe(200);
    }
    const others = { cookie: `filigree-${base.port}=wrong; other=${token}` };
    expect((await ask(base, "/", { headers: others })).status).toBe(401);
    expect((await ask(base, "/", { headers: { ...headers, host: "evil.example" } })).status).toBe(403);
  });
});

describe("notes", () => {
  const put = (base: URL, about: string, note: unknown, headers: Record<string, string> = {}) =>
    ask(base, `/api/notes?about=${encodeURIComponent(about)}`, {
      method: "PUT",
      headers: { origin: base.origin, "content-type": "application/json", ...headers },
      body: typeof note === "string" ? note : JSON.stringify(note),
    });

  it("are kept beside the store and not in it", async () => {
    const store = await filled();
    const before = readFileSync(store);
    const base = await start(store);
    const about = "ab".repeat(32);
    const note = { text: "odd <b>one</b>\n", tags: ["good", "twice"] };
    expect((await put(base, about, note)).status).toBe(200);
    expect((await put(base, "study:walks é", { text: "", tags: ["done"] })).status).toBe(200);
    const kept = { [about]: note, "study:walks é": { text: "", tags: ["done"] } };
    expect(JSON.parse((await ask(base, "/api/notes")).body.toString())).toEqual(kept);
    expect(JSON.parse(readFileSync(`${store}.notes.json`, "utf8"))).toEqual({
      filigreeNotes: 1,
      notes: kept,
    });
    await put(base, about, { text: " ", tags: [] });
    expect(Object.keys(JSON.parse((await ask(base, "/api/notes")).body.toString()))).toEqual([
      "study:walks é",
    ]);
    expect(readFileSync(store)).toEqual(before);
    expect(readdirSync(dirname(store)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("are refused where they have not the form, or come from another page", async () => {
    const store = await filled();
    const base = await start(store);
    const good = { text: "", tags: ["x"] };
    const about = "study:walks";
    expect((await put(base, about, good, { origin: "http://evil.example" })).status).toBe(403);
    expect((await put(base, about, good, { "content-type": "text/plain" })).status).toBe(415);
    const { status } = await ask(base, `/api/notes?about=${about}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(good),
    });
    expect(status).toBe(403);
    for (const note of [
      "{",
      "[]",
      '"x"',
      {},
      { text: 1, tags: [] },
      { ...good, more: 1 },
      { text: "x".repeat(10_001), tags: [] },
      { text: "", tags: Array(21).fill("x") },
      { text: "", tags: [""] },
    ]) {
      expect((await put(base, about, note)).status).toBe(400);
    }
    for (const name of ["", "walks", "study:", "../../etc/passwd", "__proto__", `study:${"x".repeat(200)}`]) {
      expect((await put(base, name, good)).status).toBe(400);
    }
    expect(
      readdirSync(dirname(store)).filter(
        (name) => name.endsWith(".notes.json") && store.endsWith(name.slice(0, -11)),
      ),
    ).toEqual([]);
    writeFileSync(`${store}.notes.json`, "no JSON");
    const { status: damaged, body } = await put(base, about, good);
    expect([damaged, body.toString()]).toEqual([
      400,
      `${store}.notes.json: is not JSON; mend it or move it away\n`,
    ]);
    expect(readFileSync(`${store}.notes.json`, "utf8")).toBe("no JSON");
  });
});

describe("events", () => {
  it("lead from the table to what a run has made of it, the same for all who listen", async () => {
    const file = path();
    const store = Store.open(file);
    await runStudy({ ...study, grid: { rate: [3.7] } }, { store, kinds: testKinds });
    // Its trials save an epoch and go on when everybody has seen them.
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const gated: TrialKind<{ epochs: number; level: number }> = {
      name: "gated",
      version: 1,
      schema: z.strictObject({ epochs: z.number(), level: z.number() }),
      async run({ level }, { saveEpoch }) {
        await saveEpoch(1, { level }, new Uint8Array(8));
        await released;
        return { summary: { level }, artifacts: {} };
      },
    };
    const slow = { name: "slow", kind: "gated", fixed: { epochs: 4 }, grid: { level: [1, 2, 3, 4] } };
    const kinds = kindsOf(gated);
    await runStudy(slow, { store, kinds, signal: AbortSignal.abort() });
    const base = await start(file);
    const listeners = await Promise.all([listen(base, 2), listen(base, 2), listen(base)]);
    const tables = await Promise.all(
      [0, 1].map(async () =>
        decodeTable(new Uint8Array((await ask(base, "/api/table?study=2")).body).buffer),
      ),
    );
    expect(tables[0].rows).toBe(4);
    const run = runStudy(slow, { store, kinds, jobs: 2 });
    const isUnderWay = (event: Event) =>
      event.name === "overview" &&
      overviewOf(event).runners.some(
        ({ alive, pid, running, trials }) =>
          alive && pid === process.pid && running === 2 && trials.every(({ epoch }) => epoch === 1),
      );
    for (const listener of listeners) {
      const { runners, studies } = overviewOf(await listener.next(isUnderWay));
      expect(runners[0].trials).toMatchObject([
        { study: "slow", number: 0, epoch: 1, epochs: 4, kind: "gated" },
        { study: "slow", number: 1, epoch: 1, epochs: 4, kind: "gated" },
      ]);
      expect(studies[1].counts).toEqual({ waiting: 2, running: 2, finished: 0, failed: 0 });
    }
    release();
    await run;
    const isOver = (event: Event) =>
      event.name === "overview" && overviewOf(event).studies[1].counts.finished === 4;
    for (const listener of listeners) await listener.next(isOver);
    expect(listeners[2].events.some(({ name }) => name === "delta")).toBe(false);
    const now = decodeTable(new Uint8Array((await ask(base, "/api/table?study=2")).body).buffer);
    expect(now.version).toBeGreaterThan(0);
    for (const [i, table] of tables.entries()) {
      const deltas = listeners[i].events
        .filter(({ name }) => name === "delta")
        .map(({ data }) => data as Delta);
      expect(deltas.length).toBeGreaterThan(0);
      for (const delta of deltas) expect(applyDelta(table, delta)).toBe(true);
      expect(table).toEqual(now);
    }
    expect(listeners[0].events.map(({ data }) => data)).toEqual(listeners[1].events.map(({ data }) => data));
    for (const listener of listeners) await listener.close();
    store.close();
  });

  it("say that the store was deleted, and go on when another is there", async () => {
    const file = await filled();
    const base = await start(file);
    const listener = await listen(base, 1);
    const before = overviewOf(await listener.next(({ name }) => name === "overview"));
    renameSync(file, `${file}.moved`);
    for (const end of ["-wal", "-shm"]) rmSync(file + end, { force: true });
    const { data } = await listener.next(({ name }) => name === "fault");
    expect(data).toBe(`${file}: the store is not there any more; put it back, or run the study again`);
    const refused = await ask(base, "/api/table?study=1");
    expect([refused.status, refused.body.toString().trim()]).toEqual([503, data]);
    const late = await listen(base);
    expect((await late.next(() => true)).name).toBe("fault");
    const seen = listener.events.length;
    await runStudy({ ...study, name: "another", replicates: 1 }, { store: file, kinds: testKinds });
    const isBack = (event: Event) =>
      event.name === "overview" && overviewOf(event).studies[0]?.counts.finished === 2;
    const after = overviewOf(await listener.next(isBack, seen));
    expect(after.studies.map(({ name }) => name)).toEqual(["another"]);
    expect(after.generation).toBe(before.generation + 1);
    await late.next(isBack);
    const table = decodeTable(new Uint8Array((await ask(base, "/api/table?study=1")).body).buffer);
    expect(table.rows).toBe(2);
    // One that is replaced without a pause is another file too.
    const replaced = listener.events.length;
    rmSync(`${file}-wal`, { force: true });
    rmSync(`${file}-shm`, { force: true });
    renameSync(`${file}.moved`, file);
    const again = overviewOf(await listener.next((event) => isBefore(event), replaced));
    expect(again.generation).toBe(after.generation + 1);
    await listener.close();
    await late.close();

    function isBefore(event: Event) {
      return event.name === "overview" && overviewOf(event).studies[0]?.name === "walks";
    }
  });

  it("say that the store cannot be read, and go on when it can", async () => {
    const file = await filled();
    const base = await start(file);
    const listener = await listen(base);
    await listener.next(({ name }) => name === "overview");
    renameSync(file, `${file}.good`);
    for (const end of ["-wal", "-shm"]) rmSync(file + end, { force: true });
    writeFileSync(file, Buffer.alloc(10_000, "damaged "));
    expect(
      (
        await listener.next(
          (event) => event.name === "fault" && /is not a Filigree store/.test(String(event.data)),
        )
      ).name,
    ).toBe("fault");
    const seen = listener.events.length;
    renameSync(`${file}.good`, file);
    await listener.next(({ name }) => name === "overview", seen);
    await listener.close();
  });

  it("have a limit, and free places again", async () => {
    const base = await start(await filled());
    const many = await Promise.all(Array.from({ length: 64 }, () => listen(base)));
    expect((await ask(base, "/api/events")).status).toBe(503);
    for (const listener of many) await listener.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const one = await listen(base);
    await one.next(({ name }) => name === "overview");
    await one.close();
  });
});

describe("a hostile store", () => {
  it("is shown cut, and breaks nothing", async () => {
    const file = path();
    const store = Store.open(file);
    await runStudy(study, { store, kinds: testKinds });
    const { database } = store;
    const markup = '<img src=x onerror=alert(1)>"</script>\u2028\0';
    const long = markup.repeat(300_000);
    database.run("UPDATE study SET name = ?", `${markup}${"x".repeat(1e6)}`);
    database.run("UPDATE study SET document = 'no JSON'");
    database.run("UPDATE trial SET error = ?, state = 'failed'", long);
    database.run("UPDATE trial SET identity = ? WHERE id = 2", markup);
    database.run("UPDATE trial SET configuration = '{' WHERE id = 3");
    database.run("UPDATE member SET parameters = '[[[[' WHERE number = 1");
    database.run(
      "UPDATE member SET parameters = ? WHERE number = 2",
      JSON.stringify({ ["__proto__"]: 1, constructor: long }),
    );
    database.run("UPDATE metric SET name = ? WHERE name = 'sum'", long);
    database.run("INSERT INTO runner (machine, process, pid, seen_at) VALUES (?, ?, -1, 9e15)", long, long);
    database.run("UPDATE trial SET runner = 999, state = 'running' WHERE id = 4 AND 0");
    const base = await start(file);
    const listener = await listen(base, 1);
    const event = await listener.next(({ name }) => name === "overview");
    expect(overviewOf(event).studies).toHaveLength(1);
    const { status, body } = await ask(base, "/api/table?study=1");
    expect(status).toBe(200);
    expect(body.length).toBeLessThan(1e6);
    const table = decodeTable(new Uint8Array(body).buffer);
    expect(table.identity(1)).toBeUndefined();
    const trial = await ask(base, `/api/trial?identity=${table.identity(2)}`);
    expect(trial.status).toBe(200);
    expect(trial.body.length).toBeLessThan(1e6);
    await listener.close();
    store.close();
  });
});
