// Makes a checkout ready to run: installs the dependencies, builds the native executor and compiles the
// TypeScript, each only when it is missing or older than its sources. `npm start` and `npm test` call it, so that
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

function run(what, command, args) {
  process.stderr.write(`filigree: ${what} ...\n`);
  const shell = process.platform === "win32";
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell });
  if (result.status !== 0) {
    process.stderr.write(`filigree: ${what} failed; run \`${command} ${args.join(" ")}\` to see why\n`);
    process.exit(1);
  }
}

if (stale("node_modules/.package-lock.json", "package-lock.json")) {
  run("installing the dependencies and building the native executor", "npm", ["ci"]);
} else if (stale("build/Release/filigree.node", "native", "binding.gyp")) {
  run("building the native executor", process.execPath, ["scripts/build-native.mjs"]);
}
if (stale("dist/cli/main.js", "src", "tsconfig.build.json", "package.json")) {
  run("compiling", process.execPath, ["scripts/build.mjs"]);
}
