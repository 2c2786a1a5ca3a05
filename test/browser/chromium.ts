// A headless Chromium for tests. `inChromium` runs a script: a server on the loopback gives it what `npm run build` made, the
// modules of WebAssembly and the packages that they import, and takes what it reports. `launch` is for pages that are driven.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
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
  const page = `<!doctype html><meta charset="utf-8">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script>
  const post = (path, value) => fetch(path, { method: "POST", body: JSON.stringify(value ?? null) });
  const report = (value) => post("/report", value);
  const fail = (error) => post("/fail", String(error));
  addEventListener("error", (event) => fail(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => fail(event.reason));
</script>
<script type="module">${script}</script>`;
  const folder = mkdtempSync(join(tmpdir(), "filigree-chromium-"));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = spawn(chromium!, [...options, `--user-data-dir=${folder}`, address], { stdio: "ignore" });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("the page reports nothing")), milliseconds);
      browser.on("error", reject);
      browser.on("exit", (code) => reject(new Error(`Chromium has ended with exit code ${code}`)));
      server.on("request", async (request, response) => {
        const path = new URL(request.url ?? "/", address).pathname;
        if (request.method === "POST") {
          const body: Buffer[] = [];
          for await (const part of request) body.push(part);
          response.end();
          const value = JSON.parse(Buffer.concat(body).toString());
          if (path === "/report") resolve(value);
          else reject(new Error(`in Chromium: ${value}`));
          return;
        }
        const file = join(root, path);
        if (path === "/") response.setHeader("content-type", "text/html").end(page);
        else if (existsSync(file))
          response.setHeader("content-type", types[extname(path)] ?? "text/plain").end(readFileSync(file));
        else response.writeHead(404).end();
      });
    });
  } finally {
    clearTimeout(timer);
    browser.removeAllListeners("exit");
    browser.kill();
    server.closeAllConnections();
    server.close();
    // It writes there until it has ended.
    if (browser.exitCode === null) await new Promise((resolve) => browser.once("close", resolve));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
