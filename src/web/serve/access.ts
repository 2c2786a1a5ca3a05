// Who may ask a page's server, and how. A server on the loopback is within reach of every page in the reader's browser, so
// it answers only requests that name it as their host and come from its own page; and one that other machines can reach
// asks for a token besides. Nothing of a request is ever taken for a path.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** What a server has to know of itself to tell its own requests from others'. */
export interface Access {
  /** Names and addresses that the server may be called by, without the port. */
  readonly hosts: ReadonlySet<string>;
  readonly port: number;
  /** Asked for where other machines can reach the server. */
  readonly token?: string;
}

/** The methods that a path knows; anything else is refused. */
export type Method = "GET" | "PUT";

/** Why a request is not answered. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** Bytes of a request's line and headers; Node.js refuses more. */
export const LARGEST_HEAD = 8_192;
/** Characters of the address in a request. */
const LONGEST_ADDRESS = 2_000;

export const loopback = "127.0.0.1";

/** The names that a server on an address may be called by. */
export function namesOf(host: string): Set<string> {
  const names = new Set([written(host.toLowerCase())]);
  const own = ["localhost", loopback, "[::1]"];
  if (own.includes(written(host))) for (const name of own) names.add(name);
  // It listens on every address.
  if (host === "0.0.0.0" || host === "::") {
    for (const name of [...own, hostname().toLowerCase()]) names.add(name);
    for (const list of Object.values(networkInterfaces())) {
      for (const { address } of list ?? []) names.add(written(address.toLowerCase()));
    }
  }
  return names;
}

/** A host as it stands in an address. */
export function written(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** The cookie that carries the token; servers on other ports of a host share its cookies. */
export function cookieName({ port }: Access): string {
  return `filigree-${port}`;
}

/** Whether a request is none of this server's page, is too long, or lacks the token; undefined when it may be answered. */
export function refusalOf(request: IncomingMessage, access: Access): Refusal | undefined {
  const { host, origin, "sec-fetch-site": site } = request.headers;
  if ((request.url ?? "").length > LONGEST_ADDRESS) return { status: 414, text: "the address is too long" };
  const named = hostOf(host);
  if (named === undefined || named.port !== access.port || !access.hosts.has(named.host)) {
    return { status: 403, text: "this server is not called so" };
  }
  const foreign = origin !== undefined && origin !== `http://${host}`;
  // A link from elsewhere may lead to the page, and nothing else may come from there.
  const linked =
    request.method === "GET" && pathOf(request) === "/" && request.headers["sec-fetch-mode"] === "navigate";
  const elsewhere = site !== undefined && site !== "same-origin" && site !== "none" && !linked;
  if (foreign || elsewhere) return { status: 403, text: "another page may not ask this server" };
  if (request.method !== "GET" && origin === undefined) {
    return { status: 403, text: "a change must say which page it comes from" };
  }
  if (access.token !== undefined && !hasToken(request, access, access.token)) {
    return { status: 401, text: "open the address that `filigree` printed, which has the token" };
  }
  return undefined;
}

/** The path of a request's address, without what is asked. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0];
}

/** What is asked after the path; the last of each name counts. */
export function askedOf(request: IncomingMessage): URLSearchParams {
  return new URLSearchParams((request.url ?? "").split("?").slice(1).join("?"));
}

function hostOf(header: string | undefined): { host: string; port: number } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/i.exec(header ?? "");
  return match ? { host: match[1].toLowerCase(), port: Number(match[2] ?? 80) } : undefined;
}

function hasToken(request: IncomingMessage, access: Access, token: string): boolean {
  return [cookieOf(request, cookieName(access)), tokenAsked(request)].some(
    (given) => given !== undefined && isSame(given, token),
  );
}

/** The token in the address, with which a browser comes first. */
export function tokenAsked(request: IncomingMessage): string | undefined {
  return pathOf(request) === "/" ? (askedOf(request).get("token") ?? undefined) : undefined;
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const cookies = (request.headers.cookie ?? "").split("; ");
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

// In a time that says nothing of how much of it was right.
function isSame(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a, b);
}
