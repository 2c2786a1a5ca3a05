// Where the reader is: every view, with all that was chosen in it, is an address after the #, so that it can be linked to,
// kept and gone back to. Nothing of it is sent to the server.
import { signal } from "@preact/signals";

export interface Address {
  /** The parts of the path: none for all studies, else "study" and its name and view, "trial" and its identity, "compare". */
  readonly path: readonly string[];
  readonly chosen: ReadonlyMap<string, string>;
}

/** An address from what stands after the #. */
export function parseAddress(hash: string): Address {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  return {
    path: path
      .split("/")
      .filter((part) => part !== "")
      .map(decoded),
    chosen: new Map(new URLSearchParams(query)),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What stands after the # for an address; what is chosen as "" is left out. */
export function formatAddress({ path, chosen }: Address): string {
  const query = new URLSearchParams([...chosen].filter(([, value]) => value !== "")).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${query && `?${query}`}`;
}

/** The link to a view. */
export function linkTo(path: readonly string[], chosen: Readonly<Record<string, string>> = {}): string {
  return formatAddress({ path, chosen: new Map(Object.entries(chosen)) });
}

/** Where the reader is now. */
export const address = signal<Address>({ path: [], chosen: new Map() });

/** Follows the browser's address from now on. */
export function followAddress(): void {
  const read = () => {
    address.value = parseAddress(location.hash);
  };
  addEventListener("hashchange", read);
  read();
}

/** What is chosen under a name in the present view. */
export function chosen(name: string, otherwise = ""): string {
  return address.value.chosen.get(name) ?? otherwise;
}

/** Chooses something in the present view; going back does not stop at every change of it. */
export function choose(values: Readonly<Record<string, string>>): void {
  const { path, chosen } = address.value;
  const next = { path, chosen: new Map([...chosen, ...Object.entries(values)]) };
  history.replaceState(null, "", formatAddress(next));
  address.value = next;
}
