// The address of a Redis server, read whole: what is not understood is refused, because a wrong part would otherwise be
// taken for a right one (a database for none, the end of a password for a host). No message shows any of an address
// that is wrong, for there may be a password anywhere in it.
import { InputError } from "../../errors.js";

/** Where a server is and who wants to talk to it. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const form = "write redis://host:port, or rediss:// for TLS";
const encoding =
  "in a user's name or password write % as %25, @ as %40, / as %2F, : as %3A, # as %23 and ? as %3F";

/** Reads `redis://` or, with TLS, `rediss://[user:password@]host[:port][/database]`. @throws InputError */
export function parseAddress(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^rediss?:$/.test(url.protocol)) {
    throw refuse("is not the address of a Redis server", text.includes("@") ? encoding : form);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (!/^[\w.:-]+$/.test(host)) throw refuse("names no host", text.includes("@") ? encoding : form);
  // After the host there is a database and nothing else; more is the rest of a password.
  const rest = url.pathname + url.search + url.hash;
  if (rest.includes("@")) throw refuse("has a password with characters that must be encoded", encoding);
  const database = /^\/?(\d{0,9})$/.exec(rest)?.[1];
  if (database === undefined) {
    throw refuse(
      "ends with something that is not the number of a database",
      "write for example redis://host:6379/2",
    );
  }
  const [username, password] = [url.username, url.password].map(decode);
  if (username !== "" && password === "") {
    const hint = "write redis://user:password@host, or redis://:password@host for a password alone";
    throw refuse("names a user and no password", hint);
  }
  return {
    host,
    port: Number(url.port || 6379),
    tls: url.protocol === "rediss:",
    username: username || undefined,
    password: password || undefined,
    database: Number(database),
  };
}

/** An address as it may be shown. */
export function describeAddress({ host, port, tls, database }: Address): string {
  const place = host.includes(":") ? `[${host}]` : host;
  return `${tls ? "rediss" : "redis"}://${place}:${port}${database === 0 ? "" : `/${database}`}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse("has a % that is not the beginning of an encoded character", encoding);
  }
}

function refuse(what: string, hint: string): InputError {
  return new InputError({ where: "--redis", what, hint });
}
