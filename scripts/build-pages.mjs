// Makes the pages of `src/web`: of each folder's main.tsx and style.css one HTML file in dist/web that needs nothing else,
// neither a server nor a network. Its script is also that of its Worker, and files that it needs are in it, compressed.
// build.mjs compiles dist/report/theme.js before, which has the colours.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { gzipSync } from "fflate";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @typedef {object} Page
 * @property {string} name its folder in src/web, and its file in dist/web
 * @property {string} title
 * @property {string} connects what its content security policy lets it reach
 * @property {Readonly<Record<string, string>>} files that it needs, by the names that src/web/page/embedded.ts asks for
 */
/** @type {readonly Page[]} */
export const pages = [
  {
    name: "playground",
    title: "Filigree playground",
    connects: "'none'",
    files: {
      "wasm-relaxed": "wasm/relaxed.wasm",
      "wasm-simd128": "wasm/simd128.wasm",
      digits: "data/digits.npz",
    },
  },
  {
    name: "dashboard",
    title: "Filigree dashboard",
    connects: "'self'",
    files: { sqlite: "node_modules/sql.js/dist/sql-wasm-browser.wasm" },
  },
];

/** Leaves out the messages of zod in fifty languages, which nothing reads and which would be a quarter of a page. */
const ownLanguage = {
  name: "own-language",
  setup: ({ onLoad }) =>
    onLoad({ filter: /zod.v4.locales.index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    })),
};

/** One file of esbuild's, and what it was made of. */
async function bundle(entry, options) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    legalComments: "eof",
    charset: "utf8",
    target: ["chrome114", "firefox115", "safari16.4"],
    logLevel: "warning",
    plugins: [ownLanguage],
    // Both packages have another file for browsers, without what only Node.js has.
    alias: {
      "csv-parse/sync": "csv-parse/browser/esm/sync",
      "csv-stringify/sync": "csv-stringify/browser/esm/sync",
    },
    ...options,
  });
  return { text: result.outputFiles[0].text.trim(), inputs: Object.keys(result.metafile.inputs) };
}

/** The licences of the packages that files are of, which ask to go with copies. */
function noticesOf(inputs) {
  const packages = new Set(
    inputs.flatMap((path) => path.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
      const file = readdirSync(root + folder).find((one) => /^licen[cs]e/i.test(one));
      if (!file) throw new Error(`${name} has no licence to go with a page`);
      return `${name} ${version}\n\n${readFileSync(`${root}${folder}/${file}`, "utf8").trim()}\n`;
    })
    .join("\n");
}

/** What parts of a script must not hold, lest the page ends there: both are the same to JavaScript. */
function inline(script) {
  return script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

/** The same bytes on every machine: fflate's, and no time. */
function compressed(file) {
  return Buffer.from(gzipSync(readFileSync(file), { level: 9, mtime: 0 })).toString("base64");
}

/** The page as text. @param {Page} page */
export async function makePage({ name, title, connects, files }) {
  const { colourStyles } = await import(pathToFileURL(`${root}dist/report/theme.js`).href);
  const program = await bundle(`src/web/${name}/main.tsx`, {
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    tsconfig: "tsconfig.web.json",
    // What the package reads in Node.js, beside a module; there is no such place here.
    define: { "import.meta.url": '"about:blank"' },
  });
  const look = await bundle(`src/web/${name}/style.css`);
  const script = inline(program.text);
  const styles = colourStyles + look.text;
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${createHash("sha256").update(script).digest("base64")}' 'wasm-unsafe-eval'`,
    "worker-src blob:",
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    `connect-src ${connects}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${title}</title>`,
    `<style>${styles}</style>`,
    "</head>",
    "<body>",
    '<div id="page"></div>',
    ...Object.entries(files).map(
      ([id, file]) => `<script type="text/plain" id="${id}">${compressed(root + file)}</script>`,
    ),
    `<script type="text/plain" id="licences">${inline(noticesOf([...program.inputs, ...look.inputs]))}</script>`,
    `<script id="program">${script}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Makes all of them. */
export async function buildPages() {
  mkdirSync(`${root}dist/web`, { recursive: true });
  for (const page of pages) writeFileSync(`${root}dist/web/${page.name}.html`, await makePage(page));
}

/** The playground as it stands among the documents, for whoever looks at them without a checkout. */
const published = `${root}docs/playground.html`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [option] = process.argv.slice(2);
  await buildPages();
  const page = readFileSync(`${root}dist/web/playground.html`);
  if (option === "--publish") writeFileSync(published, page);
  else if (option === "--check" && !page.equals(readFileSync(published))) {
    process.stderr.write(
      "docs/playground.html is of other sources: node scripts/build-pages.mjs --publish\n",
    );
    process.exit(1);
  }
}
