// A headless Chromium for tests. `inChromium` runs a script: a server on the loopback gives it what `npm run build` made, the
// modules of WebAssembly and the packages that they import, and takes what it reports. `launch` is for pages that are driven.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Browser, chromium as driver } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A Chromium on the path, or what CHROMIUM names. */
export const chromium = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) =>
    (name?.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter)).map((folder) =>
      name ? join(folder, name) : "",
    ),
  )
  .find((path) => path !== "" && existsSync(path));

const options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"];

/** Starts one that playwright drives; whoever does closes it. */
export function launch(): Promise<Browser> {
  return driver.launch({ executablePath: chromium, args: options });
}

/** Why the built page of src/web cannot be tried here, or nothing. */
export function absentPage(name: string): string {
  if (chromium === undefined) return "there is no Chromium";
  return existsSync(join(root, `dist/web/${name}.html`)) ? "" : `there is no dist/web/${name}.html`;
}

/** The address of a built page on the disk. */
export function pageAddress(name: string): string {
  return pathToFileURL(join(root, `dist/web/${name}.html`)).href;
}

/** Where a browser finds the packages that the library imports: a bundler does this by their package.json. */
const packages = {
  "csv-parse/sync": "csv-parse/dist/esm/sync.js",
  "csv-stringify/sync": "csv-stringify/dist/esm/sync.js",
  "fastest-levenshtein": "fastest-levenshtein/esm/mod.js",
  fflate: "fflate/esm/browser.js",
  "fourier-transform": "fourier-transform/index.js",
  graphology: "graphology/dist/graphology.esm.js",
  zod: "zod/index.js",
};

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/**
 * Runs a module in a page.
 * @param script its text; it is in a folder at the root of this checkout, and calls `report(value)` with what it has found.
 * @throws Error what the page throws, or where nothing comes in time.
 */
export async function inChromium(script: string, milliseconds = 600_000): Promise<unknown> {
  const imports = {
    ...Object.fromEntries(Object.entries(packages).map(([name, path]) => [name, `/node_modules/${path}`])),
    // Of graphology; the package of that name is no module.
    events: `data:text/javascript,${encodeURIComponent("export class EventEmitter { setMaxListeners() {} on() {} emit() {} }")}`,
  };
  const html = `<!doctype html><meta charset="utf-8">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">${script}</script>`;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    const file = join(root, path);
    if (path === "/") response.setHeader("content-type", "text/html").end(html);
    else if (existsSync(file))
      response.setHeader("content-type", types[extname(path)] ?? "text/plain").end(readFileSync(file));
    else response.writeHead(404).end();
  });
  const browser = await launch();
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const page = await browser.newPage();
    return await new Promise((resolve, reject) => {
      const fail = (what: unknown) => reject(new Error(`in Chromium: ${what}`));
      timer = setTimeout(() => fail("the page reports nothing"), milliseconds);
      page.on("pageerror", fail);
      page.on("crash", () => fail("the page has crashed"));
      browser.on("disconnected", () => fail("the browser has ended"));
      const functions = [page.exposeFunction("report", resolve), page.exposeFunction("fail", fail)];
      Promise.all(functions)
        .then(() =>
          page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { waitUntil: "commit" }),
        )
        .catch(reject);
    });
  } finally {
    clearTimeout(timer);
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}
