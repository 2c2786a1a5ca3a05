// Makes a checkout ready to run: installs the dependencies, builds the native executor and compiles the
// TypeScript, each only when it is missing or not of the present sources. `npm start` and `npm test` call it, so that
// each works right after `git clone`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

function stale(output, ...sources) {
  if (!existsSync(root + output)) return true;
  const made = statSync(root + output).mtimeMs;
  return sources.some((source) => newest(root + source) > made);
}

function run(command, args) {
  const shell = process.platform === "win32";
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell });
  if (result.status !== 0) {
    process.stderr.write(`filigree: \`${command} ${args.join(" ")}\` failed\n`);
    process.exit(1);
  }
}

if (stale("node_modules/.package-lock.json", "package-lock.json")) {
  process.stderr.write("filigree: installing the dependencies and building the native executor ...\n");
  run("npm", ["ci"]);
} else {
  run(process.execPath, ["scripts/build-native.mjs"]);
}
if (stale("dist/cli/main.js", "src", "wasm", "tsconfig.build.json", "package.json")) {
  process.stderr.write("filigree: compiling ...\n");
  run(process.execPath, ["scripts/build.mjs"]);
}
