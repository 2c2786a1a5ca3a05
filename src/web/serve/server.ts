// The dashboard's server: one page, a few questions in JSON, and a stream of what happens. It reads the store and changes
// nothing but the notes beside it; whoever it does not know it does not answer (access.ts), and everything has a limit.
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FiligreeError, InputError } from "../../errors.js";
import {
  type Access,
  askedOf,
  cookieName,
  LARGEST_HEAD,
  loopback,
  type Method,
  namesOf,
  pathOf,
  refusalOf,
  tokenAsked,
  written,
} from "./access.js";
import { Hub, type Listener } from "./hub.js";
import { listen } from "./listen.js";
import { readNotes, writeNote } from "./notes.js";

export interface DashboardOptions {
  readonly store: string;
  /** The page, as scripts/build-pages.mjs makes it. */
  readonly page: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** The address to listen on; the loopback when left out. With it a token is asked for, as other machines may reach it. */
  readonly host?: string;
  /** Told of errors that are nobody's but ours. */
  readonly onMistake: (error: unknown) => void;
}

export interface Dashboard {
  /** What to open, with the token where one is asked for. */
  readonly address: string;
  close(): Promise<void>;
}

/** Limits of one server: connections, streams among them, bytes that a stream may be behind, bytes of a note. */
const most = { connections: 128, streams: 64, behind: 32 * 2 ** 20, body: 65_536 } as const;
/** Milliseconds after which a silent stream says that it lives. */
const HEARTBEAT = 15_000;

/** Nothing is loaded from elsewhere or shown elsewhere; the page has a policy of its own for its script. */
const headers = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

