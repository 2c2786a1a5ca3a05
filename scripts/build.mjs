// Compiles src/ to dist/ with the TypeScript compiler, makes the pages of src/web, and makes the command one that
// `npx filigree` finds here.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildPages } from "./build-pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
const result = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (result.status !== 0) process.exit(result.status ?? 1);
await buildPages();
chmodSync(`${root}/dist/cli/main.js`, 0o755);

// npm links the commands of dependencies only; this is the same link for the package itself.
if (process.platform !== "win32") {
  const bin = `${root}/node_modules/.bin`;
  mkdirSync(bin, { recursive: true });
  rmSync(`${bin}/filigree`, { force: true });
  symlinkSync("../../dist/cli/main.js", `${bin}/filigree`);
}
