// The rules of the house, read from the sources: imports go one way, what a browser runs reaches no Node module, and the
// word "thesis" stands in the rooms that know the thesis. Exceptions are listed with their reasons; one that is not needed
// any more fails as well, so that the lists can only shrink.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** Folders of src, lowest first: a module imports from its own room and from lower floors. */
const floors: readonly (readonly string[])[] = [
  ["math"],
  ["data", "graph"],
  ["network"],
  ["engine"],
  ["train"],
  ["sparsify", "predict"],
  ["search"],
  ["paths", "bench", "export"],
  ["study"],
  ["report"],
  ["experiments"],
  ["thesis", "investigate"],
  ["web"],
  ["cli"],
];
const everybodys = ["errors.ts", "files.ts", "suggest.ts", "synonyms.ts", "text.ts", "version.ts"];
/** The library's entries, which may import everything; the second is a browser's. */
const entries = ["index.ts", "browser.ts"];

const pure = ["math", "data", "network", "engine", "train", "sparsify"];
/** `investigate` answers the questions that the thesis left open. */
const knowTheThesis = ["thesis", "investigate", "cli"];
/** Where the word is a value that users write: of a protocol, a mix of strings or a wiring. Prose and names have none. */
const thesisAsValue: Readonly<Record<string, string>> = {
  "data/generate.ts": "a mix of false strings",
  "train/protocol.ts": "a protocol",
  "predict/predict-table.ts": "a protocol",
  "experiments/data.ts": "a mix of false strings in study files",
  "experiments/structures.ts": "a wiring in study files",
  "experiments/remarks.ts": "says which protocol held up to 0.1",
};

const root = fileURLToPath(new URL("../src/", import.meta.url));
const sources = new Map(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => [path, readFileSync(join(root, path), "utf8")] as const),
);

const IMPORT = /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*"([^"\n]+)"/g;

/** What a module imports: modules of src by their paths, packages and Node modules by their names. */
function importsOf(path: string): string[] {
  return [...sources.get(path)!.matchAll(IMPORT)].map(([, target]) => {
    if (!target.startsWith(".")) return target;
    const place = normalize(join(path, "..", target)).replace(/\.js$/, ".ts");
    return sources.has(place) ? place : place.replace(/\.ts$/, ".tsx");
  });
}

/** A module without its comments. */
function code(path: string): string {
  return sources.get(path)!.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
}

function floorOf(path: string): number {
  const [room] = path.split("/");
  return floors.findIndex((rooms) => rooms.includes(room));
}

/** Whether the module at `from` may import the one at `to`. */
function isDown(from: string, to: string): boolean {
  if (entries.includes(from) || everybodys.includes(to)) return true;
  const [room, other] = [from, to].map((path) => path.split("/")[0]);
  return room === other || floorOf(to) < floorOf(from);
}

describe("imports", () => {
  it("name modules that exist, in rooms that have their floor", () => {
    const places = [...sources.keys()].filter((path) => ![...everybodys, ...entries].includes(path));
    expect(places.filter((path) => floorOf(path) < 0)).toEqual([]);
    const missing = [...sources.keys()].flatMap((path) =>
      importsOf(path).filter((target) => /\.tsx?$/.test(target) && !sources.has(target)),
    );
    expect(missing).toEqual([]);
  });

  it("go one way", () => {
    const up = [...sources.keys()].flatMap((path) =>
      importsOf(path)
        .filter((target) => sources.has(target) && !isDown(path, target))
        .map((target) => `${path} imports ${target}`),
    );
    expect(up).toEqual([]);
  });

  it("of everybody's modules reach no room", () => {
    const rooms = everybodys.flatMap((path) => importsOf(path).filter((target) => target.includes("/")));
    expect(rooms.filter((target) => sources.has(target))).toEqual([]);
  });

  it("of a browser's entry, and of the rooms that it runs, reach no Node module", () => {
    const reached = new Map<string, string>();
    const waiting = [...sources.keys()].filter(
      (path) => path === "browser.ts" || pure.includes(path.split("/")[0]),
    );
    for (const path of waiting) reached.set(path, path);
    const toNode: string[] = [];
    for (const path of waiting) {
      for (const target of importsOf(path)) {
        if (target.startsWith("node:") || builtinModules.includes(target)) {
          toNode.push(`${reached.get(path)} imports ${target}`);
        } else if (sources.has(target) && !reached.has(target)) {
          reached.set(target, `${reached.get(path)} -> ${target}`);
          waiting.push(target);
        }
      }
    }
    expect(toNode).toEqual([]);
    // Nor one by another way, but where engine/native.ts and engine/wasm-modules.ts look whether they run on Node.js.
    const asking = [...reached.keys()].filter((path) => /\b(process|Buffer|require)\b[.(]/.test(code(path)));
    expect(asking.sort()).toEqual(["engine/native.ts", "engine/node.ts"]);
  });
});

describe("the word thesis", () => {
  const elsewhere = [...sources].filter(
    ([path]) => !entries.includes(path) && !knowTheThesis.includes(path.split("/")[0]),
  );
  /** The lines of a text in which it stands otherwise than as a value. */
  const named = (text: string) =>
    text.split("\n").filter((line) => /thesis/i.test(line.replace(/(?<!\b(?:the|a|this) )\bthesis\b/g, "")));

  it("stands in its room, the command line and the library's entry, and elsewhere only as a value", () => {
    const prose = elsewhere.flatMap(([path, text]) => named(text).map((line) => `${path}: ${line.trim()}`));
    expect(prose).toEqual([]);
    const values = elsewhere.filter(([, text]) => /thesis/i.test(text)).map(([path]) => path);
    expect(values.sort()).toEqual(Object.keys(thesisAsValue).sort());
  });

  it("is in no name of a file elsewhere", () => {
    const names = [...sources.keys()].filter((path) => /thesis/i.test(path) && !path.startsWith("thesis/"));
    expect(names).toEqual([]);
  });
});

it("has no room that CONTRIBUTING.md leaves out", () => {
  const guide = readFileSync(new URL("../CONTRIBUTING.md", import.meta.url), "utf8");
  const rooms = floors.flat().filter((room) => existsSync(join(root, room)));
  expect(rooms.filter((room) => !guide.includes(`\`src/${room}\``))).toEqual([]);
});