/**
 * Starts a dashboard on a store.
 * @throws FileError, InputError, StoreError as `StoreReader.open`; InputError when it cannot listen there.
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { store, page, port, host = loopback, onMistake } = options;
  const hub = new Hub(store, onMistake);
  try {
    const server = createServer({
      maxHeaderSize: LARGEST_HEAD,
      requestTimeout: 30_000,
      headersTimeout: 10_000,
    });
    server.maxConnections = most.connections;
    await listen(server, host, port);
    const access: Access = {
      hosts: namesOf(host),
      port: (server.address() as AddressInfo).port,
      token: options.host === undefined ? undefined : randomBytes(24).toString("base64url"),
    };
    const answering = new Answering({ hub, store, page, access, onMistake });
    server.on("request", (request, response) => void answering.answer(request, response));
    const base = `http://${written(host)}:${access.port}/`;
    return {
      address: access.token === undefined ? base : `${base}?token=${access.token}`,
      async close() {
        answering.close();
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
        hub.close();
      },
    };
  } catch (error) {
    hub.close();
    throw error;
  }
}

interface Context {
  readonly hub: Hub;
  readonly store: string;
  readonly page: string;
  readonly access: Access;
  readonly onMistake: (error: unknown) => void;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

class Answering {
  private readonly context: Context;
  private readonly streams = new Set<Stream>();
  private readonly beat: NodeJS.Timeout;
  private readonly paths: Readonly<Record<string, Partial<Record<Method, Answer>>>>;

  constructor(context: Context) {
    this.context = context;
    this.beat = setInterval(() => {
      for (const stream of this.streams) stream.live();
    }, HEARTBEAT);
    this.beat.unref();
    this.paths = {
      "/": { GET: (request, response) => this.page(request, response) },
      "/api/events": { GET: (request, response) => this.events(request, response) },
      "/api/table": { GET: (request, response) => this.table(request, response) },
      "/api/trial": { GET: (request, response) => this.trial(request, response) },
      "/api/artifact": { GET: (request, response) => this.artifact(request, response) },
      "/api/notes": {
        GET: (_, response) => json(response, readNotes(context.store)),
        PUT: (request, response) => this.note(request, response),
      },
    };
  }

  close(): void {
    clearInterval(this.beat);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    try {
      const refusal = refusalOf(request, this.context.access);
      if (refusal) return say(response, refusal.status, refusal.text);
      const path = pathOf(request);
      const methods = Object.hasOwn(this.paths, path) ? this.paths[path] : undefined;
      if (!methods) return say(response, 404, "there is nothing under this address");
      const answer = Object.entries(methods).find(([method]) => method === request.method)?.[1];
      if (!answer) {
        response.setHeader("allow", Object.keys(methods).join(", "));
        return say(response, 405, "this address does not know that method");
      }
      await answer(request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else if (error instanceof FiligreeError)
        say(response, error instanceof InputError ? 400 : 503, error.message);
      else say(response, 500, "the server has made a mistake");
      if (!(error instanceof FiligreeError)) this.context.onMistake(error);
    }
  }

  private page(request: IncomingMessage, response: ServerResponse): void {
    const { access, page } = this.context;
    const token = tokenAsked(request);
    if (access.token !== undefined && token !== undefined) {
      // From here on it is in a cookie, and no more in the address.
      response.setHeader(
        "set-cookie",
        `${cookieName(access)}=${access.token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800`,
      );
      response.writeHead(303, { location: "/" }).end();
      return;
    }
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(page);
  }

  private events(request: IncomingMessage, response: ServerResponse): void {
    if (this.streams.size >= most.streams) {
      say(response, 503, `more than ${most.streams} pages are watching`);
      return;
    }
    const asked = askedOf(request).get("study");
    const stream = new Stream(response, asked === null ? undefined : wholeOf(asked));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    this.streams.add(stream);
    response.on("close", () => {
      this.streams.delete(stream);
      this.context.hub.remove(stream);
    });
    this.context.hub.add(stream);
  }

  private async table(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const study = wholeOf(askedOf(request).get("study"));
    const { bytes, generation } = await this.context.hub.table(study);
    response.setHeader("x-filigree-generation", String(generation));
    send(response, "application/octet-stream", bytes);
  }

  private trial(request: IncomingMessage, response: ServerResponse): void {
    const trial = this.context.hub.trial(identityOf(request));
    if (trial === undefined) say(response, 404, "there is no such trial");
    else send(response, "application/json", Buffer.from(trial));
  }

  private artifact(request: IncomingMessage, response: ServerResponse): void {
    const bytes = this.context.hub.artifact(identityOf(request), askedOf(request).get("name") ?? "");
    if (bytes === undefined) {
      say(response, 404, "there is no such file, or it is larger than 64 MB");
      return;
    }
    // A file of a store may be anything, so no browser shows it as a page.
    response.setHeader("content-disposition", "attachment");
    response.setHeader("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'");
    send(response, "application/octet-stream", bytes);
  }

  private async note(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers["content-type"] !== "application/json") return say(response, 415, "a note is JSON");
    const body = await bodyOf(request);
    if (body === undefined) {
      response.setHeader("connection", "close");
      return say(response, 413, `a note has at most ${most.body} bytes`);
    }
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return say(response, 400, "the note is no JSON");
    }
    json(response, writeNote(this.context.store, askedOf(request).get("about") ?? "", value));
  }
}

/** Server-sent events to one page. */
class Stream implements Listener {
  readonly study: number | undefined;
  private readonly response: ServerResponse;

  constructor(response: ServerResponse, study: number | undefined) {
    this.response = response;
    this.study = study;
  }

  tell(event: string, data: string): void {
    this.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  live(): void {
    this.write(":\n\n");
  }

  private write(text: string): void {
    // A page that does not read is let go; it asks for everything when it comes back.
    if (this.response.writableLength > most.behind) this.response.destroy();
    else this.response.write(text);
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function json(response: ServerResponse, value: unknown): void {
  send(response, "application/json", Buffer.from(JSON.stringify(value)));
}

function send(response: ServerResponse, type: string, bytes: Uint8Array): void {
  response.writeHead(200, { "content-type": type, "content-length": bytes.length }).end(bytes);
}

/** @throws InputError when it is no row of the store. */
function wholeOf(text: string | null): number {
  if (text !== null && /^\d{1,15}$/.test(text)) return Number(text);
  throw new InputError({ where: "study", what: "is not the number of one" });
}

function identityOf(request: IncomingMessage): string {
  const identity = askedOf(request).get("identity") ?? "";
  if (/^[0-9a-f]{4,64}$/.test(identity)) return identity;
  throw new InputError({ where: "identity", what: "is not that of a trial" });
}

/** The body as text; undefined when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > most.body) return undefined;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}
